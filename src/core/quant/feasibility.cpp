#include "core/quant/feasibility.hpp"

#include <cmath>

#include "core/quant/kernels.hpp"
#include "core/quant/simplex.hpp"

namespace rebalancer {
namespace {

constexpr double within = 1e-11;

std::string name_of(const MeanVarianceProblem& problem, Eigen::Index asset) {
  const auto index = static_cast<std::size_t>(asset);
  return index < problem.names.size() ? problem.names[index] : fmt::format("asset {}", asset + 1);
}

MeanVarianceProblem with_limits(const MeanVarianceProblem& problem, std::vector<LinearLimit> limits) {
  MeanVarianceProblem out;
  out.lower = problem.lower;
  out.upper = problem.upper;
  out.limits = std::move(limits);
  out.names = problem.names;
  return out;
}

active_set::SimplexEnd end_of(const MeanVarianceProblem& problem) {
  active_set::Form form(problem);
  active_set::Vertex vertex;
  return active_set::find_vertex(form, Eigen::VectorXd::Zero(problem.lower.size()), vertex);
}

// The least or greatest value one limit's sum can take within the bounds and the budget.
double extreme_of(const MeanVarianceProblem& problem, const LinearLimit& limit, bool greatest) {
  active_set::Form form(with_limits(problem, {}));
  active_set::Vertex vertex;
  const Eigen::VectorXd cost = greatest ? Eigen::VectorXd(-limit.coefficients) : limit.coefficients;
  if (active_set::find_vertex(form, cost, vertex) != active_set::SimplexEnd::optimal) return std::nan("");
  return limit.coefficients.dot(vertex.x.head(problem.lower.size()));
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
  for (const LinearLimit& limit : problem.limits) {
    const double least = extreme_of(problem, limit, false), greatest = extreme_of(problem, limit, true);
    if (least > limit.upper + within) {
      return {ErrorCode::conflict, fmt::format("{} cannot be met: with the bounds of each weight the sum is at least "
                                               "{:.10g}, its limit is {:.10g}",
                                               limit.name, least, limit.upper)};
    }
    if (greatest < limit.lower - within) {
      return {ErrorCode::conflict, fmt::format("{} cannot be met: with the bounds of each weight the sum is at most "
                                               "{:.10g}, its limit is {:.10g}",
                                               limit.name, greatest, limit.lower)};
    }
  }
  std::vector<LinearLimit> core = problem.limits;
  for (std::size_t i = 0; i < core.size();) {
    std::vector<LinearLimit> rest = core;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (end_of(with_limits(problem, rest)) == active_set::SimplexEnd::infeasible) {
      core = std::move(rest);
    } else {
      ++i;
    }
  }
  std::string names;
  for (const LinearLimit& limit : core) names += (names.empty() ? "" : ", ") + limit.name;
  return {ErrorCode::conflict, fmt::format("{} cannot be met together within the bounds of each weight", names)};
}

}  // namespace rebalancer
