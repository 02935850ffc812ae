// The lowest mean square of what returns fall short of a benchmark, exact.
#include <algorithm>
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "core/quant/scenario_certificate.hpp"
#include "core/quant/scenario_report.hpp"
#include "core/quant/semivariance_program.hpp"
#include "plugins/support/risk_report.hpp"
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
    rb_problem convex = asked.raw();
    convex.position_min = 0;
    convex.positions_max = 0;
    plugin_support::refuse_settings(convex, "min_semivariance");
    const plugin_support::Setup setup = plugin_support::setup_of(asked);
    const double benchmark = benchmark_ / setup.periods_per_year;
    // The objective is one period's: with costs spread over a year it is the variance per year plus cost, as elsewhere.
    const ScenarioTrading trading{setup.current, setup.cost_rate, setup.cost_quadratic, asked.raw().turnover_max,
                                  1 / setup.periods_per_year};
    ScenarioProblem problem = plugin_support::value_of(scenario_problem_of(prices_of(asked), setup.problem, trading));
    const auto solve_bounded = [&](const ScenarioProblem& bounded, const ScenarioSolution* start) {
      return minimize_semivariance(bounded, benchmark, start);
    };
    constexpr std::uint64_t positions_most = 1'000'000;
    const PositionRules rules{asked.raw().position_min,
                              static_cast<int>(std::min(asked.raw().positions_max, positions_most))};
    ScenarioPositions positions;
    const ScenarioSolution best =
        plugin_support::value_of(solve_with_positions(problem, rules, solve_bounded, positions));
    const OptimalityProof proof = prove(problem, best, ScenarioRisk::semivariance, benchmark);
    std::copy(best.weights.begin(), best.weights.end(), weights.begin());
    report.objective = best.objective;
    report.kkt_residual = proof.kkt_residual;
    report.duality_gap = proof.duality_gap;
    report.max_violation = proof.max_violation;
    report.json = scenario_report(
        problem, best, proof,
        {"semivariance", "benchmark_per_period", setup.periods_per_year, setup.risk_free_rate, positions});
  }

 private:
  static PriceView prices_of(const Problem& asked) {
    const rb_frame& prices = asked.prices();
    PriceView view{{prices.values, static_cast<Eigen::Index>(prices.rows), static_cast<Eigen::Index>(prices.cols)}, {}};
    for (const rb_str& symbol : asked.symbols()) view.symbols.push_back(sdk::view(symbol));
    return view;
  }

  double benchmark_;  // per year
};

}  // namespace

REBALANCER_STRATEGY(MinSemivariance, "min_semivariance", "1.0.0",
                    "The lowest semivariance: the mean square of what returns fall short of a benchmark.", schema_json)
