// The portfolio with the highest Sharpe ratio: the tangency of the critical line, exact.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MaxSharpe final : public sdk::Strategy {
 public:
  using Strategy::Strategy;
  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::Setup setup = plugin_support::setup_of(asked, plugin_support::CostUnit::of_return,
                                                           plugin_support::RiskShape::dense_or_factors);
    const double risk_free = setup.risk_free_rate;
    const auto best_of = [&](const MeanVarianceProblem& problem) {
      return maximize_sharpe(problem, setup.layers, risk_free);
    };
    plugin_support::PositionSearch positions;
    const auto reached = [&](const LayeredSolution& answer) {
      return -(expected_return(setup.problem, setup.layers, answer.solution.weights) - risk_free) /
             volatility(setup.problem, answer.solution.weights);
    };
    const LayeredSolution best = plugin_support::solve_with_positions(setup, asked.raw(), best_of, reached, positions);
    const double risk = volatility(setup.problem, best.solution.weights);
    const double earned = expected_return(setup.problem, setup.layers, best.solution.weights);
    plugin_support::deliver(setup, best,
                            {.objective = (earned - risk_free) / risk,
                             .price_factor = 1 / (risk * best.solution.lambda),
                             .resolve = best_of,
                             .positions = positions},
                            weights, report);
  }
};

}  // namespace

REBALANCER_STRATEGY(MaxSharpe, "max_sharpe", "1.1.0",
                    "The highest expected return above the risk-free rate per unit of volatility.", schema_json)
