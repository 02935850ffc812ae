// The portfolio with the lowest variance.
#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MinVariance final : public sdk::Strategy {
 public:
  using Strategy::Strategy;
  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    const plugin_support::Setup setup = plugin_support::setup_of(asked);
    const MeanVarianceSolution best = plugin_support::value_of(minimize_variance(setup.problem));
    const double variance = best.weights.dot(setup.problem.covariance * best.weights);
    // The solver's objective is half the variance.
    plugin_support::deliver(setup, best, variance, 2, weights, report);
  }
};

}  // namespace

REBALANCER_STRATEGY(MinVariance, "min_variance", "1.0.0", "The lowest variance; expected returns play no part.",
                    schema_json)
