#include "core/quant/momentum.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rebalancer {

Result<Momentum> momentum(const PriceView& prices, const MomentumRule& rule) {
  if (rule.skip_days < 0 || rule.lookback_days <= rule.skip_days) {
    return fail(ErrorCode::invalid, "lookback_days is {}, must be more than skip_days, {}, and that at least 0",
                rule.lookback_days, rule.skip_days);
  }
  if (rule.count < 1) return fail(ErrorCode::invalid, "count is {}, must be at least 1", rule.count);
  const Eigen::Index rows = prices.values.rows(), cols = prices.values.cols();
  if (rows < rule.lookback_days + 1) {
    return fail(ErrorCode::invalid, "there are {} days of prices, momentum over {} days needs {}", rows,
                rule.lookback_days, rule.lookback_days + 1);
  }
  const Eigen::Index first = rows - 1 - rule.lookback_days, last = rows - 1 - rule.skip_days;
  Momentum out{Eigen::VectorXd(cols), {}};
  for (Eigen::Index i = 0; i < cols; ++i) {
    for (const Eigen::Index row : {first, last}) {
      const double price = prices.values(row, i);
      if (!(price > 0) || !std::isfinite(price)) {
        return fail(ErrorCode::invalid, "price of {} in row {} is {}, must be positive: momentum needs it",
                    prices.symbols[static_cast<std::size_t>(i)], row + 1, price);
      }
    }
    out.returns(i) = prices.values(last, i) / prices.values(first, i) - 1;
  }
  std::vector<Eigen::Index> order(static_cast<std::size_t>(cols));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return out.returns(a) > out.returns(b); });
  for (const Eigen::Index i : order) {
    if (static_cast<Eigen::Index>(out.chosen.size()) == rule.count || !(out.returns(i) > 0)) break;
    out.chosen.push_back(i);
  }
  return out;
}

}  // namespace rebalancer
