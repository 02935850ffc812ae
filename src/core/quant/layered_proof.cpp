// Proves a layered optimum. At the optimum's own price of the tracking error the whole is one convex quadratic with the
// problem's constraints; that price is right when it is not negative and costs nothing where the limit has room.
#include <algorithm>
#include <cmath>

#include "core/quant/layered_problem.hpp"

namespace rebalancer {

OptimalityProof prove(const MeanVarianceProblem& problem, const Layers& layers, const LayeredSolution& answer) {
  if (layers.none()) return prove(problem, answer.solution);
  const double lambda = answer.solution.lambda, theta = answer.tracking_price;
  const double cost = layers.variance_cost_quadratic + lambda * layers.return_cost_quadratic;
  const Eigen::VectorXd& weights = answer.solution.weights;
  MeanVarianceProblem whole = problem;
  if (whole.pull.size() == 0) whole.pull = Eigen::VectorXd::Zero(weights.size());
  // 1/2 w'Sw and theta/2 (w'Sw - 2 (Sb)'w + b'Sb).
  if (whole.factors) {
    whole.factors->loadings *= std::sqrt(1 + theta);
    whole.factors->specific_variance *= 1 + theta;
  } else {
    whole.covariance *= 1 + theta;
  }
  for (Eigen::Index i = 0; i < weights.size(); ++i) {
    if (layers.tracking) whole.pull(i) += theta * layers.tracking->benchmark_covariance(i);
    if (cost == 0) continue;
    // cost (w - held)^2 = 1/2 (2 cost) w^2 - (2 cost held) w + a constant.
    (whole.factors ? whole.factors->specific_variance(i) : whole.covariance(i, i)) += 2 * cost;
    whole.pull(i) += 2 * cost * layers.held(i);
  }
  OptimalityProof proof = prove(whole, answer.solution);
  if (!layers.tracking) return proof;

  const TrackingError& tracking = *layers.tracking;
  double square = tracking.benchmark_variance, largest = 0;
  if (problem.factors) {
    const FactorCovariance& factors = *problem.factors;
    square += (factors.loadings.transpose() * weights).squaredNorm();
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
      square += factors.specific_variance(i) * weights(i) * weights(i);
      largest = std::max(largest, factors.specific_variance(i) + factors.loadings.row(i).squaredNorm());
    }
  } else {
    for (Eigen::Index k = 0; k < weights.size(); ++k) {
      if (weights(k) != 0) square += weights(k) * problem.covariance.col(k).dot(weights);
      largest = std::max(largest, problem.covariance(k, k));
    }
  }
  for (Eigen::Index i = 0; i < weights.size(); ++i) square -= 2 * tracking.benchmark_covariance(i) * weights(i);
  // As the share of the largest variance: how far beyond the limit, and what a price paid with room left comes to.
  const double allowed = tracking.maximum * tracking.maximum;
  const double scale = std::max(largest, tracking.benchmark_variance);
  if (scale > 0) {
    proof.max_violation = std::max(proof.max_violation, (square - allowed) / scale);
    const double unused = 0.5 * std::abs(theta * (allowed - square)) / ((1 + theta) * scale);
    proof.duality_gap = std::max(proof.duality_gap, unused);
  }
  if (theta < 0) proof.kkt_residual = std::max(proof.kkt_residual, -theta);
  return proof;
}

}  // namespace rebalancer
