// A WebSocket's client in a test's own bytes.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "socket_client.hpp"

namespace rebalancer::test {

// As a client has to send it. With a mask of zeros the bytes are those that are meant.
inline std::string masked_frame(int kind, std::string_view bytes, bool last = true,
                                std::string_view mask = "\x01\x80\x7F\xFF") {
  std::string frame(1, static_cast<char>((last ? 0x80 : 0) | kind));
  if (bytes.size() < 126) {
    frame += static_cast<char>(0x80U | bytes.size());
  } else {
    frame += {static_cast<char>(0xFE), static_cast<char>(bytes.size() >> 8U), static_cast<char>(bytes.size() & 0xFFU)};
  }
  frame += mask;
  for (std::size_t i = 0; i < bytes.size(); ++i) frame += static_cast<char>(bytes[i] ^ mask[i % 4]);
  return frame;
}

class WebSocketTestClient {
 public:
  static constexpr int text = 1, binary = 2, close = 8, ping = 9, pong = 10;

  // The answer to the request is in `agreed`, to its blank line.
  explicit WebSocketTestClient(std::uint16_t port) : socket_(port) {
    socket_.write(
        "GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      const std::string more = socket_.read_some();
      if (more.empty()) break;
      buffer_ += more;
    }
    agreed = buffer_.substr(0, buffer_.find("\r\n\r\n") + 4);
    buffer_.erase(0, agreed.size());
  }
  void say(int sent, std::string_view bytes) { socket_.write(masked_frame(sent, bytes)); }
  void write(std::string_view bytes) { socket_.write(bytes); }
  // The next frame; its kind is in `kind`, -1 when the connection has ended or nothing came in time.
  std::string next() {
    while (true) {
      const std::size_t size = buffer_.size() < 2 ? 0 : static_cast<unsigned char>(buffer_[1]);
      const std::size_t more = size == 126 ? 2 : 0;
      if (buffer_.size() >= 2 + more) {
        std::size_t bytes = size;
        if (more > 0) bytes = static_cast<unsigned char>(buffer_[2]) * 256U + static_cast<unsigned char>(buffer_[3]);
        if (buffer_.size() >= 2 + more + bytes) {
          kind = buffer_[0] & 0x0F;
          const std::string frame = buffer_.substr(2 + more, bytes);
          buffer_.erase(0, 2 + more + bytes);
          return frame;
        }
      }
      const std::string got = socket_.read_some();
      if (got.empty()) {
        kind = -1;
        return std::exchange(buffer_, "");
      }
      buffer_ += got;
    }
  }
  void wait_at_most(long milliseconds) { socket_.wait_at_most(milliseconds); }

  std::string agreed;
  int kind = -1;

 private:
  SocketClient socket_;
  std::string buffer_;
};

}  // namespace rebalancer::test
