// How limited cash is divided over the buys that want it, in whole increments.
#pragma once
#include <vector>

#include "core/portfolio/exact.hpp"

namespace rebalancer {

// All numbers in billionths.
struct WantedBuy {
  exact::Wide deficit;       // value at the reference that is missing
  exact::Wide reference;     // price
  exact::Wide limit;         // the price it is paid for with
  exact::Wide quantity_min;  // the smallest order worth sending, at least one increment
  exact::Wide quantity_max;  // at least quantity_min
  exact::Wide quantity = 0;  // what it gets: 0, or from quantity_min to quantity_max
};

struct BuyTerms {
  exact::Wide increment;   // of quantities
  exact::Wide commission;  // per order
  exact::Wide cost_rate;   // of the value
};

enum class SplitShape {
  proportional,  // the same share of what each one wants
  level,         // the largest deficit first, until it is no larger than the next
};

// Quantity at the limit price plus costs, each rounded up. Zero for no order.
[[nodiscard]] exact::Wide spend_of(exact::Wide quantity, exact::Wide limit, const BuyTerms& terms);

// Divides by the shape, then hands out what the rounding left. By the shape again, among those that can still afford an
// increment, as long as that spends half of what is left; then an increment to each that can pay for it, whoever stays
// farthest below its target first; at last, in the same order, all that can be paid for. In the end nobody below its
// maximum can afford its next increment. `buys` in order of precedence for ties.
void split_cash(std::vector<WantedBuy>& buys, exact::Wide available, const BuyTerms& terms, SplitShape shape);

}  // namespace rebalancer
