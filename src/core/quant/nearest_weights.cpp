#include "core/quant/nearest_weights.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rebalancer {

double violation(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  double worst = std::abs(weights.sum() - 1);
  const auto count = [&worst](double excess) { worst = std::max(worst, excess); };
  count((problem.lower - weights).maxCoeff());
  count((weights - problem.upper).maxCoeff());
  for (const LinearLimit& limit : problem.limits) {
    const double sum = limit.coefficients.dot(weights);
    count(limit.lower - sum);
    count(sum - limit.upper);
  }
  if (problem.trading) count((weights - problem.trading->held).lpNorm<1>() - problem.trading->turnover_max);
  count(weights.lpNorm<1>() - problem.gross_max);
  return worst;
}

Result<NearestWeights> nearest_weights(const MeanVarianceProblem& problem, const Eigen::VectorXd& wanted) {
  constexpr double rounding = 1e-12;
  if (wanted.size() == 0 || wanted.size() != problem.lower.size() || wanted.size() != problem.upper.size()) {
    return fail(ErrorCode::invalid, "there are {} wanted weights, {} lower and {} upper bounds; must be equally many",
                wanted.size(), problem.lower.size(), problem.upper.size());
  }
  for (Eigen::Index i = 0; i < wanted.size(); ++i) {
    if (!std::isfinite(wanted(i))) {
      return fail(ErrorCode::invalid, "wanted weight {} is {}, must be a finite number", i, wanted(i));
    }
  }
  for (const LinearLimit& limit : problem.limits) {
    if (limit.coefficients.size() != wanted.size()) {
      return fail(ErrorCode::invalid, "{} has {} coefficients, must have {}", limit.name, limit.coefficients.size(),
                  wanted.size());
    }
  }
  if (problem.trading && problem.trading->held.size() != wanted.size()) {
    return fail(ErrorCode::invalid, "there are {} weights held, must be {}", problem.trading->held.size(),
                wanted.size());
  }
  if (violation(problem, wanted) <= rounding) return NearestWeights{wanted, 0, {}, {}};

  MeanVarianceProblem nearest{
      Eigen::VectorXd::Zero(wanted.size()), {}, problem.lower, problem.upper, problem.limits, problem.names};
  nearest.factors = FactorCovariance{Eigen::MatrixXd(wanted.size(), 0), Eigen::VectorXd::Ones(wanted.size())};
  nearest.pull = wanted;
  nearest.gross_max = problem.gross_max;
  // Without a limit on turnover, what is held does not matter here.
  if (problem.trading && std::isfinite(problem.trading->turnover_max)) {
    nearest.trading = Trading{problem.trading->held, {}, {}, problem.trading->turnover_max};
  }
  const Result<MeanVarianceSolution> solution = minimize_at(nearest, 0);
  if (!solution) return fail(solution.error());
  return NearestWeights{solution->weights, (solution->weights - wanted).lpNorm<1>(), *solution,
                        prove(nearest, *solution)};
}

}  // namespace rebalancer
