// What the streams can show: colour, width. And words laid out for them.
#pragma once
#include <string>
#include <string_view>

#include "app/environment.hpp"

namespace rebalancer::app {

enum class Color { plain, bold, dim, red, green, yellow, blue, cyan };

struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool out_color = false;
  bool err_color = false;
  int width = 80;  // columns of stdout; 80 when it is not a terminal

  // Colour wants a terminal that is not "dumb", no NO_COLOR and no --no-color.
  [[nodiscard]] static Terminal of_process(const Environment& environment, bool no_color);

  // `text` in a colour when stdout (stderr) shows colours, else as it is. Colour never carries meaning alone.
  [[nodiscard]] std::string out_paint(Color color, std::string_view text) const;
  [[nodiscard]] std::string err_paint(Color color, std::string_view text) const;
};

// Columns a UTF-8 text takes: combining marks and colour codes none, wide East Asian characters two.
[[nodiscard]] int width_of(std::string_view text);
// Cut to `columns`, ending in "…" when something is missing.
[[nodiscard]] std::string shortened(std::string_view text, int columns);
// Breaks at blanks so that no line is wider than `columns`; lines after the first start with `indent` blanks.
// A blank line in `text` stays.
[[nodiscard]] std::string wrapped(std::string_view text, int columns, int indent = 0);
// The same for text that starts in column `margin` already, and goes on there in the lines below.
[[nodiscard]] std::string hanging(std::string_view text, int columns, int margin);

}  // namespace rebalancer::app
