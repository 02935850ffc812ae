// The rules that stand before everything else, one by one.
#include "http/request_check.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "core/base/utf8.hpp"

using namespace rebalancer::http;

namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

RequestHead head_of(Fields fields, std::string_view method = "POST", std::string_view target = "/", int version = 11) {
  return {version, method, target, std::move(fields), {}};
}
int framing(Fields fields, std::string_view method = "POST", std::string_view target = "/", int version = 11) {
  fields.insert(fields.begin(), {"Host", "localhost"});
  const auto refusal = check_framing(head_of(std::move(fields), method, target, version));
  return refusal ? refusal->status : 0;
}
int host(std::string_view value) {
  const auto refusal = check_framing(head_of({{"host", value}}));
  return refusal ? refusal->status : 0;
}

const AccessRules rules{{"localhost", "127.0.0.1", "[::1]", "trader.example"}, {8080, 8081}, false, "secret"};

int access(Fields fields, std::string_view method = "POST", const AccessRules& by = rules) {
  const auto refusal = check_access(head_of(std::move(fields), method), by);
  return refusal ? refusal->status : 0;
}
int from(std::string_view origin, const AccessRules& by = rules) {
  return access({{"Host", "localhost:8080"}, {"Origin", origin}}, "POST", by);
}
int token(Fields fields) {
  const auto refusal = check_token(head_of(std::move(fields)), rules);
  return refusal ? refusal->status : 0;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

TEST_CASE("a request line: its method, its target, its version") {
  CHECK(framing({}, "GET") == 0);
  CHECK(framing({}, "GET", "/", 10) == 0);
  CHECK(framing({}, "GET", "/", 12) == 505);
  CHECK(framing({}, "GET", "/", 20) == 505);
  CHECK(framing({}, "GET", "/", 9) == 505);
  CHECK(framing({}, "CONNECT") == 501);
  CHECK(framing({}, "TRACE") == 501);
  CHECK(framing({}, "BREW") == 0);  // the router's to judge
  CHECK(framing({}, "OPTIONS", "*") == 0);
  CHECK(framing({}, "GET", "*") == 400);
  CHECK(framing({}, "GET", "") == 400);
  CHECK(framing({}, "GET", "http://localhost/") == 400);
  CHECK(framing({}, "GET", "/" + std::string(2047, 'a')) == 0);
  CHECK(framing({}, "GET", "/" + std::string(2048, 'a')) == 414);
}

TEST_CASE("Host stands exactly once and is a name or an address") {
  CHECK(check_framing(head_of({}))->status == 400);
  CHECK(check_framing(head_of({{"Host", "a"}, {"HOST", "a"}}))->status == 400);
  for (const char* good : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]", "[::1]:65535", "a.b-c_d.example"}) {
    CAPTURE(good);
    CHECK(host(good) == 0);
  }
  for (const char* bad : {"",   ":",      ":80", "a:",  "a:0", "a:65536", "a:8o", "a:80:80", "[::1",  "::1",
                          "[]", "[::1]x", "a b", "a/b", "a@b", "a,b",     "a?b",  "[::g]",   "a%20b", "\xc3\xa4"}) {
    CAPTURE(bad);
    CHECK(host(bad) == 400);
  }
  CHECK(host(std::string(256, 'a')) == 400);
}

TEST_CASE("a message says in one way where it ends") {
  CHECK(framing({{"Content-Length", "0"}}) == 0);
  CHECK(framing({{"Content-Length", "9223372036854775807"}}) == 0);
  for (const char* bad :
       {"", "+3", "-1", " 3", "3 ", "0x3", "3,3", "3, 3", "3.0", "1e3", "9223372036854775808", "abc"}) {
    CAPTURE(bad);
    CHECK(framing({{"Content-Length", bad}}) == 400);
  }
  CHECK(framing({{"Content-Length", "3"}, {"content-length", "3"}}) == 400);
  CHECK(framing({{"Transfer-Encoding", "chunked"}}) == 0);
  CHECK(framing({{"Transfer-Encoding", "CHUNKED"}}) == 0);
  CHECK(framing({{"Transfer-Encoding", "chunked"}}, "POST", "/", 10) == 400);
  CHECK(framing({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}) == 400);
  CHECK(framing({{"Transfer-Encoding", "chunked"}, {"Content-Length", "3"}}) == 400);
  CHECK(framing({{"Transfer-Encoding", "gzip, chunked"}}) == 501);
  CHECK(framing({{"Transfer-Encoding", "gzip,\tchunked"}}) == 501);
  for (const char* bad :
       {"", "gzip", "xchunked", "chunked, identity", "chunked,", "chunked;q=1", "chunke", "\"chunked\""}) {
    CAPTURE(bad);
    CHECK(framing({{"Transfer-Encoding", bad}}) == 400);
  }
}

