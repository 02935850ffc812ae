// The planner's integers: billionths in 128 bits, so that a product of two amounts never overflows.
#pragma once
#include <cstdint>
#include <limits>
#include <string_view>

#include "core/base/decimal.hpp"

namespace rebalancer::exact {

__extension__ typedef __int128 Wide;

inline constexpr Wide scale = Decimal::scale;

[[nodiscard]] constexpr Wide wide(Decimal amount) { return amount.billionths(); }

// The divisor is positive.
[[nodiscard]] constexpr Wide floor_divide(Wide a, Wide b) { return a / b - (a % b < 0 ? 1 : 0); }
[[nodiscard]] constexpr Wide ceil_divide(Wide a, Wide b) { return a / b + (a % b > 0 ? 1 : 0); }
[[nodiscard]] constexpr Wide floor_to(Wide a, Wide increment) { return floor_divide(a, increment) * increment; }
[[nodiscard]] constexpr Wide ceil_to(Wide a, Wide increment) { return ceil_divide(a, increment) * increment; }

// Errors: invalid when it does not fit.
[[nodiscard]] inline Result<Decimal> narrow(Wide billionths, std::string_view what) {
  if (billionths > std::numeric_limits<std::int64_t>::max() || billionths < std::numeric_limits<std::int64_t>::min()) {
    return fail(ErrorCode::invalid, "{} overflows a decimal, which holds at most 9223372036.854775807", what);
  }
  return Decimal::from_billionths(static_cast<std::int64_t>(billionths));
}

}  // namespace rebalancer::exact
