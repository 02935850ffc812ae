#include "laboratory/websocket.hpp"

#include <doctest/doctest.h>

#include "websocket_client.hpp"

namespace rebalancer::laboratory {
namespace {

using test::masked_frame;

WireRequest upgrade() {
  WireRequest request{.method = "GET"};
  request.headers = {{"connection", "keep-alive, Upgrade"},
                     {"upgrade", "WebSocket"},
                     {"sec-websocket-version", "13"},
                     {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  return request;
}

TEST_CASE("the agreement is that of the standard's own example") {
  const WireAnswer answer = websocket_answer(upgrade());
  CHECK(answer.status == 101);
  CHECK(text_of(answer, false) ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  for (const char* name : {"connection", "upgrade", "sec-websocket-version", "sec-websocket-key"}) {
    CAPTURE(name);
    WireRequest request = upgrade();
    request.headers.erase(name);
    CHECK(websocket_answer(request).status == 426);
  }
  WireRequest post = upgrade();
  post.method = "POST";
  CHECK(websocket_answer(post).status == 426);
}

TEST_CASE("frames of a client are taken one by one, however the bytes come") {
  const std::string large(40'000, 'x');
  const std::string sent = masked_frame(1, "hel", false) + masked_frame(9, "p") + masked_frame(0, "lo") +
                           masked_frame(2, large) + masked_frame(8, "");
  std::string buffer;
  std::vector<WebSocketFrame> taken;
  for (const char byte : sent) {
    buffer += byte;
    const auto frame = take_websocket_frame(buffer).value();
    if (frame) taken.push_back(*frame);
  }
  CHECK(buffer.empty());
  REQUIRE(taken.size() == 5);
  CHECK(taken[0].bytes == "hel");
  CHECK_FALSE(taken[0].last);
  CHECK(taken[1].kind == WebSocketFrame::Kind::ping);
  CHECK(taken[2].kind == WebSocketFrame::Kind::continuation);
  CHECK(taken[2].last);
  CHECK(taken[3].bytes == large);
  CHECK(taken[4].kind == WebSocketFrame::Kind::close);
}

TEST_CASE("what a client must not send is an error") {
  using namespace std::string_literals;
  for (const std::string& bytes : {
           websocket_frame(WebSocketFrame::Kind::text, "not masked"),
           "\xC1\x80"s,                       // a bit of an extension
           masked_frame(9, "a ping", false),  // in pieces
           "\x82\xFF\0\0\0\1\0\0\0\0"s,       // 4 GiB
           "\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s,
       }) {
    CAPTURE(bytes);
    std::string buffer = bytes;
    CHECK_FALSE(take_websocket_frame(buffer));
  }
}

TEST_CASE("frames of the server have the shortest length there is") {
  CHECK(websocket_frame(WebSocketFrame::Kind::binary, "ab") ==
        "\x82\x02"
        "ab");
  CHECK(websocket_frame(WebSocketFrame::Kind::text, std::string(126, 'x')).substr(0, 4) ==
        std::string("\x81\x7E\0\x7E", 4));
  CHECK(websocket_frame(WebSocketFrame::Kind::text, std::string(65'536, 'x')).substr(0, 10) ==
        std::string("\x81\x7F\0\0\0\0\0\1\0\0", 10));
}

}  // namespace
}  // namespace rebalancer::laboratory
