// A strategy for the optimizer's tests: the lowest variance, without a plugin.
#pragma once
#include <vector>

#include "core/ports/strategy.hpp"
#include "core/quant/estimates.hpp"
#include "core/quant/mean_variance.hpp"

namespace rebalancer::test {

class LowestVariance final : public Strategy {
 public:
  Result<Allocation> weigh(const AllocationProblem& problem) override {
    auto estimates = estimate(*problem.prices, problem.risk_model, problem.expected_returns, problem.periods_per_year);
    if (!estimates) return fail(estimates.error());
    const auto vector = [](const std::vector<double>& values) -> Eigen::VectorXd {
      return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
    };
    MeanVarianceProblem inner{
        estimates->mean, estimates->covariance, vector(problem.lower), vector(problem.upper), {}, {}};
    for (const GroupConstraint& group : problem.groups) {
      inner.limits.push_back({group.name, vector(group.coefficients), group.lower, group.upper});
    }
    auto solution = minimize_variance(inner);
    if (!solution) return fail(solution.error());
    return Allocation{{solution->weights.begin(), solution->weights.end()}, 0, std::nullopt, "{}"};
  }
};

}  // namespace rebalancer::test
