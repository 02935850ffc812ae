// The optimum of a mean-variance strategy when it is also asked for a least size or a number of positions.
#pragma once
#include <algorithm>
#include <cmath>
#include <utility>

#include <rebalancer/plugin.hpp>

#include "core/base/json_text.hpp"
#include "core/quant/position_rules.hpp"
#include "plugins/support/mean_variance.hpp"

namespace rebalancer::plugin_support {

// What a search over positions came to; nodes 0: there was none.
struct PositionSearch {
  int nodes = 0;
  double gap = 0;

  void write(JsonText& json) const {
    if (nodes == 0) return;
    json.key("positions").object().member("problems_solved", nodes).member("gap", gap).end();
  }
};

// `solve(problem)` is the optimum without such rules, `objective(solution)` what it came to, smaller being better.
// With rules the setup's bounds become those of the positions chosen, so that prices, certificate and sensitivity are
// of the optimum among the books with these positions; that no other positions are better is what the gap says.
template <class Solve, class Objective>
LayeredSolution solve_with_positions(Setup& setup, const rb_problem& raw, const Solve& solve,
                                     const Objective& objective, PositionSearch& search) {
  constexpr std::uint64_t most = 1'000'000;
  if (!(raw.position_min >= 0) || !std::isfinite(raw.position_min) || raw.positions_max > most) {
    throw sdk::Failure(RB_INVALID, fmt::format("position_min is {} and positions_max {}, must be at least 0 and at "
                                               "most {}",
                                               raw.position_min, raw.positions_max, most));
  }
  const PositionRules rules{raw.position_min, static_cast<int>(raw.positions_max)};
  if (rules.none()) return value_of(solve(setup.problem));
  struct Bounded {
    LayeredSolution solution;
    Eigen::VectorXd lower, upper;
  };
  const auto relaxed = [&](const Eigen::VectorXd& lower, const Eigen::VectorXd& upper) -> Result<Relaxed<Bounded>> {
    MeanVarianceProblem node = setup.problem;
    node.lower = lower;
    node.upper = upper;
    Result<LayeredSolution> found = solve(node);
    if (!found) return fail(found.error());
    const double reached = objective(*found);
    Eigen::VectorXd weights = found->solution.weights;
    return Relaxed<Bounded>{std::move(weights), reached, {*std::move(found), lower, upper}};
  };
  // Seconds, not minutes: one problem takes some count^2 steps at least. A search cut short says so by its gap.
  const double count = static_cast<double>(setup.problem.lower.size());
  const int nodes_max = static_cast<int>(std::clamp(4e8 / (count * count), 200.0, 20'000.0));
  auto found =
      value_of(best_with_positions<Bounded>(setup.problem.lower, setup.problem.upper, rules, relaxed, nodes_max));
  search = {found.nodes, found.gap()};
  setup.problem.lower = std::move(found.best.answer.lower);
  setup.problem.upper = std::move(found.best.answer.upper);
  return std::move(found.best.answer.solution);
}

}  // namespace rebalancer::plugin_support
