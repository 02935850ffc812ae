#include <chrono>
#include <cmath>
#include <map>
#include <numeric>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/market/calendar.hpp"
#include "core/market/corporate_action.hpp"
#include "support/loaded_plugins.hpp"
#include "support/plugin_under_test.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

const std::vector<std::string> funds{"SPY", "QQQ", "VTI", "VXUS", "BND"};

Date day(const char* iso) { return Date::parse(iso).value(); }

struct Simulated : PluginUnderTest {
  explicit Simulated(const std::string& seed = "7", const std::string& start = "2010-01-04")
      : PluginUnderTest("simulated", {{"seed", seed}, {"start", start}}) {
    now = calendar_named("XNYS").value()->close(day("2026-11-20")).nanoseconds();
  }
  std::vector<EmittedBars> get(const std::vector<std::string>& symbols, const char* from, const char* to) {
    std::vector<EmittedBars> out;
    REQUIRE(bars_of(*this, symbols, day(from).days(), day(to).days(), out) == RB_OK);
    return out;
  }
};

bool same(const rb_bar& a, const rb_bar& b) {
  return a.date == b.date && a.open == b.open && a.high == b.high && a.low == b.low && a.close == b.close &&
         a.volume == b.volume && a.dividend == b.dividend && a.split_ratio == b.split_ratio;
}

std::vector<double> returns_of(const EmittedBars& emitted) {
  std::vector<Bar> bars;
  for (const rb_bar& bar : emitted.bars) {
    bars.push_back(
        {Date::from_days(bar.date), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend, bar.split_ratio});
  }
  return total_returns(BarTable::make(Symbol::parse(emitted.symbol).value(), bars, PriceBasis::raw, "").value());
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
// The mean of (a - mean)^p (b - mean)^q.
double moment(const std::vector<double>& a, const std::vector<double>& b, int p, int q) {
  const double mean_a = mean(a);
  const double mean_b = mean(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(a[i] - mean_a, p) * std::pow(b[i] - mean_b, q);
  return sum / static_cast<double>(a.size());
}
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  return moment(a, b, 1, 1) / std::sqrt(moment(a, a, 1, 1) * moment(b, b, 1, 1));
}

}  // namespace

TEST_CASE("simulated prices say that they are, in the contract and in every table") {
  Simulated simulated;
  REQUIRE(simulated.instance() != nullptr);
  CHECK((simulated.api<rb_provider>().flags & RB_SIMULATED) != 0);
  for (const auto& table : simulated.get(funds, "2026-01-01", "2026-02-01")) {
    CHECK(table.source == "simulated (seed 7)");
    CHECK(table.basis == RB_RAW);
  }
}

TEST_CASE("every session has one bar, in cents, positive, with open and close between low and high") {
  Simulated simulated;
  const auto calendar = calendar_named("XNYS").value();
  const auto sessions = calendar->sessions(day("2010-01-04"), day("2026-11-20"));
  for (const auto& table :
       simulated.get({"SPY", "QQQ", "VTI", "VXUS", "BND", "AAPL", "X", "BRK-B"}, "1990-01-01", "2026-12-31")) {
    CAPTURE(table.symbol);
    REQUIRE(table.bars.size() == sessions.size());
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      const rb_bar& bar = table.bars[i];
      REQUIRE(bar.date == sessions[i].days());
      for (const double price : {bar.open, bar.high, bar.low, bar.close}) {
        REQUIRE(price > 0);
        REQUIRE(price == std::round(price * 100) / 100);
        REQUIRE(price <= bar.high);
        REQUIRE(price >= bar.low);
      }
      REQUIRE(bar.volume >= 0);
      REQUIRE(bar.dividend >= 0);
    }
  }
}

TEST_CASE("a session is told once it is over, and no later day ever") {
  Simulated simulated;
  const auto calendar = calendar_named("XNYS").value();
  CHECK(simulated.get({"SPY"}, "2026-11-16", "2030-01-01")[0].bars.size() == 5);
  simulated.now = calendar->close(day("2026-11-23")).nanoseconds() - 1;
  CHECK(simulated.get({"SPY"}, "2026-11-16", "2030-01-01")[0].bars.size() == 5);
  simulated.now += 1;
  CHECK(simulated.get({"SPY"}, "2026-11-16", "2030-01-01")[0].bars.size() == 6);
  CHECK(simulated.get({"SPY"}, "2027-01-01", "2030-01-01")[0].bars.empty());
  CHECK(simulated.get({"SPY"}, "2009-01-01", "2009-12-31")[0].bars.empty());
}

