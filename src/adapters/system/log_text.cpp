#include "adapters/system/log_text.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace rebalancer::system {
namespace {

struct Character {
  std::uint32_t code_point = 0;
  std::size_t size = 1;
  bool valid = false;
};

// The first character of `text`, which is not empty. Overlong forms, surrogates and values above U+10FFFF are invalid.
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t size = 0;
  std::uint32_t code_point = 0;
  if ((lead & 0xE0U) == 0xC0) {
    size = 2;
    code_point = lead & 0x1FU;
  } else if ((lead & 0xF0U) == 0xE0) {
    size = 3;
    code_point = lead & 0x0FU;
  } else if ((lead & 0xF8U) == 0xF0) {
    size = 4;
    code_point = lead & 0x07U;
  }
  if (size == 0 || text.size() < size) return {lead, 1, false};
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {lead, 1, false};
    code_point = (code_point << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < smallest[size] || surrogate || code_point > 0x10FFFF) return {lead, 1, false};
  return {code_point, size, true};
}

bool is_control(std::uint32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

bool turns_direction_or_line(std::uint32_t c) {
  return c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string bounded(std::string_view text, std::size_t size_max, std::size_t left_out) {
  if (text.size() <= size_max && left_out == 0) return std::string(text);
  std::size_t kept = std::min(size_max, text.size());
  // Back to the start of the character the cut falls into.
  const auto inside = [&] { return kept < text.size() && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80; };
  for (int back = 0; back < 3 && kept > 0 && inside(); ++back) --kept;
  return fmt::format("{}... (+{} bytes)", text.substr(0, kept), text.size() - kept + left_out);
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Character c = first_of(text);
    if (!c.valid) {
      out += "\xEF\xBF\xBD";
    } else if (c.code_point == '"' || c.code_point == '\\') {
      out += {'\\', text.front()};
    } else if (c.code_point == '\n') {
      out += "\\n";
    } else if (c.code_point == '\t') {
      out += "\\t";
    } else if (is_control(c.code_point) || turns_direction_or_line(c.code_point)) {
      out += fmt::format("\\u{:04x}", c.code_point);
    } else {
      out += text.substr(0, c.size);
    }
    text.remove_prefix(c.size);
  }
  return out += '"';
}

std::string terminal_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character c = first_of(text);
    if (c.valid && c.code_point == '\n') {
      out += "\\n";
    } else if (c.valid && c.code_point == '\t') {
      out += "\\t";
    } else if (!c.valid || is_control(c.code_point)) {
      out += fmt::format("\\x{:02x}", c.code_point);
    } else if (turns_direction_or_line(c.code_point)) {
      out += fmt::format("\\u{:04x}", c.code_point);
    } else {
      out += text.substr(0, c.size);
    }
    text.remove_prefix(c.size);
  }
  return out;
}

}  // namespace rebalancer::system
