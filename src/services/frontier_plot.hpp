// The efficient frontier as a picture: volatility to the right, expected return upwards.
#pragma once
#include <string>

#include "services/frontier.hpp"

namespace rebalancer {

// Plain text of at most `width` columns (at least 40) and `height` rows beside the axis: the curve in braille dots, +
// its corner portfolios, T the tangency, M the minimum variance, o single assets that are near enough to fit.
[[nodiscard]] std::string frontier_text(const Frontier& frontier, int width, int height);

// An SVG document of its own: no script, nothing from outside, light or dark as the reader prefers.
[[nodiscard]] std::string frontier_svg(const Frontier& frontier);

}  // namespace rebalancer
