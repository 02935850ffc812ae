// Where and what may be sent to other machines, and how long they may ask to wait.
#include <algorithm>

#include "adapters/https/http_url.hpp"
#include "adapters/https/retry_policy.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

bool is_graphic(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void check_url(std::string_view text) {
  const auto url = parse_http_url(text);
  if (!url) {
    expect(url.error().code == ErrorCode::invalid, "an address is refused as invalid", url.error().message);
    return;
  }
  expect(!url->host.empty() && is_graphic(url->host), "a host is a word", url->host);
  expect(url->host.find_first_of("@/?#[]\\%") == std::string::npos, "a host is nothing but a host", url->host);
  expect(std::none_of(url->host.begin(), url->host.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
         "a host is in lower case", url->host);
  expect(url->tls || url->host == "localhost" || is_loopback(url->host), "only this machine is asked unencrypted",
         url->host);
  expect(url->target.starts_with('/') && is_graphic(url->target), "a target is one word", url->target);
  expect(url->target.find('#') == std::string::npos, "a fragment is not sent", url->target);
  expect(is_graphic(url->authority) && url->authority.find('@') == std::string::npos, "no password is sent",
         url->authority);
  const std::string written = (url->tls ? "https://" : "http://") + url->authority + url->target;
  const auto again = parse_http_url(written);
  expect(again.has_value(), "an address reads back", written);
  expect(again->host == url->host && again->port == url->port && again->target == url->target &&
             again->authority == url->authority && again->host_is_address == url->host_is_address,
         "an address reads back as itself", written);
}

void check_header(std::string_view name, std::string_view value) {
  HttpRequest request;
  request.url = "https://example.com/";
  request.headers = {{std::string(name), std::string(value)}};
  if (!check_request(request)) return;
  expect(!name.empty() && is_graphic(name) && name.find(':') == std::string_view::npos, "a header's name is one", name);
  expect(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "a header is one line", value);
  for (const char* own : {"host", "content-length", "transfer-encoding", "connection"}) {
    expect(!same_name(name, own), "what frames a message is the client's own", name);
  }
}

void check_wait(std::string_view text) {
  const auto now = Instant::from_seconds(1'795'208'700);
  const auto wait = retry_after(text, now);
  expect(!wait || wait->count() >= 0, "nobody waits a negative time", text);
}

void check(std::string_view input) {
  check_url(input);
  check_wait(input);
  std::string_view rest = input;
  const std::string_view name = take_line(rest);
  check_header(name, rest);
}

const Target target("http_url", check);

}  // namespace
}  // namespace rebalancer::fuzz
