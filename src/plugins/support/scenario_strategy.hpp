// What the strategies over scenarios share: the contract's problem as theirs, rules about positions, the report.
#pragma once
#include <algorithm>
#include <span>
#include <string>

#include <rebalancer/plugin.hpp>

#include "core/quant/scenario_certificate.hpp"
#include "core/quant/scenario_report.hpp"
#include "plugins/support/risk_report.hpp"

namespace rebalancer::plugin_support {

struct ScenarioQuestion {
  std::string_view strategy;  // for messages
  ScenarioRisk risk;
  double parameter = 0;    // of the risk, as its proof wants it
  double cost_share = 1;   // what the objective counts of the cost: all, or one period's part
  std::string risk_name;   // of the members of the report
  std::string level_name;  // empty: the risk has no level
};

// Fills weights and report with the answer of `solve(const ScenarioProblem&, const ScenarioSolution* start)`.
template <class Solve>
void answer_scenarios(const sdk::Problem& asked, const ScenarioQuestion& question, const Solve& solve,
                      std::span<double> weights, sdk::Strategy::Report& report) {
  const rb_problem& raw = asked.raw();
  refuse_tracking_error(raw, question.strategy);
  const Setup setup = setup_of(asked);
  const ScenarioTrading trading{setup.current, setup.cost_rate, setup.cost_quadratic, raw.turnover_max,
                                question.cost_share};
  ScenarioProblem problem = value_of(scenario_problem_of(prices_of(asked), setup.problem, trading));
  constexpr std::uint64_t positions_most = 1'000'000;
  const PositionRules rules{raw.position_min, static_cast<int>(std::min(raw.positions_max, positions_most))};
  ScenarioPositions positions;
  const ScenarioSolution best = value_of(solve_with_positions(problem, rules, solve, positions));
  const OptimalityProof proof = prove(problem, best, question.risk, question.parameter);
  std::copy(best.weights.begin(), best.weights.end(), weights.begin());
  report.objective = best.objective;
  report.kkt_residual = proof.kkt_residual;
  report.duality_gap = proof.duality_gap;
  report.max_violation = proof.max_violation;
  report.json = scenario_report(
      problem, best, proof,
      {question.risk_name, question.level_name, setup.periods_per_year, setup.risk_free_rate, positions});
}

// The share of the worst cases that is left out of the mean. Throws Failure RB_INVALID when it is none.
inline double confidence_of(sdk::Host host) {
  const double confidence = host.number("confidence");
  if (confidence > 0 && confidence < 1) return confidence;
  throw sdk::Failure(RB_INVALID, fmt::format("confidence is {}, must be above 0 and below 1", confidence));
}

}  // namespace rebalancer::plugin_support
