// How far the optimum moves when the expected returns are not what was estimated.
#pragma once
#include <functional>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

struct Sensitivity {
  Eigen::Index assets = 0;  // answered: those tried whose optimum exists
  Eigen::Index most = -1;   // the asset whose return moves the optimum furthest; -1: none was answered
  double distance_max = 0;  // half the sum of |change|: the part of the portfolio that is another
  double distance_mean_square_root = 0;
};

// The optimum for other expected returns.
using Resolve = std::function<Result<Eigen::VectorXd>(const Eigen::VectorXd& mean)>;

// Raises one expected return at a time by its standard error, those with the largest weights first (equal ones in
// order), at most `assets_max` of them, and solves again. An asset whose raised return has no optimum is left out.
[[nodiscard]] Sensitivity sensitivity_to_returns(const Eigen::VectorXd& mean, const Eigen::VectorXd& standard_error,
                                                 const Eigen::VectorXd& weights, const Resolve& resolve,
                                                 Eigen::Index assets_max);

// As many as keep the work below a second's tenth: one solve takes some count^2 steps at least.
[[nodiscard]] Eigen::Index sensitivity_assets_max(Eigen::Index count);

}  // namespace rebalancer
