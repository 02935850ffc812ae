// The highest quadratic utility: expected return less risk aversion times half the variance.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MaxUtility final : public sdk::Strategy {
 public:
  MaxUtility(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json), risk_aversion_(host.number("risk_aversion")) {
    if (!(risk_aversion_ > 0)) {
      throw sdk::Failure(RB_INVALID, fmt::format("risk_aversion is {}, must be above 0", risk_aversion_));
    }
  }

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::Setup setup = plugin_support::setup_of(asked, plugin_support::CostUnit::of_return,
                                                           plugin_support::RiskShape::dense_or_factors);
    const auto best_of = [&](const MeanVarianceProblem& problem) {
      return minimize_at(problem, setup.layers, 1 / risk_aversion_);
    };
    plugin_support::PositionSearch positions;
    const auto reached = [&](const LayeredSolution& answer) {
      const Eigen::VectorXd& chosen = answer.solution.weights;
      return 0.5 * risk_aversion_ * variance_of(setup.problem, chosen) -
             expected_return(setup.problem, setup.layers, chosen);
    };
    const LayeredSolution best = plugin_support::solve_with_positions(setup, asked.raw(), best_of, reached, positions);
    plugin_support::deliver(
        setup, best,
        {.objective = -reached(best), .price_factor = risk_aversion_, .resolve = best_of, .positions = positions},
        weights, report);
  }

 private:
  double risk_aversion_;
};

}  // namespace

REBALANCER_STRATEGY(MaxUtility, "max_utility", "1.0.0",
                    "The highest expected return less risk aversion times half the variance.", schema_json)
