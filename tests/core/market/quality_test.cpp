#include "core/market/quality.hpp"

#include <algorithm>
#include <functional>

#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;

namespace {

Date day(const char* iso) { return Date::parse(iso).value(); }
const Calendar& xnys() {
  static const auto calendar = calendar_named("XNYS").value();
  return *calendar;
}
const Date as_of = day("2026-11-20");

// A hundred healthy bars on sessions up to `as_of`.
std::vector<Bar> healthy() {
  std::vector<Bar> bars;
  Random random(1);
  double close = 100;
  Date date = as_of;
  std::vector<Date> dates;
  while (dates.size() < 100) {
    dates.push_back(date);
    date = xnys().previous_session(date);
  }
  std::reverse(dates.begin(), dates.end());
  for (const Date session : dates) {
    Bar bar;
    bar.date = session;
    close *= 1 + 0.01 * random.normal();
    bar.close = close;
    bar.open = bar.high = bar.low = close;
    bars.push_back(bar);
  }
  return bars;
}

BarTable table_of(std::vector<Bar> bars, const char* name = "SPY", PriceBasis basis = PriceBasis::raw) {
  return BarTable::make(Symbol::parse(name).value(), std::move(bars), basis, "test").value();
}

QualityVerdict judge(std::vector<Bar> bars, const QualityRules& rules = {}) {
  const std::vector<BarTable> tables{table_of(std::move(bars))};
  return judge_quality(tables, xnys(), as_of, rules);
}

void set_close(Bar& bar, double close) { bar.open = bar.high = bar.low = bar.close = close; }

// The one finding there is.
QualityFinding only(const QualityVerdict& verdict) {
  REQUIRE(verdict.findings.size() == 1);
  return verdict.findings[0];
}

}  // namespace

TEST_CASE("healthy bars give no finding") {
  const auto verdict = judge(healthy());
  for (const auto& finding : verdict.findings) MESSAGE(finding.message);
  CHECK(verdict.findings.empty());
  CHECK(verdict.bars_examined == 100);
  CHECK_FALSE(verdict.stops());
}

TEST_CASE("a gap counts the exchange's sessions, not days") {
  auto bars = healthy();
  // Labor day, 2026-09-07, lies inside: six weekdays around it are five sessions.
  const auto erase = [&](const char* from, const char* to) {
    std::erase_if(bars, [&](const Bar& bar) { return bar.date >= day(from) && bar.date <= day(to); });
  };
  erase("2026-09-03", "2026-09-10");
  CHECK(judge(bars).findings.empty());
  erase("2026-09-11", "2026-09-11");
  const auto finding = only(judge(bars));
  CHECK(finding.check == "gap");
  CHECK(finding.severity == Severity::stop);
  CHECK(finding.date == day("2026-09-03"));
  CHECK(finding.message == "SPY: 6 sessions without a price from 2026-09-03 to 2026-09-11, at most 5 allowed");
  QualityRules rules;
  rules.gap_sessions_max = 6;
  CHECK(judge(bars, rules).findings.empty());
}

TEST_CASE("days without a close are a gap like days without a bar") {
  auto bars = healthy();
  for (std::size_t i = 40; i < 46; ++i) bars[i].close = no_value;
  const auto finding = only(judge(bars));
  CHECK(finding.check == "gap");
  CHECK(finding.date == bars[40].date);
}

TEST_CASE("a jump is told with both prices, and with what it looks like") {
  auto bars = healthy();
  for (std::size_t i = 50; i < bars.size(); ++i) set_close(bars[i], bars[i].close * 1.6);
  set_close(bars[49], 100);
  set_close(bars[50], 160);
  auto finding = only(judge(bars));
  CHECK(finding.check == "jump");
  CHECK(finding.severity == Severity::warning);
  CHECK(finding.date == bars[50].date);
  CHECK(finding.message == "SPY: +60.0% from 100 on " + bars[49].date.to_string() + " to 160 on " +
                               bars[50].date.to_string() + ", at most 50% allowed");
  for (std::size_t i = 0; i < 50; ++i) set_close(bars[i], bars[i].close * 6.4);
  finding = only(judge(bars));
  CHECK(finding.message.find("-75.0% from 640") != std::string::npos);
  CHECK(finding.message.ends_with("; is a forward split of 4 missing or told twice?"));
}

TEST_CASE("a recorded split is no jump, one told for prices that are adjusted already is") {
  auto split = healthy();
  for (std::size_t i = 0; i < 50; ++i) set_close(split[i], split[i].close * 4);
  split[50].split_ratio = 4;
  CHECK(judge(split).findings.empty());
  auto twice = healthy();
  twice[50].split_ratio = 4;
  const auto finding = only(judge(twice));
  CHECK(finding.check == "jump");
  CHECK(finding.message.ends_with("; is a reverse split of 4 missing or told twice?"));
}

TEST_CASE("equal closes in a row are told once they are more than allowed") {
  auto bars = healthy();
  for (std::size_t i = 20; i < 30; ++i) set_close(bars[i], 100);
  CHECK(judge(bars).findings.empty());
  set_close(bars[30], 100);
  const auto finding = only(judge(bars));
  CHECK(finding.check == "frozen");
  CHECK(finding.date == bars[20].date);
  CHECK(finding.message == "SPY: 11 equal closes of 100 in a row from " + bars[20].date.to_string() + " to " +
                               bars[30].date.to_string() + ", at most 10 allowed");
  // A run that reaches the last day counts too.
  auto stale = healthy();
  for (std::size_t i = 85; i < stale.size(); ++i) set_close(stale[i], 100);
  CHECK(only(judge(stale)).check == "frozen");
}

