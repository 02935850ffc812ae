#include "core/quant/mean_variance.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "core/quant/certificate.hpp"
#include "core/quant/critical_line.hpp"
#include "core/quant/feasibility.hpp"

namespace rebalancer {
namespace {

using active_set::CriticalLine;
using active_set::Outcome;
using active_set::Segment;

constexpr double proven_within = 1e-8;

Error error_of(Outcome outcome, const MeanVarianceProblem& problem) {
  switch (outcome) {
    case Outcome::infeasible:
      return explain_infeasible(problem);
    case Outcome::not_convex:
      return {ErrorCode::invalid,
              "the covariance matrix is not positive semidefinite: some portfolio would have a "
              "negative variance"};
    default:
      return {ErrorCode::exhausted, "no proven optimum was found within the bounded number of steps"};
  }
}

// What counts as zero curvature depends on how the covariance was rounded. An attempt stands only when its answer is
// proven; the next one draws the line elsewhere.
template <class T>
Result<T> attempt(const MeanVarianceProblem& problem, const std::function<Result<T>(CriticalLine&)>& solve,
                  const std::function<bool(const T&)>& proven) {
  if (const Result<void> checked = check_shape(problem); !checked) return fail(checked.error());
  Result<T> last = fail(error_of(Outcome::out_of_steps, problem));
  for (const double singular_within : {1e-12, 1e-10, 1e-8}) {
    CriticalLine line(problem, singular_within);
    Result<T> answer = solve(line);
    if (answer && proven(*answer)) return answer;
    if (!answer) {
      last = std::move(answer);
      const bool final = last.error().code != ErrorCode::exhausted;
      if (final) return last;
    }
  }
  return last;
}

bool is_proven(const MeanVarianceProblem& problem, const MeanVarianceSolution& solution) {
  if (!solution.weights.allFinite()) return false;
  const OptimalityProof proof = prove(problem, solution);
  return proof.kkt_residual <= proven_within && proof.max_violation <= proven_within;
}

Result<MeanVarianceSolution> attempt_one(const MeanVarianceProblem& problem,
                                         const std::function<Result<MeanVarianceSolution>(CriticalLine&)>& solve) {
  Result<MeanVarianceSolution> best = attempt<MeanVarianceSolution>(
      problem, solve, [&](const MeanVarianceSolution& solution) { return is_proven(problem, solution); });
  // A corner can be optimal among its neighbours and still show that the covariance is none.
  if (best && best->weights.dot(problem.covariance * best->weights) <
                  -1e-10 * problem.covariance.diagonal().maxCoeff() * best->weights.squaredNorm()) {
    return fail(error_of(Outcome::not_convex, problem));
  }
  return best;
}

// Return and variance along a segment: mean_base + lambda * mean_slope, variance_base + lambda^2 * variance_slope. The
// cross term vanishes on a critical line, and variance_slope equals mean_slope.
struct SegmentMoments {
  double mean_base, mean_slope, variance_base, variance_slope;
};
SegmentMoments moments_of(const MeanVarianceProblem& problem, const Segment& segment) {
  const Eigen::Index count = problem.mean.size();
  const auto base = segment.base.head(count), slope = segment.slope.head(count);
  // The covariance times the weights is what the gradients are made of.
  const auto risk_of = [&](const Eigen::VectorXd& gradient, const Eigen::VectorXd& prices) -> Eigen::VectorXd {
    Eigen::VectorXd risk = gradient.head(count).array() + prices(0);
    for (std::size_t g = 0; g < problem.limits.size(); ++g) {
      risk += prices(static_cast<Eigen::Index>(g) + 1) * problem.limits[g].coefficients;
    }
    return risk;
  };
  const Eigen::VectorXd base_risk = risk_of(segment.gradient_base, segment.price_base);
  const Eigen::VectorXd slope_risk = risk_of(segment.gradient_slope, segment.price_slope) + problem.mean;
  return {problem.mean.dot(base), problem.mean.dot(slope), base.dot(base_risk), slope.dot(slope_risk)};
}

// Follows the line from the top until `lambda_in` finds its portfolio in a segment.
Result<MeanVarianceSolution> search(
    const MeanVarianceProblem& problem, CriticalLine& line,
    const std::function<std::optional<double>(const Segment&, const SegmentMoments&)>& lambda_in, Error not_found) {
  Outcome outcome = line.start_at_highest_return();
  std::optional<double> found;
  MeanVarianceSolution solution;
  if (outcome == Outcome::done) {
    outcome = line.follow([&](const Segment& segment) {
      found = lambda_in(segment, moments_of(problem, segment));
      if (found) solution = line.solution(*found);
      return !found;
    });
  }
  if (outcome != Outcome::done) return fail(error_of(outcome, problem));
  if (!found) return fail(std::move(not_found));
  return solution;
}

}  // namespace

double expected_return(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  return problem.mean.dot(weights);
}

double volatility(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  return std::sqrt(std::max(0.0, weights.dot(problem.covariance * weights)));
}

Result<MeanVarianceSolution> minimize_at(const MeanVarianceProblem& problem, double lambda,
                                         const MeanVarianceSolution* /*start*/) {
  if (!(lambda >= 0) || !std::isfinite(lambda)) {
    return fail(ErrorCode::invalid, "the weight of the expected return is {}, must be a number of at least 0", lambda);
  }
  return attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
    const Outcome outcome = line.minimize(lambda);
    if (outcome != Outcome::done) return fail(error_of(outcome, problem));
    return line.solution(lambda);
  });
}

