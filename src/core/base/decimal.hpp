// An exact decimal number with nine places: int64 billionths, __int128 inside products and quotients.
// Range about +-9.22e9. Overflow is an error, never a wrap; whoever divides names the rounding.
#pragma once
#include <cassert>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace rebalancer {

enum class Rounding {
  toward_zero,
  floor,      // toward minus infinity
  ceiling,    // toward plus infinity
  half_even,  // to the nearest, ties to the even neighbour
};

class Decimal {
 public:
  static constexpr std::int64_t scale = 1'000'000'000;

  constexpr Decimal() = default;
  [[nodiscard]] static constexpr Decimal from_billionths(std::int64_t billionths) {
    Decimal decimal;
    decimal.billionths_ = billionths;
    return decimal;
  }
  // Small constants in code: Decimal::whole(100). |value| must be at most 9'223'372'036, checked by assert.
  [[nodiscard]] static constexpr Decimal whole(std::int64_t value) {
    assert(value >= -9'223'372'036 && value <= 9'223'372'036);
    return from_billionths(value * scale);
  }

  // Reads "12", "-0.5", "+1.250". At most nine places, no exponent, no blanks. Errors: invalid.
  [[nodiscard]] static Result<Decimal> parse(std::string_view text);
  // Errors: invalid for NaN, infinities and values out of range.
  [[nodiscard]] static Result<Decimal> from_double(double value, Rounding rounding);

  [[nodiscard]] constexpr std::int64_t billionths() const { return billionths_; }
  [[nodiscard]] constexpr bool is_zero() const { return billionths_ == 0; }
  [[nodiscard]] constexpr bool is_negative() const { return billionths_ < 0; }
  [[nodiscard]] constexpr bool is_positive() const { return billionths_ > 0; }
  // For estimates, plots and print only: an order is never computed from it.
  [[nodiscard]] double to_double() const;
  // No exponent and no trailing zeros: "0", "12.5", "-0.000000001".
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(Decimal, Decimal) = default;

 private:
  std::int64_t billionths_ = 0;
};

// Errors of all of these: invalid on overflow, invalid for a zero divisor.
[[nodiscard]] Result<Decimal> add(Decimal a, Decimal b);
[[nodiscard]] Result<Decimal> subtract(Decimal a, Decimal b);
[[nodiscard]] Result<Decimal> multiply(Decimal a, Decimal b, Rounding rounding);
[[nodiscard]] Result<Decimal> divide(Decimal a, Decimal b, Rounding rounding);
[[nodiscard]] Result<Decimal> negate(Decimal a);
// The multiple of `increment` (positive) nearest to `a` in the direction named.
[[nodiscard]] Result<Decimal> round_to(Decimal a, Decimal increment, Rounding rounding);

}  // namespace rebalancer
