// Covariances and what walks forward with them, on the inputs of the comparison (comparison_inputs.hpp), one core.
// peak_of_this_core is what independent fused multiply-adds in registers reach: the limit of every product below.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <benchmark/benchmark.h>

#include "comparison_inputs.hpp"
#include "core/quant/covariance.hpp"
#include "core/quant/kernels.hpp"
#include "core/quant/mean_variance.hpp"
#include "core/quant/rolling_covariance.hpp"
#include "core/quant/shrinkage.hpp"

namespace {

using namespace rebalancer;

const Eigen::MatrixXd& inputs(Eigen::Index days, Eigen::Index count, std::uint64_t seed) {
  static std::map<std::pair<Eigen::Index, Eigen::Index>, Eigen::MatrixXd> made;
  const std::pair key{days, count};
  if (const auto found = made.find(key); found != made.end()) return found->second;
  return made.emplace(key, bench::returns_of(days, count, seed)).first->second;
}

const Eigen::MatrixXd& inputs(const benchmark::State& state) {
  const Eigen::Index count = state.range(1);
  return inputs(state.range(0), count, 1000 + static_cast<std::uint64_t>(count));
}

// Multiplications and additions of one lower triangle of A'A.
void count_operations(benchmark::State& state) {
  const auto days = static_cast<double>(state.range(0)), count = static_cast<double>(state.range(1));
  state.counters["GFLOP/s"] =
      benchmark::Counter(days * count * (count + 1) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

// Chains of fused multiply-adds that do not wait for each other.
constexpr int chains = 12;

#if defined(__x86_64__)
__attribute__((target("avx512f"))) double fill_with_512(int rounds) {
  __m512d sum[chains];
  const __m512d factor = _mm512_set1_pd(0.999999), more = _mm512_set1_pd(1e-9);
  for (int c = 0; c < chains; ++c) sum[c] = _mm512_set1_pd(c);
  for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = _mm512_fmadd_pd(sum[c], factor, more);
  }
  for (int c = 1; c < chains; ++c) sum[0] = _mm512_add_pd(sum[0], sum[c]);
  return _mm512_cvtsd_f64(sum[0]);
}

__attribute__((target("avx2,fma"))) double fill_with_256(int rounds) {
  __m256d sum[chains];
  const __m256d factor = _mm256_set1_pd(0.999999), more = _mm256_set1_pd(1e-9);
  for (int c = 0; c < chains; ++c) sum[c] = _mm256_set1_pd(c);
  for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = _mm256_fmadd_pd(sum[c], factor, more);
  }
  for (int c = 1; c < chains; ++c) sum[0] = _mm256_add_pd(sum[0], sum[c]);
  return _mm256_cvtsd_f64(sum[0]);
}
#endif

void peak_of_this_core(benchmark::State& state) {
#if defined(__x86_64__)
  constexpr int rounds = 1'000'000;
  const bool wide = kernels::table().name == "avx512";
  if (kernels::table().name == "portable") return state.SkipWithError("no fused multiply-add on this machine");
  for (auto _ : state) benchmark::DoNotOptimize(wide ? fill_with_512(rounds) : fill_with_256(rounds));
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * (wide ? 8 : 4) * chains * rounds, benchmark::Counter::kIsIterationInvariantRate);
#else
  state.SkipWithError("measured on x86-64 only");
#endif
}

void gram(benchmark::State& state) {
  const Eigen::MatrixXd& columns = inputs(state);
  for (auto _ : state) benchmark::DoNotOptimize(lower_gram(columns, 1).data());
  count_operations(state);
}

void sample_cov(benchmark::State& state) {
  const Eigen::MatrixXd& returns = inputs(state);
  for (auto _ : state) benchmark::DoNotOptimize(sample_covariance(returns, 252).data());
  count_operations(state);
}

template <ShrunkCovariance (*shrink)(const Eigen::MatrixXd&, double)>
void ledoit_wolf(benchmark::State& state) {
  const Eigen::MatrixXd& returns = inputs(state);
  double intensity = 0;
  for (auto _ : state) intensity = shrink(returns, 252).intensity;
  state.counters["intensity"] = intensity;
}

// Minimum variance, long only, of the `estimated` rows before each block of `held` rows, over all rows there are; the
// check is the deviation of the daily returns it earned, weights held constant within a block.
void walk_forward_min_variance(benchmark::State& state) {
  const Eigen::Index days = state.range(0), count = state.range(1), estimated = state.range(2), held = state.range(3);
  const Eigen::MatrixXd& returns = inputs(state);
  Eigen::VectorXd earned(days - estimated);
  Eigen::Index blocks = 0;
  for (auto _ : state) {
    RollingCovariance window = RollingCovariance::make(returns, estimated).value();
    MeanVarianceProblem problem;
    problem.mean = Eigen::VectorXd::Zero(count);
    problem.lower = Eigen::VectorXd::Zero(count);
    problem.upper = Eigen::VectorXd::Ones(count);
    std::optional<MeanVarianceSolution> last;
    blocks = 0;
    for (Eigen::Index from = estimated; from < days; from += held) {
      window.covariance(252, problem.covariance);
      last = minimize_variance(problem, last ? &*last : nullptr).value();
      const Eigen::Index block = std::min(held, days - from);
      earned.segment(from - estimated, block).noalias() = returns.middleRows(from, block) * last->weights;
      ++blocks;
      if (!window.advance(held)) break;
    }
  }
  state.counters["blocks"] = static_cast<double>(blocks);
  state.counters["check"] =
      std::sqrt((earned.array() - earned.mean()).square().sum() / static_cast<double>(earned.size() - 1));
}

BENCHMARK(peak_of_this_core)->Unit(benchmark::kMillisecond);
BENCHMARK(gram)->Args({1000, 100})->Args({2000, 1000})->Unit(benchmark::kMicrosecond);
BENCHMARK(sample_cov)->Args({1000, 100})->Args({2000, 1000})->Unit(benchmark::kMicrosecond);
BENCHMARK(ledoit_wolf<shrink_to_identity>)->Args({1000, 100})->Args({2000, 1000})->Unit(benchmark::kMicrosecond);
BENCHMARK(ledoit_wolf<shrink_to_constant_correlation>)
    ->Args({1000, 100})
    ->Args({2000, 1000})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(ledoit_wolf<shrink_to_single_factor>)->Args({1000, 100})->Args({2000, 1000})->Unit(benchmark::kMicrosecond);
BENCHMARK(walk_forward_min_variance)
    ->Args({7560, 20, 252, 21})
    ->Args({2520, 500, 1000, 21})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
