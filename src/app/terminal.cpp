#include "app/terminal.hpp"

#include <algorithm>
#include <cstdint>
#include <sys/ioctl.h>
#include <unistd.h>

namespace rebalancer::app {
namespace {

std::string painted(bool color, Color which, std::string_view text) {
  if (!color || which == Color::plain) return std::string(text);
  const char* code = "0";
  switch (which) {
    case Color::plain:
      break;
    case Color::bold:
      code = "1";
      break;
    case Color::dim:
      code = "2";
      break;
    case Color::red:
      code = "31";
      break;
    case Color::green:
      code = "32";
      break;
    case Color::yellow:
      code = "33";
      break;
    case Color::blue:
      code = "34";
      break;
    case Color::cyan:
      code = "36";
      break;
  }
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

struct Glyph {
  std::size_t bytes;
  int columns;
};

// The character at the start of `text`, which is not empty.
Glyph first_glyph(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead == 0x1b && text.size() > 1 && text[1] == '[') {
    const std::size_t end = text.find_first_of("mK", 2);
    return {end == std::string_view::npos ? text.size() : end + 1, 0};
  }
  if (lead < 0x80) return {1, lead >= 0x20 && lead != 0x7F ? 1 : 0};
  std::size_t bytes = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  bytes = std::min(bytes, text.size());
  std::uint32_t point = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  const auto within = [point](std::uint32_t from, std::uint32_t to) { return point >= from && point <= to; };
  if (within(0x300, 0x36F) || within(0x200B, 0x200D) || within(0xFE00, 0xFE0F)) return {bytes, 0};
  const bool wide = within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) ||
                    within(0xF900, 0xFAFF) || within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) ||
                    within(0x1F300, 0x1F64F) || within(0x1F900, 0x1F9FF) || within(0x20000, 0x3FFFD);
  return {bytes, wide ? 2 : 1};
}

}  // namespace

Terminal Terminal::of_process(const Environment& environment, bool no_color) {
  Terminal terminal;
  terminal.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
  const auto no_color_variable = environment.get("NO_COLOR");  // no-color.org: any value but the empty one
  const bool allowed =
      !no_color && (!no_color_variable || no_color_variable->empty()) && environment.get("TERM").value_or("") != "dumb";
  terminal.out_color = allowed && terminal.out_is_terminal;
  terminal.err_color = allowed && terminal.err_is_terminal;
  winsize size{};
  if (terminal.out_is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = std::clamp<int>(size.ws_col, 40, 200);
  }
  return terminal;
}

std::string Terminal::out_paint(Color color, std::string_view text) const { return painted(out_color, color, text); }

std::string Terminal::err_paint(Color color, std::string_view text) const { return painted(err_color, color, text); }

int width_of(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string shortened(std::string_view text, int columns) {
  if (width_of(text) <= columns) return std::string(text);
  std::string result;
  int used = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    if (used + glyph.columns > columns - 1) break;
    result += text.substr(0, glyph.bytes);
    used += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns > 0 ? result + "…" : "";
}

std::string wrapped(std::string_view text, int columns, int indent) {
  const std::string margin(static_cast<std::size_t>(std::max(indent, 0)), ' ');
  std::string result;
  int used = 0;
  bool line_empty = true;
  const auto new_line = [&] {
    result += '\n';
    used = 0;
    line_empty = true;
  };
  while (!text.empty()) {
    if (text.front() == '\n') {
      text.remove_prefix(1);
      new_line();
      continue;
    }
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    const std::string_view word = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(word.size());
    const int word_width = width_of(word);
    if (!line_empty && used + 1 + word_width > columns) new_line();
    if (line_empty) {
      if (!result.empty()) {
        result += margin;
        used = indent;
      }
    } else {
      result += ' ';
      ++used;
    }
    result += word;
    used += word_width;
    line_empty = false;
  }
  return result;
}

std::string hanging(std::string_view text, int columns, int margin) {
  std::string result = wrapped(text, columns - margin);
  const std::string blanks(static_cast<std::size_t>(std::max(margin, 0)), ' ');
  for (std::size_t at = result.find('\n'); at != std::string::npos; at = result.find('\n', at + 1)) {
    result.insert(at + 1, blanks);
  }
  return result;
}

}  // namespace rebalancer::app
