#include "adapters/plugin_host/plugin_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace rebalancer {
namespace {

constexpr std::array<std::pair<std::int32_t, ErrorCode>, 8> code_table = {{
    {RB_INVALID, ErrorCode::invalid},
    {RB_NOT_FOUND, ErrorCode::not_found},
    {RB_CONFLICT, ErrorCode::conflict},
    {RB_UNAVAILABLE, ErrorCode::unavailable},
    {RB_REJECTED, ErrorCode::rejected},
    {RB_TIMEOUT, ErrorCode::timeout},
    {RB_EXHAUSTED, ErrorCode::exhausted},
    {RB_INTERNAL, ErrorCode::internal},
}};

// Length of the well-formed UTF-8 character at the start, 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool beyond = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

std::string printable(rb_str text, std::size_t size_max) {
  if (text.data == nullptr) return {};
  std::string_view rest(text.data, static_cast<std::size_t>(std::min<std::uint64_t>(text.size, size_max)));
  std::string clean;
  clean.reserve(rest.size());
  while (!rest.empty()) {
    const std::size_t length = character_length(rest);
    if (length == 0) {
      clean += '?';
    } else if (length == 1) {
      const char c = rest.front();
      clean += (c >= ' ' && c != '\x7f') ? c : ' ';
    } else {
      clean += rest.substr(0, length);
    }
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  if (text.size > size_max) clean += "...";
  return clean;
}

Result<std::string> exact_text(rb_str text, std::size_t size_max) {
  if (text.size > size_max) {
    return fail(ErrorCode::invalid, "a text of {} bytes, at most {} allowed", text.size, size_max);
  }
  if (text.size == 0) return std::string();
  if (text.data == nullptr) return fail(ErrorCode::invalid, "a text of {} bytes without any", text.size);
  return std::string(text.data, static_cast<std::size_t>(text.size));
}

ErrorCode error_code_of(int code) {
  for (const auto& [plugin_code, error_code] : code_table) {
    if (plugin_code == code) return error_code;
  }
  return ErrorCode::internal;
}

std::int32_t plugin_code_of(ErrorCode code) {
  for (const auto& [plugin_code, error_code] : code_table) {
    if (error_code == code) return plugin_code;
  }
  return RB_INTERNAL;
}

}  // namespace rebalancer
