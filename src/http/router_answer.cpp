#include "http/router_answer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "http/problem.hpp"

namespace rebalancer::http {
namespace {

constexpr std::chrono::seconds wait_max{60};
constexpr std::size_t tag_digits = 16;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

const std::string* header_of(const Response& response, std::string_view name) {
  const auto found =
      std::ranges::find_if(response.headers, [&](const auto& header) { return same(header.first, name); });
  return found == response.headers.end() ? nullptr : &found->second;
}

std::optional<std::chrono::seconds> wait_of(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  unsigned seconds = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end != text.data() + text.size() || text.empty() || wrong == std::errc::invalid_argument) return std::nullopt;
  if (wrong == std::errc::result_out_of_range) return wait_max;
  return std::min(std::chrono::seconds(seconds), wait_max);
}

}  // namespace

std::string entity_tag(std::string_view body, Digest digest) { return '"' + digest(body).substr(0, tag_digits) + '"'; }

bool none_match_fails(std::string_view if_none_match, std::string_view tag) {
  std::string_view rest = trimmed(if_none_match);
  if (rest == "*") return true;
  // An entity tag may have a comma in it, so the list is not merely split.
  while (!rest.empty()) {
    if (rest.front() == ',') {
      rest = trimmed(rest.substr(1));
      continue;
    }
    if (rest.starts_with("W/")) rest.remove_prefix(2);
    const std::size_t end = rest.front() == '"' ? rest.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    if (rest.substr(0, end + 1) == tag) return true;
    rest = trimmed(rest.substr(end + 1));
    if (!rest.empty() && rest.front() != ',') return false;
  }
  return false;
}

Response tagged(Response response, Digest digest) {
  if (response.status != 200 || header_of(response, "etag") != nullptr) return response;
  response.headers.emplace_back("ETag", entity_tag(response.text(), digest));
  return response;
}

Response unless_known(Response tagged, std::optional<std::string_view> if_none_match) {
  const std::string* tag = tagged.status == 200 && if_none_match ? header_of(tagged, "etag") : nullptr;
  if (tag == nullptr || !none_match_fails(*if_none_match, *tag)) return tagged;
  tagged.status = 304;
  tagged.body = nullptr;
  return tagged;
}

std::chrono::milliseconds preferred_wait(const Headers& headers, std::chrono::milliseconds otherwise) {
  std::optional<std::chrono::seconds> wait;
  bool asynchronous = false;
  for (const auto& [name, value] : headers) {
    if (name != "prefer") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      // What follows a semicolon is a parameter of the preference; these have none.
      const std::string_view preference = trimmed(rest.substr(0, std::min(comma, rest.find(';'))));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      const std::size_t equals = preference.find('=');
      const std::string_view key = trimmed(preference.substr(0, equals));
      if (same(key, "respond-async")) asynchronous = true;
      if (!wait && same(key, "wait") && equals != std::string_view::npos) {
        wait = wait_of(trimmed(preference.substr(equals + 1)));
      }
    }
  }
  if (wait) return *wait;
  return asynchronous ? std::chrono::milliseconds(0) : otherwise;
}

Response too_busy() {
  Response response = problem(503, {"too_busy", "too much is waiting already, nothing was done, try again later"});
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response closing() {
  Response response = problem(503, {"closing", "the service is closing, nothing was done"});
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response mistake() { return problem(500, {"internal", "the request could not be answered through a mistake of ours"}); }

Response accepted(const JobRecord& job) {
  Response response = json_response(202, to_json(job));
  response.headers.emplace_back("Location", "/jobs/" + job.id);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response answer_of(const JobRecord& job) {
  Response response = job.result.value_or(mistake());
  response.headers.emplace_back("Job-Id", job.id);
  return response;
}

Answerer::Answerer(Reply reply, std::string_view route, std::optional<std::string> if_none_match, Digest digest)
    : reply_(std::move(reply)), route_(route), if_none_match_(std::move(if_none_match)), digest_(digest) {}

Answerer::~Answerer() {
  if (!sent_) send(closing());
}

void Answerer::send(Response response) {
  if (sent_.exchange(true)) return;
  // Gone with the answer: it may hold a connection, and others may hold this for longer.
  const Reply reply = std::exchange(reply_, {});
  if (digest_ != nullptr) response = unless_known(tagged(std::move(response), digest_), if_none_match_);
  reply.send(std::move(response), route_);
}

}  // namespace rebalancer::http
