// The same bytes are the same requests, however the network cuts them.
#include "http/server_reader.hpp"

#include <algorithm>
#include <cstring>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "http/malformed_corpus.hpp"

using namespace rebalancer;
using http::RequestReader;
using Step = RequestReader::Step;

namespace {

const http::ServerLimits limits;
const http::AccessRules rules{{"localhost"}, {8080}, false, "secret"};
const std::function<bool(std::string_view, std::string_view)> needs_token =
    [](std::string_view, std::string_view path) { return path == "/guarded"; };

// What came out, in words: "GET / 3 bytes, 400 bad_host".
struct Heard {
  std::string told;
  std::size_t requests = 0;
  int refused = 0;
};

// Feeds `bytes` in pieces of at most `piece`, until something is refused.
Heard read_all(std::string_view bytes, std::size_t piece) {
  RequestReader reader(limits, rules, needs_token);
  Heard heard;
  for (;;) {
    switch (reader.step()) {
      case Step::more: {
        if (bytes.empty()) return heard;
        const auto room = reader.room();
        const std::size_t size = std::min({piece, room.size(), bytes.size()});
        REQUIRE(size > 0);
        std::memcpy(room.data(), bytes.data(), size);
        reader.commit(size);
        bytes.remove_prefix(size);
        break;
      }
      case Step::go_on:
        heard.told += "100 ";
        break;
      case Step::request: {
        const http::Request request = reader.take();
        heard.told += request.method + " " + request.path + " " + request.body + ", ";
        for (const auto& [name, value] : request.headers) heard.told += name + "=" + value + ";";
        ++heard.requests;
        reader.next();
        break;
      }
      case Step::refused:
        heard.refused = reader.refusal().status;
        heard.told += std::to_string(heard.refused) + " " + reader.refusal().code;
        return heard;
    }
  }
}

const std::string good =
    "GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nX-Odd: \xc3\xa4 \t\r\n\r\n"
    "\r\nPOST /b HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 5\r\n\r\nhello"
    "POST /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;ext=\"1\"\r\nhello\r\n006\r\n world\r\n0\r\nX-Trailer: ignored\r\n\r\n"
    "DELETE /d HTTP/1.0\r\nHost: LOCALHOST\r\n\r\n"
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";

}  // namespace

TEST_CASE("requests one behind the other come out in order, in pieces of any size") {
  const Heard whole = read_all(good, good.size());
  CHECK(whole.requests == 5);
  CHECK(whole.told.starts_with("GET /a , host=localhost;x-odd=\xc3\xa4;POST /b hello, "));
  CHECK(whole.told.find("POST /c hello world, host=localhost;transfer-encoding=chunked;DELETE /d ") !=
        std::string::npos);
  for (std::size_t piece = 1; piece < 200; ++piece) {
    CAPTURE(piece);
    CHECK(read_all(good, piece).told == whole.told);
  }
}

TEST_CASE("every malformed request is refused with the same status in pieces of any size") {
  for (const auto& [name, bytes, status] : test::malformed_corpus()) {
    CAPTURE(name);
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{1000}}) {
      CAPTURE(piece);
      const Heard heard = read_all(bytes, piece);
      CHECK(heard.requests == 0);
      CHECK(heard.refused == status);
    }
  }
}

TEST_CASE("a header of exactly the limit is taken, of one byte more refused") {
  const std::string front = "GET / HTTP/1.1\r\nHost: localhost\r\nX: ";
  const auto of_size = [&](std::size_t size) { return front + std::string(size - front.size() - 4, 'a') + "\r\n\r\n"; };
  CHECK(read_all(of_size(limits.header_bytes_max), 8192).requests == 1);
  CHECK(read_all(of_size(limits.header_bytes_max + 1), 8192).refused == 431);
}

TEST_CASE("a body of exactly the limit is taken, by length and in chunks") {
  const std::string body(limits.body_bytes_max, 'b');
  const std::string front = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  const std::string by_length = front + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  const std::string in_chunks = front + "Transfer-Encoding: chunked\r\n\r\n10000\r\n" + body + "\r\n0\r\n\r\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{1 << 20}}) {
    CHECK(read_all(by_length, piece).told.find(body) != std::string::npos);
    CHECK(read_all(in_chunks, piece).told.find(body) != std::string::npos);
  }
}

TEST_CASE("100-continue is told only to who waits for it, after the header was let in") {
  const std::string front = "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n";
  const std::string header = front + "Content-Length: 2\r\n\r\n";
  CHECK(read_all(header + "ab", header.size()).told.starts_with("100 POST / ab"));
  CHECK(read_all(header + "ab", 1000).told.starts_with("POST / ab"));
  CHECK(read_all(front + "Content-Length: 0\r\n\r\n", 1000).told.starts_with("POST / ,"));
  CHECK(read_all(front + "Content-Length: 65537\r\n\r\n", 1000).told == "413 body_too_large");
}

TEST_CASE("the token is asked for where the surface wants it") {
  const std::string front = "GET /guarded HTTP/1.1\r\nHost: localhost\r\n";
  CHECK(read_all(front + "\r\n", 1000).told == "401 unauthorized");
  CHECK(read_all(front + "Authorization: Bearer secret\r\n\r\n", 1000).requests == 1);
  CHECK(read_all("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000).requests == 1);
}

TEST_CASE("property: bytes turned at random end in requests or one refusal, the same however they are cut") {
  CHECK(rc::check([] {
    std::string bytes = good;
    const int turns = *rc::gen::inRange(1, 6);
    for (int i = 0; i < turns; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      const auto kind = *rc::gen::inRange(0, 3);
      const char byte = static_cast<char>(*rc::gen::inRange(0, 256));
      if (kind == 0) bytes[at] = byte;
      if (kind == 1) bytes.insert(at, 1, byte);
      if (kind == 2) bytes.erase(at, 1);
    }
    RC_ASSERT(read_all(bytes, 1).told == read_all(bytes, bytes.size()).told);
  }));
}
