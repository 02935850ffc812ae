// From weights in double to amounts of money: the only place where a weight becomes an exact number.
#pragma once
#include <vector>

#include "core/portfolio/order_plan.hpp"

namespace rebalancer {

struct SymbolTarget {
  Symbol symbol;
  Price reference;
  Decimal held;      // shares
  Decimal value;     // of what is held, at the reference, half-even
  Decimal fraction;  // the weight as given, to nine places
  Decimal target;    // the value to reach; what is untouchable stays at its value
  bool is_untouchable;
};

struct PlanTargets {
  std::vector<SymbolTarget> symbols;  // held or wanted, sorted
  Decimal equity;
  Decimal reserve;  // cash that stays: the larger of the buffer and the cash the target asks for
};

// Fractions are rounded to nine places, half-even, and the largest of them (or cash) takes the difference, so that they
// sum to exactly 1. What is untouchable leaves the sum: with R the rest of the equity, the cash kept is
// K = max(buffer, R * cash / (1 - untouchable fractions)), and R - K is divided in proportion to the other fractions,
// each rounded down. The targets therefore never sum to more than there is.
// Errors: not_found for a held or wanted symbol without a price; invalid for short positions and weights, an equity
// that is not positive, a symbol held twice, and a buffer that would have everything sold.
[[nodiscard]] Result<PlanTargets> plan_targets(const Book& book, const Weights& target, const PriceList& prices,
                                               const RebalanceRules& rules);

}  // namespace rebalancer
