#include "core/quant/certificate.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {

OptimalityProof prove(const MeanVarianceProblem& problem, const MeanVarianceSolution& solution) {
  const auto count = static_cast<std::size_t>(problem.mean.size());
  const double lambda = solution.lambda;
  OptimalityProof proof;

  // What each weight would still gain, once the budget and the limits have been paid for.
  std::vector<double> reduced(count);
  // The sizes that rounding is measured against: terms before they cancel.
  const double floor = 1e-6 * problem.covariance.diagonal().cwiseAbs().maxCoeff();
  double gradient_scale = floor, objective_scale = floor, variance = 0, mean = 0, sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double weight = solution.weights(row);
    double risk = 0, terms = std::abs(lambda * problem.mean(row));
    for (std::size_t k = 0; k < count; ++k) {
      const auto col = static_cast<Eigen::Index>(k);
      const double term = problem.covariance(col, row) * solution.weights(col);
      risk += term;
      terms += std::abs(term);
    }
    gradient_scale = std::max(gradient_scale, terms);
    objective_scale += std::abs(weight) * terms;
    reduced[i] = risk - lambda * problem.mean(row) - solution.budget_price;
    variance += weight * risk;
    mean += weight * problem.mean(row);
    sum += weight;
  }
  proof.max_violation = std::abs(sum - 1);
  // The dual bound, term by term; a limit without a price costs nothing.
  double gap = variance - lambda * mean - solution.budget_price;
  for (std::size_t g = 0; g < problem.limits.size(); ++g) {
    const LinearLimit& limit = problem.limits[g];
    const double price = solution.limit_prices(static_cast<Eigen::Index>(g));
    double value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      value += limit.coefficients(row) * solution.weights(row);
      reduced[i] -= limit.coefficients(row) * price;
    }
    proof.max_violation = std::max({proof.max_violation, limit.lower - value, value - limit.upper});
    if (price != 0) gap -= price * (price > 0 ? limit.lower : limit.upper);
    const double distance = price > 0 ? value - limit.lower : limit.upper - value;
    proof.kkt_residual = std::max(proof.kkt_residual, std::min(std::abs(price), std::abs(price * distance)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double weight = solution.weights(row), lower = problem.lower(row), upper = problem.upper(row);
    proof.max_violation = std::max({proof.max_violation, lower - weight, weight - upper});
    gap -= reduced[i] * (reduced[i] > 0 ? lower : upper);
    // A bound may explain a gradient only where the weight stands on it.
    const double distance = reduced[i] > 0 ? weight - lower : upper - weight;
    if (distance > 1e-12) proof.kkt_residual = std::max(proof.kkt_residual, std::abs(reduced[i]));
  }
  // All zero: nothing moves and nothing is expected, so nothing is left to explain.
  if (gradient_scale > 0) proof.kkt_residual /= gradient_scale;
  proof.duality_gap = objective_scale > 0 ? std::max(0.0, gap / objective_scale) : 0.0;
  proof.max_violation = std::max(0.0, proof.max_violation);
  return proof;
}

}  // namespace rebalancer
