// The portfolio with the lowest semivariance: the mean square of what returns fall short of a benchmark.
#pragma once
#include "core/quant/scenario_problem.hpp"

namespace rebalancer {

// 1/T sum over t of min(r_t - benchmark, 0)^2, both per period; T counts all periods.
[[nodiscard]] double semivariance(const Eigen::VectorXd& returns, double benchmark);

// Exact: with the periods that fall short known, it is a mean-variance problem; they are those of its answer after a
// few rounds. In the solution `level` is the benchmark and `tail` the periods' shares in the semivariance; the
// exposure's bound has a constant: risk(w) >= - exposure' returns w + benchmark sum(exposure) - T/4 sum(exposure^2).
// `benchmark` per period. Errors: invalid for one that is not finite, and as `check`; conflict, naming the constraints,
// when no weights satisfy them; exhausted when no optimum was found within the bounded number of rounds.
[[nodiscard]] Result<ScenarioSolution> minimize_semivariance(const ScenarioProblem& problem, double benchmark,
                                                             const ScenarioSolution* start = nullptr);

}  // namespace rebalancer
