// Proves an optimum over scenarios from the problem and the answer alone; shares no code with the solvers.
#pragma once
#include "core/quant/certificate.hpp"
#include "core/quant/scenario_problem.hpp"

namespace rebalancer {

enum class ScenarioRisk { conditional_value_at_risk, conditional_drawdown_at_risk, max_drawdown, semivariance };

// `parameter`: the confidence, or the semivariance's benchmark per period; not read for the maximum drawdown.
// The objective is taken at its worst (the tail's definition at the level given); the exposure and the tail are checked
// to make a linear function below the risk, and the prices bound that function, weight by weight. No feasible weights
// are better by more than the gap, which is a share of the objective, of the largest single gradient or of one asset's
// typical return (its square for the semivariance), whichever is largest. The KKT residual is the largest gradient that
// no price explains, or the breach of the exposure's own conditions, as shares likewise.
[[nodiscard]] OptimalityProof prove(const ScenarioProblem& problem, const ScenarioSolution& solution, ScenarioRisk risk,
                                    double parameter);

}  // namespace rebalancer