TEST_CASE("other windows, orders and subsets give the same bars") {
  Simulated whole;
  const auto all = whole.get(funds, "2010-01-04", "2026-11-20");
  std::map<std::string, std::map<rb_date, rb_bar>> expected;
  for (const auto& table : all) {
    for (const rb_bar& bar : table.bars) expected[table.symbol].emplace(bar.date, bar);
  }
  Random random(3);
  for (int instance = 0; instance < 5; ++instance) {
    Simulated other;
    for (int call = 0; call < 10; ++call) {
      std::vector<std::string> symbols = funds;
      for (std::size_t i = symbols.size(); i > 1; --i) std::swap(symbols[i - 1], symbols[random.below(i)]);
      symbols.resize(1 + random.below(funds.size()));
      const auto from = day("2009-12-01").plus_days(static_cast<std::int32_t>(random.below(6000)));
      const auto to = from.plus_days(static_cast<std::int32_t>(random.below(400)));
      for (const auto& table : other.get(symbols, from.to_string().c_str(), to.to_string().c_str())) {
        for (const rb_bar& bar : table.bars) REQUIRE(same(bar, expected[table.symbol].at(bar.date)));
      }
    }
  }
}

// Computed once by this code: it says that every machine and compiler must find the same.
TEST_CASE("the figures of seed 7 are those of every machine") {
  Simulated simulated;
  const auto spy = simulated.get({"SPY"}, "2026-11-20", "2026-11-20")[0].bars[0];
  const auto bnd = simulated.get({"BND"}, "2026-11-20", "2026-11-20")[0].bars[0];
  const auto other = simulated.get({"AAPL"}, "2026-11-20", "2026-11-20")[0].bars[0];
  CHECK(spy.open == 449.48);
  CHECK(spy.close == 449.85);
  CHECK(spy.volume == 70471228);
  CHECK(bnd.close == 69.91);
  CHECK(other.close == 180);
}

TEST_CASE("another seed and another start are other histories") {
  Simulated one;
  Simulated two("8");
  Simulated three("7", "2011-01-03");
  const auto last = [](Simulated& simulated) {
    return simulated.get({"SPY"}, "2026-11-20", "2026-11-20")[0].bars[0].close;
  };
  CHECK(last(one) != last(two));
  CHECK(last(one) != last(three));
}

TEST_CASE("funds are as volatile and as correlated as they claim, with fat tails, at plausible prices") {
  for (const char* seed : {"7", "1", "99"}) {
    CAPTURE(seed);
    Simulated simulated(seed);
    const auto tables = simulated.get(funds, "2010-01-04", "2026-11-20");
    std::map<std::string, std::vector<double>> returns;
    for (const auto& table : tables) returns[table.symbol] = returns_of(table);
    const auto volatility = [&](const char* symbol) {
      return std::sqrt(moment(returns[symbol], returns[symbol], 1, 1) * 252);
    };
    CHECK(volatility("SPY") == doctest::Approx(0.16).epsilon(0.15));
    CHECK(volatility("QQQ") == doctest::Approx(0.205).epsilon(0.15));
    CHECK(volatility("VXUS") == doctest::Approx(0.165).epsilon(0.15));
    CHECK(volatility("BND") == doctest::Approx(0.05).epsilon(0.15));
    CHECK(correlation(returns["SPY"], returns["VTI"]) > 0.93);
    CHECK(correlation(returns["SPY"], returns["QQQ"]) > 0.85);
    CHECK(correlation(returns["SPY"], returns["VXUS"]) == doctest::Approx(0.84).epsilon(0.08));
    CHECK(std::abs(correlation(returns["SPY"], returns["BND"])) < 0.15);
    const auto& spy = returns["SPY"];
    const double variance = moment(spy, spy, 1, 1);
    CHECK(moment(spy, spy, 4, 0) / (variance * variance) > 4.5);  // 3 for a normal
    CHECK(*std::min_element(spy.begin(), spy.end()) > -0.2);
    for (const char* symbol : {"SPY", "QQQ", "VTI", "VXUS"}) {
      CHECK(mean(returns[symbol]) * 252 > 0.02);
      CHECK(mean(returns[symbol]) * 252 < 0.25);
    }
    for (const auto& table : tables) {
      CHECK(table.bars.back().close > 20);
      CHECK(table.bars.back().close < 2500);
    }
  }
}

