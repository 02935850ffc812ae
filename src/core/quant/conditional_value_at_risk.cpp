#include "core/quant/conditional_value_at_risk.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {

double conditional_value_at_risk(const Eigen::VectorXd& losses, double confidence) {
  std::vector<double> sorted(losses.begin(), losses.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double tail = (1 - confidence) * static_cast<double>(sorted.size());
  double sum = 0, left = tail;
  for (const double loss : sorted) {
    const double share = std::min(left, 1.0);
    sum += share * loss;
    left -= share;
    if (!(left > 0)) break;
  }
  return sum / tail;
}

Result<ScenarioSolution> minimize_conditional_value_at_risk(const ScenarioProblem& problem, double confidence,
                                                            const ScenarioSolution* start) {
  if (!(confidence > 0 && confidence < 1)) {
    return fail(ErrorCode::invalid, "confidence is {}, must be above 0 and below 1", confidence);
  }
  if (const Result<void> checked = check(problem); !checked) return fail(checked.error());
  polyhedral::Program program = program_of(problem);
  const Result<Eigen::VectorXd> point = starting_point(problem, program, start);
  if (!point) return fail(point.error());
  program.price = 1 / ((1 - confidence) * static_cast<double>(problem.returns.rows()));
  polyhedral::Program with_returns = program;
  with_returns.returns = problem.returns;
  polyhedral::Descent descent(std::move(with_returns));
  bool started = false;
  if (start != nullptr && start->tail.size() == problem.returns.rows()) {
    std::vector<Eigen::Index> kinks;
    for (Eigen::Index t = 0; t < start->tail.size(); ++t) {
      if (start->tail(t) > 0 && start->tail(t) < program.price) kinks.push_back(t);
    }
    started = descent.start(*point, kinks);
  }
  if (!started) descent.start(*point);
  if (descent.run() != polyhedral::End::optimal) {
    return fail(ErrorCode::exhausted, "no proven optimum was found within the bounded number of steps");
  }
  ScenarioSolution out = solution_of(problem, program, descent);
  out.tail = descent.scenario_weights();
  out.exposure = out.tail;
  out.risk = conditional_value_at_risk(-(problem.returns * out.weights), confidence);
  out.objective = out.risk + trading_cost(problem, out.weights);
  return out;
}

}  // namespace rebalancer
