// The portfolio with the lowest conditional value at risk: the mean of the worst losses.
#pragma once
#include "core/quant/scenario_problem.hpp"

namespace rebalancer {

// min over level of  level + 1 / ((1 - confidence) T) sum over t of max(loss_t - level, 0),  loss = - returns *
// weights: the mean of the worst (1 - confidence) T losses, the last of them counted in part (Rockafellar and Uryasev,
// 2000). Of losses in any order; confidence in (0, 1).
[[nodiscard]] double conditional_value_at_risk(const Eigen::VectorXd& losses, double confidence);

// `start`: an earlier answer to a problem of the same shape, where the search begins; null: from nothing.
// Errors: invalid for a confidence outside (0, 1), and as `check`; conflict, naming the constraints, when no weights
// satisfy them; exhausted when no optimum was found within the bounded number of steps.
[[nodiscard]] Result<ScenarioSolution> minimize_conditional_value_at_risk(const ScenarioProblem& problem,
                                                                          double confidence,
                                                                          const ScenarioSolution* start = nullptr);

}  // namespace rebalancer
