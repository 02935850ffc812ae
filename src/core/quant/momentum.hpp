// Which symbols rose most: ranked by the return from `lookback` days ago to `skip` days ago (Jegadeesh and Titman
// 1993; the last month is left out because it tends to reverse).
#pragma once
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/returns.hpp"

namespace rebalancer {

struct MomentumRule {
  Eigen::Index lookback_days = 252;
  Eigen::Index skip_days = 21;
  Eigen::Index count = 5;  // of the best to hold; only those that rose
};

struct Momentum {
  Eigen::VectorXd returns;           // over the whole of the time looked at, one per symbol
  std::vector<Eigen::Index> chosen;  // best first; at most count, all with a return above 0; may be empty
};

// Days are rows of the prices. Equal returns rank in the order of the symbols.
// Errors: invalid, naming the symbol, for prices that are missing, not positive or too few, and for a rule that is
// none.
[[nodiscard]] Result<Momentum> momentum(const PriceView& prices, const MomentumRule& rule);

}  // namespace rebalancer
