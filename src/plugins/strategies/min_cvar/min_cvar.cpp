// The lowest mean of the worst losses, exact.
#include <rebalancer/plugin.hpp>

#include "core/quant/conditional_value_at_risk.hpp"
#include "plugins/support/scenario_strategy.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MinCvar final : public sdk::Strategy {
 public:
  MinCvar(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json), confidence_(plugin_support::confidence_of(host)) {}

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    const auto minimize = [&](const ScenarioProblem& problem, const ScenarioSolution* start) {
      return minimize_conditional_value_at_risk(problem, confidence_, start);
    };
    // The objective is one period's loss: the cost is spread over a year.
    plugin_support::answer_scenarios(asked,
                                     {"min_cvar", ScenarioRisk::conditional_value_at_risk, confidence_,
                                      1 / asked.raw().periods_per_year, "conditional_value_at_risk", "value_at_risk"},
                                     minimize, weights, report);
  }

 private:
  double confidence_;
};

}  // namespace

REBALANCER_STRATEGY(MinCvar, "min_cvar", "1.0.0", "The lowest conditional value at risk: the mean of the worst losses.",
                    schema_json)
