// What both pictures of a frontier share: which part of the plane they show, where the ticks are, and the curve.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "services/frontier.hpp"

namespace rebalancer::picture {

struct Range {
  double low, high;
  [[nodiscard]] double place(double value) const { return (value - low) / (high - low); }
  [[nodiscard]] bool holds(double value) const { return value >= low && value <= high; }
};

// A step of 1, 2 or 5 times a power of ten that cuts the range into at most `count` parts.
inline double step_of(const Range& range, int count) {
  const double raw = (range.high - range.low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

inline std::string percent(double value, double step) {
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 2 - 1e-9)), 0, 6);
  const double shown = 100 * value;
  return fmt::format("{:.{}f}%", std::abs(shown) < 0.5 * std::pow(10, -decimals) ? 0.0 : shown, decimals);
}

struct View {
  Range risk, earned;
};

// The curve with room around it, and the single assets as far as they do not squeeze the curve into a corner.
inline View view_of(const Frontier& frontier) {
  Range risk{frontier.corners.back().volatility, frontier.corners.front().volatility};
  Range earned{frontier.corners.back().expected_return, frontier.corners.front().expected_return};
  const Range curve_risk = risk, curve_earned = earned;
  const double wide = std::max({curve_risk.high - curve_risk.low, 0.75 * curve_risk.high, 0.02});
  const double tall = std::max(curve_earned.high - curve_earned.low, 0.2);
  for (const Frontier::Asset& asset : frontier.assets) {
    if (asset.volatility > curve_risk.high + wide || asset.expected_return < curve_earned.low - tall) continue;
    risk = {std::min(risk.low, asset.volatility), std::max(risk.high, asset.volatility)};
    earned = {std::min(earned.low, asset.expected_return), std::max(earned.high, asset.expected_return)};
  }
  const double risk_room = std::max(0.06 * (risk.high - risk.low), 0.002);
  const double earned_room = std::max(0.06 * (earned.high - earned.low), 0.002);
  return {{std::max(0.0, risk.low - risk_room), risk.high + risk_room},
          {earned.low - earned_room, earned.high + earned_room}};
}

// Between two corner portfolios the variance is a parabola in the return, whose slope at a corner is twice its lambda.
// `resolution`: steps across the whole picture.
template <class Visit>
void walk_curve(const Frontier& frontier, const View& view, double resolution, const Visit& visit) {
  const auto& corners = frontier.corners;
  visit(corners.back().volatility, corners.back().expected_return);
  for (std::size_t i = corners.size() - 1; i > 0; --i) {
    const CornerPortfolio& low = corners[i];
    const CornerPortfolio& high = corners[i - 1];
    const double rise = high.expected_return - low.expected_return;
    const double across = (high.volatility - low.volatility) / (view.risk.high - view.risk.low);
    const double along = std::max(across, rise / (view.earned.high - view.earned.low));
    const int steps = 1 + static_cast<int>(std::clamp(along, 0.0, 1.0) * resolution);
    for (int k = 1; k <= steps && rise > 0; ++k) {
      const double up = rise * k / steps;
      const double variance =
          low.volatility * low.volatility + 2 * low.lambda * up + (high.lambda_low - low.lambda) / rise * up * up;
      visit(std::sqrt(std::max(0.0, variance)), low.expected_return + up);
    }
  }
}

}  // namespace rebalancer::picture
