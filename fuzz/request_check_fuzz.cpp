// The rules a request's header has to keep, each told again here in another way. The input is a header as it is sent.
#include <algorithm>

#include "http/request_check.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

using namespace http;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Less strict than any parser: what a check never sees from the real one it has to refuse all the same.
RequestHead head_of(std::string_view text) {
  RequestHead head;
  head.raw = text;
  const auto line_of = [&text] {
    std::string_view line = take_line(text);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  };
  const std::string_view first = line_of();
  const std::size_t method_end = std::min(first.find(' '), first.size());
  head.method = first.substr(0, method_end);
  const std::string_view rest = first.substr(std::min(method_end + 1, first.size()));
  head.target = rest.substr(0, rest.rfind(' '));
  head.version = first.ends_with("HTTP/1.1") ? 11 : first.ends_with("HTTP/1.0") ? 10 : 20;
  while (!text.empty()) {
    const std::string_view line = line_of();
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      head.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
  }
  return head;
}

std::vector<std::string_view> values_of(const RequestHead& head, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [field, value] : head.fields) {
    if (lower(field) == name) values.push_back(value);
  }
  return values;
}

void expect_refusal(const Refusal& refusal, std::initializer_list<int> statuses) {
  const bool known = std::find(statuses.begin(), statuses.end(), refusal.status) != statuses.end();
  expect(known, "a refusal has one of its statuses", std::to_string(refusal.status));
  expect(!refusal.code.empty() && lower(refusal.code) == refusal.code, "a refusal has a code", refusal.code);
  expect_message(refusal.detail, 300);
}

void check_framing_rules(const RequestHead& head) {
  if (const auto refusal = check_framing(head)) return expect_refusal(*refusal, {400, 405, 414, 417, 501, 505});
  expect(head.version == 10 || head.version == 11, "the version is one of two");
  expect(head.method != "CONNECT" && head.method != "TRACE", "no tunnels, no echo");
  expect(head.target.size() <= 2048, "a target is bounded", head.target);
  expect(head.target.starts_with('/') || (head.target == "*" && head.method == "OPTIONS"), "a target is a path",
         head.target);
  const auto hosts = values_of(head, "host");
  expect(hosts.size() == 1 && !hosts[0].empty(), "there is exactly one Host");
  expect(hosts[0].find_first_of(" \t,/@?#\\%") == std::string_view::npos, "a Host is a host", hosts[0]);
  const auto codings = values_of(head, "transfer-encoding");
  const auto lengths = values_of(head, "content-length");
  expect(codings.empty() || lengths.empty(), "there is one way to find a body's end");
  expect(codings.size() <= 1 && lengths.size() <= 1, "there is one answer to where a body ends");
  if (!codings.empty()) {
    expect(lower(codings[0]) == "chunked" && head.version == 11, "a coding is exactly chunked", codings[0]);
  }
  if (!lengths.empty()) {
    expect(!lengths[0].empty() && lengths[0].find_first_not_of("0123456789") == std::string_view::npos,
           "a length is one plain number", lengths[0]);
  }
  for (const std::string_view expected : values_of(head, "expect")) {
    expect(head.version == 10 || lower(expected) == "100-continue", "nothing else is expected", expected);
  }
  expect(head.raw.find("\n ") == std::string_view::npos && head.raw.find("\n\t") == std::string_view::npos,
         "no field goes on in the next line");
}

void check_access_rules(const RequestHead& head, const AccessRules& rules) {
  if (const auto refusal = check_access(head, rules)) return expect_refusal(*refusal, {400, 403, 421});
  const auto hosts = values_of(head, "host");
  expect(!hosts.empty(), "a request without a Host is not ours");
  const std::string host = lower(hosts[0]);
  const std::string name = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
  expect(std::find(rules.hosts.begin(), rules.hosts.end(), name) != rules.hosts.end(), "the Host is ours", hosts[0]);
  if (head.method == "GET" || head.method == "HEAD") return;
  const std::string scheme = rules.tls ? "https://" : "http://";
  for (const std::string_view origin : values_of(head, "origin")) {
    const bool ours = std::any_of(rules.hosts.begin(), rules.hosts.end(), [&](const std::string& mine) {
      const std::string from = lower(origin);
      if (rules.ports.front() == (rules.tls ? 443 : 80) && from == scheme + mine) return true;
      const std::size_t colon = from.rfind(':');
      return from.substr(0, colon) == scheme + mine &&
             from.find_first_not_of("0123456789", colon + 1) == std::string::npos &&
             std::stoi(from.substr(colon + 1)) == rules.ports.front();
    });
    expect(ours, "the Origin of a change is ours", origin);
  }
  const auto sites = values_of(head, "sec-fetch-site");
  expect(sites.empty() || lower(sites[0]) != "cross-site", "no other site changes anything");
}

void check_token_rules(const RequestHead& head, const AccessRules& rules) {
  if (const auto refusal = check_token(head, rules)) {
    expect_refusal(*refusal, {401});
    return expect(!refusal->headers.empty() && refusal->detail.find(rules.token) == std::string::npos,
                  "who is asked for a token is told how, and not the token");
  }
  const auto given = values_of(head, "authorization");
  expect(given.size() == 1 && given[0].ends_with(rules.token) && lower(given[0]).starts_with("bearer "),
         "the token is the token");
}

std::string encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result += c == '/' ? std::string("/") : std::string{'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return result;
}

void check_target(std::string_view text) {
  const auto target = parse_target(text);
  if (!target) return;
  expect(target->path.starts_with('/') || target->path == "*", "a path starts at the root", target->path);
  expect(is_utf8(target->path), "a path is UTF-8", target->path);
  const std::string segments = target->path + "/";
  for (const char* bad : {"//", "/../", "/./", "\\"}) {
    // The path may end with a slash.
    const std::size_t at = segments.find(bad);
    const bool is_end = std::string_view(bad) == "//" && at + 2 == segments.size();
    expect(at == std::string::npos || is_end, "a path says where it leads", target->path);
  }
  expect(target->path.find('\0') == std::string::npos, "a path has no NUL", target->path);
  std::string written = target->path == "*" ? "*" : encoded(target->path);
  char separator = '?';
  for (const auto& [name, value] : target->query) {
    expect(is_utf8(name) && is_utf8(value), "a query is UTF-8", text);
    for (const std::string& part : {name, value}) {
      expect(part.find('\0') == std::string::npos, "a query has no NUL", text);
    }
    std::string pair = encoded(name) + "=" + encoded(value);
    written += separator + pair;
    separator = '&';
  }
  const auto again = parse_target(written);
  expect(again && again->path == target->path && again->query == target->query, "a target reads back as itself",
         written);
}

void check(std::string_view input) {
  const RequestHead head = head_of(input);
  check_framing_rules(head);
  for (const bool tls : {false, true}) {
    const AccessRules rules{.hosts = {"localhost", "127.0.0.1", "[::1]"},
                            .ports = {tls ? 8443 : 8080},
                            .tls = tls,
                            .token = "a-token-of-the-test"};
    check_access_rules(head, rules);
    check_token_rules(head, rules);
  }
  check_target(head.target);
  check_target(input);
}

const Target target("request_check", check);

}  // namespace
}  // namespace rebalancer::fuzz
