// A request that was let in, and the answer to it. Nothing of Beast is seen outside server.cpp.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rebalancer::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;                                      // "GET"
  std::string path;                                        // percent-decoded: "/orders/abc"
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order written
  std::map<std::string, std::string> parameters;           // of the route's path template
  Headers headers;                                         // names in lower case
  std::string body;

  // The first of that name (lower case); none when it was not sent.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers = {};  // beside content-type, content-length, date and connection, which the server writes
  std::shared_ptr<const std::string> body = {};  // none: an empty one

  [[nodiscard]] std::string_view text() const { return body ? std::string_view(*body) : std::string_view(); }
};

[[nodiscard]] Response json_response(int status, std::string body);

}  // namespace rebalancer::http
