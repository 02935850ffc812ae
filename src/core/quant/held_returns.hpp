// What a portfolio earned: target weights held over time, brought back to target daily or at the end of each month.
#pragma once
#include <vector>

#include "core/base/time.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

enum class Reset { daily, monthly };

// One return per row of `returns` (days x symbols), without costs. `dates` are the days of the returns; `weights` sum
// to 1. Monthly: back to target at the close of the last row of each calendar month.
[[nodiscard]] std::vector<double> held_returns(const Eigen::MatrixXd& returns, const std::vector<Date>& dates,
                                               const Eigen::VectorXd& weights, Reset reset);

}  // namespace rebalancer
