#pragma once
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace rebalancer {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // https://host[:port]/path?query; http:// only to loopback addresses
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int timeout_ms = 10'000;  // for the whole exchange, one attempt
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any HTTP answer is a value, also a 500. Repeats only GET and HEAD, and only what is safe to repeat.
  // Errors: invalid (URL, header); unavailable (no connection, no name, TLS refused: the request surely did not leave);
  // timeout (no complete answer, whatever the reason: it may have been carried out); exhausted (answer too large).
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) = 0;
};

}  // namespace rebalancer
