// Where a function of one variable passes zero, to the last digits it can say.
#pragma once
#include <cmath>
#include <utility>

#include "core/base/error.hpp"

namespace rebalancer {

template <class Point>
struct RootEnd {
  double at;
  Point point;
};
template <class Point>
struct RootBracket {
  RootEnd<Point> low, high;
};

// `value(point)` is positive at `low`, not positive at `high` and changes sign once between; returns the narrowest
// bracket. The points of its ends differ where the value jumps; a jump is looked into no closer than to 1e-8. Regula
// falsi with the Illinois weights (Dowell and Jarratt 1971), which converges faster than linearly on what is smooth in
// pieces, and a bisection whenever three steps together have not halved the bracket. At most `steps_max` calls of
// `point_at`; errors: those of `point_at`.
template <class Point, class PointAt, class Value>
Result<RootBracket<Point>> monotone_root(const PointAt& point_at, const Value& value, RootEnd<Point> low,
                                         RootEnd<Point> high) {
  constexpr int steps_max = 200;
  constexpr double smallest = 4e-16, jump_width = 1e-8;
  double low_value = value(low.point), high_value = value(high.point);
  double reached = high_value;  // high_value itself may be halved to speed up the search
  const double first_difference = low_value - high_value;
  double width = high.at - low.at, low_reached = low_value;
  const auto jumps = [&](double within) {
    return high.at - low.at <= within && low_reached - reached > 1e-4 * first_difference;
  };
  int slow_steps = 0, side = 0;
  for (int step = 0; step < steps_max && reached != 0; ++step) {
    if (jumps(jump_width)) break;
    if (high.at - low.at <= smallest * (std::abs(low.at) + std::abs(high.at))) break;
    double middle = low.at + (high.at - low.at) * (low_value / (low_value - high_value));
    if (slow_steps == 3) {
      if (high.at - low.at > 0.5 * width) middle = 0.5 * (low.at + high.at);
      width = high.at - low.at;
      slow_steps = 0;
    }
    if (!(middle > low.at && middle < high.at)) middle = 0.5 * (low.at + high.at);
    if (!(middle > low.at && middle < high.at)) break;
    Result<Point> found = point_at(middle);
    if (!found && found.error().code == ErrorCode::exhausted && jumps(1e-6)) break;
    if (!found) return fail(found.error());
    const double here = value(*found);
    if (here > 0) {
      low = {middle, *std::move(found)};
      low_value = low_reached = here;
      if (side == 1) high_value *= 0.5;
      side = 1;
    } else {
      high = {middle, *std::move(found)};
      high_value = reached = here;
      if (side == -1) low_value *= 0.5;
      side = -1;
    }
    ++slow_steps;
  }
  return RootBracket<Point>{std::move(low), std::move(high)};
}

}  // namespace rebalancer
