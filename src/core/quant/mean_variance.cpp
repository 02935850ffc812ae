#include "core/quant/mean_variance.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "core/quant/certificate.hpp"
#include "core/quant/covariance_columns.hpp"
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

Result<void> check_size(const Eigen::VectorXd& values, const MeanVarianceProblem& problem, std::string_view what) {
  if (values.size() == 0 || (values.size() == problem.mean.size() && values.allFinite())) return {};
  return fail(ErrorCode::invalid, "{} must be {} finite numbers, there are {}", what, problem.mean.size(),
              values.size());
}

Result<void> check(const MeanVarianceProblem& problem) {
  if (const Result<void> checked = check_shape(problem); !checked) return checked;
  if (const Result<void> checked = check_size(problem.pull, problem, "the pull"); !checked) return checked;
  if (std::isnan(problem.gross_max)) return fail(ErrorCode::invalid, "the gross limit is not a number");
  if (!problem.trading) return {};
  const Trading& trading = *problem.trading;
  for (const auto& [values, what] :
       {std::pair{&trading.held, "the weights held now"}, std::pair{&trading.return_cost, "the trading costs"},
        std::pair{&trading.variance_cost, "the trading costs in variance"}}) {
    if (const Result<void> checked = check_size(*values, problem, what); !checked) return checked;
  }
  if (trading.held.size() == 0) return fail(ErrorCode::invalid, "trading needs the weights held now");
  if ((trading.return_cost.array() < 0).any() || (trading.variance_cost.array() < 0).any()) {
    return fail(ErrorCode::invalid, "trading costs must not be negative");
  }
  if (!(trading.turnover_max >= 0)) {
    return fail(ErrorCode::invalid, "turnover_max is {}, must be at least 0", trading.turnover_max);
  }
  return {};
}

Result<void> check_line(const MeanVarianceProblem& problem) {
  const bool plain =
      (problem.pull.size() == 0 || problem.pull.isZero(0)) &&
      (!problem.trading || problem.trading->variance_cost.size() == 0 || problem.trading->variance_cost.isZero(0));
  if (plain) return {};
  return fail(ErrorCode::invalid, "the frontier has no meaning with a pull or a cost that adds to the variance");
}

double largest_variance(const MeanVarianceProblem& problem) { return variances_of(problem).maxCoeff(); }

// What counts as zero curvature depends on how the covariance was rounded. An attempt stands only when its answer is
// proven; the next one draws the line elsewhere.
template <class T, class Solve, class Proven>
Result<T> attempt(const MeanVarianceProblem& problem, const Solve& solve, const Proven& proven) {
  if (const Result<void> checked = check(problem); !checked) return fail(checked.error());
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

template <class Solve>
Result<MeanVarianceSolution> attempt_one(const MeanVarianceProblem& problem, const Solve& solve) {
  Result<MeanVarianceSolution> best = attempt<MeanVarianceSolution>(
      problem, solve, [&](const MeanVarianceSolution& solution) { return is_proven(problem, solution); });
  // A corner can be optimal among its neighbours and still show that the covariance is none.
  if (best && variance_of(problem, best->weights) < -1e-10 * largest_variance(problem) * best->weights.squaredNorm()) {
    return fail(error_of(Outcome::not_convex, problem));
  }
  return best;
}

// Follows the line from the top until `lambda_in` finds its portfolio in a segment.
Result<MeanVarianceSolution> search(const MeanVarianceProblem& problem, CriticalLine& line,
                                    const std::function<std::optional<double>(const Segment&)>& lambda_in,
                                    Error not_found) {
  Outcome outcome = line.start_at_highest_return();
  std::optional<double> found;
  MeanVarianceSolution solution;
  if (outcome == Outcome::done) {
    outcome = line.follow([&](const Segment& segment) {
      found = lambda_in(segment);
      if (found) solution = line.solution(*found);
      return !found;
    });
  }
  if (outcome != Outcome::done) return fail(error_of(outcome, problem));
  if (!found) return fail(std::move(not_found));
  return solution;
}

// The tangency from an earlier one: on every stretch its lambda is a closed form, so that a few optima lead to it.
// Empty when they do not.
std::optional<MeanVarianceSolution> tangency_near(const MeanVarianceProblem& problem, CriticalLine& line,
                                                  double risk_free, const MeanVarianceSolution& start) {
  double lambda = start.lambda;
  std::vector<signed char> states = start.states;
  for (int round = 0; round < 20 && lambda > 0 && std::isfinite(lambda); ++round) {
    if (line.minimize(lambda, states) != Outcome::done) return {};
    const Segment segment = line.segment_of_optimum(lambda);
    const double excess = segment.return_base - risk_free;
    if (!(excess > 0) || !(segment.variance_base > 0)) return {};
    const double tangent = segment.variance_base / excess;
    MeanVarianceSolution solution = line.solution(tangent);
    if (is_proven(problem, solution)) return solution;
    lambda = tangent;
    states = std::move(solution.states);
  }
  return {};
}

}  // namespace

double expected_return(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  double cost = 0;
  if (problem.trading && problem.trading->return_cost.size() > 0) {
    cost = problem.trading->return_cost.dot((weights - problem.trading->held).cwiseAbs());
  }
  return problem.mean.dot(weights) - cost;
}

