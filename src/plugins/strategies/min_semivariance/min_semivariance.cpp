// The lowest mean square of what returns fall short of a benchmark, exact.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "core/quant/semivariance_program.hpp"
#include "plugins/support/scenario_strategy.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MinSemivariance final : public sdk::Strategy {
 public:
  MinSemivariance(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json), benchmark_(host.number("benchmark")) {
    if (!std::isfinite(benchmark_)) {
      throw sdk::Failure(RB_INVALID, fmt::format("benchmark is {}, must be a finite number", benchmark_));
    }
  }

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    const double per_year = asked.raw().periods_per_year, benchmark = benchmark_ / per_year;
    const auto minimize = [&](const ScenarioProblem& problem, const ScenarioSolution* start) {
      return minimize_semivariance(problem, benchmark, start);
    };
    // The objective is one period's: with costs spread over a year it is the variance per year plus cost, as elsewhere.
    plugin_support::answer_scenarios(asked,
                                     {"min_semivariance", ScenarioRisk::semivariance, benchmark, 1 / per_year,
                                      "semivariance", "benchmark_per_period"},
                                     minimize, weights, report);
  }

 private:
  double benchmark_;  // per year
};

}  // namespace

REBALANCER_STRATEGY(MinSemivariance, "min_semivariance", "1.0.0",
                    "The lowest semivariance: the mean square of what returns fall short of a benchmark.", schema_json)
