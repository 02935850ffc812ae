#include "core/quant/feasibility.hpp"

#include <cmath>

#include "core/quant/conflict.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

constexpr double within = 1e-11;

std::string name_of(const MeanVarianceProblem& problem, Eigen::Index asset) {
  const auto index = static_cast<std::size_t>(asset);
  return index < problem.names.size() ? problem.names[index] : fmt::format("asset {}", asset + 1);
}

}  // namespace

Result<void> check_shape(const MeanVarianceProblem& problem) {
  const Eigen::Index count = problem.mean.size();
  const Eigen::Index risks = problem.factors ? problem.factors->loadings.rows() : problem.covariance.rows();
  const bool square =
      problem.factors ? problem.factors->specific_variance.size() == risks : problem.covariance.cols() == risks;
  const bool shapes_fit =
      count > 0 && square && risks == count && problem.lower.size() == count && problem.upper.size() == count;
  if (!shapes_fit) {
    return fail(ErrorCode::invalid, "{} expected returns with a {} x {} covariance, {} minimum and {} maximum weights",
                count, risks, problem.factors ? problem.factors->specific_variance.size() : problem.covariance.cols(),
                problem.lower.size(), problem.upper.size());
  }
  // The sum of squares is finite only if every entry is; if it is not, each column is looked at.
  const double* all = problem.covariance.data();
  const bool is_finite = std::isfinite(kernels::dot(all, all, static_cast<std::size_t>(problem.covariance.size())));
  for (Eigen::Index i = 0; i < count; ++i) {
    if (!std::isfinite(problem.mean(i))) {
      return fail(ErrorCode::invalid, "expected return of {} is {}, must be a finite number", name_of(problem, i),
                  problem.mean(i));
    }
    if (problem.factors) {
      const double specific = problem.factors->specific_variance(i);
      if (!problem.factors->loadings.row(i).allFinite() || !(specific >= 0) || !std::isfinite(specific)) {
        return fail(ErrorCode::invalid, "specific variance of {} is {}, must be at least 0, and its loadings finite",
                    name_of(problem, i), specific);
      }
    } else if ((!is_finite && !problem.covariance.col(i).allFinite()) || problem.covariance(i, i) < 0) {
      return fail(ErrorCode::invalid, "variance of {} is {}, and all covariances must be finite numbers",
                  name_of(problem, i), problem.covariance(i, i));
    }
    if (!std::isfinite(problem.lower(i)) || !std::isfinite(problem.upper(i))) {
      return fail(ErrorCode::invalid, "bounds of {} are {} and {}, must be finite numbers", name_of(problem, i),
                  problem.lower(i), problem.upper(i));
    }
    if (problem.lower(i) > problem.upper(i)) {
      return fail(ErrorCode::conflict, "minimum weight of {} is {}, must be at most its maximum {}",
                  name_of(problem, i), problem.lower(i), problem.upper(i));
    }
  }
  for (const LinearLimit& limit : problem.limits) {
    if (limit.coefficients.size() != count || !limit.coefficients.allFinite() || std::isnan(limit.lower) ||
        std::isnan(limit.upper)) {
      return fail(ErrorCode::invalid, "limit {} must have {} finite coefficients and numbers as limits", limit.name,
                  count);
    }
    if (limit.lower > limit.upper) {
      return fail(ErrorCode::conflict, "{}: the lower limit {} is above the upper limit {}", limit.name, limit.lower,
                  limit.upper);
    }
  }
  if (problem.lower.sum() > 1 + within) {
    return fail(ErrorCode::conflict, "minimum weights sum to {:.10g}, must be at most 1", problem.lower.sum());
  }
  if (problem.upper.sum() < 1 - within) {
    return fail(ErrorCode::conflict, "maximum weights sum to {:.10g}, must be at least 1", problem.upper.sum());
  }
  return {};
}

Error explain_infeasible(const MeanVarianceProblem& problem) {
  const std::optional<Conflict> conflict = find_conflict(problem);
  if (!conflict) {
    return {ErrorCode::conflict, "no weights satisfy the constraints, by less than rounding lets tell which"};
  }
  constexpr std::size_t listed_max = 12;
  const std::vector<std::string>& all = conflict->constraints;
  const std::size_t listed = std::min(all.size(), listed_max);
  std::string text = fmt::format("{}", fmt::join(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(listed), ", "));
  if (listed < all.size()) text += fmt::format(" and {} more", all.size() - listed);
  text += all.size() == 1 ? " cannot be met" : " cannot be met together";
  text += conflict->long_only ? " with no weight below zero" : "";
  text += conflict->mend.empty() ? "; no change of a single one of them mends it"
                                 : "; the smallest change that mends it: " + conflict->mend;
  return {ErrorCode::conflict, std::move(text)};
}

}  // namespace rebalancer
