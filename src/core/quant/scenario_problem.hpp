// Problems posed by a history of returns instead of by its means and covariance, their answers, and what proves these.
#pragma once
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/mean_variance.hpp"
#include "core/quant/polyhedral.hpp"

namespace rebalancer {

// minimize  risk of (returns * w) + trade_cost'|w - held|
// where the weights sum to 1, keep every bound and limit, and sum |w_j| <= gross_max, sum |w_j - held_j| <=
// turnover_max.
struct ScenarioProblem {
  Eigen::MatrixXd returns;  // periods x assets, oldest first: simple returns, each period equally likely
  Eigen::VectorXd lower, upper;
  std::vector<LinearLimit> limits;
  std::vector<std::string> names;   // of the weights, for messages
  Eigen::VectorXd held = {};        // empty: not known; then without the next two
  Eigen::VectorXd trade_cost = {};  // per unit traded, in the unit of the risk, not negative; empty: none
  double turnover_max = std::numeric_limits<double>::infinity();
  double gross_max = std::numeric_limits<double>::infinity();
};

// The prices are Lagrange multipliers: how much the objective falls per unit by which the limit is relaxed; positive at
// a lower limit, negative at an upper. A bound's price leaves out what trading costs on the side the weight stands on,
// and is zero for a weight that stays at what is held.
struct ScenarioSolution {
  Eigen::VectorXd weights;
  double objective = 0;
  double risk = 0;   // the objective without the cost of trading
  double level = 0;  // the loss or drawdown from which the tail counts: the value at risk
  double budget_price = 0;
  Eigen::VectorXd limit_prices, bound_prices;
  double turnover_price = 0, gross_price = 0;  // not positive
  // The risk is the largest of many linear functions of the weights. The one that proves the optimum, as exposures to
  // the periods: risk(w) >= - exposure' returns w for all w. `tail` is the share of each period in the tail.
  Eigen::VectorXd exposure, tail;
  long steps = 0;
};

// Errors: invalid for shapes that differ and numbers that are not finite; conflict for bounds that contradict each
// other.
[[nodiscard]] Result<void> check(const ScenarioProblem& problem);

// Why nothing satisfies the constraints.
[[nodiscard]] Error explain_infeasible(const ScenarioProblem& problem);

[[nodiscard]] double trading_cost(const ScenarioProblem& problem, const Eigen::VectorXd& weights);

// ---- for the programs ----

// A weight is the sum of its pieces, cut where it is zero or what is held, so that sums of absolute values are linear.
// The program's first row is the budget, then the limits, then turnover and gross when limited. It has no scenarios.
[[nodiscard]] polyhedral::Program program_of(const ScenarioProblem& problem);
[[nodiscard]] Eigen::VectorXd weights_of(const polyhedral::Program& program, const Eigen::VectorXd& x);
[[nodiscard]] Eigen::VectorXd pieces_of(const polyhedral::Program& program, const Eigen::VectorXd& weights);

// A point that keeps bounds and rows, `near` these weights when they are not empty. Errors: conflict; exhausted.
[[nodiscard]] Result<Eigen::VectorXd> feasible_point(const ScenarioProblem& problem, const polyhedral::Program& program,
                                                     const Eigen::VectorXd& near);

// Where a search begins: an earlier answer when it is feasible; else the portfolio with the lowest variance, which is
// near the lowest risk of any kind. Errors: as feasible_point.
[[nodiscard]] Result<Eigen::VectorXd> starting_point(const ScenarioProblem& problem, const polyhedral::Program& program,
                                                     const ScenarioSolution* earlier);

// The same constraints on weights without returns.
[[nodiscard]] MeanVarianceProblem constraints_of(const ScenarioProblem& problem);

// The problem with the covariance of its returns, per period; without the cost of trading.
[[nodiscard]] MeanVarianceProblem variance_problem_of(const ScenarioProblem& problem);

// Weights, prices and steps of a finished search.
[[nodiscard]] ScenarioSolution solution_of(const ScenarioProblem& problem, const polyhedral::Program& program,
                                           const polyhedral::Descent& descent);

}  // namespace rebalancer
