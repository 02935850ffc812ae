// Whole shares to a proof: prices of $5 to $405 to the cent, weights drawn evenly from all that sum to one.
#include <cmath>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/random.hpp"
#include "core/portfolio/share_allocation.hpp"

namespace {

using namespace rebalancer;

constexpr std::uint64_t books = 16;

std::vector<ShareTarget> book_of(std::int64_t count, std::int64_t dollars, std::uint64_t seed) {
  Random random(7919 * seed + static_cast<std::uint64_t>(count));
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    weights.push_back(-std::log(1 - random.uniform()));
    sum += weights.back();
  }
  std::vector<ShareTarget> targets;
  for (const double weight : weights) {
    const auto cents = static_cast<std::int64_t>(500 + 40'000 * random.uniform());
    targets.push_back({Decimal::from_double(weight / sum * static_cast<double>(dollars), Rounding::half_even).value(),
                       Decimal::from_billionths(cents * 10'000'000)});
  }
  return targets;
}

// The mean of sixteen books: how long a proof takes depends on the book.
void best_whole_shares(benchmark::State& state) {
  std::vector<std::vector<ShareTarget>> all;
  for (std::uint64_t seed = 1; seed <= books; ++seed) all.push_back(book_of(state.range(0), state.range(1), seed));
  std::int64_t proven = 0, nodes = 0, rounds = 0;
  double objective = 0, greedy = 0;
  for (auto _ : state) {
    const ShareBook book = allocate_shares(all[static_cast<std::size_t>(rounds++) % all.size()]).value();
    proven += book.is_proven();
    nodes += book.nodes;
    objective += book.objective.to_double();
    greedy += book.greedy_objective.to_double();
  }
  const auto mean = [&](double sum) { return sum / static_cast<double>(rounds); };
  state.counters["proven"] = mean(static_cast<double>(proven));
  state.counters["nodes"] = mean(static_cast<double>(nodes));
  state.counters["objective"] = mean(objective);
  state.counters["greedy"] = mean(greedy);
}

BENCHMARK(best_whole_shares)
    ->ArgNames({"symbols", "dollars"})
    ->ArgsProduct({{20, 100, 500}, {1'000, 100'000, 10'000'000}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
