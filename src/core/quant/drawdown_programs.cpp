#include "core/quant/drawdown_programs.hpp"

#include <algorithm>
#include <cmath>

#include "core/quant/conditional_value_at_risk.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

// `share` of the fall from the close of period `peak` to that of `trough`, counted from 1; 0 is the start.
struct Fall {
  Eigen::Index peak, trough;
  double share;
};
using Falls = std::vector<Fall>;  // their shares sum to 1: a linear function below the risk

struct Evaluation {
  double risk = 0;
  double level = 0;
  std::vector<Falls> supports;  // the first one touches the risk here
};

std::size_t at(Eigen::Index index) { return static_cast<std::size_t>(index); }

struct Path {
  Eigen::VectorXd drawdown;
  std::vector<Eigen::Index> peak;
};

Path path_of(const Eigen::VectorXd& returns) {
  Path path{Eigen::VectorXd(returns.size()), std::vector<Eigen::Index>(at(returns.size()))};
  double sum = 0, highest = 0;
  Eigen::Index peak = 0;
  for (Eigen::Index t = 0; t < returns.size(); ++t) {
    sum += returns(t);
    if (sum > highest) highest = sum, peak = t + 1;
    path.drawdown(t) = highest - sum;
    path.peak[at(t)] = peak;
  }
  return path;
}

// The deepest first, of equally deep ones the earliest.
std::vector<Eigen::Index> deepest(const Path& path, std::size_t count) {
  std::vector<Eigen::Index> order(path.peak.size());
  for (std::size_t t = 0; t < order.size(); ++t) order[t] = static_cast<Eigen::Index>(t);
  const auto deeper = [&](Eigen::Index a, Eigen::Index b) {
    return path.drawdown(a) != path.drawdown(b) ? path.drawdown(a) > path.drawdown(b) : a < b;
  };
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), deeper);
  order.resize(count);
  return order;
}

Evaluation tail_at(const Eigen::VectorXd& returns, double confidence) {
  const Path path = path_of(returns);
  const double tail = (1 - confidence) * static_cast<double>(returns.size());
  Evaluation out;
  Falls falls;
  double left = tail;
  for (const Eigen::Index t : deepest(path, static_cast<std::size_t>(std::ceil(tail)))) {
    const double share = std::min(1.0, left) / tail;
    left -= 1;
    out.risk += share * path.drawdown(t);
    out.level = path.drawdown(t);
    falls.push_back({path.peak[at(t)], t + 1, share});
  }
  out.supports.push_back(std::move(falls));
  return out;
}

// The deepest fall from each peak is a function of its own; of these the worst few.
Evaluation deepest_at(const Eigen::VectorXd& returns) {
  constexpr std::size_t supports_max = 8;
  const Path path = path_of(returns);
  Evaluation out;
  std::vector<Eigen::Index> seen;
  for (const Eigen::Index t : deepest(path, path.peak.size())) {
    if (out.supports.empty()) out.risk = out.level = path.drawdown(t);
    const Eigen::Index peak = path.peak[at(t)];
    if (std::find(seen.begin(), seen.end(), peak) != seen.end()) continue;
    seen.push_back(peak);
    out.supports.push_back({{peak, t + 1, 1}});
    if (out.supports.size() == supports_max) break;
  }
  return out;
}

// How much of each period's return the falls cover.
Eigen::VectorXd exposure_of(const Falls& falls, Eigen::Index periods) {
  Eigen::VectorXd change = Eigen::VectorXd::Zero(periods + 1);
  for (const Fall& fall : falls) {
    change(fall.peak) += fall.share;
    change(fall.trough) -= fall.share;
  }
  Eigen::VectorXd out(periods);
  double covered = 0;
  for (Eigen::Index t = 0; t < periods; ++t) out(t) = covered += change(t);
  return out;
}

Eigen::VectorXd earned(const Eigen::MatrixXd& returns, const Eigen::VectorXd& weights) {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(returns.rows());
  for (Eigen::Index j = 0; j < weights.size(); ++j) {
    if (weights(j) != 0) kernels::add_scaled(out.data(), returns.col(j).data(), weights(j), at(out.size()));
  }
  return out;
}

Eigen::VectorXd support_vector(const Eigen::MatrixXd& returns, const Falls& falls) {
  const Eigen::VectorXd exposure = exposure_of(falls, returns.rows());
  Eigen::VectorXd out(returns.cols());
  for (Eigen::Index j = 0; j < out.size(); ++j) {
    out(j) = kernels::dot(exposure.data(), returns.col(j).data(), at(exposure.size()));
  }
  return out;
}

