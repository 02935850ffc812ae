// The server's side of one WebSocket, as a test wants it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "laboratory/socket_server.hpp"
#include "laboratory/websocket.hpp"

namespace rebalancer::test {

struct WebSocketPeer {
  using Kind = laboratory::WebSocketFrame::Kind;

  const laboratory::Connection& connection;
  std::string buffer = {};

  bool agree() {
    while (buffer.find("\r\n\r\n") == std::string::npos) {
      if (!connection.read_some(buffer)) return false;
    }
    const auto request = laboratory::parse_head(buffer);
    buffer.clear();
    return request && connection.write(text_of(websocket_answer(*request), false));
  }
  // The next frame of a kind; empty at the end.
  std::string next(Kind kind) {
    while (true) {
      const auto frame = laboratory::take_websocket_frame(buffer);
      if (!frame) return "bad frame";
      if (*frame && (*frame)->kind == kind) return (*frame)->bytes;
      if (!*frame && !connection.read_some(buffer)) return "";
    }
  }
  bool say(Kind kind, std::string_view bytes) const { return connection.write(websocket_frame(kind, bytes)); }
  // Until the client has taken in everything that was said: it answers in the order it hears.
  void wait_until_heard(const std::string& word) {
    say(Kind::ping, word);
    while (true) {
      const std::string pong = next(Kind::pong);
      if (pong == word || pong.empty()) return;
    }
  }
};

}  // namespace rebalancer::test
