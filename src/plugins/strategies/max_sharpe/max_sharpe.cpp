// The portfolio with the highest Sharpe ratio: the tangency of the critical line, exact.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MaxSharpe final : public sdk::Strategy {
 public:
  using Strategy::Strategy;
  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    const plugin_support::Setup setup = plugin_support::setup_of(asked);
    const MeanVarianceSolution best = plugin_support::value_of(maximize_sharpe(setup.problem, setup.risk_free_rate));
    const double risk = volatility(setup.problem, best.weights);
    const double sharpe_ratio = (expected_return(setup.problem, best.weights) - setup.risk_free_rate) / risk;
    plugin_support::deliver(setup, best, sharpe_ratio, 1 / (risk * best.lambda), weights, report);
  }
};

}  // namespace

REBALANCER_STRATEGY(MaxSharpe, "max_sharpe", "1.0.0",
                    "The highest expected return above the risk-free rate per unit of volatility.", schema_json)
