#include "raw_bars.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/market/corporate_action.hpp"
#include "fixtures.hpp"

using namespace rebalancer;
using namespace rebalancer::yahoo;

namespace {

const Date first = *Date::make(1970, 1, 1);
const Date last = *Date::make(2030, 1, 1);
const Instant later = Instant::from_seconds(1'800'000'000);  // 2027, after every recording

std::optional<Chart> recorded(const std::string& name) {
  const auto body = test::yahoo_body(name);
  if (!body) return std::nullopt;
  auto chart = parse_chart(*body);
  REQUIRE(chart);
  return *chart;
}

RawBars bars_of(const Chart& chart, Instant now = later) {
  auto raw = raw_bars(chart, now, first, last);
  REQUIRE_MESSAGE(raw, (raw ? "" : raw.error().message));
  return *raw;
}

const Bar& bar_on(const RawBars& raw, const std::string& date) {
  for (const Bar& bar : raw.bars) {
    if (bar.date == *Date::parse(date)) return bar;
  }
  FAIL("no bar on " << date);
  return raw.bars.front();
}

ChartRow row_on(const std::string& date, double close) {
  ChartRow row;
  row.date = *Date::parse(date);
  row.timestamp_s = row.date.days() * 86'400LL;
  row.open = row.high = row.low = row.close = row.adjusted_close = close;
  row.volume = 1000;
  return row;
}

Chart small_chart(std::vector<ChartRow> rows) {
  Chart chart;
  chart.symbol = "X";
  chart.currency = "USD";
  chart.granularity = "1d";
  chart.time_zone = "UTC";
  chart.rows = std::move(rows);
  return chart;
}

// The derived adjusted closes against Yahoo's own, both ending in 1: the recording may know later dividends.
double worst_adjusted_difference(const Chart& chart) {
  const auto table = BarTable::make(*Symbol::parse(chart.symbol), bars_of(chart).bars, PriceBasis::raw, "yahoo");
  REQUIRE(table);
  const auto ours = adjusted_closes(*table);
  REQUIRE(ours.size() == chart.rows.size());
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double yahoos = chart.rows[i].adjusted_close / chart.rows.back().adjusted_close;
    worst = std::max(worst, std::abs(ours[i] / ours.back() / yahoos - 1));
  }
  return worst;
}

}  // namespace

TEST_CASE("a split on the first day changes no price of the window") {
  const auto chart = recorded("chart-AAPL-2020-08-31-to-2020-11-07.json");
  if (!chart) return;
  const RawBars raw = bars_of(*chart);
  REQUIRE(raw.bars.size() == 49);
  CHECK(raw.bars[0] == Bar{*Date::parse("2020-08-31"), 127.58, 131, 126, 129.04, 225'702'700, 0, 4});
  CHECK(raw.bars[48] == Bar{*Date::parse("2020-11-06"), 118.32, 119.2, 116.13, 118.69, 114'457'900, 0.205, 1});
}

TEST_CASE("prices, volumes and dividends before a split are those of the day, as published then") {
  auto chart = recorded("historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv.json");
  if (!chart) return;
  // The recording ends before the 10:1 split of 2024 whose effect is in its prices: a request up to now names it.
  chart->splits.push_back({*Date::parse("2024-06-10"), 10});
  chart->dividends.push_back({*Date::parse("2021-06-09"), 0.004, ""});
  const RawBars raw = bars_of(*chart);
  REQUIRE(raw.bars.size() == 253);
  CHECK(bar_on(raw, "2021-02-01").close == 529.48);
  CHECK(bar_on(raw, "2021-02-01").volume == 5'430'100);
  CHECK(bar_on(raw, "2021-06-09").dividend == 0.16);
  CHECK(bar_on(raw, "2021-07-19").close == 751.19);
  CHECK(bar_on(raw, "2021-07-19").split_ratio == 1);
  CHECK(bar_on(raw, "2021-07-20").close == 186.12);
  CHECK(bar_on(raw, "2021-07-20").split_ratio == 4);
  CHECK(bar_on(raw, "2022-01-28").close == 228.4);
  CHECK(raw.bars.back().date == *Date::parse("2024-06-10"));  // the split itself, a day without a row here
  CHECK(std::isnan(raw.bars.back().close));
}

