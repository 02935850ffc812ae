// The portfolios with the lowest maximum drawdown and the lowest mean of the worst drawdowns.
#pragma once
#include "core/quant/scenario_problem.hpp"

namespace rebalancer {

// Of uncompounded cumulative returns C_t = r_1 + ... + r_t, as shares of the starting value: max over s <= t of C_s,
// less C_t. C_0 = 0 counts as the first peak. One per return. Without compounding a drawdown is a convex function of
// the weights (Chekhlov, Uryasev and Zabarankin, 2005).
[[nodiscard]] Eigen::VectorXd drawdowns_of(const Eigen::VectorXd& returns);

// Conditional drawdown at risk: the conditional value at risk of the T drawdowns. Solved exactly, by linear functions
// below the risk, one per portfolio tried, until the lowest point of their maximum is a point of the risk itself.
// `start` and errors as for the conditional value at risk.
[[nodiscard]] Result<ScenarioSolution> minimize_conditional_drawdown_at_risk(const ScenarioProblem& problem,
                                                                             double confidence,
                                                                             const ScenarioSolution* start = nullptr);

[[nodiscard]] Result<ScenarioSolution> minimize_max_drawdown(const ScenarioProblem& problem,
                                                             const ScenarioSolution* start = nullptr);

}  // namespace rebalancer
