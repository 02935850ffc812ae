// The lowest mean of the worst drawdowns, exact.
#include <rebalancer/plugin.hpp>

#include "core/quant/drawdown_programs.hpp"
#include "plugins/support/scenario_strategy.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MinCdar final : public sdk::Strategy {
 public:
  MinCdar(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json), confidence_(plugin_support::confidence_of(host)) {}

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    const auto minimize = [&](const ScenarioProblem& problem, const ScenarioSolution* start) {
      return minimize_conditional_drawdown_at_risk(problem, confidence_, start);
    };
    // A drawdown is a share of the portfolio, and so is the cost, which falls once: it counts in full.
    plugin_support::answer_scenarios(asked,
                                     {"min_cdar", ScenarioRisk::conditional_drawdown_at_risk, confidence_, 1,
                                      "conditional_drawdown_at_risk", "drawdown_at_risk"},
                                     minimize, weights, report);
  }

 private:
  double confidence_;
};

}  // namespace

REBALANCER_STRATEGY(MinCdar, "min_cdar", "1.0.0",
                    "The lowest conditional drawdown at risk: the mean of the worst drawdowns.", schema_json)
