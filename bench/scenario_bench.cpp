// Programs over scenarios on the returns that the comparison with other solvers uses (min CVaR: T = 1000, N = 100),
// from nothing, and again after a small change of every return.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "comparison_inputs.hpp"
#include "core/quant/conditional_value_at_risk.hpp"
#include "core/quant/drawdown_programs.hpp"
#include "core/quant/semivariance_program.hpp"

namespace {

using namespace rebalancer;
using bench::returns_of;

constexpr Eigen::Index periods = 1000, assets = 100;
constexpr std::uint64_t seed = 4242;
constexpr double confidence = 0.95;
constexpr double comparison_value =
    0.01121505213;  // published with the comparison, so that nobody times another problem

const ScenarioProblem& problem() {
  static const ScenarioProblem made{
      returns_of(periods, assets, seed), Eigen::VectorXd::Zero(assets), Eigen::VectorXd::Ones(assets), {}, {}};
  return made;
}

const ScenarioProblem& changed() {
  static const ScenarioProblem made = [] {
    ScenarioProblem out = problem();
    Random random(1);
    for (double& value : out.returns.reshaped()) value += 1e-6 * random.normal();
    return out;
  }();
  return made;
}

template <class Solve>
void run(benchmark::State& state, const Solve& solve) {
  ScenarioSolution solution;
  for (auto _ : state) solution = solve().value();
  state.counters["risk"] = solution.risk;
  state.counters["steps"] = static_cast<double>(solution.steps);
}

void min_cvar(benchmark::State& state) {
  run(state, [] { return minimize_conditional_value_at_risk(problem(), confidence); });
  const double risk = minimize_conditional_value_at_risk(problem(), confidence).value().risk;
  if (std::abs(risk - comparison_value) > 1e-11) {
    std::fprintf(stderr, "the least CVaR is %.13g, the comparison has %.13g\n", risk, comparison_value);
    std::abort();
  }
}

void min_cvar_again(benchmark::State& state) {
  const ScenarioSolution earlier = minimize_conditional_value_at_risk(problem(), confidence).value();
  run(state, [&] { return minimize_conditional_value_at_risk(changed(), confidence, &earlier); });
}

void min_cdar(benchmark::State& state) {
  run(state, [] { return minimize_conditional_drawdown_at_risk(problem(), confidence); });
}

void min_max_drawdown(benchmark::State& state) {
  run(state, [] { return minimize_max_drawdown(problem()); });
}

void min_semivariance(benchmark::State& state) {
  run(state, [] { return minimize_semivariance(problem(), 0); });
}

BENCHMARK(min_cvar)->Unit(benchmark::kMicrosecond);
BENCHMARK(min_cvar_again)->Unit(benchmark::kMicrosecond);
BENCHMARK(min_cdar)->Unit(benchmark::kMicrosecond);
BENCHMARK(min_max_drawdown)->Unit(benchmark::kMicrosecond);
BENCHMARK(min_semivariance)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
