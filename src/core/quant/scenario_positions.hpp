// Programs over scenarios that are also asked for a least size or a number of positions.
#pragma once
#include <functional>

#include "core/quant/position_rules.hpp"
#include "core/quant/scenario_problem.hpp"

namespace rebalancer {

// What a search over positions came to; nodes 0: there was none.
struct ScenarioPositions {
  int nodes = 0;
  double gap = 0;  // 0 when no other positions are better; else by how much they may be, as a share of the objective
};

// `start` may be null.
using ScenarioSolve = std::function<Result<ScenarioSolution>(const ScenarioProblem&, const ScenarioSolution* start)>;

// The best book that keeps the rules, by branch and bound over exact optima of `solve`. With rules the problem's bounds
// become those of the positions chosen, so that prices and certificate are of the optimum among the books with these
// positions. Errors: invalid for a least size that is negative or not finite; those of the search and of `solve`.
[[nodiscard]] Result<ScenarioSolution> solve_with_positions(ScenarioProblem& problem, const PositionRules& rules,
                                                            const ScenarioSolve& solve, ScenarioPositions& search);

}  // namespace rebalancer
