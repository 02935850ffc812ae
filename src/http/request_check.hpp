// What stands between a request's header and everything else: HTTP's rules that the parser does not keep, and who may
// ask. Pure, so that it can be fuzzed.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace rebalancer::http {

// The header of a request as it was parsed: fields in the order sent, values without the spaces around them.
struct RequestHead {
  int version = 11;  // 10 for HTTP/1.0
  std::string_view method;
  std::string_view target;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  std::string_view raw = {};  // the header's bytes, when the caller has them: obs-fold shows only there
};

// Who is let in. Everything is compared in lower case.
struct AccessRules {
  std::vector<std::string> hosts;  // "localhost", "127.0.0.1", "[::1]", names that configuration adds; without a port
  std::vector<int> ports;          // ours: what an Origin of ours may have
  bool tls = false;
  std::string token;  // empty: nobody is asked for one
};

// Why a request is not let in. Its connection cannot go on: nothing after a refused request is read.
struct Refusal {
  int status;
  std::string code;
  std::string detail;
  Headers headers = {};  // "www-authenticate"
};

// The message's framing: exactly one valid Host (none or two: 400), no obs-fold, Transfer-Encoding only as exactly
// "chunked" once on HTTP/1.1 and never beside Content-Length (400; 501 for a coding before a last "chunked"),
// Content-Length one plain number (lists and repetition: 400), no second Content-Type, Authorization, Origin or
// Idempotency-Key (400), a target in origin form (or "*" for OPTIONS) of at most 2048 bytes (414), version 1.0 or 1.1
// (505), no CONNECT or TRACE (501), Expect only 100-continue (417).
[[nodiscard]] std::optional<Refusal> check_framing(const RequestHead& head);
// Host among ours (421), no foreign Origin and no cross-site Sec-Fetch-Site on anything but GET and HEAD (403).
[[nodiscard]] std::optional<Refusal> check_access(const RequestHead& head, const AccessRules& rules);
// A field that goes on in a second line. Parsers join it and differ in how, so it is refused.
[[nodiscard]] bool has_folded_line(std::string_view raw);
// The bearer token (401), compared in constant time. Asked only for routes that need it.
[[nodiscard]] std::optional<Refusal> check_token(const RequestHead& head, const AccessRules& rules);

// The target in pieces: the path percent-decoded and without dot segments, the query decoded.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};
// None for bytes that no URI has, bad percent-encoding, NUL, and invalid UTF-8; in the path for control characters, dot
// segments, empty segments ("//"), backslashes and encoded slashes too: 400. In the query "+" is a space.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

}  // namespace rebalancer::http