// Weights are few among many zeros: only what they touch is read.
double variance_of(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  std::vector<Eigen::Index> held;
  for (Eigen::Index i = 0; i < weights.size(); ++i) {
    if (weights(i) != 0) held.push_back(i);
  }
  double variance = 0;
  if (problem.factors) {
    Eigen::VectorXd exposure = Eigen::VectorXd::Zero(problem.factors->loadings.cols());
    for (const Eigen::Index i : held) {
      exposure += weights(i) * problem.factors->loadings.row(i).transpose();
      variance += weights(i) * weights(i) * problem.factors->specific_variance(i);
    }
    return variance + exposure.squaredNorm();
  }
  for (const Eigen::Index j : held) {
    double force = 0;
    for (const Eigen::Index i : held) force += problem.covariance(i, j) * weights(i);
    variance += weights(j) * force;
  }
  return variance;
}

Eigen::VectorXd variances_of(const MeanVarianceProblem& problem) {
  return active_set::CovarianceColumns(problem).variances();
}

double volatility(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  return std::sqrt(std::max(0.0, variance_of(problem, weights)));
}

Result<MeanVarianceSolution> minimize_at(const MeanVarianceProblem& problem, double lambda,
                                         const MeanVarianceSolution* start) {
  if (!(lambda >= 0) || !std::isfinite(lambda)) {
    return fail(ErrorCode::invalid, "the weight of the expected return is {}, must be a number of at least 0", lambda);
  }
  return attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
    static const std::vector<signed char> nothing;
    const Outcome outcome = line.minimize(lambda, start == nullptr ? nothing : start->states);
    if (outcome != Outcome::done) return fail(error_of(outcome, problem));
    return line.solution(lambda);
  });
}

Result<MeanVarianceSolution> minimize_variance(const MeanVarianceProblem& problem, const MeanVarianceSolution* start) {
  return minimize_at(problem, 0, start);
}

Result<MeanVarianceSolution> maximize_sharpe(const MeanVarianceProblem& problem, double risk_free,
                                             const MeanVarianceSolution* start) {
  if (!std::isfinite(risk_free)) return fail(ErrorCode::invalid, "the risk-free rate is {}, must be finite", risk_free);
  if (const Result<void> checked = check_line(problem); !checked) return fail(checked.error());
  const Result<MeanVarianceSolution> solution =
      attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
        if (start != nullptr && !start->states.empty()) {
          if (auto near = tangency_near(problem, line, risk_free, *start)) return *std::move(near);
        }
        double highest = std::nan("");
        const double within = 1e-13 * problem.mean.cwiseAbs().maxCoeff();
        const auto tangency = [&](const Segment& segment) -> std::optional<double> {
          if (std::isinf(segment.lambda_high)) highest = segment.return_base;
          if (!(highest - risk_free > within)) return segment.lambda_high;
          // The Sharpe ratio peaks where lambda (return - risk_free) = variance.
          const double excess = segment.return_base - risk_free;
          const double lambda = excess > 0 ? segment.variance_base / excess : segment.lambda_high;
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
  if (solution && volatility(problem, solution->weights) <= 1e-7 * std::sqrt(largest_variance(problem))) {
    return fail(ErrorCode::conflict,
                "a portfolio is expected to earn {:.6g}, more than the risk-free rate {:.6g}, without any volatility: "
                "its Sharpe ratio has no maximum",
                expected_return(problem, solution->weights), risk_free);
  }
  return solution;
}

Result<MeanVarianceSolution> minimize_variance_for_return(const MeanVarianceProblem& problem, double target) {
  if (!std::isfinite(target)) return fail(ErrorCode::invalid, "the target return is {}, must be finite", target);
  if (const Result<void> checked = check_line(problem); !checked) return fail(checked.error());
  return attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
    double highest = std::nan(""), lowest = std::nan("");
    const double within = 1e-12 * problem.mean.cwiseAbs().maxCoeff();
    const auto reach = [&](const Segment& segment) -> std::optional<double> {
      if (std::isinf(segment.lambda_high)) {
        highest = segment.return_base;
        if (target >= highest - within) return std::max(segment.lambda_low, 1e-300);
      }
      lowest = segment.return_at(segment.lambda_low);
      if (lowest > target + within) return std::nullopt;
      if (!(segment.return_slope > 0)) return segment.lambda_low;
      return std::clamp((target - segment.return_base) / segment.return_slope, segment.lambda_low, segment.lambda_high);
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
  if (const Result<void> checked = check_line(problem); !checked) return fail(checked.error());
  return attempt_one(problem, [&](CriticalLine& line) -> Result<MeanVarianceSolution> {
    double lowest = std::nan("");
    const double wanted = target * target, within = 1e-13 * largest_variance(problem);
    const auto reach = [&](const Segment& segment) -> std::optional<double> {
      lowest = segment.variance_at(segment.lambda_low);
      if (lowest > wanted + within) return std::nullopt;
      if (std::isinf(segment.lambda_high) || !(segment.return_slope > 0)) return segment.lambda_low;
      const double square = (wanted - segment.variance_base) / segment.return_slope;
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
  if (const Result<void> checked = check_line(problem); !checked) return fail(checked.error());
  const auto solve = [&](CriticalLine& line) -> Result<Corners> {
    Corners corners;
    const auto arrive = [&](double lambda) {
      const Eigen::VectorXd weights = line.weights_here().cwiseMax(problem.lower).cwiseMin(problem.upper);
      const bool same = !corners.empty() && (corners.back().weights - weights).cwiseAbs().maxCoeff() <= 1e-9;
      if (same) {
        corners.back().lambda_low = lambda;
      } else {
        corners.push_back(
            {lambda, lambda, weights, line.return_here(), std::sqrt(std::max(0.0, line.variance_here()))});
      }
    };
    Outcome outcome = line.start_at_highest_return();
    if (outcome == Outcome::done) outcome = line.follow([](const Segment&) { return true; }, arrive);
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