Result<MeanVarianceSolution> minimize_variance(const MeanVarianceProblem& problem, const MeanVarianceSolution* start) {
  return minimize_at(problem, 0, start);
}

Result<MeanVarianceSolution> maximize_sharpe(const MeanVarianceProblem& problem, double risk_free,
                                             const MeanVarianceSolution* /*start*/) {
  if (!std::isfinite(risk_free)) return fail(ErrorCode::invalid, "the risk-free rate is {}, must be finite", risk_free);
  const Result<MeanVarianceSolution> solution =
      attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
        double highest = std::nan("");
        const double within = 1e-13 * problem.mean.cwiseAbs().maxCoeff();
        const auto tangency = [&](const Segment& segment, const SegmentMoments& at) -> std::optional<double> {
          if (std::isinf(segment.lambda_high)) highest = at.mean_base;
          if (!(highest - risk_free > within)) return segment.lambda_high;
          // The Sharpe ratio peaks where lambda (return - risk_free) = variance.
          const double excess = at.mean_base - risk_free;
          const double lambda = excess > 0 ? std::max(0.0, at.variance_base) / excess : segment.lambda_high;
          if (lambda < segment.lambda_low && segment.lambda_low > 0) return std::nullopt;
          return std::min(std::max(lambda, segment.lambda_low), segment.lambda_high);
        };
        Result<MeanVarianceSolution> found =
            search(problem, line, tangency, {ErrorCode::exhausted, "the tangency portfolio was not found"});
        if (found && !(highest - risk_free > within)) {
          return fail(ErrorCode::conflict,
                      "the highest attainable expected return is {:.6g}, which is not above the risk-free rate {:.6g}: "
                      "no portfolio has a positive Sharpe ratio",
                      highest, risk_free);
        }
        return found;
      });
  if (solution &&
      volatility(problem, solution->weights) <= 1e-7 * std::sqrt(problem.covariance.diagonal().maxCoeff())) {
    return fail(ErrorCode::conflict,
                "a portfolio is expected to earn {:.6g}, more than the risk-free rate {:.6g}, without any volatility: "
                "its Sharpe ratio has no maximum",
                expected_return(problem, solution->weights), risk_free);
  }
  return solution;
}

Result<MeanVarianceSolution> minimize_variance_for_return(const MeanVarianceProblem& problem, double target) {
  if (!std::isfinite(target)) return fail(ErrorCode::invalid, "the target return is {}, must be finite", target);
  return attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
    double highest = std::nan(""), lowest = std::nan("");
    const double within = 1e-12 * problem.mean.cwiseAbs().maxCoeff();
    const auto reach = [&](const Segment& segment, const SegmentMoments& at) -> std::optional<double> {
      if (std::isinf(segment.lambda_high)) {
        highest = at.mean_base;
        if (target >= highest - within) return std::max(segment.lambda_low, 1e-300);
      }
      lowest = at.mean_base + segment.lambda_low * at.mean_slope;
      if (lowest > target + within) return std::nullopt;
      if (!(at.mean_slope > 0)) return segment.lambda_low;
      return std::clamp((target - at.mean_base) / at.mean_slope, segment.lambda_low, segment.lambda_high);
    };
    Result<MeanVarianceSolution> found = search(problem, line, reach, {ErrorCode::conflict, ""});
    if (found && target > highest + within) {
      return fail(ErrorCode::conflict, "target return {:.6g} is above the highest attainable, {:.6g}", target, highest);
    }
    if (!found && found.error().message.empty()) {
      return fail(
          ErrorCode::conflict,
          "target return {:.6g} is below {:.6g}, that of the minimum-variance portfolio: no efficient portfolio "
          "earns so little",
          target, lowest);
    }
    return found;
  });
}

