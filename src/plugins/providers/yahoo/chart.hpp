// What an answer of Yahoo's v8 chart API says, as it says it: split-adjusted, in its own currency and units.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace rebalancer::yahoo {

struct ChartRow {
  std::int64_t timestamp_s = 0;
  Date date;  // of timestamp_s, on the exchange's own calendar
  // NaN: null, or a column that is not there.
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double volume = 0;
  double adjusted_close = 0;

  friend bool operator==(const ChartRow&, const ChartRow&) = default;
};

struct CashEvent {
  Date date;
  double amount = 0;
  std::string currency;  // empty: not said, that is the chart's
};

struct SplitEvent {
  Date date;
  double ratio = 1;  // new shares per old share
};

struct Session {
  Date date;
  std::int64_t end_s = 0;
};

struct Chart {
  std::string symbol;
  std::string currency;            // "USD", also "GBp": pence
  std::string granularity;         // "1d"
  std::string time_zone;           // "America/New_York"
  std::optional<Session> session;  // the one that runs, or the next
  std::vector<ChartRow> rows;      // as in the answer; times ascend
  std::vector<CashEvent> dividends;
  std::vector<CashEvent> capital_gains;
  std::vector<SplitEvent> splits;
};

// An answer that says "Data doesn't exist" for the range asked is a chart without rows. Errors: not_found (no such
// symbol), rejected (Yahoo says no, with its words), invalid (not the shape of a chart; the message says where).
[[nodiscard]] Result<Chart> parse_chart(std::string_view body);

// The day it is at that moment in a zone of the tz database. Errors: invalid for an unknown zone and for moments
// outside the years 1900 to 2199.
[[nodiscard]] Result<Date> date_in_zone(const std::string& zone, std::int64_t seconds);

}  // namespace rebalancer::yahoo
