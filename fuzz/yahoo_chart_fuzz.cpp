// Answers of a server that is not ours: a chart, or a refusal; never a table that no store would take.
#include <algorithm>
#include <cmath>

#include "core/market/bar.hpp"
#include "support/target.hpp"
#include "yahoo/raw_bars.hpp"

namespace rebalancer::fuzz {
namespace {

using namespace yahoo;

void check_chart(const Chart& chart) {
  for (std::size_t i = 0; i < chart.rows.size(); ++i) {
    const ChartRow& row = chart.rows[i];
    expect(i == 0 || chart.rows[i - 1].timestamp_s < row.timestamp_s, "times ascend");
    expect(!(row.volume < 0), "a volume is not negative", row.date.to_string());
    for (const double value : {row.open, row.high, row.low, row.close, row.volume, row.adjusted_close}) {
      expect(!std::isinf(value), "a figure is finite or none", row.date.to_string());
    }
  }
  for (const CashEvent& event : chart.dividends) expect(event.amount >= 0, "a dividend is not negative");
  for (const CashEvent& event : chart.capital_gains) expect(event.amount >= 0, "a gain is not negative");
  for (const SplitEvent& event : chart.splits) expect(event.ratio > 1e-6 && event.ratio < 1e6, "a split has a ratio");
}

void check_bars(const Chart& chart) {
  const std::int64_t last_s = chart.rows.empty() ? 1'795'208'700 : chart.rows.back().timestamp_s;
  const Date from = Date::make(1990, 1, 1).value();
  const Date to = Date::make(2030, 12, 31).value();
  // Within the day of the last row, and long after it.
  for (const std::int64_t later_s : {std::int64_t{60}, std::int64_t{30 * 86'400}}) {
    if (last_s > 7'000'000'000 || last_s < -2'000'000'000) return;
    const auto raw = raw_bars(chart, Instant::from_seconds(last_s + later_s), from, to);
    if (!raw) {
      expect_message(raw.error().message, 4000);
      continue;
    }
    for (std::size_t i = 0; i < raw->bars.size(); ++i) {
      const Date date = raw->bars[i].date;
      expect(date >= from && date <= to, "bars are of the days that were asked for", date.to_string());
      expect(i == 0 || raw->bars[i - 1].date < date, "dates ascend", date.to_string());
    }
  }
}

void check(std::string_view input) {
  const auto chart = parse_chart(input);
  if (!chart) {
    const ErrorCode code = chart.error().code;
    expect(code == ErrorCode::invalid || code == ErrorCode::not_found || code == ErrorCode::rejected,
           "an answer is no chart, or says no", chart.error().message);
    return;
  }
  check_chart(*chart);
  check_bars(*chart);
}

const Target target("yahoo_chart", check);

}  // namespace
}  // namespace rebalancer::fuzz
