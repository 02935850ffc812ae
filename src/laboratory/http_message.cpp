#include "laboratory/http_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace rebalancer::laboratory {
namespace {

constexpr std::string_view line_end = "\r\n";

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_blank) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      unsigned value = 0;
      if (i + 2 >= text.size()) return std::nullopt;
      const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
      result += static_cast<char>(value);
      i += 2;
    }
  }
  return result;
}

Result<void> read_target(WireRequest& request) {
  const std::string_view target = request.target;
  const std::size_t mark = target.find('?');
  const auto path = decoded(target.substr(0, mark), false);
  if (!target.starts_with('/') || !path) return fail(ErrorCode::invalid, "\"{}\" is no path", target);
  request.path = *path;
  if (mark == std::string_view::npos) return {};
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view part = rest.substr(0, end);
    const std::size_t equal = part.find('=');
    const auto name = decoded(part.substr(0, equal), true);
    const auto value = equal == std::string_view::npos ? std::string() : decoded(part.substr(equal + 1), true);
    if (!name || !value) return fail(ErrorCode::invalid, "\"{}\" is no query", target);
    request.query.emplace_back(*name, *value);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return {};
}

struct Reason {
  int status;
  std::string_view text;
};
constexpr std::array reasons{Reason{101, "Switching Protocols"},
                             Reason{200, "OK"},
                             Reason{204, "No Content"},
                             Reason{207, "Multi-Status"},
                             Reason{400, "Bad Request"},
                             Reason{401, "Unauthorized"},
                             Reason{403, "Forbidden"},
                             Reason{404, "Not Found"},
                             Reason{405, "Method Not Allowed"},
                             Reason{422, "Unprocessable Entity"},
                             Reason{426, "Upgrade Required"},
                             Reason{429, "Too Many Requests"},
                             Reason{500, "Internal Server Error"},
                             Reason{502, "Bad Gateway"},
                             Reason{503, "Service Unavailable"},
                             Reason{504, "Gateway Timeout"}};

}  // namespace

std::string WireRequest::header(std::string_view lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

std::optional<std::string> WireRequest::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Result<WireRequest> parse_head(std::string_view head) {
  const std::size_t first_end = head.find(line_end);
  const std::string_view first = head.substr(0, first_end);
  const std::size_t space = first.find(' ');
  const std::size_t second = first.rfind(' ');
  if (space == std::string_view::npos || second == space || first.substr(second + 1) != "HTTP/1.1" ||
      !is_token(first.substr(0, space))) {
    return fail(ErrorCode::invalid, "\"{}\" is no request line of HTTP/1.1", first.substr(0, 200));
  }
  WireRequest request;
  request.method = std::string(first.substr(0, space));
  request.target = std::string(first.substr(space + 1, second - space - 1));
  if (auto read = read_target(request); !read) return fail(read.error());

  std::string_view rest = head.substr(first_end + line_end.size());
  while (true) {
    const std::size_t end = rest.find(line_end);
    if (end == std::string_view::npos) return fail(ErrorCode::invalid, "the head has no end");
    const std::string_view line = rest.substr(0, end);
    if (line.empty()) break;
    rest = rest.substr(end + line_end.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return fail(ErrorCode::invalid, "\"{}\" is no header", line.substr(0, 200));
    }
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    const std::string name = lower(line.substr(0, colon));
    if (!request.headers.emplace(name, value).second && (name == "host" || name == "content-length")) {
      return fail(ErrorCode::invalid, "{} is sent twice", name);
    }
  }
  if (!request.headers.contains("host")) return fail(ErrorCode::invalid, "there is no Host");
  if (request.headers.contains("transfer-encoding")) return fail(ErrorCode::invalid, "Transfer-Encoding is not taken");
  return request;
}

Result<std::size_t> body_bytes_of(const WireRequest& request) {
  const auto found = request.headers.find("content-length");
  if (found == request.headers.end()) return std::size_t{0};
  const std::string& text = found->second;
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size > body_bytes_max) {
    return fail(ErrorCode::invalid, "Content-Length {} must be a number up to {}", text, body_bytes_max);
  }
  return size;
}

std::string text_of(const WireAnswer& answer, bool closes) {
  const auto reason = std::ranges::find(reasons, answer.status, &Reason::status);
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\n", answer.status, reason == reasons.end() ? "Answer" : reason->text);
  for (const auto& [name, value] : answer.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (answer.status >= 200 && answer.status != 204) text += fmt::format("Content-Length: {}\r\n", answer.body.size());
  if (closes) text += "Connection: close\r\n";
  return text + "\r\n" + answer.body;
}

std::size_t head_bytes_of(std::string_view answer_text) { return answer_text.find("\r\n\r\n") + 4; }

}  // namespace rebalancer::laboratory
