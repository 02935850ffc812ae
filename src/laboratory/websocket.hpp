// The server's side of a WebSocket (RFC 6455) without extensions: the agreement, and frames as bytes and as values.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "laboratory/http_message.hpp"

namespace rebalancer::laboratory {

struct WebSocketFrame {
  enum class Kind { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
  Kind kind = Kind::text;
  bool last = true;
  std::string bytes = {};
};

inline constexpr std::size_t websocket_frame_bytes_max = 64 * 1024;

// 101 when the request asks for a WebSocket, else what is wrong with it.
[[nodiscard]] WireAnswer websocket_answer(const WireRequest& request);

// Takes a client's frame from the front of `buffer`; none when it is not whole yet. Errors: invalid for what a client
// must not send.
[[nodiscard]] Result<std::optional<WebSocketFrame>> take_websocket_frame(std::string& buffer);

[[nodiscard]] std::string websocket_frame(WebSocketFrame::Kind kind, std::string_view bytes);

}  // namespace rebalancer::laboratory
