// Risk parity: long-only weights of which each contributes its given share of the portfolio's variance.
// Sources: Maillard, Roncalli, Teiletche, "The Properties of Equally Weighted Risk Contribution Portfolios" (2010);
// Spinu, "An Algorithm for Computing Risk Parity Weights" (2013); Griveau-Billion, Richard, Roncalli, "A Fast Algorithm
// for Computing High-dimensional Risk Parity Portfolios" (2013).
#pragma once
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

struct RiskParity {
  Eigen::VectorXd weights;  // all positive, sum 1
  Eigen::VectorXd budgets;  // as asked, scaled to sum 1
  int sweeps = 0;           // over the coordinates
  int newton_steps = 0;     // 0 unless coordinates alone were slow
};

// w_i (Sw)_i = b_i w'Sw. The unique answer, from the convex problem: minimize 1/2 y'Sy - sum b_i ln y_i, w = y / sum y.
// The largest relative error of a contribution is at most 1e-13, times the factor by which the terms of (Sw)_i exceed
// their sum when positions nearly cancel each other; never above 1e-6. A singular covariance is welcome as long as no
// long-only portfolio is without volatility. `budgets`: N positive numbers of any scale, none below 1e-12 of the
// largest. `names`: N.
// Errors: invalid for budgets that break this; as require_volatility; for a covariance with a negative variance in it;
// and when some long-only portfolio has less volatility than 1e-5 of its largest position's, naming its assets.
// exhausted when the error stays above what is said above.
[[nodiscard]] Result<RiskParity> risk_parity(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets,
                                             const std::vector<std::string>& names);

// Proves risk parity from the problem and the answer alone; shares no code with the solver.
struct RiskParityProof {
  // With the contributions c_i = w_i (Sw)_i / w'Sw: the largest |c_i - b_i| / b_i,
  double kkt_residual = 0;
  // and sum b_i ln(b_i / c_i), the gap of the convex problem at the best scale of w; infinite if a c_i is not positive.
  double duality_gap = 0;
  double max_violation = 0;  // of the sum of the weights and of their signs
};
// `budgets` sum to 1.
[[nodiscard]] RiskParityProof prove_risk_parity(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets,
                                                const Eigen::VectorXd& weights);

}  // namespace rebalancer
