// The slow way, for few assets: every way in which bounds and limits can be active, each solved as a linear system. The
// best feasible candidate is the optimum, because some optimum has a nonsingular system.
#pragma once
#include <optional>
#include <vector>

#include <Eigen/LU>

#include "core/quant/mean_variance.hpp"

namespace rebalancer::test {

inline double objective_of(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights, double lambda) {
  return 0.5 * weights.dot(problem.covariance * weights) - lambda * problem.mean.dot(weights);
}

inline double violation_of(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  double worst = std::abs(weights.sum() - 1);
  worst = std::max(worst, (problem.lower - weights).maxCoeff());
  worst = std::max(worst, (weights - problem.upper).maxCoeff());
  for (const LinearLimit& limit : problem.limits) {
    const double value = limit.coefficients.dot(weights);
    worst = std::max({worst, limit.lower - value, value - limit.upper});
  }
  return worst;
}

// None: infeasible.
inline std::optional<double> brute_force_minimum(const MeanVarianceProblem& problem, double lambda) {
  const Eigen::Index count = problem.mean.size();
  const auto limits = static_cast<Eigen::Index>(problem.limits.size());
  std::vector<int> state(static_cast<std::size_t>(count + limits), 0);  // 0 inactive, 1 at lower, 2 at upper
  std::optional<double> best;
  for (;;) {
    Eigen::Index active = 1;
    for (const int s : state) active += s != 0 ? 1 : 0;
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(count + active, count + active);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(count + active);
    system.topLeftCorner(count, count) = problem.covariance;
    right.head(count) = lambda * problem.mean;
    Eigen::Index row = count;
    const auto add = [&](const Eigen::VectorXd& coefficients, double value) {
      system.row(row).head(count) = coefficients.transpose();
      system.col(row).head(count) = coefficients;
      right(row++) = value;
    };
    add(Eigen::VectorXd::Ones(count), 1);
    for (Eigen::Index i = 0; i < count + limits; ++i) {
      const int s = state[static_cast<std::size_t>(i)];
      if (s == 0) continue;
      if (i < count) {
        add(Eigen::VectorXd::Unit(count, i), s == 1 ? problem.lower(i) : problem.upper(i));
      } else {
        const LinearLimit& limit = problem.limits[static_cast<std::size_t>(i - count)];
        add(limit.coefficients, s == 1 ? limit.lower : limit.upper);
      }
    }
    if (active <= count) {
      const Eigen::FullPivLU<Eigen::MatrixXd> lu(system);
      const Eigen::VectorXd weights = lu.solve(right).head(count);
      if (weights.allFinite() && violation_of(problem, weights) <= 1e-10) {
        const double objective = objective_of(problem, weights, lambda);
        if (!best || objective < *best) best = objective;
      }
    }
    std::size_t digit = 0;
    while (digit < state.size() && ++state[digit] == 3) state[digit++] = 0;
    if (digit == state.size()) return best;
  }
}

}  // namespace rebalancer::test
