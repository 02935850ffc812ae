// For weights that come from a rule and not from an optimum: when they break a limit, the nearest ones that break none.
#pragma once
#include "core/quant/certificate.hpp"
#include "core/quant/mean_variance.hpp"

namespace rebalancer {

struct NearestWeights {
  Eigen::VectorXd weights;
  double moved = 0;  // sum of |change|; 0: `wanted` kept every limit and is returned to the bit
  // When something moved: of 1/2 |w - wanted|^2, the prices of the limits and bounds, and the proof that none are
  // nearer.
  MeanVarianceSolution solution;
  OptimalityProof proof;
};

// How far `weights` are from keeping the budget, the bounds, the limits, turnover_max and gross_max: the largest
// excess.
[[nodiscard]] double violation(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights);

// Minimizes |w - wanted|^2 over what the problem allows; its mean, covariance, pull and costs play no part, only its
// constraints. Exact: a mean-variance problem whose covariance is the identity and whose pull is `wanted`. A violation
// of less than 1e-12 is rounding and left alone.
// Errors: as minimize_at; invalid for wanted weights that are not finite or not as many as the bounds.
[[nodiscard]] Result<NearestWeights> nearest_weights(const MeanVarianceProblem& problem, const Eigen::VectorXd& wanted);

}  // namespace rebalancer
