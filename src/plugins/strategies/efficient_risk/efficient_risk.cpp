// The highest expected return with a volatility of at most what is wanted.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class EfficientRisk final : public sdk::Strategy {
 public:
  EfficientRisk(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json), target_(host.number("target_volatility")) {}

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::Setup setup = plugin_support::setup_of(asked, plugin_support::CostUnit::of_return,
                                                           plugin_support::RiskShape::dense_or_factors);
    const auto best_of = [&](const MeanVarianceProblem& problem) {
      return maximize_return_for_volatility(problem, setup.layers, target_);
    };
    plugin_support::PositionSearch positions;
    const auto reached = [&](const LayeredSolution& answer) {
      return -expected_return(setup.problem, setup.layers, answer.solution.weights);
    };
    const LayeredSolution best = plugin_support::solve_with_positions(setup, asked.raw(), best_of, reached, positions);
    const double earned = expected_return(setup.problem, setup.layers, best.solution.weights);
    const double risk = volatility(setup.problem, best.solution.weights);
    const double factor = best.solution.lambda > 0 ? 1 / best.solution.lambda : 0;
    plugin_support::MeanVarianceReport told{
        .objective = earned, .price_factor = factor, .resolve = best_of, .positions = positions};
    // Below the target it presses nothing: more volatility earns no more.
    if (risk >= target_ * (1 - 1e-9)) {
      told.binding.push_back({fmt::format("target_volatility {}", target_), factor * risk});
    }
    plugin_support::deliver(setup, best, told, weights, report);
  }

 private:
  double target_;
};

}  // namespace

REBALANCER_STRATEGY(EfficientRisk, "efficient_risk", "1.0.0",
                    "The highest expected return with at most the volatility wanted.", schema_json)
