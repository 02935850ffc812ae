// The portfolio with the lowest variance.
#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MinVariance final : public sdk::Strategy {
 public:
  using Strategy::Strategy;
  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::Setup setup = plugin_support::setup_of(asked, plugin_support::CostUnit::of_variance,
                                                           plugin_support::RiskShape::dense_or_factors);
    const auto best_of = [&](const MeanVarianceProblem& problem) { return minimize_variance(problem, setup.layers); };
    plugin_support::PositionSearch positions;
    const auto reached = [&](const LayeredSolution& answer) {
      const Eigen::VectorXd& chosen = answer.solution.weights;
      const double objective = variance_of(setup.problem, chosen);
      if (!setup.current) return objective;
      const Eigen::VectorXd trades = chosen - *setup.current;
      return objective + setup.cost_rate * trades.cwiseAbs().sum() + setup.cost_quadratic * trades.squaredNorm();
    };
    const LayeredSolution best = plugin_support::solve_with_positions(setup, asked.raw(), best_of, reached, positions);
    // The solver's objective is half of it.
    plugin_support::deliver(setup, best, {.objective = reached(best), .price_factor = 2, .positions = positions},
                            weights, report);
  }
};

}  // namespace

REBALANCER_STRATEGY(MinVariance, "min_variance", "1.1.0", "The lowest variance; expected returns play no part.",
                    schema_json)