TEST_CASE("dividends come with their yield, and any four years hold exactly one split") {
  Simulated simulated;
  for (int year = 2011; year <= 2022; ++year) {
    const auto from = Date::make(year, 1, 1).value().to_string();
    const auto to = Date::make(year + 3, 12, 31).value().to_string();
    int splits = 0;
    for (const auto& table : simulated.get(funds, from.c_str(), to.c_str())) {
      int dividends = 0;
      double yield = 0;
      for (std::size_t i = 1; i < table.bars.size(); ++i) {
        const rb_bar& bar = table.bars[i];
        if (bar.split_ratio != 1) {
          ++splits;
          // The price really halves.
          CHECK(bar.close * 2 / table.bars[i - 1].close == doctest::Approx(1).epsilon(0.2));
        }
        if (bar.dividend == 0) continue;
        ++dividends;
        yield += bar.dividend / bar.close;
      }
      CHECK(dividends >= (table.symbol == "BND" ? 47 : 16));
      CHECK(dividends <= (table.symbol == "BND" ? 48 : 16));
      if (table.symbol == "BND") CHECK(yield / 4 == doctest::Approx(0.032).epsilon(0.1));
    }
    CHECK(splits == 1);
  }
}

TEST_CASE("a name that is no symbol, a seed that is no number and a start that is no day are refused") {
  Simulated simulated;
  std::vector<EmittedBars> out;
  CHECK(bars_of(simulated, {"spy"}, 0, 30'000, out) == RB_INVALID);
  CHECK(simulated.failure.find("symbol \"spy\"") == 0);
  CHECK(bars_of(simulated, {}, 0, 30'000, out) == RB_INVALID);
  CHECK((simulated.api<rb_provider>().flags & RB_LOCAL) != 0);
  Simulated seed("x");
  CHECK(seed.instance() == nullptr);
  CHECK(seed.failure == "seed is \"x\", must be a whole number");
  Simulated start("7", "2010-02-30");
  CHECK(start.instance() == nullptr);
}

TEST_CASE("a stopped call ends") {
  Simulated simulated;
  simulated.cancelled = true;
  std::vector<EmittedBars> out;
  CHECK(bars_of(simulated, {"SPY"}, 0, 30'000, out) == RB_TIMEOUT);
  CHECK(out.empty());
}

TEST_CASE("a year of five funds, from nothing, takes milliseconds") {
  auto best = std::chrono::nanoseconds::max();
  for (int repeat = 0; repeat < 5; ++repeat) {
    Simulated simulated;
    const auto start = std::chrono::steady_clock::now();
    const auto tables = simulated.get(funds, "2025-11-20", "2026-11-20");
    best = std::min(best, std::chrono::steady_clock::now() - start);
    CHECK(tables.size() == 5);
  }
  MESSAGE("fastest of five: " << std::chrono::duration<double, std::milli>(best).count() << " ms");
  CHECK(best < std::chrono::milliseconds(100));  // generous: sanitizers, a busy machine
}

TEST_CASE("through the program's own loader, with its defaults, prices are the same and simulated") {
  LoadedPlugins loaded{{built("plugins/simulated.so")}};
  loaded.clock.set(calendar_named("XNYS").value()->close(day("2026-11-20")));
  const auto provider = loaded.host.create_provider("simulated", loaded.json("{}"), loaded.options());
  REQUIRE(provider);
  CHECK((*provider)->simulated());
  CHECK((*provider)->is_local());
  const std::vector<Symbol> spy{Symbol::parse("SPY").value()};
  const auto tables = (*provider)->bars(spy, day("2026-11-20"), day("2026-11-20"), {});
  REQUIRE(tables);
  REQUIRE(tables->size() == 1);
  CHECK(tables->at(0).source() == "simulated (seed 7)");
  REQUIRE(tables->at(0).bars().size() == 1);
  CHECK(tables->at(0).bars()[0].close == 449.85);
}
