#include "http/request_check.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "core/base/utf8.hpp"

namespace rebalancer::http {
namespace {

constexpr std::size_t target_bytes_max = 2048;
constexpr std::size_t host_bytes_max = 255;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string lowered(std::string_view text) {
  std::string copy(text);
  std::ranges::transform(copy, copy.begin(), lower);
  return copy;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct Found {
  std::size_t count = 0;
  std::string_view first;
};

Found find(const RequestHead& head, std::string_view name) {
  Found found;
  for (const auto& [field, value] : head.fields) {
    if (same(field, name) && found.count++ == 0) found.first = value;
  }
  return found;
}

std::optional<Refusal> refuse(int status, std::string code, std::string detail) {
  return Refusal{status, std::move(code), std::move(detail)};
}

struct Authority {
  std::string host;  // lower case, an IPv6 address in its brackets
  std::optional<int> port;
};

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_address_byte(char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == '.' || c == ':'; }

// "host", "host:8080", "[::1]:8080". None for everything else.
std::optional<Authority> parse_authority(std::string_view text) {
  if (text.empty() || text.size() > host_bytes_max) return std::nullopt;
  Authority authority;
  std::size_t host_end = 0;
  if (text.front() == '[') {
    host_end = text.find(']');
    if (host_end == std::string_view::npos || host_end < 3) return std::nullopt;
    ++host_end;
    authority.host = lowered(text.substr(0, host_end));
    const std::string_view inner = std::string_view(authority.host).substr(1, host_end - 2);
    if (!std::ranges::all_of(inner, is_address_byte)) return std::nullopt;
  } else {
    host_end = std::min(text.find(':'), text.size());
    authority.host = lowered(text.substr(0, host_end));
    if (authority.host.empty() || !std::ranges::all_of(authority.host, is_name_byte)) return std::nullopt;
  }
  if (host_end == text.size()) return authority;
  const std::string_view port = text.substr(host_end + 1);
  if (text[host_end] != ':' || !all_digits(port) || port.size() > 5) return std::nullopt;
  int number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  if (number < 1 || number > 65535) return std::nullopt;
  authority.port = number;
  return authority;
}

bool is_ours(const std::string& host, const AccessRules& rules) {
  return std::ranges::any_of(rules.hosts, [&host](const std::string& ours) { return same(ours, host); });
}

std::optional<Refusal> check_request_line(const RequestHead& head) {
  if (head.version != 10 && head.version != 11) {
    return refuse(505, "version_not_supported", "the version of HTTP must be 1.1 or 1.0");
  }
  if (head.method == "CONNECT" || head.method == "TRACE") {
    return refuse(501, "method_not_implemented", fmt::format("method {} is not implemented", head.method));
  }
  if (head.target.size() > target_bytes_max) {
    return refuse(414, "target_too_long",
                  fmt::format("the target has {} bytes, must be at most {}", head.target.size(), target_bytes_max));
  }
  const bool whole_server = head.target == "*" && head.method == "OPTIONS";
  if (!whole_server && !head.target.starts_with('/')) {
    return refuse(400, "bad_target", "the target must begin with /");
  }
  return std::nullopt;
}

// RFC 9112, 6.1 and 6.3: whoever leaves a doubt about where a message ends can make two of one.
std::optional<Refusal> check_length(const RequestHead& head) {
  const Found coding = find(head, "transfer-encoding");
  const Found length = find(head, "content-length");
  if (coding.count > 0 && length.count > 0) {
    return refuse(400, "bad_framing", "Transfer-Encoding and Content-Length exclude each other");
  }
  if (coding.count > 1) return refuse(400, "bad_framing", "Transfer-Encoding must stand once");
  if (coding.count == 1 && head.version == 10) {
    return refuse(400, "bad_framing", "HTTP/1.0 has no Transfer-Encoding");
  }
  if (coding.count == 1 && !same(coding.first, "chunked")) {
    const std::size_t comma = coding.first.rfind(',');
    std::string_view last = comma == std::string_view::npos ? std::string_view() : coding.first.substr(comma + 1);
    while (last.starts_with(' ') || last.starts_with('\t')) last.remove_prefix(1);
    // A last "chunked" tells where the message ends, anything else leaves it open.
    if (same(last, "chunked")) {
      return refuse(501, "coding_not_implemented", "no transfer coding but chunked is implemented");
    }
    return refuse(400, "bad_framing", "Transfer-Encoding must be exactly chunked");
  }
  if (length.count > 1) return refuse(400, "bad_framing", "Content-Length must stand once");
  if (length.count == 1) {
    std::int64_t bytes = 0;
    const char* end = length.first.data() + length.first.size();
    const auto read = std::from_chars(length.first.data(), end, bytes);
    if (!all_digits(length.first) || read.ec != std::errc() || read.ptr != end) {
      return refuse(400, "bad_framing", "Content-Length must be one plain number");
    }
  }
  return std::nullopt;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// None for a % without two digits, NUL and what is no UTF-8 once decoded.
std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char byte = text[i];
    if (byte == '+' && plus_is_space) byte = ' ';
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex(text[i + 1]);
      const int low = hex(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      byte = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (byte == '\0') return std::nullopt;
    decoded += byte;
  }
  if (!is_utf8(decoded)) return std::nullopt;
  return decoded;
}

bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (path.find('\\') != std::string_view::npos || std::ranges::any_of(path, is_control)) return false;
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "." || segment == ".." || (segment.empty() && end < path.size())) return false;
    begin = end + 1;
  }
  return true;
}

