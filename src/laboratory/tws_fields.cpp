#include "laboratory/tws_fields.hpp"

#include <charconv>

namespace rebalancer::laboratory::tws {
namespace {

std::int64_t integer_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

std::string frame_of(std::string_view payload) {
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift & 0xFFU);
  return frame.append(payload);
}

std::string Fields::frame() const { return frame_of(payload_); }

Result<std::optional<std::string>> take_frame(std::string& buffer) {
  if (buffer.size() < 4) return std::optional<std::string>();
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8U | static_cast<unsigned char>(buffer[static_cast<std::size_t>(i)]);
  if (size == 0 || size > frame_bytes_max) {
    return fail(ErrorCode::invalid, "a frame of {} bytes must have 1 to {}", size, frame_bytes_max);
  }
  if (buffer.size() < 4 + size) return std::optional<std::string>();
  std::optional<std::string> payload = buffer.substr(4, size);
  buffer.erase(0, 4 + size);
  return payload;
}

std::vector<std::string> fields_of(std::string_view payload) {
  std::vector<std::string> fields;
  while (!payload.empty()) {
    const std::size_t end = payload.find('\0');
    fields.emplace_back(payload.substr(0, end));
    payload = end == std::string_view::npos ? std::string_view() : payload.substr(end + 1);
  }
  return fields;
}

std::int64_t Reader::integer() { return integer_of(text()); }

int Reader::message() const { return fields_.empty() ? 0 : static_cast<int>(integer_of(fields_.front())); }

}  // namespace rebalancer::laboratory::tws