TEST_CASE("prices that cannot be are told in one finding") {
  const auto finding_of = [](const std::function<void(std::vector<Bar>&)>& spoil) {
    auto bars = healthy();
    spoil(bars);
    const auto finding = only(judge(bars));
    CHECK(finding.check == "non_positive");
    CHECK(finding.severity == Severity::stop);
    return finding.message;
  };
  const std::string date = healthy()[40].date.to_string();
  CHECK(finding_of([](auto& bars) { bars[40].close = 0; }) == "SPY: close on " + date + " is 0, must be positive");
  CHECK(finding_of([](auto& bars) { bars[40].close = -3; }) == "SPY: close on " + date + " is -3, must be positive");
  CHECK(finding_of([](auto& bars) { bars[40].low = 0; }) == "SPY: low on " + date + " is 0, must be positive");
  CHECK(finding_of([](auto& bars) { bars[40].open = -1; }) == "SPY: open on " + date + " is -1, must be positive");
  CHECK(finding_of([](auto& bars) { bars[40].high = 1.0 / 0.0; }) ==
        "SPY: high on " + date + " is inf, must be positive");
  CHECK(finding_of([](auto& bars) { bars[40].high = 90, bars[40].low = 91; }) ==
        "SPY: high on " + date + " is 90, must not be below the low of 91");
  CHECK(finding_of([](auto& bars) { bars.back().close = no_value; }) ==
        "SPY: there is no close on 2026-11-20, the last day");
  CHECK(finding_of([](auto& bars) { bars[40].close = bars[41].close = bars[42].close = 0; }) ==
        "SPY: close on " + date + " is 0, must be positive; so on 3 days");
}

TEST_CASE("a missing open, high, low or volume is no fault") {
  auto bars = healthy();
  for (Bar& bar : bars) bar.open = bar.high = bar.low = bar.volume = no_value;
  CHECK(judge(bars).findings.empty());
}

TEST_CASE("age counts sessions from the last price to the day of the decision") {
  auto bars = healthy();
  bars.pop_back();
  CHECK(judge(bars).findings.empty());
  bars.pop_back();
  const auto finding = only(judge(bars));
  CHECK(finding.check == "age");
  CHECK(finding.severity == Severity::stop);
  CHECK(finding.message == "SPY: the last price is of 2026-11-18, 2 sessions before 2026-11-20, at most 1 allowed");
  // On the Sunday after, no session has passed.
  const std::vector<BarTable> tables{table_of(healthy())};
  CHECK(judge_quality(tables, xnys(), day("2026-11-22"), {}).findings.empty());
}

TEST_CASE("too little history is a stop, and none at all is one whatever the rules") {
  auto bars = healthy();
  bars.erase(bars.begin(), bars.begin() + 71);
  const auto finding = only(judge(bars));
  CHECK(finding.check == "history");
  CHECK(finding.message == "SPY: 29 prices since " + bars[0].date.to_string() + ", at least 30 needed");
  QualityRules lenient;
  lenient.history = Severity::ignore;
  CHECK(judge(bars, lenient).findings.empty());
  const auto none = only(judge({}, lenient));
  CHECK(none.severity == Severity::stop);
  CHECK(none.message == "SPY: there is no price at all");
}

TEST_CASE("each check does what its severity says: nothing, a warning, a stop") {
  struct Check {
    Severity QualityRules::*severity;
    std::string name;
    std::function<void(std::vector<Bar>&)> spoil;
  };
  const std::vector<Check> checks{
      {&QualityRules::gap, "gap", [](auto& bars) { bars.erase(bars.begin() + 40, bars.begin() + 50); }},
      {&QualityRules::jump, "jump", [](auto& bars) { bars[50].split_ratio = 7; }},
      {&QualityRules::frozen, "frozen",
       [](auto& bars) {
         for (std::size_t i = 20; i < 40; ++i) set_close(bars[i], 100);
       }},
      {&QualityRules::age, "age", [](auto& bars) { bars.erase(bars.end() - 4, bars.end()); }},
      {&QualityRules::history, "history", [](auto& bars) { bars.erase(bars.begin(), bars.begin() + 90); }},
      {&QualityRules::non_positive, "non_positive", [](auto& bars) { bars[40].low = -1; }}};
  for (const Check& check : checks) {
    CAPTURE(check.name);
    auto bars = healthy();
    check.spoil(bars);
    for (const Severity severity : {Severity::ignore, Severity::warning, Severity::stop}) {
      QualityRules rules;
      rules.*check.severity = severity;
      const auto verdict = judge(bars, rules);
      CHECK(verdict.stops() == (severity == Severity::stop));
      CHECK(verdict.warning_count() == (severity == Severity::warning ? 1 : 0));
      if (severity == Severity::ignore) {
        CHECK(verdict.findings.empty());
      } else {
        CHECK(only(verdict).check == check.name);
      }
    }
  }
}

TEST_CASE("findings are told by symbol, then date") {
  auto bars = healthy();
  bars[80].split_ratio = 3;
  bars[20].split_ratio = 3;
  const std::vector<BarTable> tables{table_of(bars, "ZZZ"), table_of({}, "BBB"), table_of(bars, "AAA")};
  const auto verdict = judge_quality(tables, xnys(), as_of, {});
  REQUIRE(verdict.findings.size() == 5);
  CHECK(verdict.findings[0].symbol.str() == "AAA");
  CHECK(verdict.findings[0].date < verdict.findings[1].date);
  CHECK(verdict.findings[2].symbol.str() == "BBB");
  CHECK(verdict.findings[4].symbol.str() == "ZZZ");
  CHECK(verdict.bars_examined == 200);
  CHECK(name_of(Severity::ignore) == "ignore");
  CHECK(name_of(Severity::warning) == "warning");
  CHECK(name_of(Severity::stop) == "stop");
}