bool has_encoded_slash(std::string_view path) {
  return path.find("%2f") != std::string_view::npos || path.find("%2F") != std::string_view::npos;
}

// Content differs in time only with the length of what was given.
bool same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  }
  return difference == 0;
}

}  // namespace

bool has_folded_line(std::string_view raw) {
  for (std::size_t at = raw.find('\n'); at != std::string_view::npos; at = raw.find('\n', at + 1)) {
    if (at + 1 < raw.size() && (raw[at + 1] == ' ' || raw[at + 1] == '\t')) return true;
  }
  return false;
}

std::optional<Refusal> check_framing(const RequestHead& head) {
  if (auto refusal = check_request_line(head)) return refusal;
  if (has_folded_line(head.raw)) return refuse(400, "bad_header", "a field must not go on in the next line");
  const Found host = find(head, "host");
  if (host.count != 1) return refuse(400, "bad_host", "Host must stand exactly once");
  if (!parse_authority(host.first)) return refuse(400, "bad_host", "Host must be a name or an address");
  if (auto refusal = check_length(head)) return refusal;
  for (const std::string_view name : {"content-type", "authorization", "origin", "idempotency-key"}) {
    if (find(head, name).count > 1) return refuse(400, "bad_header", fmt::format("{} must not stand twice", name));
  }
  // Whoever speaks 1.0 cannot mean it, RFC 9110, 10.1.1.
  const Found expect = find(head, "expect");
  if (head.version == 11 && expect.count > 0 && (expect.count > 1 || !same(expect.first, "100-continue"))) {
    return refuse(417, "expectation_failed", "Expect can only be 100-continue");
  }
  return std::nullopt;
}

std::optional<Refusal> check_access(const RequestHead& head, const AccessRules& rules) {
  const auto host = parse_authority(find(head, "host").first);
  if (!host || !is_ours(host->host, rules)) {
    return refuse(421, "misdirected", "this server does not answer to that Host");
  }
  if (head.method == "GET" || head.method == "HEAD") return std::nullopt;
  if (same(find(head, "sec-fetch-site").first, "cross-site")) {
    return refuse(403, "foreign_origin", "a request from another site must not change anything");
  }
  const Found origin = find(head, "origin");
  if (origin.count == 0) return std::nullopt;  // no browser, or one that asks its own origin
  const std::string_view scheme = rules.tls ? "https://" : "http://";
  if (origin.count == 1 && same(origin.first.substr(0, scheme.size()), scheme)) {
    const auto from = parse_authority(origin.first.substr(scheme.size()));
    const int port = from ? from->port.value_or(rules.tls ? 443 : 80) : 0;
    if (from && is_ours(from->host, rules) && std::ranges::find(rules.ports, port) != rules.ports.end()) {
      return std::nullopt;
    }
  }
  return refuse(403, "foreign_origin", "a request from that Origin must not change anything");
}

std::optional<Refusal> check_token(const RequestHead& head, const AccessRules& rules) {
  if (rules.token.empty()) return std::nullopt;
  constexpr std::string_view scheme = "bearer ";
  const Found given = find(head, "authorization");
  if (given.count == 1 && same(given.first.substr(0, scheme.size()), scheme) &&
      same_secret(given.first.substr(scheme.size()), rules.token)) {
    return std::nullopt;
  }
  auto refusal = refuse(401, "unauthorized", "this needs the header Authorization: Bearer, with the server's token");
  refusal->headers.emplace_back("WWW-Authenticate", "Bearer");
  return refusal;
}

std::optional<Target> parse_target(std::string_view target) {
  if (target == "*") return Target{"*", {}};
  // Neither spaces nor control characters, nothing beyond ASCII, no fragment: a URI has none of them.
  const auto is_foreign = [](char c) { return c <= ' ' || c > '~' || c == '#'; };
  if (std::ranges::any_of(target, is_foreign)) return std::nullopt;
  const std::size_t mark = std::min(target.find('?'), target.size());
  if (has_encoded_slash(target.substr(0, mark))) return std::nullopt;
  auto path = decode(target.substr(0, mark), false);
  if (!path || !is_plain_path(*path)) return std::nullopt;
  Target parsed{*std::move(path), {}};
  std::string_view rest = target.substr(std::min(mark + 1, target.size()));
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return std::nullopt;
    parsed.query.emplace_back(*std::move(name), *std::move(value));
  }
  return parsed;
}

}  // namespace rebalancer::http