TEST_CASE("thirteen years of TSLA come back as they were traded") {
  auto chart = recorded("historical-via-chart-dividends-TSLA-no-dividends.json");
  if (!chart) return;
  REQUIRE(bars_of(*chart).bars.size() == 3303);
  chart->splits.push_back({*Date::parse("2020-08-31"), 5});  // asked for dividends only, the recording names no splits
  chart->splits.push_back({*Date::parse("2022-08-25"), 3});
  const RawBars raw = bars_of(*chart);
  REQUIRE(raw.bars.size() == 3303);
  CHECK(bar_on(raw, "2010-06-29").close == 23.89);
  CHECK(bar_on(raw, "2010-06-29").open == 19);
  CHECK(bar_on(raw, "2010-06-29").volume == 18'766'300);
  CHECK(bar_on(raw, "2020-08-28").close == 2213.4);
  CHECK(bar_on(raw, "2020-08-31").close == 498.32);
  CHECK(bar_on(raw, "2022-08-24").close == 891.29);
  CHECK(bar_on(raw, "2022-08-25").close == 296.07);
  CHECK(bar_on(raw, "2023-08-11").close == 242.65);
  for (const Bar& bar : raw.bars) {
    CHECK(bar.low <= std::min(bar.open, bar.close));
    CHECK(bar.high >= std::max(bar.open, bar.close));
  }
}

TEST_CASE("MSFT paid four dividends") {
  const auto chart = recorded("historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv.json");
  if (!chart) return;
  const RawBars raw = bars_of(*chart);
  REQUIRE(raw.bars.size() == 252);
  CHECK(bar_on(raw, "2021-02-17").dividend == 0.56);
  CHECK(bar_on(raw, "2021-05-19").dividend == 0.56);
  CHECK(bar_on(raw, "2021-08-18").dividend == 0.56);
  CHECK(bar_on(raw, "2021-11-17").dividend == 0.62);
  double sum = 0;
  for (const Bar& bar : raw.bars) sum += bar.dividend;
  CHECK(sum == doctest::Approx(2.30));
}

TEST_CASE("adjusted closes derived from the raw bars are Yahoo's own to 1e-4") {
  for (const char* name : {"historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv.json",
                           "chart-AAPL-2020-08-31-to-2020-11-07.json", "history_chart_AAPL.json",
                           "history_chart_MSFT.json", "historical-via-chart-dividends-TSLA-no-dividends.json"}) {
    CAPTURE(name);
    const auto chart = recorded(name);
    if (!chart) return;
    CHECK(worst_adjusted_difference(*chart) < 1e-4);
  }
}

TEST_CASE("a revision of the source shows as another fact of the same day") {
  const auto before = recorded("MUV2.DE-20171127-20180525-recorded-2020-10-16-with-null.json");
  const auto after = recorded("MUV2.DE-20171127-20180525-recorded-2025-04-24.json");
  if (!before || !after) return;
  const RawBars old_bars = bars_of(*before);
  const RawBars new_bars = bars_of(*after);
  REQUIRE(old_bars.bars.size() == 124);
  REQUIRE(new_bars.bars.size() == 124);
  int repaired = 0;
  int close_changed = 0;
  for (std::size_t i = 0; i < 124; ++i) {
    REQUIRE(old_bars.bars[i].date == new_bars.bars[i].date);
    const double was = old_bars.bars[i].close;
    const double is = new_bars.bars[i].close;
    if (std::isnan(was)) ++repaired;
    if (!std::isnan(was) && was != is) ++close_changed;
    CHECK_FALSE(std::isnan(is));
  }
  CHECK(repaired == 1);
  CHECK(close_changed == 0);  // the adjusted closes did change; the raw ones did not
}