// Minimizes the largest of the functions found so far, and adds those that touch the risk where it is looked at, until
// the two agree. Looking halfway to the best portfolio known, instead of at the lowest point itself, needs fewer looks.
template <class Evaluate>
Result<ScenarioSolution> minimize(const ScenarioProblem& problem, const ScenarioSolution* start,
                                  const Evaluate& evaluate) {
  if (const Result<void> checked = check(problem); !checked) return fail(checked.error());
  const polyhedral::Program program = program_of(problem);
  const Result<Eigen::VectorXd> point = starting_point(problem, program, start);
  if (!point) return fail(point.error());

  std::vector<Falls> supports;
  Eigen::VectorXd best = *point;
  const auto look = [&](const Eigen::VectorXd& x) { return evaluate(earned(problem.returns, weights_of(program, x))); };
  Evaluation first = look(best);
  double lowest = first.risk + program.cost.dot(best);

  polyhedral::Program master = program;
  master.price = 2;  // any above 1 makes the level the largest function
  supports.push_back(first.supports.front());
  master.returns = support_vector(problem.returns, supports.front()).transpose();
  polyhedral::Descent descent(std::move(master));
  descent.start(best);

  const auto add = [&](const Eigen::VectorXd& x, double level, Evaluation&& seen) {
    const Eigen::VectorXd weights = weights_of(program, x);
    bool added = false;
    for (Falls& falls : seen.supports) {
      const Eigen::VectorXd vector = support_vector(problem.returns, falls);
      if (!(-vector.dot(weights) > level + 2 * descent.loss_rounding())) continue;
      descent.add_scenario(vector);
      supports.push_back(std::move(falls));
      added = true;
    }
    return added;
  };
  const long rounds_max = 2000 + 100 * static_cast<long>(problem.lower.size());
  long steps = 0;
  for (long round = 0;; ++round) {
    if (round == rounds_max || descent.run() != polyhedral::End::optimal) {
      return fail(ErrorCode::exhausted, "no proven optimum was found within the bounded number of steps");
    }
    const Eigen::VectorXd out = descent.x();
    const double level = descent.level(), bound = level + program.cost.dot(out);
    const Eigen::VectorXd between = 0.5 * (out + best);
    Evaluation seen = look(between);
    const double value = seen.risk + program.cost.dot(between);
    if (value < lowest) lowest = value, best = between;
    const double within = 8 * descent.loss_rounding();
    if (lowest - bound > within && add(out, level, std::move(seen))) continue;
    seen = look(out);
    const double value_out = seen.risk + program.cost.dot(out);
    if (value_out <= lowest + within) lowest = value_out, best = out;
    if (!add(out, level, std::move(seen))) break;
  }
  ScenarioSolution out = solution_of(problem, program, descent);
  steps = out.steps;
  const Eigen::Index periods = problem.returns.rows();
  const Eigen::VectorXd shares = descent.scenario_weights();
  out.exposure = Eigen::VectorXd::Zero(periods);
  out.tail = Eigen::VectorXd::Zero(periods);
  for (Eigen::Index i = 0; i < shares.size(); ++i) {
    if (shares(i) == 0) continue;
    out.exposure += shares(i) * exposure_of(supports[at(i)], periods);
    for (const Fall& fall : supports[at(i)]) out.tail(fall.trough - 1) += shares(i) * fall.share;
  }
  const Evaluation there = evaluate(earned(problem.returns, out.weights));
  out.risk = there.risk;
  out.level = there.level;
  out.objective = out.risk + trading_cost(problem, out.weights);
  out.steps = steps;
  return out;
}

}  // namespace

Eigen::VectorXd drawdowns_of(const Eigen::VectorXd& returns) { return path_of(returns).drawdown; }

Result<ScenarioSolution> minimize_conditional_drawdown_at_risk(const ScenarioProblem& problem, double confidence,
                                                               const ScenarioSolution* start) {
  if (!(confidence > 0 && confidence < 1)) {
    return fail(ErrorCode::invalid, "confidence is {}, must be above 0 and below 1", confidence);
  }
  return minimize(problem, start, [&](const Eigen::VectorXd& returns) { return tail_at(returns, confidence); });
}

Result<ScenarioSolution> minimize_max_drawdown(const ScenarioProblem& problem, const ScenarioSolution* start) {
  return minimize(problem, start, deepest_at);
}

}  // namespace rebalancer
