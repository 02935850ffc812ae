#include "core/quant/semivariance_program.hpp"

#include <algorithm>
#include <cmath>

#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

constexpr int rounds_max = 200;

std::size_t at(Eigen::Index index) { return static_cast<std::size_t>(index); }

std::vector<Eigen::Index> shortfalls(const Eigen::VectorXd& returns, double benchmark) {
  std::vector<Eigen::Index> out;
  for (Eigen::Index t = 0; t < returns.size(); ++t) {
    if (returns(t) < benchmark) out.push_back(t);
  }
  return out;
}

// As 1/2 w'Sw - pull'w and a constant, of the given periods: S = 2/T sum r r', pull = 2 benchmark / T sum r.
void set_periods(MeanVarianceProblem& quadratic, const ScenarioProblem& problem,
                 const std::vector<Eigen::Index>& periods, double benchmark) {
  const Eigen::Index count = problem.returns.cols(), rows = static_cast<Eigen::Index>(periods.size());
  const double share = 2 / static_cast<double>(problem.returns.rows());
  Eigen::MatrixXd chosen(rows, count);
  for (Eigen::Index j = 0; j < count; ++j) {
    for (Eigen::Index i = 0; i < rows; ++i) chosen(i, j) = problem.returns(periods[at(i)], j);
  }
  quadratic.pull = benchmark * share * chosen.colwise().sum().transpose();
  if (count > rows) {
    quadratic.covariance.resize(0, 0);
    quadratic.factors = FactorCovariance{std::sqrt(share) * chosen.transpose(), Eigen::VectorXd::Zero(count)};
    return;
  }
  quadratic.factors.reset();
  quadratic.covariance = Eigen::MatrixXd::Zero(count, count);
  kernels::gram(quadratic.covariance.data(), at(count), chosen.data(), at(rows), at(rows), at(count), share);
  quadratic.covariance.triangularView<Eigen::StrictlyUpper>() = quadratic.covariance.transpose();
}

// The lowest point between two portfolios, as a share of the way: the slope is piecewise linear and rising, with jumps
// where a weight passes what is held.
double lowest_between(const ScenarioProblem& problem, double benchmark, const Eigen::VectorXd& from,
                      const Eigen::VectorXd& change) {
  const Eigen::VectorXd returns = problem.returns * from, rates = problem.returns * change;
  const double share = 2 / static_cast<double>(returns.size());
  std::vector<double> cuts{1};
  const auto cut = [&](double place) {
    if (place > 0 && place < 1) cuts.push_back(place);
  };
  for (Eigen::Index t = 0; t < returns.size(); ++t) {
    if (rates(t) != 0) cut((benchmark - returns(t)) / rates(t));
  }
  const bool costs = problem.trade_cost.size() > 0;
  for (Eigen::Index j = 0; costs && j < change.size(); ++j) {
    if (change(j) != 0) cut((problem.held(j) - from(j)) / change(j));
  }
  std::sort(cuts.begin(), cuts.end());
  // Between two cuts: slope = base + rise * step.
  double low = 0;
  const auto line_between = [&](double a, double b, double& base, double& rise) {
    const double middle = 0.5 * (a + b);
    base = rise = 0;
    for (Eigen::Index t = 0; t < returns.size(); ++t) {
      if (!(returns(t) + middle * rates(t) < benchmark)) continue;
      base += share * (returns(t) - benchmark) * rates(t);
      rise += share * rates(t) * rates(t);
    }
    for (Eigen::Index j = 0; costs && j < change.size(); ++j) {
      const double side = from(j) + middle * change(j) - problem.held(j);
      base += problem.trade_cost(j) * change(j) * (side > 0 ? 1.0 : side < 0 ? -1.0 : 0.0);
    }
  };
  // The first interval at whose end the slope is no longer negative, by halving.
  std::size_t first = 0, last = cuts.size() - 1;
  const auto start_of = [&](std::size_t k) { return k == 0 ? 0.0 : cuts[k - 1]; };
  double base = 0, rise = 0;
  while (first < last) {
    const std::size_t k = (first + last) / 2;
    line_between(start_of(k), cuts[k], base, rise);
    if (base + rise * cuts[k] >= 0) {
      last = k;
    } else {
      first = k + 1;
    }
  }
  low = start_of(first);
  line_between(low, cuts[first], base, rise);
  return rise > 0 ? std::min(std::max(-base / rise, low), cuts[first]) : (base < 0 ? cuts[first] : low);
}

}  // namespace

double semivariance(const Eigen::VectorXd& returns, double benchmark) {
  return (returns.array() - benchmark).min(0).square().sum() / static_cast<double>(returns.size());
}

Result<ScenarioSolution> minimize_semivariance(const ScenarioProblem& problem, double benchmark,
                                               const ScenarioSolution* start) {
  if (!std::isfinite(benchmark)) return fail(ErrorCode::invalid, "the benchmark is {}, must be finite", benchmark);
  if (const Result<void> checked = check(problem); !checked) return fail(checked.error());
  const Result<Eigen::VectorXd> point = starting_point(problem, program_of(problem), start);
  if (!point) return fail(point.error());
  Eigen::VectorXd weights = weights_of(program_of(problem), *point);

  MeanVarianceProblem quadratic = constraints_of(problem);
  if (problem.trade_cost.size() > 0) {
    if (!quadratic.trading) quadratic.trading = Trading{problem.held, {}, {}};
    quadratic.trading->variance_cost = problem.trade_cost;
  }
  const auto objective_at = [&](const Eigen::VectorXd& at_weights) {
    return semivariance(problem.returns * at_weights, benchmark) + trading_cost(problem, at_weights);
  };
  MeanVarianceSolution answer;
  double objective = objective_at(weights);
  for (int round = 0; round < rounds_max; ++round) {
    const std::vector<Eigen::Index> short_periods = shortfalls(problem.returns * weights, benchmark);
    set_periods(quadratic, problem, short_periods, benchmark);
    Result<MeanVarianceSolution> next = minimize_at(quadratic, 0, round == 0 ? nullptr : &answer);
    if (!next) return fail(next.error());
    answer = *std::move(next);
    const double objective_next = objective_at(answer.weights);
    const bool stable = shortfalls(problem.returns * answer.weights, benchmark) == short_periods;
    if (!stable) {
      const Eigen::VectorXd change = answer.weights - weights;
      const double step = lowest_between(problem, benchmark, weights, change);
      const Eigen::VectorXd between = weights + step * change;
      const double objective_between = objective_at(between);
      if (objective_between < objective || objective_next < objective) {
        weights = objective_next < objective_between ? answer.weights : between;
        objective = std::min(objective_between, objective_next);
        continue;
      }
    }
    // Either the periods stay, or no step leads lower than rounding.
    ScenarioSolution out;
    out.weights = stable ? answer.weights : weights;
    const Eigen::VectorXd returns = problem.returns * out.weights;
    out.risk = semivariance(returns, benchmark);
    out.objective = out.risk + trading_cost(problem, out.weights);
    out.level = benchmark;
    out.budget_price = answer.budget_price;
    out.limit_prices = answer.limit_prices;
    out.bound_prices = answer.bound_prices;
    out.turnover_price = answer.turnover_price;
    out.gross_price = answer.gross_price;
    out.exposure = (benchmark - returns.array()).max(0) * (2 / static_cast<double>(returns.size()));
    out.tail = out.exposure.array().square();
    if (const double all = out.tail.sum(); all > 0) out.tail /= all;
    out.steps = round + 1;
    return out;
  }
  return fail(ErrorCode::exhausted, "no proven optimum was found within {} rounds", rounds_max);
}

}  // namespace rebalancer
