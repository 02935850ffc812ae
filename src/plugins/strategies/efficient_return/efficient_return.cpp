// The lowest volatility that earns at least a wanted return.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class EfficientReturn final : public sdk::Strategy {
 public:
  EfficientReturn(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json), target_(host.number("target_return")) {}

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::Setup setup = plugin_support::setup_of(asked, plugin_support::CostUnit::of_return,
                                                           plugin_support::RiskShape::dense_or_factors);
    const auto best_of = [&](const MeanVarianceProblem& problem) -> Result<LayeredSolution> {
      Result<LayeredSolution> lowest = minimize_variance(problem, setup.layers);
      if (!lowest || expected_return(problem, setup.layers, lowest->solution.weights) >= target_) return lowest;
      return minimize_variance_for_return(problem, setup.layers, target_);
    };
    plugin_support::PositionSearch positions;
    const auto reached = [&](const LayeredSolution& answer) {
      return volatility(setup.problem, answer.solution.weights);
    };
    const LayeredSolution best = plugin_support::solve_with_positions(setup, asked.raw(), best_of, reached, positions);
    const double risk = volatility(setup.problem, best.solution.weights);
    // Half the variance rises by lambda per unit of return; the volatility by that over itself.
    const double factor = risk > 0 ? 1 / risk : 0;
    plugin_support::MeanVarianceReport told{
        .objective = risk, .price_factor = factor, .resolve = best_of, .positions = positions};
    // Where the lowest variance earns more than the target, that presses nothing.
    if (best.solution.lambda > 0) {
      told.binding.push_back({fmt::format("target_return {}", target_), factor * best.solution.lambda});
    }
    plugin_support::deliver(setup, best, told, weights, report);
  }

 private:
  double target_;
};

}  // namespace

REBALANCER_STRATEGY(EfficientReturn, "efficient_return", "1.0.0",
                    "The lowest volatility that is expected to earn at least a wanted return.", schema_json)
