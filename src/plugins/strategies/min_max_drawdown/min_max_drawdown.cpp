// The lowest maximum drawdown, exact.
#include <rebalancer/plugin.hpp>

#include "core/quant/drawdown_programs.hpp"
#include "plugins/support/scenario_strategy.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MinMaxDrawdown final : public sdk::Strategy {
 public:
  using Strategy::Strategy;

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    const auto minimize = [&](const ScenarioProblem& problem, const ScenarioSolution* start) {
      return minimize_max_drawdown(problem, start);
    };
    // A drawdown is a share of the portfolio, and so is the cost, which falls once: it counts in full.
    plugin_support::answer_scenarios(asked, {"min_max_drawdown", ScenarioRisk::max_drawdown, 0, 1, "max_drawdown", ""},
                                     minimize, weights, report);
  }
};

}  // namespace

REBALANCER_STRATEGY(MinMaxDrawdown, "min_max_drawdown", "1.0.0",
                    "The lowest maximum drawdown over the history of the prices.", schema_json)
