#include "adapters/plugin_host/host_table.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/plugin_host/plugin_text.hpp"

namespace rebalancer {
namespace {

namespace json = boost::json;

constexpr std::size_t reason_size_max = 2000;
constexpr std::size_t log_size_max = 4000;
constexpr std::size_t url_size_max = 8192;
constexpr std::size_t headers_size_max = 64 * 1024;
constexpr std::size_t body_size_max = 16 * 1024 * 1024;
constexpr std::int64_t timeout_ms_max = 300'000;
constexpr std::string_view hidden = "(secret)";

void flatten(const json::value& value, const std::string& path, std::map<std::string, std::string, std::less<>>& out) {
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      flatten(member.value(), path.empty() ? std::string(member.key()) : path + "." + std::string(member.key()), out);
    }
  } else if (!value.is_array() && !value.is_null()) {
    out.emplace(path, scalar_text(value));
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_headers(std::string_view lines) {
  std::vector<std::pair<std::string, std::string>> headers;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = trimmed(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail(ErrorCode::invalid, "a header line has no name");
    headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return headers;
}

}  // namespace

HostTable::HostTable(std::string name, Services services, const SchemaCheck& configuration)
    : name_(std::move(name)), services_(std::move(services)), secrets_(configuration.secrets), table_{} {
  flatten(configuration.value, "", settings_);
  // A secret that contains another goes first, or its rest would stay readable.
  std::sort(secrets_.begin(), secrets_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  table_.size = sizeof(rb_host);
  table_.self = this;
  // Called from a stranger's frames: nothing may be thrown through them.
  table_.log = [](void* self, std::int32_t level, rb_str text) noexcept {
    of(self).log(static_cast<EventLevel>(std::clamp(level, 0, 3)), printable(text, log_size_max));
  };
  table_.fail = [](void* self, std::int32_t code, rb_str why) noexcept -> std::int32_t {
    return of(self).fail(code, printable(why, reason_size_max));
  };
  table_.cancelled = [](void* self) noexcept -> std::int32_t { return of(self).cancelled() ? 1 : 0; };
  table_.now = [](void* self) noexcept -> rb_instant { return of(self).services_.clock->now().nanoseconds(); };
  table_.progress = [](void* self, std::uint64_t done, std::uint64_t total) noexcept {
    of(self).services_.events->progress(of(self).name_, done, total);
  };
  table_.setting = [](void* self, rb_str key, rb_on_text on_text, void* ctx) noexcept -> std::int32_t {
    return of(self).setting(key, on_text, ctx);
  };
  table_.http = [](void* self, const rb_http_request* request, rb_on_http on_http, void* ctx) noexcept -> std::int32_t {
    return of(self).http(*request, on_http, ctx);
  };
}

void HostTable::begin_call(std::stop_token stop) {
  reason_.clear();
  reason_code_ = RB_INTERNAL;
  call_stop_ = std::move(stop);
}

bool HostTable::cancelled() const { return services_.stop.stop_requested() || call_stop_.stop_requested(); }

std::string HostTable::without_secrets(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + hidden.size())) {
      text.replace(at, secret.size(), hidden);
    }
  }
  return text;
}

std::int32_t HostTable::fail(std::int32_t code, std::string why) {
  reason_ = without_secrets(std::move(why));
  reason_code_ = code;
  return code;
}

void HostTable::log(EventLevel level, std::string_view text) {
  services_.events->emit(level, "plugin_log", name_ + ": " + without_secrets(std::string(text)), {{"plugin", name_}});
}

std::int32_t HostTable::setting(rb_str key, rb_on_text on_text, void* ctx) {
  if (key.data == nullptr || on_text == nullptr) return RB_INVALID;
  const auto found = settings_.find(std::string_view(key.data, static_cast<std::size_t>(key.size)));
  if (found == settings_.end()) return RB_NOT_FOUND;
  on_text(ctx, {found->second.data(), found->second.size()});
  return RB_OK;
}

std::int32_t HostTable::http(const rb_http_request& request, rb_on_http on_http, void* ctx) {
  if (services_.http == nullptr) return fail(RB_UNAVAILABLE, "this program has no HTTP client here");
  try {
    return send(request, on_http, ctx);
  } catch (const std::exception& error) {
    return fail(RB_INTERNAL, error.what());
  }
}

std::int32_t HostTable::send(const rb_http_request& request, rb_on_http on_http, void* ctx) {
  if (request.size < sizeof(rb_http_request) || on_http == nullptr)
    return fail(RB_INVALID, "an http request is incomplete");
  const auto method = exact_text(request.method, 16);
  const auto url = exact_text(request.url, url_size_max);
  const auto lines = exact_text(request.headers, headers_size_max);
  auto body = exact_text(request.body, body_size_max);
  for (const auto* part : {&method, &url, &lines, const_cast<const Result<std::string>*>(&body)}) {
    if (!*part) return fail(RB_INVALID, "http request: " + part->error().message);
  }
  auto headers = parse_headers(*lines);
  if (!headers) return fail(RB_INVALID, "http request: " + headers.error().message);

  // Either token ends the exchange.
  std::stop_source either;
  const auto stop = [&either] { either.request_stop(); };
  const std::stop_callback on_instance(services_.stop, stop);
  const std::stop_callback on_call(call_stop_, stop);
  const HttpRequest typed{*method, *url, *std::move(headers), *std::move(body),
                          static_cast<int>(std::clamp<std::int64_t>(request.timeout_ms, 1, timeout_ms_max))};
  const auto response = services_.http->send(typed, either.get_token());
  if (!response) return fail(plugin_code_of(response.error().code), response.error().message);

  std::string answer_lines;
  for (const auto& [name, value] : response->headers) answer_lines += name + ": " + value + "\r\n";
  on_http(ctx, response->status, {answer_lines.data(), answer_lines.size()},
          {response->body.data(), response->body.size()});
  return RB_OK;
}

}  // namespace rebalancer
