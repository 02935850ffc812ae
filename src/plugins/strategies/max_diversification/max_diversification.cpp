// The highest ratio of the weighted volatilities to the volatility of the whole (Choueifaty and Coignard 2008): the
// Sharpe ratio when every asset earns its volatility.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MaxDiversification final : public sdk::Strategy {
 public:
  using Strategy::Strategy;
  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::Setup setup = plugin_support::setup_of(asked);
    // What trading costs is no part of a ratio of risks; how much may be traded is.
    setup.layers.return_cost_quadratic = 0;
    if (setup.problem.trading) setup.problem.trading->return_cost = {};
    const Eigen::VectorXd variance = setup.problem.covariance.diagonal();
    // What only moves by rounding does not move: it adds to neither side of the ratio.
    const double rounding = 1e-20 * variance.maxCoeff();
    setup.problem.mean = (variance.array() > rounding).select(variance.cwiseMax(0).cwiseSqrt(), 0);
    const auto best_of = [&](const MeanVarianceProblem& problem) -> Result<LayeredSolution> {
      Result<LayeredSolution> found = maximize_sharpe(problem, setup.layers, 0);
      if (found || found.error().code != ErrorCode::conflict || !minimize_variance(problem, setup.layers)) return found;
      // There are weights that keep the limits, so it is the ratio that has no maximum.
      return fail(ErrorCode::conflict,
                  "the diversification ratio has no maximum: either no symbol that may be held moves at all, or some "
                  "that move cancel each other and leave no volatility");
    };
    plugin_support::PositionSearch positions;
    const auto reached = [&](const LayeredSolution& answer) {
      return -setup.problem.mean.dot(answer.solution.weights) / volatility(setup.problem, answer.solution.weights);
    };
    const LayeredSolution best = plugin_support::solve_with_positions(setup, asked.raw(), best_of, reached, positions);
    const double risk = volatility(setup.problem, best.solution.weights);
    const double ratio = setup.problem.mean.dot(best.solution.weights) / risk;
    plugin_support::deliver(
        setup, best, {.objective = ratio, .price_factor = 1 / (risk * best.solution.lambda), .positions = positions},
        weights, report);
  }
};

}  // namespace

REBALANCER_STRATEGY(MaxDiversification, "max_diversification", "1.0.0",
                    "The most of its assets' volatilities cancelled: weighted volatility per volatility of the whole.",
                    schema_json)
