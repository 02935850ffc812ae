#include "chart.hpp"

#include <cmath>
#include <limits>

#include <date/tz.h>

#include "strict_json.hpp"

namespace rebalancer::yahoo {
namespace {

namespace json = boost::json;

constexpr double none = std::numeric_limits<double>::quiet_NaN();

const json::object* object_at(const json::object& parent, std::string_view key) {
  const json::value* value = parent.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_at(const json::object& parent, std::string_view key) {
  const json::value* value = parent.if_contains(key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::optional<double> number(const json::value& value) {
  double result = none;
  if (value.is_int64()) result = static_cast<double>(value.get_int64());
  if (value.is_uint64()) result = static_cast<double>(value.get_uint64());
  if (value.is_double()) result = value.get_double();
  if (!std::isfinite(result)) return std::nullopt;
  return result;
}

std::optional<double> number_at(const json::object& parent, std::string_view key) {
  const json::value* value = parent.if_contains(key);
  return value == nullptr ? std::nullopt : number(*value);
}

Result<std::int64_t> seconds_of(const json::value* value, std::string_view what) {
  const auto seconds = value == nullptr ? std::nullopt : number(*value);
  if (!seconds || *seconds != std::floor(*seconds) || std::abs(*seconds) > 1e11) {
    return fail(ErrorCode::invalid, "{} is not a time in seconds", what);
  }
  return static_cast<std::int64_t>(*seconds);
}

Result<Date> date_at(const std::string& zone, const json::object& event, std::string_view what) {
  const auto seconds = seconds_of(event.if_contains("date"), fmt::format("date of {}", what));
  if (!seconds) return fail(seconds.error());
  return date_in_zone(zone, *seconds);
}

// One column of numbers and nulls, as long as there are timestamps. A column that is not there is all none.
Result<std::vector<double>> column(const json::object* parent, std::string_view key, std::size_t count) {
  std::vector<double> values(count, none);
  const json::value* found = parent == nullptr ? nullptr : parent->if_contains(key);
  if (found == nullptr || found->is_null()) return values;
  const json::array* array = found->if_array();
  if (array == nullptr) return fail(ErrorCode::invalid, "\"{}\" is not an array", key);
  if (array->size() != count) {
    return fail(ErrorCode::invalid, "\"{}\" has {} values for {} timestamps", key, array->size(), count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if ((*array)[i].is_null()) continue;
    const auto value = number((*array)[i]);
    if (!value) return fail(ErrorCode::invalid, "\"{}\" of row {} is not a number", key, i);
    values[i] = *value;
  }
  return values;
}

// indicators.quote[0] and indicators.adjclose[0]; null when it is not there.
Result<const json::object*> first_indicator(const json::object& indicators, std::string_view key) {
  const json::value* found = indicators.if_contains(key);
  if (found == nullptr || found->is_null()) return nullptr;
  const json::array* array = found->if_array();
  if (array == nullptr) return fail(ErrorCode::invalid, "indicators.{} is not an array", key);
  if (array->empty() || array->front().is_null()) return nullptr;
  const json::object* object = array->front().if_object();
  if (object == nullptr) return fail(ErrorCode::invalid, "indicators.{}[0] is not an object", key);
  return object;
}

Result<void> read_rows(const json::object& result, Chart& chart) {
  const json::value* timestamps = result.if_contains("timestamp");
  const json::array empty;
  const json::array* times = &empty;
  if (timestamps != nullptr && !timestamps->is_null()) times = timestamps->if_array();
  if (times == nullptr) return fail(ErrorCode::invalid, "\"timestamp\" is not an array");

  const json::object* indicators = object_at(result, "indicators");
  if (indicators == nullptr) return fail(ErrorCode::invalid, "there is no \"indicators\"");
  const auto quote = first_indicator(*indicators, "quote");
  if (!quote) return fail(quote.error());
  const auto adjusted = first_indicator(*indicators, "adjclose");
  if (!adjusted) return fail(adjusted.error());
  if (!times->empty() && (*quote == nullptr || !(*quote)->contains("close"))) {
    return fail(ErrorCode::invalid, "there are {} timestamps but no closes", times->size());
  }

  const std::size_t count = times->size();
  chart.rows.resize(count);
  const auto fill = [&](const json::object* parent, std::string_view key, double ChartRow::*field) -> Result<void> {
    auto values = column(parent, key, count);
    if (!values) return fail(values.error());
    for (std::size_t i = 0; i < count; ++i) chart.rows[i].*field = (*values)[i];
    return {};
  };
  for (const auto& [key, field] :
       {std::pair("open", &ChartRow::open), std::pair("high", &ChartRow::high), std::pair("low", &ChartRow::low),
        std::pair("close", &ChartRow::close), std::pair("volume", &ChartRow::volume)}) {
    if (auto filled = fill(*quote, key, field); !filled) return filled;
  }
  if (auto filled = fill(*adjusted, "adjclose", &ChartRow::adjusted_close); !filled) return filled;

  for (std::size_t i = 0; i < count; ++i) {
    ChartRow& row = chart.rows[i];
    const auto seconds = seconds_of(&(*times)[i], fmt::format("timestamp of row {}", i));
    if (!seconds) return fail(seconds.error());
    row.timestamp_s = *seconds;
    if (i > 0 && row.timestamp_s <= chart.rows[i - 1].timestamp_s) {
      return fail(ErrorCode::invalid, "timestamp of row {} is {}, not after the one before", i, row.timestamp_s);
    }
    const auto date = date_in_zone(chart.time_zone, row.timestamp_s);
    if (!date) return fail(date.error());
    row.date = *date;
    if (row.volume < 0) return fail(ErrorCode::invalid, "volume of {} is negative", row.date.to_string());
  }
  return {};
}

// `take` gets each object of events.<kind>. Its key is not the date: with longer bars it is the bar's start.
template <class Take>
Result<void> each_event(const json::object& events, std::string_view kind, Take take) {
  const json::value* found = events.if_contains(kind);
  if (found == nullptr || found->is_null()) return {};
  const json::object* group = found->if_object();
  if (group == nullptr) return fail(ErrorCode::invalid, "events.{} is not an object", kind);
  for (const auto& entry : *group) {
    const json::object* event = entry.value().if_object();
    if (event == nullptr) return fail(ErrorCode::invalid, "an entry of events.{} is not an object", kind);
    if (Result<void> taken = take(*event); !taken) return taken;
  }
  return {};
}

Result<void> read_cash(const json::object& events, std::string_view kind, const std::string& zone,
                       std::vector<CashEvent>& out) {
  return each_event(events, kind, [&](const json::object& event) -> Result<void> {
    const auto date = date_at(zone, event, kind);
    if (!date) return fail(date.error());
    const auto amount = number_at(event, "amount");
    if (!amount || *amount < 0) {
      return fail(ErrorCode::invalid, "amount of {} on {} is not a number of at least 0", kind, date->to_string());
    }
    out.push_back({*date, *amount, text_at(event, "currency")});
    return {};
  });
}

Result<void> read_events(const json::object& result, Chart& chart) {
  const json::value* found = result.if_contains("events");
  if (found == nullptr || found->is_null()) return {};
  const json::object* events = found->if_object();
  if (events == nullptr) return fail(ErrorCode::invalid, "\"events\" is not an object");
  if (auto read = read_cash(*events, "dividends", chart.time_zone, chart.dividends); !read) return read;
  if (auto read = read_cash(*events, "capitalGains", chart.time_zone, chart.capital_gains); !read) return read;
  return each_event(*events, "splits", [&](const json::object& event) -> Result<void> {
    const auto date = date_at(chart.time_zone, event, "splits");
    if (!date) return fail(date.error());
    const double ratio = number_at(event, "numerator").value_or(none) / number_at(event, "denominator").value_or(none);
    if (!(ratio > 1e-6 && ratio < 1e6)) {
      return fail(ErrorCode::invalid, "split on {} has no ratio between 1e-6 and 1e6", date->to_string());
    }
    chart.splits.push_back({*date, ratio});
    return {};
  });
}

Result<void> read_meta(const json::object& result, Chart& chart) {
  const json::object* meta = object_at(result, "meta");
  if (meta == nullptr) return fail(ErrorCode::invalid, "there is no \"meta\"");
  chart.symbol = text_at(*meta, "symbol");
  chart.currency = text_at(*meta, "currency");
  chart.granularity = text_at(*meta, "dataGranularity");
  chart.time_zone = text_at(*meta, "exchangeTimezoneName");
  if (chart.symbol.empty()) return fail(ErrorCode::invalid, "there is no meta.symbol");
  if (chart.time_zone.empty()) return fail(ErrorCode::invalid, "there is no meta.exchangeTimezoneName");

  const json::object* periods = object_at(*meta, "currentTradingPeriod");
  const json::object* regular = periods == nullptr ? nullptr : object_at(*periods, "regular");
  if (regular == nullptr) return {};
  const auto start = seconds_of(regular->if_contains("start"), "start of the current session");
  if (!start) return fail(start.error());
  const auto end = seconds_of(regular->if_contains("end"), "end of the current session");
  if (!end) return fail(end.error());
  const auto date = date_in_zone(chart.time_zone, *start);
  if (!date) return fail(date.error());
  chart.session = Session{*date, *end};
  return {};
}

// chart.error: what Yahoo says when it has nothing to give.
Result<Chart> refusal(const json::object& error) {
  const std::string code = text_at(error, "code");
  const std::string description = text_at(error, "description");
  if (code == "Not Found") return fail(ErrorCode::not_found, "{}", description);
  if (description.starts_with("Data doesn't exist")) return Chart{};
  return fail(ErrorCode::rejected, "yahoo says: {}: {}", code, description);
}

}  // namespace

Result<Date> date_in_zone(const std::string& zone, std::int64_t seconds) {
  constexpr std::int64_t first = -2'208'988'800;  // 1900-01-01
  constexpr std::int64_t last = 7'258'118'400;    // 2200-01-01
  if (seconds < first + 86'400 || seconds >= last - 86'400) {
    return fail(ErrorCode::invalid, "time {} is not between the years 1900 and 2199", seconds);
  }
  try {
    const auto local = date::locate_zone(zone)->to_local(date::sys_seconds(std::chrono::seconds(seconds)));
    return Date::from_days(static_cast<std::int32_t>(date::floor<date::days>(local).time_since_epoch().count()));
  } catch (const std::exception&) {
    return fail(ErrorCode::invalid, "time zone \"{}\" is not known on this machine", zone);
  }
}

Result<Chart> parse_chart(std::string_view body) {
  const auto document = parse_json(body);
  if (!document) return fail(document.error());
  const json::object* root = document->if_object();
  const json::object* envelope = root == nullptr ? nullptr : object_at(*root, "chart");
  if (envelope == nullptr) return fail(ErrorCode::invalid, "it has no \"chart\" object");
  if (const json::object* error = object_at(*envelope, "error")) return refusal(*error);

  const json::value* results = envelope->if_contains("result");
  const json::array* array = results == nullptr ? nullptr : results->if_array();
  const json::object* result = array == nullptr || array->size() != 1 ? nullptr : array->front().if_object();
  if (result == nullptr) return fail(ErrorCode::invalid, "chart.result is not an array of one object");

  Chart chart;
  if (auto read = read_meta(*result, chart); !read) return fail(read.error());
  if (auto read = read_rows(*result, chart); !read) return fail(read.error());
  if (auto read = read_events(*result, chart); !read) return fail(read.error());
  return chart;
}

}  // namespace rebalancer::yahoo
