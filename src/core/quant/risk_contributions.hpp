// Whose risk it is: Euler's decomposition of a portfolio's volatility.
#pragma once
#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

struct RiskContributions {
  double volatility = 0;      // sqrt(w'Sw), per period of the covariance
  Eigen::VectorXd marginal;   // d volatility / d w_i = (Sw)_i / volatility
  Eigen::VectorXd component;  // w_i times marginal; they sum to the volatility
  Eigen::VectorXd fraction;   // component / volatility; they sum to 1
};

// Source: Litterman, "Hot Spots and Hedges" (1996). Errors: invalid for shapes that differ, numbers that are not finite
// and a portfolio without volatility, whose risk has no owner.
[[nodiscard]] Result<RiskContributions> risk_contributions(const Eigen::VectorXd& weights,
                                                           const Eigen::MatrixXd& covariance);

}  // namespace rebalancer
