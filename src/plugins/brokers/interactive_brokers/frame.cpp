#include "frame.hpp"

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

constexpr std::size_t length_size = 4;

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

std::string shown(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, 24)) text += c >= ' ' && c <= '~' ? c : '?';
  return text;
}

}  // namespace

std::string frame(std::string_view payload) {
  if (payload.empty() || payload.size() > payload_size_max) {
    throw WireError(fmt::format("a message of {} bytes, must be 1 to {}", payload.size(), payload_size_max));
  }
  std::string bytes;
  bytes.reserve(length_size + payload.size());
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift & 0xff);
  return bytes += payload;
}

void FrameReader::add(std::string_view bytes) {
  // What was read is dropped now and then only, so that many small messages in one piece are not moved each time.
  if (start_ > 0 && start_ >= buffer_.size() / 2) {
    buffer_.erase(0, start_);
    start_ = 0;
  }
  buffer_ += bytes;
}

std::optional<std::string> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(start_);
  if (rest.size() < length_size) return std::nullopt;
  const std::size_t length = length_at(rest);
  if (length == 0 || length > payload_size_max) {
    throw WireError(
        fmt::format("a message of {} bytes is announced, must be 1 to {}: the other side is no TWS or IB "
                    "Gateway, or the stream lost its place at \"{}\"",
                    length, payload_size_max, shown(rest)));
  }
  if (rest.size() - length_size < length) return std::nullopt;
  start_ += length_size + length;
  return std::string(rest.substr(length_size, length));
}

}  // namespace interactive_brokers