TEST_CASE("folded lines, doubled fields and unknown expectations are refused") {
  RequestHead head = head_of({{"Host", "localhost"}});
  head.raw = "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  CHECK(!check_framing(head));
  for (const char* folded :
       {"POST / HTTP/1.1\r\n Host: localhost\r\n\r\n", "POST / HTTP/1.1\r\nHost:\r\n\tlocalhost\r\n\r\n"}) {
    head.raw = folded;
    CHECK(check_framing(head)->status == 400);
  }
  for (const char* once : {"Content-Type", "Authorization", "Origin", "Idempotency-Key"}) {
    CAPTURE(once);
    CHECK(framing({{once, "a"}}) == 0);
    CHECK(framing({{once, "a"}, {once, "a"}}) == 400);
  }
  CHECK(framing({{"Accept", "a"}, {"Accept", "b"}}) == 0);
  CHECK(framing({{"Expect", "100-Continue"}}) == 0);
  CHECK(framing({{"Expect", "200-ok"}}) == 417);
  CHECK(framing({{"Expect", "100-continue"}, {"Expect", "100-continue"}}) == 417);
  CHECK(framing({{"Expect", "anything"}}, "POST", "/", 10) == 0);
}

TEST_CASE("only our own names are answered to") {
  for (const char* ours : {"localhost", "LocalHost:9", "127.0.0.1", "[::1]:8080", "trader.example"}) {
    CAPTURE(ours);
    CHECK(access({{"Host", ours}}) == 0);
  }
  for (const char* foreign : {"evil.example", "localhost.", "localhost.evil.example", "127.0.0.2", "[::2]", "0.0.0.0",
                              "trader.example.evil", "xlocalhost", ""}) {
    CAPTURE(foreign);
    CHECK(access({{"Host", foreign}}, "GET") == 421);
    CHECK(access({{"Host", foreign}}, "POST") == 421);
  }
}

TEST_CASE("no page of another origin changes anything") {
  CHECK(access({{"Host", "localhost"}}) == 0);  // no browser
  CHECK(from("http://localhost:8080") == 0);
  CHECK(from("http://127.0.0.1:8081") == 0);
  CHECK(from("HTTP://LOCALHOST:8080") == 0);
  for (const char* foreign : {"null", "", "http://evil.example", "http://localhost", "http://localhost:3000",
                              "https://localhost:8080", "http://localhost:8080/", "http://localhost:8080.evil.example",
                              "http://evil.example:8080", "localhost:8080", "file://", "http://"}) {
    CAPTURE(foreign);
    CHECK(from(foreign) == 403);
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"}) {
      CHECK(access({{"Host", "localhost"}, {"Origin", foreign}}, method) == 403);
    }
    // Looking is no change, and without CORS the page does not see the answer.
    CHECK(access({{"Host", "localhost"}, {"Origin", foreign}}, "GET") == 0);
    CHECK(access({{"Host", "localhost"}, {"Origin", foreign}}, "HEAD") == 0);
  }
  CHECK(access({{"Host", "localhost"}, {"Sec-Fetch-Site", "cross-site"}}) == 403);
  CHECK(access({{"Host", "localhost"}, {"Sec-Fetch-Site", "cross-site"}}, "GET") == 0);
  CHECK(access({{"Host", "localhost"}, {"Sec-Fetch-Site", "same-origin"}}) == 0);
  CHECK(access({{"Host", "localhost"}, {"Sec-Fetch-Site", "none"}}) == 0);
  CHECK(access({{"Host", "localhost"}, {"Origin", "http://localhost:8080"}, {"Origin", "null"}}) == 403);
  const AccessRules over_tls{{"localhost"}, {443}, true, ""};
  CHECK(from("https://localhost", over_tls) == 0);
  CHECK(from("https://localhost:443", over_tls) == 0);
  CHECK(from("http://localhost:443", over_tls) == 403);
}

TEST_CASE("the token is asked for as a bearer's, once and whole") {
  CHECK(token({{"Authorization", "Bearer secret"}}) == 0);
  CHECK(token({{"authorization", "bearer secret"}}) == 0);
  for (const char* bad : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer Secret", "Bearer  secret",
                          "Basic secret", "secret", "Bearer secretsecret"}) {
    CAPTURE(bad);
    CHECK(token({{"Authorization", bad}}) == 401);
  }
  CHECK(token({}) == 401);
  CHECK(token({{"Authorization", "Bearer secret"}, {"Authorization", "Bearer secret"}}) == 401);
  CHECK(check_token(head_of({}), rules)->headers == Headers{{"WWW-Authenticate", "Bearer"}});
  CHECK(!check_token(head_of({}), {}));
}

