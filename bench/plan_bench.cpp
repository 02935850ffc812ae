// From weights to a proved plan: 5, 30 and 500 symbols, whole and fractional shares.
#include <benchmark/benchmark.h>

#include "core/base/random.hpp"
#include "core/portfolio/plan_check.hpp"

namespace rebalancer {
namespace {

struct Portfolio {
  Book book{{}, Money(Decimal::whole(1'000'000), Currency::usd())};
  Weights target = Weights::make({}, 1).value();
  PriceList prices;
  RebalanceRules rules;
  BrokerCapabilities capabilities;
};

// Half of it held in the wrong proportions, the rest cash: every symbol is traded.
Portfolio portfolio_of(std::int64_t count, bool is_fractional) {
  Portfolio made;
  Random random(42);
  std::vector<Weight> entries;
  for (std::int64_t i = 0; i < count; ++i) {
    const Symbol symbol = Symbol::parse(fmt::format("S{:03}", i)).value();
    const double price = 10 + 490 * random.uniform();
    made.prices.emplace(symbol, Price::from_double(price).value());
    entries.push_back({symbol, 1.0 / static_cast<double>(count)});
    const double shares = random.uniform() * 2'000'000 / static_cast<double>(count) / price;
    made.book.positions.push_back({symbol, Quantity(Decimal::whole(static_cast<std::int64_t>(shares)))});
  }
  made.target = Weights::make(std::move(entries)).value();
  made.rules.cash_buffer = Decimal::whole(250);
  made.rules.trade_value_min = Decimal::whole(1);
  made.rules.absolute_band_fraction.reset();
  made.capabilities.commission_per_order = Decimal::whole(1);
  made.capabilities.cost_rate = Decimal::parse("0.0005").value();
  if (is_fractional) made.capabilities.quantity_increment = Decimal::from_billionths(1);
  return made;
}

void plan(benchmark::State& state) {
  const Portfolio given = portfolio_of(state.range(0), state.range(1) != 0);
  std::size_t orders = 0;
  for (auto _ : state) {
    auto made = plan_orders(given.book, given.target, given.prices, given.rules, given.capabilities);
    orders = made->orders.size();
    benchmark::DoNotOptimize(made);
  }
  state.counters["orders"] = static_cast<double>(orders);
}

void check(benchmark::State& state) {
  const Portfolio given = portfolio_of(state.range(0), state.range(1) != 0);
  const auto made = plan_orders(given.book, given.target, given.prices, given.rules, given.capabilities);
  for (auto _ : state) {
    auto proof = check_plan(*made, given.book, given.prices, given.rules, {}, given.capabilities);
    if (!proof) state.SkipWithError(proof.error().message.c_str());
    benchmark::DoNotOptimize(proof);
  }
}

BENCHMARK(plan)
    ->ArgNames({"symbols", "fractional"})
    ->ArgsProduct({{5, 30, 500}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(check)
    ->ArgNames({"symbols", "fractional"})
    ->ArgsProduct({{5, 30, 500}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rebalancer

BENCHMARK_MAIN();
