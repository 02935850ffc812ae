// A strategy over scenarios told and asked in the terms of the ports: the problem from prices, the report as JSON.
#pragma once
#include <optional>
#include <string>

#include "core/quant/certificate.hpp"
#include "core/quant/returns.hpp"
#include "core/quant/scenario_positions.hpp"
#include "core/quant/scenario_problem.hpp"

namespace rebalancer {

struct ScenarioTrading {
  std::optional<Eigen::VectorXd> current;  // weights held now, when known
  double cost_rate = 0;                    // of the value traded
  double cost_quadratic = 0;
  double turnover_max = std::numeric_limits<double>::infinity();
  // What the objective counts of the cost: all of it, or its share of one period when the risk is one period's.
  double cost_share = 1;
};

// Bounds, limits, names and the gross limit of `constraints`, which may leave out the rest; returns of the days on
// which every symbol has a price. Weights held that are not known cost nothing to leave: whatever is bought costs the
// same. Errors: invalid for prices that cannot be used, for costs that are negative or not finite, and for a limit on
// turnover without weights held; conflict for a quadratic cost of weights that are known: these programs are linear.
[[nodiscard]] Result<ScenarioProblem> scenario_problem_of(const PriceView& prices,
                                                          const MeanVarianceProblem& constraints,
                                                          const ScenarioTrading& trading);

struct ScenarioTerms {
  std::string risk_name;   // of the member that tells the risk: "conditional_value_at_risk"
  std::string level_name;  // of the member that tells the level; empty: none
  double periods_per_year = 252;
  double risk_free_rate = 0;
  ScenarioPositions positions = {};
};

// An object: estimates (of the days used, arithmetic means and volatilities), expected_return, volatility,
// sharpe_ratio, the risk, its level, what trading costs, effective_positions, positions when they were searched for,
// binding constraints with their prices, the certificate. A price is how much the objective would fall per unit by
// which the constraint gave way.
[[nodiscard]] std::string scenario_report(const ScenarioProblem& problem, const ScenarioSolution& solution,
                                          const OptimalityProof& proof, const ScenarioTerms& terms);

}  // namespace rebalancer
