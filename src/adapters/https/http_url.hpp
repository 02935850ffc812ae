// What may be sent at all: addresses, methods and headers are checked before anything is connected.
#pragma once
#include <string>
#include <string_view>

#include "core/ports/http_client.hpp"

namespace rebalancer {

struct HttpUrl {
  bool tls = true;
  std::string host;  // lower case; an IPv6 address without brackets
  bool host_is_address = false;
  std::string port;       // decimal
  std::string authority;  // for the Host header: with brackets, with the port when it is not the scheme's
  std::string target;     // path and query, encoded; at least "/"
};

// https:// to anywhere, http:// to 127.0.0.0/8, ::1 and localhost only. Errors: invalid.
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text);

// Known method, no body where none belongs, header names that are names, header values in one line, and none of the
// headers that frame the message: those are the client's. Errors: invalid.
[[nodiscard]] Result<void> check_request(const HttpRequest& request);

// Host names and header names compare without case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
[[nodiscard]] bool is_loopback(std::string_view address);

}  // namespace rebalancer
