#include "adapters/https/http_url.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>

#include <boost/url/parse.hpp>

namespace rebalancer {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'); }

bool is_name_character(char c) {
  return is_alphanumeric(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

constexpr std::array methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
constexpr std::array own_headers = {
    "Host", "Content-Length", "Transfer-Encoding", "Connection", "Accept-Encoding", "Upgrade", "Expect",
    "TE",   "Trailer",        "Keep-Alive"};

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_loopback(std::string_view address) {
  const std::string text(address);
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, text.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return fail(ErrorCode::invalid, "\"{}\" is not an address: {}", text, parsed.error().message());
  HttpUrl url;
  if (same_name(parsed->scheme(), "http")) {
    url.tls = false;
  } else if (!same_name(parsed->scheme(), "https")) {
    return fail(ErrorCode::invalid, "scheme of \"{}\" is {}, must be https", text, std::string(parsed->scheme()));
  }
  // Not repeated in the message: it may hold a password.
  if (parsed->has_userinfo()) return fail(ErrorCode::invalid, "an address must not hold a user name or a password");

  // Boost.URL 1.81 reads 127.0.0.1.example.com as the address 127.0.0.1 and the path ".example.com".
  if (!parsed->encoded_path().empty() && !parsed->encoded_path().starts_with('/')) {
    return fail(ErrorCode::invalid, "\"{}\" has no host that can be asked", text);
  }
  url.host = std::string(parsed->encoded_host());
  std::ranges::transform(url.host, url.host.begin(), lower);
  const bool bracketed = url.host.size() > 2 && url.host.front() == '[' && url.host.back() == ']';
  if (bracketed) url.host = url.host.substr(1, url.host.size() - 2);
  in_addr four{};
  in6_addr six{};
  url.host_is_address =
      bracketed ? inet_pton(AF_INET6, url.host.c_str(), &six) == 1 : inet_pton(AF_INET, url.host.c_str(), &four) == 1;
  const bool plain = std::ranges::all_of(url.host, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; });
  // A last label of digits is an address in disguise to some resolvers: 127.1, 0x7f.1.
  const auto last_label = url.host.find_last_of('.') == std::string::npos ? 0 : url.host.find_last_of('.') + 1;
  const bool named = !bracketed && plain && url.host.size() <= 253 && last_label < url.host.size() &&
                     !(url.host[last_label] >= '0' && url.host[last_label] <= '9');
  if (!url.host_is_address && !named) return fail(ErrorCode::invalid, "\"{}\" has no host that can be asked", text);
  if (!url.tls && !is_loopback(url.host) && url.host != "localhost") {
    return fail(ErrorCode::invalid, "\"{}\" is not encrypted: http is for this machine only, use https", text);
  }

  const std::string usual_port = url.tls ? "443" : "80";
  url.port = parsed->has_port() && !parsed->port().empty() ? std::string(parsed->port()) : usual_port;
  unsigned number = 0;
  const auto read = std::from_chars(url.port.data(), url.port.data() + url.port.size(), number);
  if (read.ec != std::errc() || read.ptr != url.port.data() + url.port.size() || number == 0 || number > 65'535) {
    return fail(ErrorCode::invalid, "port of \"{}\" is {}, must be 1 to 65535", text, url.port);
  }
  url.port = std::to_string(number);
  url.authority = bracketed ? "[" + url.host + "]" : url.host;
  if (url.port != usual_port) url.authority += ":" + url.port;

  url.target = std::string(parsed->encoded_path());
  if (url.target.empty()) url.target = "/";
  if (parsed->has_query()) url.target += "?" + std::string(parsed->encoded_query());
  return url;
}

Result<void> check_request(const HttpRequest& request) {
  if (std::ranges::find(methods, request.method) == methods.end()) {
    return fail(ErrorCode::invalid, "method is \"{}\", must be one of {}", request.method, fmt::join(methods, ", "));
  }
  if ((request.method == "GET" || request.method == "HEAD") && !request.body.empty()) {
    return fail(ErrorCode::invalid, "a {} request has no body", request.method);
  }
  if (request.timeout_ms <= 0) {
    return fail(ErrorCode::invalid, "timeout is {} ms, must be positive", request.timeout_ms);
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || !std::ranges::all_of(name, is_name_character)) {
      return fail(ErrorCode::invalid, "\"{}\" is not the name of a header", name);
    }
    if (std::ranges::any_of(own_headers, [&](const char* own) { return same_name(name, own); })) {
      return fail(ErrorCode::invalid, "header {} is the client's own, it cannot be set", name);
    }
    const auto control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F; };
    if (std::ranges::any_of(value, control)) {
      return fail(ErrorCode::invalid, "value of header {} has a line break or another control character", name);
    }
  }
  return {};
}

}  // namespace rebalancer