TEST_CASE("pence become pounds") {
  const auto chart = recorded("chart-OCDO.L-2020-01-01-to-2020-01-03.json");
  if (!chart) return;
  const RawBars raw = bars_of(*chart);
  REQUIRE(raw.bars.size() == 1);
  CHECK(raw.bars[0] == Bar{*Date::parse("2020-01-02"), 12.795, 12.8657, 12.58, 12.595, 728'520, 0, 1});
  CHECK(unit_of("GBp").currency == "GBP");
  CHECK(unit_of("ZAc").currency == "ZAR");
  CHECK(unit_of("ILA").currency == "ILS");
  CHECK(unit_of("USD").per_major == 1);
}

TEST_CASE("foreign, fund, currency and crypto quotes are rounded back to what was quoted") {
  struct Case {
    const char* name;
    std::vector<std::pair<const char*, double>> closes;
  };
  const std::vector<Case> cases = {
      {"chart-WSU.DE-2023-08-04-to-2023-08-09.json", {{"2023-08-04", 34.45}, {"2023-08-07", 34}, {"2023-08-08", 33.2}}},
      {"chart-BTC-USD-2020-01-01-to-2020-01-03.json",
       {{"2020-01-01", 7200.1743}, {"2020-01-02", 6985.47}, {"2020-01-03", 7344.8843}}},
      {"chart-EURUSD=X-2020-01-01-to-2020-01-03.json",
       {{"2020-01-01", 1.1220826}, {"2020-01-02", 1.1220826}, {"2020-01-03", 1.1171438}}},
      {"chart-WSKT.JK-2020-01-01-to-2020-01-03.json", {{"2020-01-02", 1505}}},
      {"chart-ORSTED.CO-2020-01-01-to-2020-01-03.json", {{"2020-01-02", 681}}},
      {"chart-QQQ-2020-01-01-to-2020-01-03.json", {{"2020-01-02", 216.16}}},
      {"chart-AFRAF-2020-01-01-to-2020-01-03.json", {{"2020-01-02", 11.27}}},
      {"chart-0P000071W8.TO-2020-01-01-to-2020-01-03.json", {{"2020-01-02", 73.72}}},
      {"historical-via-chart-0P0000XTS7-2024-09-12-to-2024-09-16.json",
       {{"2024-09-12", 11887.1}, {"2024-09-13", 11892.19}}},
      {"chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json", {}},
  };
  for (const Case& expected : cases) {
    CAPTURE(expected.name);
    const auto chart = recorded(expected.name);
    if (!chart) return;
    const RawBars raw = bars_of(*chart);
    REQUIRE(raw.bars.size() == expected.closes.size());
    for (std::size_t i = 0; i < raw.bars.size(); ++i) {
      CHECK(raw.bars[i].date.to_string() == expected.closes[i].first);
      CHECK(raw.bars[i].close == expected.closes[i].second);
    }
  }
}

TEST_CASE("a price fetched again after any split is the same price") {
  Random random(3);
  for (const double ratio : {1.0, 2.0, 3.0, 1.5, 4.0, 7.0, 20.0, 40.0, 0.1, 0.04, 28.0}) {
    for (int i = 0; i < 2000; ++i) {
      const double published = static_cast<double>(500 + random.below(999'500)) / 100;
      const double stored = static_cast<double>(static_cast<float>(std::round(published / ratio * 1e6) / 1e6));
      CAPTURE(ratio);
      REQUIRE(as_published(stored, ratio, 1) == published);
    }
  }
  // Tenths of a penny.
  for (int i = 0; i < 2000; ++i) {
    const double pence = static_cast<double>(1000 + random.below(99'000)) / 10;
    REQUIRE(as_published(static_cast<double>(static_cast<float>(pence)), 1, 100) == std::round(pence * 10) / 1000);
  }
  CHECK(as_published(static_cast<double>(0.00001234F), 1, 1) == 0.00001234);
  CHECK(std::isnan(as_published(std::nan(""), 4, 1)));
  CHECK(as_published(0, 4, 1) == 0);
  CHECK(as_published(static_cast<double>(-37.63F), 1, 1) == -37.63);  // crude oil, 2020-04-20
}

TEST_CASE("the day whose session is not over is left out, and comes when it is") {
  const auto chart = recorded("history_chart_AAPL.json");
  if (!chart) return;
  REQUIRE(chart->session);
  const std::int64_t end_s = chart->session->end_s;  // 2025-10-29 20:00Z
  CHECK(bars_of(*chart, Instant::from_seconds(end_s - 3600)).bars.size() == 126);
  CHECK(bars_of(*chart, Instant::from_seconds(end_s + 24 * 60)).bars.size() == 126);
  const RawBars done = bars_of(*chart, Instant::from_seconds(end_s + 25 * 60));
  REQUIRE(done.bars.size() == 127);
  CHECK(done.bars.back().close == 269.7);
}

TEST_CASE("the live quote that doubles the last day is the newer fact of it") {
  Chart chart = small_chart({row_on("2026-01-05", 10), row_on("2026-01-06", 11), row_on("2026-01-06", 11.5)});
  chart.rows[2].timestamp_s += 50'000;
  const RawBars raw = bars_of(chart);
  REQUIRE(raw.bars.size() == 2);
  CHECK(raw.bars[1].close == 11.5);

  SUBCASE("while the session runs neither of the two is a fact") {
    chart.session = Session{*Date::parse("2026-01-06"), chart.rows[2].timestamp_s + 1000};
    CHECK(bars_of(chart, Instant::from_seconds(chart.rows[2].timestamp_s)).bars.size() == 1);
  }
  SUBCASE("inside the history two different rows of a day are a contradiction") {
    chart.rows.push_back(row_on("2026-01-07", 12));
    const auto wrong = raw_bars(chart, later, first, last);
    REQUIRE(!wrong);
    CHECK(wrong.error().message == "it has two different rows of 2026-01-06");
    chart.rows[2].open = chart.rows[2].high = chart.rows[2].low = chart.rows[2].close = 11;
    CHECK(raw_bars(chart, later, first, last).has_value());
    chart.rows[1] = chart.rows[2];
    CHECK(bars_of(chart).bars.size() == 3);
  }
}

TEST_CASE("a row after today is a contradiction") {
  const auto wrong =
      raw_bars(small_chart({row_on("2026-01-06", 1)}), Instant::from_seconds(1'767'600'000), first, last);
  REQUIRE(!wrong);
  CHECK(wrong.error().message == "it has a row of 2026-01-06, but today is 2026-01-05");
}

TEST_CASE("without a trading period today's row counts as unfinished") {
  const Chart chart = small_chart({row_on("2026-01-05", 10), row_on("2026-01-06", 11)});
  CHECK(bars_of(chart, Instant::from_seconds(chart.rows[1].timestamp_s + 86'399)).bars.size() == 1);
  CHECK(bars_of(chart, Instant::from_seconds(chart.rows[1].timestamp_s + 86'400)).bars.size() == 2);
}

TEST_CASE("today's split undoes yesterday's adjustment before its own day is a fact") {
  Chart chart = small_chart({row_on("2026-01-05", 25), row_on("2026-01-06", 26)});
  chart.splits.push_back({*Date::parse("2026-01-06"), 4});
  chart.dividends.push_back({*Date::parse("2026-01-06"), 0.25, ""});
  const RawBars raw = bars_of(chart, Instant::from_seconds(chart.rows[1].timestamp_s + 3600));
  REQUIRE(raw.bars.size() == 1);
  CHECK(raw.bars[0].close == 100);
  CHECK(raw.bars[0].volume == 250);
}

TEST_CASE("only the days asked for are given, with the splits after them undone") {
  Chart chart = small_chart({row_on("2026-01-05", 10), row_on("2026-01-06", 11), row_on("2026-01-07", 12)});
  chart.splits.push_back({*Date::parse("2026-01-07"), 2});
  const auto raw = raw_bars(chart, later, *Date::parse("2026-01-06"), *Date::parse("2026-01-06"));
  REQUIRE(raw);
  REQUIRE(raw->bars.size() == 1);
  CHECK(raw->bars[0].close == 22);
  CHECK(raw->bars[0].split_ratio == 1);
}

TEST_CASE("a dividend of the day of a split is of the shares after it") {
  Chart chart = small_chart({row_on("2026-01-05", 10), row_on("2026-01-06", 11), row_on("2026-01-07", 12)});
  chart.splits.push_back({*Date::parse("2026-01-06"), 2});
  chart.splits.push_back({*Date::parse("2026-01-07"), 5});
  chart.dividends.push_back({*Date::parse("2026-01-06"), 0.1, ""});
  const RawBars raw = bars_of(chart);
  CHECK(raw.bars[0].close == 100);
  CHECK(raw.bars[1].close == 55);
  CHECK(raw.bars[1].dividend == 0.5);
  CHECK(raw.bars[1].split_ratio == 2);
  CHECK(raw.bars[2].close == 12);
}

TEST_CASE("a capital gain is cash per share and is added to the dividend of its day") {
  Chart chart = small_chart({row_on("2026-01-05", 100), row_on("2026-01-06", 95)});
  chart.capital_gains.push_back({*Date::parse("2026-01-06"), 4, ""});
  chart.dividends.push_back({*Date::parse("2026-01-06"), 1, ""});
  const RawBars raw = bars_of(chart);
  CHECK(raw.bars[1].dividend == 5);
  CHECK(raw.notes.empty());
}

TEST_CASE("a dividend that holds the capital gain already is not counted twice") {
  // Facts of VWILX on 2024-12-18 and of DODFX on 2025-12-18 as Yahoo gives them.
  struct Case {
    double before, after, dividend, gain;
  };
  for (const Case& seen :
       {Case{115.59, 102.33, 9.968, 8.999}, Case{120.1, 110.44, 7.857, 6.42}, Case{16.92, 16.22, 0.837, 0.417}}) {
    Chart chart = small_chart({row_on("2026-01-05", seen.before), row_on("2026-01-06", seen.after)});
    chart.dividends.push_back({*Date::parse("2026-01-06"), seen.dividend, ""});
    chart.capital_gains.push_back({*Date::parse("2026-01-06"), seen.gain, ""});
    const RawBars raw = bars_of(chart);
    CHECK(raw.bars[1].dividend == seen.dividend);
    REQUIRE(raw.notes.size() == 1);
    CHECK(raw.notes[0] == fmt::format("the dividend of 2026-01-06 already holds the capital gain of {}", seen.gain));
  }
}

TEST_CASE("a dividend of a pence stock is in pence, unless it evidently is not") {
  Chart chart = small_chart({row_on("2026-01-05", 1000), row_on("2026-01-06", 990)});
  chart.currency = "GBp";
  chart.dividends.push_back({*Date::parse("2026-01-06"), 12.5, ""});
  CHECK(bars_of(chart).bars[1].dividend == 0.125);

  SUBCASE("Yahoo's adjusted close took off a hundred times the number: it is in pounds") {
    chart.dividends[0].amount = 0.125;
    chart.rows[0].adjusted_close = 1000 - 12.5;
    const RawBars raw = bars_of(chart);
    CHECK(raw.bars[1].dividend == 0.125);
    CHECK(raw.notes == std::vector<std::string>{"the dividend of 2026-01-06 is taken as 0.125 GBP, not GBp"});
  }
  SUBCASE("Yahoo's adjusted close took off the number itself: it is in pence") {
    chart.rows[0].adjusted_close = 1000 - 12.5;
    CHECK(bars_of(chart).bars[1].dividend == 0.125);
  }
  SUBCASE("Yahoo names the currency") {
    chart.dividends[0] = {*Date::parse("2026-01-06"), 0.125, "GBP"};
    CHECK(bars_of(chart).bars[1].dividend == 0.125);
    chart.dividends[0] = {*Date::parse("2026-01-06"), 12.5, "GBp"};
    CHECK(bars_of(chart).bars[1].dividend == 0.125);
  }
  SUBCASE("another currency cannot be converted") {
    chart.dividends[0].currency = "USD";
    const auto wrong = raw_bars(chart, later, first, last);
    REQUIRE(!wrong);
    CHECK(wrong.error().code == ErrorCode::rejected);
    CHECK(wrong.error().message == "dividend of 2026-01-06 is in USD but the price is in GBp");
  }
}
