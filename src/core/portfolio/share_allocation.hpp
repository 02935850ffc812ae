// The best book of whole shares for a sum of money: the one whose positions are nearest to their targets and that
// leaves the least over, found and proven.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/decimal.hpp"

namespace rebalancer {

struct ShareTarget {
  Decimal value;  // money the position should be worth; not negative
  Decimal price;  // of one share; positive
};

struct ShareBook {
  std::vector<std::int64_t> shares;  // one per target
  Decimal leftover;                  // money not spent
  // sum |value - price * shares| + leftover, its proven lower bound, and what rounding down and filling up gives (the
  // rule of PyPortfolioOpt's greedy_portfolio).
  Decimal objective, bound, greedy_objective;
  std::vector<std::int64_t> greedy_shares;
  std::int64_t nodes = 0;  // partial books looked at
  [[nodiscard]] bool is_proven() const { return objective == bound; }
};

// Spends at most the sum of the values. Exact, in integers; after `nodes_max` partial books (16 bytes each at most) the
// best book found comes with the bound proven so far. Errors: invalid for a negative value, a price that is not
// positive, and sums out of range.
[[nodiscard]] Result<ShareBook> allocate_shares(std::span<const ShareTarget> targets,
                                                std::int64_t nodes_max = 4'000'000);

}  // namespace rebalancer
