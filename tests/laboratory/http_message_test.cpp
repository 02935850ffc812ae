#include "laboratory/http_message.hpp"

#include <doctest/doctest.h>

namespace rebalancer::laboratory {
namespace {

TEST_CASE("a request's head") {
  const auto request = parse_head(
      "GET /v2/orders:by_client_order_id?client_order_id=rb%2D1&a=x+y&flag HTTP/1.1\r\nHost: a:1\r\nX-Key:  v "
      "\r\n\r\n");
  REQUIRE(request);
  CHECK(request->method == "GET");
  CHECK(request->path == "/v2/orders:by_client_order_id");
  CHECK(request->parameter("client_order_id") == "rb-1");
  CHECK(request->parameter("a") == "x y");
  CHECK(request->parameter("flag") == "");
  CHECK(!request->parameter("none"));
  CHECK(request->header("x-key") == "v");
  CHECK(request->header("none").empty());
}

TEST_CASE("what is no request of HTTP/1.1") {
  for (const char* head : {
           "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
           "GET  / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       }) {
    CHECK_MESSAGE(!parse_head(head), head);
  }
  for (const char* length : {"-1", "+3", "1, 1", "x", "99999999"}) {
    const auto request =
        parse_head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::string(length) + "\r\n\r\n");
    REQUIRE(request);
    CHECK_MESSAGE(!body_bytes_of(*request), length);
  }
}

TEST_CASE("an answer's bytes") {
  CHECK(text_of({200, {{"A", "b"}}, "{}"}, false) == "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\n{}");
  CHECK(text_of({204, {}, ""}, true) == "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  CHECK(head_bytes_of(text_of({200, {}, "{}"}, false)) == text_of({200, {}, "{}"}, false).size() - 2);
}

}  // namespace
}  // namespace rebalancer::laboratory
