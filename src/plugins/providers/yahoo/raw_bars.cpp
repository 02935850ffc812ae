#include "raw_bars.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace rebalancer::yahoo {
namespace {

// Delayed feeds lag 20 minutes at most, and closing auctions end within 10.
constexpr std::int64_t session_grace_s = 25 * 60;

std::int64_t seconds_of(Instant instant) { return instant.nanoseconds() / 1'000'000'000; }

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same_values(const ChartRow& a, const ChartRow& b) {
  return same_number(a.open, b.open) && same_number(a.high, b.high) && same_number(a.low, b.low) &&
         same_number(a.close, b.close) && same_number(a.volume, b.volume);
}

// The rows of finished sessions, one per day.
Result<std::vector<ChartRow>> finished_rows(const Chart& chart, Instant now) {
  const std::int64_t now_s = seconds_of(now);
  const auto today = date_in_zone(chart.time_zone, now_s);
  if (!today) return fail(today.error());
  const auto unfinished = [&](const ChartRow& row) {
    if (!chart.session) return row.date == *today;
    return row.date >= chart.session->date && now_s < chart.session->end_s + session_grace_s;
  };

  std::vector<ChartRow> rows;
  for (std::size_t i = 0; i < chart.rows.size(); ++i) {
    const ChartRow& row = chart.rows[i];
    if (row.date > *today) {
      return fail(ErrorCode::invalid, "it has a row of {}, but today is {}", row.date.to_string(), today->to_string());
    }
    if (unfinished(row)) continue;
    if (!rows.empty() && rows.back().date == row.date) {
      // The day's last quote may follow the day's row; it is the newer of the two.
      if (i + 1 != chart.rows.size() && !same_values(rows.back(), row)) {
        return fail(ErrorCode::invalid, "it has two different rows of {}", row.date.to_string());
      }
      rows.back() = row;
      continue;
    }
    if (!rows.empty() && row.date < rows.back().date) {
      return fail(ErrorCode::invalid, "it has a row of {} after one of {}", row.date.to_string(),
                  rows.back().date.to_string());
    }
    rows.push_back(row);
  }
  return rows;
}

// Product of the ratios of the splits after a day: what its prices were divided by since.
class LaterSplits {
 public:
  explicit LaterSplits(const std::vector<SplitEvent>& splits) {
    for (const SplitEvent& split : splits) by_date_.emplace(split.date, 1.0).first->second *= split.ratio;
  }
  [[nodiscard]] double factor(Date date) const {
    double factor = 1;
    for (auto split = by_date_.upper_bound(date); split != by_date_.end(); ++split) factor *= split->second;
    return factor;
  }
  [[nodiscard]] const std::map<Date, double>& by_date() const { return by_date_; }

 private:
  std::map<Date, double> by_date_;
};

// A day and the day with a close before it; null when there is none.
struct Neighbours {
  const ChartRow* row = nullptr;
  const ChartRow* previous = nullptr;
};

Neighbours neighbours(const std::vector<ChartRow>& rows, Date date) {
  Neighbours found;
  for (const ChartRow& row : rows) {
    if (row.date > date) break;
    if (std::isnan(row.close)) continue;
    if (row.date == date) {
      found.row = &row;
    } else {
      found.previous = &row;
    }
  }
  return found;
}

// Yahoo's own adjusted closes tell which amount it took off on an ex-date, in units of the price. Only when they fit
// the amount times `per_major`, and not the amount itself, is the amount known to be in major units already.
bool evidently_major(const CashEvent& event, double per_major, const std::vector<ChartRow>& rows) {
  const auto [row, previous] = neighbours(rows, event.date);
  if (row == nullptr || previous == nullptr) return false;
  const double kept = (previous->adjusted_close / row->adjusted_close) / (previous->close / row->close);
  const double taken = (1 - kept) * previous->close;
  const auto fits = [&](double amount) { return std::abs(taken - amount) <= 0.02 * amount; };
  return fits(event.amount * per_major) && !fits(event.amount);
}

// How many of the event's units make one of the major currency.
Result<double> event_per_major(const CashEvent& event, const Chart& chart, const Unit& unit,
                               const std::vector<ChartRow>& rows) {
  if (!event.currency.empty() && event.currency != chart.currency) {
    const Unit own = unit_of(event.currency);
    if (own.currency != unit.currency) {
      return fail(ErrorCode::rejected, "dividend of {} is in {} but the price is in {}", event.date.to_string(),
                  event.currency, chart.currency);
    }
    return own.per_major;
  }
  if (event.currency.empty() && unit.per_major != 1 && evidently_major(event, unit.per_major, rows)) return 1.0;
  return unit.per_major;
}

// Since about 2024 Yahoo's dividend of a fund holds the capital gain of the same day, which it also names apart;
// before, it did not. The price says which: it falls by what was paid. Where the gain is too small to tell it is added.
bool holds_gain(double dividend, double gain, Date date, const std::vector<ChartRow>& rows) {
  const auto [row, previous] = neighbours(rows, date);
  if (dividend < gain || row == nullptr || previous == nullptr) return false;
  const double alone = std::abs((row->close + dividend) / previous->close - 1);
  const double both = std::abs((row->close + dividend + gain) / previous->close - 1);
  return both - alone > 0.015;
}

// Cash per share of one ex-date: split-adjusted, in a unit of which `per_major` make one of the currency.
struct Cash {
  double amount = 0;
  double per_major = 1;
};

Result<std::map<Date, Cash>> cash_by_date(const Chart& chart, const Unit& unit, const std::vector<ChartRow>& rows,
                                          std::vector<std::string>& notes) {
  std::map<Date, Cash> cash;
  const auto add = [&](const CashEvent& event) -> Result<void> {
    const auto per_major = event_per_major(event, chart, unit, rows);
    if (!per_major) return fail(per_major.error());
    auto [at, first] = cash.try_emplace(event.date, Cash{0, *per_major});
    at->second.amount += event.amount * at->second.per_major / *per_major;
    return {};
  };
  for (const CashEvent& dividend : chart.dividends) {
    if (auto added = add(dividend); !added) return fail(added.error());
    if (cash.at(dividend.date).per_major != unit.per_major && dividend.currency.empty()) {
      notes.push_back(fmt::format("the dividend of {} is taken as {} {}, not {}", dividend.date.to_string(),
                                  dividend.amount, unit.currency, chart.currency));
    }
  }
  for (const CashEvent& gain : chart.capital_gains) {
    const auto dividend = cash.find(gain.date);
    const double paid =
        dividend == cash.end() ? 0 : dividend->second.amount * unit.per_major / dividend->second.per_major;
    if (holds_gain(paid, gain.amount, gain.date, rows)) {
      notes.push_back(
          fmt::format("the dividend of {} already holds the capital gain of {}", gain.date.to_string(), gain.amount));
      continue;
    }
    if (auto added = add(gain); !added) return fail(added.error());
  }
  return cash;
}

}  // namespace

Unit unit_of(std::string_view name) {
  if (name == "GBp" || name == "GBX") return {"GBP", 100};
  if (name == "ZAc") return {"ZAR", 100};
  if (name == "ILA") return {"ILS", 100};
  return {std::string(name), 1};
}

double as_published(double value, double split_factor, double per_major) {
  const double size = std::abs(value);
  if (std::isnan(value) || value == 0 || size > 1e30) return value * split_factor / per_major;
  const float narrow = static_cast<float>(size);
  // Boost.JSON 1.81 may read a number one place of a double off; floats lie far wider apart.
  const bool is_float = std::abs(static_cast<double>(narrow) - size) <= 1e-14 * size;
  // What has been split was also rounded to six decimals before it became a float.
  const double six = std::round(size * 1e6) / 1e6;
  const bool six_decimals = is_float ? static_cast<float>(six) == narrow : std::abs(six - size) <= 1e-12 * size;
  double slack = is_float ? (size - static_cast<double>(std::nextafter(narrow, 0.0F))) / 2 : 0;
  if (split_factor != 1) slack = size * 0x1p-24 + (six_decimals ? 5e-7 : 0);

  const double scale = split_factor / per_major;
  const double exact = value * scale;
  slack = slack * scale + std::abs(exact) * 1e-14;
  for (double power = 1; std::abs(exact) * power < 0x1p53; power *= 10) {
    const double rounded = std::round(exact * power) / power;
    if (rounded != 0 && std::abs(rounded - exact) <= slack) return rounded;
  }
  return exact;
}

Result<RawBars> raw_bars(const Chart& chart, Instant now, Date from, Date to) {
  RawBars out;
  if (chart.rows.empty() && chart.dividends.empty() && chart.capital_gains.empty() && chart.splits.empty()) return out;
  const auto rows = finished_rows(chart, now);
  if (!rows) return fail(rows.error());
  const Unit unit = unit_of(chart.currency);
  const LaterSplits splits(chart.splits);
  const auto cash = cash_by_date(chart, unit, *rows, out.notes);
  if (!cash) return fail(cash.error());

  std::map<Date, Bar> bars;
  const auto bar_of = [&](Date date) -> Bar& {
    Bar& bar = bars[date];
    bar.date = date;
    return bar;
  };
  for (const ChartRow& row : *rows) {
    const double factor = splits.factor(row.date);
    Bar& bar = bar_of(row.date);
    bar.open = as_published(row.open, factor, unit.per_major);
    bar.high = as_published(row.high, factor, unit.per_major);
    bar.low = as_published(row.low, factor, unit.per_major);
    bar.close = as_published(row.close, factor, unit.per_major);
    bar.volume = factor == 1 ? row.volume : std::round(row.volume / factor);
  }
  // An event on a day without a row is a bar without prices; one of the unfinished day waits with that day.
  const auto today = date_in_zone(chart.time_zone, seconds_of(now));
  if (!today) return fail(today.error());
  const auto finished = [&](Date date) {
    return bars.contains(date) || date < std::min(*today, chart.session ? chart.session->date : *today);
  };
  for (const auto& [date, paid] : *cash) {
    if (finished(date)) bar_of(date).dividend = as_published(paid.amount, splits.factor(date), paid.per_major);
  }
  for (const auto& [date, ratio] : splits.by_date()) {
    if (finished(date)) bar_of(date).split_ratio = ratio;
  }

  for (const auto& [date, bar] : bars) {
    if (date >= from && date <= to) out.bars.push_back(bar);
  }
  return out;
}

}  // namespace rebalancer::yahoo