Result<MeanVarianceSolution> maximize_return_for_volatility(const MeanVarianceProblem& problem, double target) {
  if (!(target >= 0) || !std::isfinite(target)) {
    return fail(ErrorCode::invalid, "the target volatility is {}, must be a number of at least 0", target);
  }
  return attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
    double lowest = std::nan("");
    const double wanted = target * target, within = 1e-13 * problem.covariance.diagonal().maxCoeff();
    const auto reach = [&](const Segment& segment, const SegmentMoments& at) -> std::optional<double> {
      lowest = at.variance_base + segment.lambda_low * segment.lambda_low * at.variance_slope;
      if (lowest > wanted + within) return std::nullopt;
      if (std::isinf(segment.lambda_high) || !(at.variance_slope > 0)) return segment.lambda_low;
      const double square = (wanted - at.variance_base) / at.variance_slope;
      return std::clamp(std::sqrt(std::max(0.0, square)), segment.lambda_low, segment.lambda_high);
    };
    Result<MeanVarianceSolution> found = search(problem, line, reach, {ErrorCode::conflict, ""});
    if (!found && found.error().message.empty()) {
      return fail(ErrorCode::conflict, "target volatility {:.6g} is below the lowest attainable, {:.6g}", target,
                  std::sqrt(std::max(0.0, lowest)));
    }
    return found;
  });
}

Result<std::vector<CornerPortfolio>> corner_portfolios(const MeanVarianceProblem& problem) {
  using Corners = std::vector<CornerPortfolio>;
  const auto solve = [&](CriticalLine& line) -> Result<Corners> {
    Corners corners;
    const auto arrive = [&](double lambda, const Eigen::VectorXd& variables) {
      const Eigen::VectorXd weights =
          variables.head(problem.mean.size()).cwiseMax(problem.lower).cwiseMin(problem.upper);
      const bool same = !corners.empty() && (corners.back().weights - weights).cwiseAbs().maxCoeff() <= 1e-9;
      if (same) {
        corners.back().lambda_low = lambda;
      } else {
        corners.push_back({lambda, lambda, weights, expected_return(problem, weights), volatility(problem, weights)});
      }
    };
    Outcome outcome = line.start_at_highest_return();
    if (outcome == Outcome::done) {
      outcome = line.follow([&](const Segment& segment) {
        arrive(segment.lambda_high, segment.at_high);
        if (!segment.ends_by_leaving) arrive(segment.lambda_low, segment.at_low);
        return true;
      });
    }
    if (outcome != Outcome::done) return fail(error_of(outcome, problem));
    const MeanVarianceSolution last = line.solution(0);
    if (!is_proven(problem, last)) return fail(error_of(Outcome::out_of_steps, problem));
    return corners;
  };
  return attempt<Corners>(problem, solve, [](const Corners& corners) {
    for (const CornerPortfolio& corner : corners) {
      if (!corner.weights.allFinite() || std::abs(corner.weights.sum() - 1) > proven_within) return false;
    }
    return !corners.empty();
  });
}

std::vector<CornerPortfolio> points_between(const std::vector<CornerPortfolio>& corners,
                                            const MeanVarianceProblem& problem, int count) {
  std::vector<CornerPortfolio> points;
  const double lowest = corners.back().expected_return, highest = corners.front().expected_return;
  std::size_t next = corners.size() - 1;  // corners descend in return, points ascend
  for (int i = 0; i < count; ++i) {
    const double target = lowest + (highest - lowest) * i / std::max(1, count - 1);
    while (next > 0 && corners[next - 1].expected_return < target) --next;
    const CornerPortfolio& low = corners[next];
    const CornerPortfolio& high = corners[next > 0 ? next - 1 : 0];
    const double rise = high.expected_return - low.expected_return;
    const double share = rise > 0 ? std::clamp((target - low.expected_return) / rise, 0.0, 1.0) : 0.0;
    CornerPortfolio point;
    point.weights = low.weights + share * (high.weights - low.weights);
    point.lambda = low.lambda + share * (std::isinf(high.lambda_low) ? 0 : high.lambda_low - low.lambda);
    point.lambda_low = point.lambda;
    point.expected_return = expected_return(problem, point.weights);
    point.volatility = volatility(problem, point.weights);
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace rebalancer
