#include "adapters/https/http_url.hpp"

#include <doctest/doctest.h>

using namespace rebalancer;

TEST_CASE("an address is taken apart into what connects and what is asked") {
  const auto url = parse_http_url("https://Query1.Finance.Yahoo.com/v8/chart/%5EGSPC?a=1&b=%2C#top");
  REQUIRE(url);
  CHECK(url->tls);
  CHECK(url->host == "query1.finance.yahoo.com");
  CHECK_FALSE(url->host_is_address);
  CHECK(url->port == "443");
  CHECK(url->authority == "query1.finance.yahoo.com");
  CHECK(url->target == "/v8/chart/%5EGSPC?a=1&b=%2C");

  const auto ported = parse_http_url("https://example.com:8443");
  REQUIRE(ported);
  CHECK(ported->authority == "example.com:8443");
  CHECK(ported->target == "/");

  const auto six = parse_http_url("http://[::1]:8080/x");
  REQUIRE(six);
  CHECK(six->host == "::1");
  CHECK(six->host_is_address);
  CHECK(six->authority == "[::1]:8080");
}

TEST_CASE("http is for this machine only") {
  for (const std::string good : {"http://127.0.0.1:80/", "http://127.9.8.7/", "http://[::1]/", "http://localhost:1/"}) {
    CAPTURE(good);
    CHECK(parse_http_url(good).has_value());
  }
  for (const std::string bad : {"http://example.com/", "http://10.0.0.1/", "http://128.0.0.1/", "http://0.0.0.0/",
                                "http://[::]/", "http://localhost.example.com/", "http://[::ffff:127.0.0.1]/"}) {
    CAPTURE(bad);
    const auto url = parse_http_url(bad);
    REQUIRE(!url);
    CHECK(url.error().code == ErrorCode::invalid);
    CHECK(url.error().message == fmt::format("\"{}\" is not encrypted: http is for this machine only, use https", bad));
  }
}

TEST_CASE("what is not an address to ask is refused") {
  for (const std::string bad : {"",
                                "example.com",
                                "/path",
                                "https://",
                                "https:///path",
                                "https://exa mple.com/",
                                "ftp://example.com/",
                                "file:///etc/passwd",
                                "https://example.com:0/",
                                "https://example.com:65536/",
                                "https://example.com:99999999999999999999/",
                                "https://ex%61mple.com/",
                                "https://a_b.com/",
                                "https://example.com./",
                                "http://127.0.0.1.example.com/",
                                "http://127.0.0.1:80x/",
                                "https://127.1/",
                                "https://2130706433/",
                                "https://127.0.0.1.2/",
                                "https://[127.0.0.1]/",
                                "https://0x7f.1/",
                                "https://[v1.x]/",
                                "https://example.com/^GSPC",
                                "https://example.com/\r\nX: y",
                                "https://user@example.com/",
                                "https://user:secret@example.com/",
                                "https://@example.com/"}) {
    CAPTURE(bad);
    const auto url = parse_http_url(bad);
    REQUIRE(!url);
    CHECK(url.error().code == ErrorCode::invalid);
  }
  CHECK(parse_http_url("https://user:secret@example.com/").error().message ==
        "an address must not hold a user name or a password");
}

TEST_CASE("a request that could smuggle something is refused before it leaves") {
  HttpRequest good{
      "POST", "https://example.com/", {{"Content-Type", "application/json"}, {"X-Tab", "a\tb"}}, "{}", 1000};
  CHECK(check_request(good).has_value());
  const auto refused = [&](std::string name, std::string value) {
    HttpRequest request = good;
    request.headers.emplace_back(std::move(name), std::move(value));
    const auto checked = check_request(request);
    return checked ? std::string() : checked.error().message;
  };
  CHECK(refused("X-A", "a\r\nHost: evil") == "value of header X-A has a line break or another control character");
  CHECK(refused("X-A", "a\nb") == "value of header X-A has a line break or another control character");
  CHECK(refused("X-A", std::string("a\0b", 3)) == "value of header X-A has a line break or another control character");
  CHECK(refused("X-A: b\r\nX-C", "d") == "\"X-A: b\r\nX-C\" is not the name of a header");
  CHECK(refused("", "d") == "\"\" is not the name of a header");
  for (const char* own : {"host", "Content-Length", "TRANSFER-ENCODING", "connection", "Accept-Encoding", "Expect"}) {
    CHECK(refused(own, "x") == fmt::format("header {} is the client's own, it cannot be set", own));
  }

  HttpRequest request = good;
  request.method = "GET";
  CHECK(check_request(request).error().message == "a GET request has no body");
  for (const char* method : {"get", "CONNECT", "TRACE", "", "GET / HTTP/1.1\r\nX: y"}) {
    request.method = method;
    CHECK_FALSE(check_request(request).has_value());
  }
  request = good;
  request.timeout_ms = 0;
  CHECK(check_request(request).error().message == "timeout is 0 ms, must be positive");
}