TEST_CASE("targets are taken apart and decoded") {
  const auto target = parse_target("/data/BRK.B?from=2026-01-02&note=a+b%26c&flag&&x=");
  REQUIRE(target);
  CHECK(target->path == "/data/BRK.B");
  const std::vector<std::pair<std::string, std::string>> query{
      {"from", "2026-01-02"}, {"note", "a b&c"}, {"flag", ""}, {"x", ""}};
  CHECK(target->query == query);
  CHECK(parse_target("/")->path == "/");
  CHECK(parse_target("*")->path == "*");
  CHECK(parse_target("/a+b")->path == "/a+b");
  CHECK(parse_target("/%41%c3%a4")->path == "/A\xc3\xa4");
  CHECK(parse_target("/a...b/..c")->path == "/a...b/..c");
  CHECK(parse_target("/orders/")->path == "/orders/");
  CHECK(parse_target("/a?b=../..//\\")->query.front().second == "../..//\\");
  CHECK(parse_target("/a?").has_value());
  for (const char* bad :
       {"",      "a",       "/%",     "/%4",    "/%4g",    "/%00", "/a%0a",  "/\x7f",    "/ ",       "/\t",     "/\xff",
        "/%ff",  "/%c0%ae", "/..",    "/../a",  "/a/../b", "/.",   "/a/./b", "/%2e%2e",  "/%2E/a",   "//",      "//a",
        "/a//b", "/a\\b",   "/a%5cb", "/a%2fb", "/a%2Fb",  "/a#b", "/a?b=%", "/a?%00=b", "/a?b=%ff", "/a?b=c d"}) {
    CAPTURE(bad);
    CHECK(!parse_target(bad));
  }
}

TEST_CASE("property: any segment and any value come back as they were, percent-encoded") {
  CHECK(rc::check([](const std::vector<std::uint8_t>& bytes) {
    std::string text(bytes.begin(), bytes.end());
    std::erase(text, '\0');
    bool utf8 = true;
    for (std::string_view rest = text; !rest.empty() && utf8;) {
      const auto length = rebalancer::utf8_length(rest);
      utf8 = length != 0;
      rest.remove_prefix(length);
    }
    const auto target = parse_target("/a?v=" + encoded(text));
    RC_ASSERT(target.has_value() == utf8);
    if (utf8) RC_ASSERT(target->query.front().second == text);
  }));
}

TEST_CASE("property: a path that is taken leads nowhere but down") {
  const auto byte = rc::gen::elementOf(std::string("/.%25cCfFeE\\a?#"));
  CHECK(rc::check([&] {
    const std::string target = "/" + *rc::gen::container<std::string>(byte);
    const auto parsed = parse_target(target);
    if (!parsed) return;
    const std::string inside = parsed->path + "/";
    RC_ASSERT(inside.front() == '/');
    RC_ASSERT(inside.find("/../") == std::string::npos);
    RC_ASSERT(inside.find("/./") == std::string::npos);
    RC_ASSERT(parsed->path.find("//") == std::string::npos);
    RC_ASSERT(inside.find('\\') == std::string::npos);
  }));
}

TEST_CASE("property: whatever the fields are, a message that is let in has one length") {
  const auto name = rc::gen::elementOf(std::vector<std::string>{"Host", "Content-Length", "Transfer-Encoding", "X"});
  const auto value =
      rc::gen::elementOf(std::vector<std::string>{"localhost", "3", "chunked", "3, 3", "gzip, chunked", ""});
  CHECK(rc::check([&] {
    const auto sent = *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(rc::gen::pair(name, value));
    Fields fields(sent.begin(), sent.end());
    const int version = *rc::gen::element(10, 11);
    if (check_framing(head_of(fields, "POST", "/", version))) return;
    const auto count = [&](std::string_view of) { return std::ranges::count(fields, of, &Fields::value_type::first); };
    RC_ASSERT(count("Host") == 1);
    RC_ASSERT(count("Content-Length") + count("Transfer-Encoding") <= 1);
    for (const auto& [field, text] : fields) {
      if (field == "Transfer-Encoding") RC_ASSERT((text == "chunked" && version == 11));
      if (field == "Content-Length") RC_ASSERT(text == "3");
    }
  }));
}
