// Exact arithmetic that throws sdk::Failure instead of returning an error.
#pragma once
#include <utility>

#include <rebalancer/plugin.hpp>

#include "core/base/decimal.hpp"

namespace paper {

template <class T>
T require(rebalancer::Result<T> result) {
  if (!result) throw rebalancer::sdk::Failure(RB_INVALID, result.error().message);
  return *std::move(result);
}

inline rebalancer::Decimal decimal(std::int64_t billionths) { return rebalancer::Decimal::from_billionths(billionths); }
inline rebalancer::Decimal sum(rebalancer::Decimal a, rebalancer::Decimal b) { return require(rebalancer::add(a, b)); }
inline rebalancer::Decimal difference(rebalancer::Decimal a, rebalancer::Decimal b) {
  return require(rebalancer::subtract(a, b));
}

}  // namespace paper
