// Apart from the solver, so that no mistake can hide in shared code.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/quant/risk_parity.hpp"

namespace rebalancer {
namespace {

// x - ln(1 + x), near zero by its series: no digits cancel, and the same bits whatever the machine's logarithm.
double excess_of_logarithm(double x) {
  if (std::abs(x) < 1e-3) return x * x * (1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x * (1.0 / 6)))));
  return x > -1 ? x - std::log1p(x) : std::numeric_limits<double>::infinity();
}

}  // namespace

RiskParityProof prove_risk_parity(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets,
                                  const Eigen::VectorXd& weights) {
  const Eigen::VectorXd force = covariance * weights;
  const double variance = weights.dot(force);
  RiskParityProof out;
  out.max_violation = std::max(std::abs(weights.sum() - 1), -weights.minCoeff());
  if (!(variance > 0)) {  // no risk, no shares of it
    out.kkt_residual = out.duality_gap = std::numeric_limits<double>::infinity();
    return out;
  }
  for (Eigen::Index i = 0; i < weights.size(); ++i) {
    const double excess = (weights(i) * force(i) / variance - budgets(i)) / budgets(i);
    out.kkt_residual = std::max(out.kkt_residual, std::abs(excess));
    // b ln(b / c) = -b ln(1 + excess); the excesses, weighted by b, sum to zero: with them every term is positive.
    out.duality_gap += budgets(i) * excess_of_logarithm(excess);
  }
  return out;
}

}  // namespace rebalancer
