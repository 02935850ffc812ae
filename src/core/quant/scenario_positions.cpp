#include "core/quant/scenario_positions.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace rebalancer {

Result<ScenarioSolution> solve_with_positions(ScenarioProblem& problem, const PositionRules& rules,
                                              const ScenarioSolve& solve, ScenarioPositions& search) {
  if (!(rules.weight_min >= 0) || !std::isfinite(rules.weight_min)) {
    return fail(ErrorCode::invalid, "position_min is {}, must be a number of at least 0", rules.weight_min);
  }
  if (rules.none()) return solve(problem, nullptr);
  if (const Result<void> checked = check(problem); !checked) return fail(checked.error());
  struct Bounded {
    ScenarioSolution solution;
    Eigen::VectorXd lower, upper;
  };
  ScenarioProblem node = problem;
  std::optional<ScenarioSolution> last;  // one problem differs from the one before in a few bounds
  std::optional<Error> alone;            // why there is nothing even without the rules
  int solved = 0;
  const auto relaxed = [&](const Eigen::VectorXd& lower, const Eigen::VectorXd& upper) -> Result<Relaxed<Bounded>> {
    node.lower = lower;
    node.upper = upper;
    Result<ScenarioSolution> found = solve(node, last ? &*last : nullptr);
    if (++solved == 1 && !found && lower == problem.lower && upper == problem.upper) alone = found.error();
    if (!found) return fail(found.error());
    last = *found;
    Eigen::VectorXd weights = found->weights;
    const double objective = found->objective;
    return Relaxed<Bounded>{std::move(weights), objective, {*std::move(found), lower, upper}};
  };
  // Seconds, not minutes. A search cut short says so by its gap.
  const double size = static_cast<double>(problem.returns.size());
  const int nodes_max = static_cast<int>(std::clamp(1e9 / size, 200.0, 20'000.0));
  auto found = best_with_positions<Bounded>(problem.lower, problem.upper, rules, relaxed, nodes_max);
  if (!found) return fail(alone ? *std::move(alone) : found.error());
  search = {found->nodes, found->gap()};
  problem.lower = std::move(found->best.answer.lower);
  problem.upper = std::move(found->best.answer.upper);
  return std::move(found->best.answer.solution);
}

}  // namespace rebalancer
