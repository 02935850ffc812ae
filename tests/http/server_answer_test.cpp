// Answers as they go over the wire.
#include "http/server_answer.hpp"

#include <doctest/doctest.h>

#include "http/problem.hpp"

using namespace rebalancer;
using namespace rebalancer::http;

namespace {

const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string head(const Response& response, const AnswerForm& form = {}) {
  std::string out = "what was there before";
  write_head(out, response, form, date);
  return out;
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("dates are those of HTTP") {
  CHECK(http_date(Instant::from_seconds(784'111'777)) == date);
  CHECK(http_date(Instant::from_seconds(0)) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(http_date(Instant::from_seconds(1'709'251'199)) == "Thu, 29 Feb 2024 23:59:59 GMT");
  CHECK(http_date(Instant::from_seconds(-1)) == "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST_CASE("an answer carries its length and what keeps browsers in check") {
  CHECK(head(json_response(200, "{}")) ==
        "HTTP/1.1 200 OK\r\nDate: " + date +
            "\r\nContent-Type: application/json\r\nContent-Length: 2\r\nCache-Control: no-store\r\n"
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
            "Cross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: no-referrer\r\n"
            "X-Content-Type-Options: nosniff\r\n\r\n");
}

TEST_CASE("a response's own header takes the place of ours") {
  Response response = json_response(200, "{}");
  response.headers = {{"cache-control", "max-age=5"}, {"ETag", "\"1\""}};
  const std::string text = head(response);
  CHECK(has(text, "cache-control: max-age=5\r\n"));
  CHECK(has(text, "ETag: \"1\"\r\n"));
  CHECK(!has(text, "no-store"));
}

TEST_CASE("no header can begin another answer") {
  Response response = json_response(200, "{}");
  response.content_type = "a/b\r\nX-Injected: 1";
  response.headers = {
      {"X-A", "a\r\nX-Injected: 2"}, {"X-B\n", "b"}, {"X-C", std::string("c\0", 2)}, {"X-D", "\xc3\xa4\t"}};
  const std::string text = head(response);
  CHECK(!has(text, "Injected"));
  CHECK(!has(text, "X-B"));
  CHECK(!has(text, "X-C:"));
  CHECK(has(text, "X-D: \xc3\xa4\t\r\n"));
}

TEST_CASE("which answers have a body, and what the connection does") {
  Response response = json_response(200, "abc");
  CHECK(has_body(response, {}));
  CHECK(!has_body(response, {.head_only = true}));
  CHECK(has(head(response, {.head_only = true}), "Content-Length: 3\r\n"));
  CHECK(has(head(response, {.close = true}), "Connection: close\r\n"));
  CHECK(has(head(response, {.version = 10}), "Connection: keep-alive\r\n"));
  CHECK(has(head(response, {.version = 10, .close = true}), "Connection: close\r\n"));
  CHECK(!has(head(response), "Connection"));
  for (const int status : {204, 304}) {
    response.status = status;
    CHECK(!has_body(response, {}));
    CHECK(!has(head(response), "Content-Length"));
    CHECK(!has(head(response), "\nContent-Type"));
  }
}

TEST_CASE("every status that the server gives has its phrase") {
  for (const int status : {200, 204, 304, 400, 401, 403, 408, 413, 414, 417, 421, 431, 500, 501, 503, 505}) {
    CAPTURE(status);
    CHECK(phrase_of(status).size() > 1);
    CHECK(has(head(problem(status, {"a", "b"})), "HTTP/1.1 " + std::to_string(status) + " "));
  }
}
