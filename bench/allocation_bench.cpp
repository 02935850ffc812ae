// Hierarchical and equal risk: from returns (T = 1500 days) to weights, the parts apart, on inputs as the comparison
// makes them.
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "comparison_inputs.hpp"
#include "core/quant/covariance.hpp"
#include "core/quant/hierarchical_risk_parity.hpp"
#include "core/quant/inverse_risk.hpp"
#include "core/quant/risk_parity.hpp"

namespace {

using namespace rebalancer;
using bench::returns_of;

constexpr Eigen::Index days = 1500;

struct Inputs {
  Eigen::MatrixXd returns, covariance, distances;
  std::vector<Eigen::Index> order;  // single linkage
  std::vector<std::string> names;
};

const Inputs& inputs_of(Eigen::Index count) {
  static std::map<Eigen::Index, Inputs> made;
  if (const auto found = made.find(count); found != made.end()) return found->second;
  Inputs out;
  out.returns = returns_of(days, count, 1000 + static_cast<std::uint64_t>(count));
  out.covariance = sample_covariance(out.returns, 252);
  out.distances = correlation_distances(out.covariance);
  out.order = leaf_order(cluster(out.distances, Linkage::single).value());
  for (Eigen::Index i = 0; i < count; ++i) out.names.push_back("A" + std::to_string(i));
  return made.emplace(count, std::move(out)).first->second;
}

void hrp_from_returns(benchmark::State& state, Linkage linkage) {
  const Inputs& inputs = inputs_of(state.range(0));
  Eigen::VectorXd weights;
  for (auto _ : state) {
    weights = hierarchical_risk_parity(sample_covariance(inputs.returns, 252), linkage, inputs.names).value().weights;
  }
  state.counters["weights_norm_squared"] = weights.squaredNorm();
}

// All but the covariance.
void hrp_after_covariance(benchmark::State& state, Linkage linkage) {
  const Inputs& inputs = inputs_of(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(hierarchical_risk_parity(inputs.covariance, linkage, inputs.names).value().weights.data());
  }
}

void part_covariance(benchmark::State& state) {
  const Inputs& inputs = inputs_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(sample_covariance(inputs.returns, 252).data());
  const auto count = static_cast<double>(state.range(0));
  state.counters["flops"] = benchmark::Counter(static_cast<double>(days) * count * (count + 1),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void part_distances(benchmark::State& state) {
  const Inputs& inputs = inputs_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(correlation_distances(inputs.covariance).data());
}

void part_linkage(benchmark::State& state, Linkage linkage) {
  const Inputs& inputs = inputs_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(cluster(inputs.distances, linkage).value().data());
}

void part_bisection(benchmark::State& state) {
  const Inputs& inputs = inputs_of(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(bisect(inputs.covariance, inputs.order, inputs.names).value().data());
  }
}

void equal_risk(benchmark::State& state) {
  const Inputs& inputs = inputs_of(state.range(0));
  const Eigen::VectorXd budgets = Eigen::VectorXd::Ones(state.range(0));
  RiskParity answer;
  for (auto _ : state) answer = risk_parity(inputs.covariance, budgets, inputs.names).value();
  state.counters["sweeps"] = answer.sweeps;
  state.counters["newton_steps"] = answer.newton_steps;
  state.counters["residual"] = prove_risk_parity(inputs.covariance, answer.budgets, answer.weights).kkt_residual;
}

// Budgets from 1 to N.
void budgeted_risk(benchmark::State& state) {
  const Inputs& inputs = inputs_of(state.range(0));
  const Eigen::VectorXd budgets = Eigen::VectorXd::LinSpaced(state.range(0), 1, static_cast<double>(state.range(0)));
  RiskParity answer;
  for (auto _ : state) answer = risk_parity(inputs.covariance, budgets, inputs.names).value();
  state.counters["sweeps"] = answer.sweeps;
  state.counters["newton_steps"] = answer.newton_steps;
  state.counters["residual"] = prove_risk_parity(inputs.covariance, answer.budgets, answer.weights).kkt_residual;
}

void sizes(benchmark::internal::Benchmark* bench) {
  for (const int count : {20, 100, 500}) bench->Arg(count);
  bench->Unit(benchmark::kMicrosecond);
}

BENCHMARK_CAPTURE(hrp_from_returns, single, Linkage::single)->Apply(sizes);
BENCHMARK_CAPTURE(hrp_from_returns, ward, Linkage::ward)->Apply(sizes);
BENCHMARK_CAPTURE(hrp_after_covariance, single, Linkage::single)->Apply(sizes);
BENCHMARK_CAPTURE(hrp_after_covariance, ward, Linkage::ward)->Apply(sizes);
BENCHMARK(part_covariance)->Apply(sizes);
BENCHMARK(part_distances)->Apply(sizes);
BENCHMARK_CAPTURE(part_linkage, single, Linkage::single)->Apply(sizes);
BENCHMARK_CAPTURE(part_linkage, average, Linkage::average)->Apply(sizes);
BENCHMARK_CAPTURE(part_linkage, complete, Linkage::complete)->Apply(sizes);
BENCHMARK_CAPTURE(part_linkage, ward, Linkage::ward)->Apply(sizes);
BENCHMARK(part_bisection)->Apply(sizes);
BENCHMARK(equal_risk)->Apply(sizes);
BENCHMARK(budgeted_risk)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
