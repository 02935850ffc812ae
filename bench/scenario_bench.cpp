// Programs over scenarios on the returns that the comparison with other solvers uses (min CVaR: T = 1000, N = 100),
// from nothing, and again after a small change of every return.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "core/base/random.hpp"
#include "core/quant/conditional_value_at_risk.hpp"
#include "core/quant/drawdown_programs.hpp"
#include "core/quant/semivariance_program.hpp"

namespace {

using namespace rebalancer;

constexpr Eigen::Index factors = 10, periods = 1000, assets = 100;
constexpr std::uint64_t seed = 4242;
constexpr double confidence = 0.95;
constexpr double comparison_value =
    0.01121505213;  // published with the comparison, so that nobody times another problem

// Random's k-th number, without drawing those before it.
double uniform_at(std::uint64_t stream, std::uint64_t index) {
  return Random(stream + index * 0x9E3779B97F4A7C15ULL).uniform();
}

double normal_at(std::uint64_t stream, std::uint64_t index) {
  const std::uint64_t pair = index / 2 * 2;
  const double angle = 6.283185307179586476925286766559 * uniform_at(stream, pair + 1);
  return std::sqrt(-2 * std::log(uniform_at(stream, pair))) * (index % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

Eigen::MatrixXd returns_of() {
  const auto at = [](Eigen::Index value) { return static_cast<std::uint64_t>(value); };
  Eigen::MatrixXd loadings(assets, factors), returns(periods, assets);
  for (Eigen::Index i = 0; i < assets; ++i) {
    for (Eigen::Index k = 0; k < factors; ++k) {
      loadings(i, k) = 0.3 * normal_at(seed + 1, at(i * factors + k)) + (k == 0 ? 1 : 0);
    }
  }
  for (Eigen::Index t = 0; t < periods; ++t) {
    Eigen::VectorXd moves(factors);
    for (Eigen::Index k = 0; k < factors; ++k) {
      moves(k) = 0.01 * std::pow(0.8, static_cast<double>(k)) * normal_at(seed + 3, at(t * factors + k));
    }
    for (Eigen::Index i = 0; i < assets; ++i) {
      const double idiosyncratic = 0.01 + 0.01 * uniform_at(seed + 2, at(i));
      returns(t, i) = 0.0003 + 0.0002 * normal_at(seed + 4, at(i)) + loadings.row(i).dot(moves) +
                      idiosyncratic * normal_at(seed + 5, at(t * assets + i));
    }
  }
  return returns;
}

const ScenarioProblem& problem() {
  static const ScenarioProblem made{returns_of(), Eigen::VectorXd::Zero(assets), Eigen::VectorXd::Ones(assets), {}, {}};
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
