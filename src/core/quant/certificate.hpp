// Proves an optimum from the problem and the answer alone; shares no code with the solver.
#pragma once
#include "core/quant/mean_variance.hpp"

namespace rebalancer {

struct OptimalityProof {
  double kkt_residual = 0;   // largest unexplained reduced gradient, as a share of the gradient's terms
  double duality_gap = 0;    // objective less the bound that the prices prove, as a share of the objective's terms
  double max_violation = 0;  // of the budget, a bound or a limit, as a fraction of the portfolio
};

// Of 1/2 w'Sw - lambda mean'w. By weak duality no feasible weights are better than the given ones by more than the gap.
[[nodiscard]] OptimalityProof prove(const MeanVarianceProblem& problem, const MeanVarianceSolution& solution);

}  // namespace rebalancer
