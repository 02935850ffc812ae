#include "laboratory/websocket.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

#include "laboratory/simulator.hpp"

namespace rebalancer::laboratory {
namespace {

constexpr std::size_t mask_bytes = 4;

unsigned byte_at(std::string_view text, std::size_t index) { return static_cast<unsigned char>(text[index]); }

// Proves that the server understood the request, and nothing more.
std::string accept_key(std::string_view key) {
  const std::string salted = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(salted.data(), salted.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return encode_base64({reinterpret_cast<const char*>(digest.data()), size});
}

bool names_it(std::string text, std::string_view word) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text.find(word) != std::string::npos;
}

}  // namespace

WireAnswer websocket_answer(const WireRequest& request) {
  const std::string key = request.header("sec-websocket-key");
  if (request.method != "GET" || !names_it(request.header("connection"), "upgrade") ||
      !names_it(request.header("upgrade"), "websocket") || key.empty()) {
    return {426, {{"Content-Type", "text/plain"}, {"Upgrade", "websocket"}}, "here is a WebSocket\n"};
  }
  if (request.header("sec-websocket-version") != "13") {
    return {426, {{"Content-Type", "text/plain"}, {"Sec-WebSocket-Version", "13"}}, "version 13 is spoken here\n"};
  }
  return {101, {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept_key(key)}}, ""};
}

Result<std::optional<WebSocketFrame>> take_websocket_frame(std::string& buffer) {
  if (buffer.size() < 2) return std::nullopt;
  const unsigned first = byte_at(buffer, 0), second = byte_at(buffer, 1);
  if ((first & 0x70U) != 0) return fail(ErrorCode::invalid, "a frame has bits that no extension asked for");
  if ((second & 0x80U) == 0) return fail(ErrorCode::invalid, "a frame of a client is not masked");
  WebSocketFrame frame{.kind = static_cast<WebSocketFrame::Kind>(first & 0x0FU), .last = (first & 0x80U) != 0};
  std::size_t size = second & 0x7FU, head = 2;
  const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (buffer.size() < head + more) return std::nullopt;
  if (more > 0) size = 0;
  for (std::size_t i = 0; i < more; ++i) {
    if (size > websocket_frame_bytes_max) break;
    size = size << 8U | byte_at(buffer, head + i);
  }
  head += more;
  if (size > websocket_frame_bytes_max) {
    return fail(ErrorCode::invalid, "a frame has more than {} bytes", websocket_frame_bytes_max);
  }
  const bool controls = (first & 0x08U) != 0;
  if (controls && (!frame.last || more > 0)) return fail(ErrorCode::invalid, "a control frame is cut or too long");
  if (buffer.size() < head + mask_bytes + size) return std::nullopt;
  frame.bytes = buffer.substr(head + mask_bytes, size);
  for (std::size_t i = 0; i < size; ++i) {
    frame.bytes[i] = static_cast<char>(byte_at(frame.bytes, i) ^ byte_at(buffer, head + i % mask_bytes));
  }
  buffer.erase(0, head + mask_bytes + size);
  return frame;
}

std::string websocket_frame(WebSocketFrame::Kind kind, std::string_view bytes) {
  std::string frame(1, static_cast<char>(0x80U | static_cast<unsigned>(kind)));
  const std::size_t more = bytes.size() < 126 ? 0 : bytes.size() < 65'536 ? 2 : 8;
  frame += static_cast<char>(more == 0 ? bytes.size() : more == 2 ? 126 : 127);
  for (std::size_t i = more; i > 0; --i) frame += static_cast<char>(bytes.size() >> (8 * (i - 1)) & 0xFFU);
  return frame.append(bytes);
}

}  // namespace rebalancer::laboratory
