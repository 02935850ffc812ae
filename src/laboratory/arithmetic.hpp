// Exact arithmetic of amounts that the exchange has already checked to be small: an overflow is our own mistake.
#pragma once
#include <stdexcept>
#include <utility>

#include "core/base/decimal.hpp"

namespace rebalancer::laboratory {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::logic_error("the laboratory's own arithmetic: " + result.error().message);
  return *std::move(result);
}

inline Decimal plus(Decimal a, Decimal b) { return must(add(a, b)); }
inline Decimal minus(Decimal a, Decimal b) { return must(subtract(a, b)); }
inline Decimal times(Decimal a, Decimal b, Rounding rounding = Rounding::half_even) {
  return must(multiply(a, b, rounding));
}
inline Decimal over(Decimal a, Decimal b, Rounding rounding = Rounding::half_even) {
  return must(divide(a, b, rounding));
}
inline Decimal negative(Decimal a) { return must(negate(a)); }

}  // namespace rebalancer::laboratory
