// Price tables as JSON, column by column: {"basis", "columns": {"close": ["100.5", ...], ...}, "dates": [days, ...],
// "source", "symbol"}.
#include <algorithm>
#include <array>
#include <cmath>

#include "services/decision_codec.hpp"

namespace rebalancer {
namespace {

using decision_fields::FieldReader;
using decision_fields::Place;
using decision_fields::Reading;

struct Column {
  const char* name;
  double Bar::*value;
  double left_out;  // the figure a column need not say
};

constexpr std::array columns{Column{"close", &Bar::close, no_value},  Column{"dividend", &Bar::dividend, 0},
                             Column{"high", &Bar::high, no_value},    Column{"low", &Bar::low, no_value},
                             Column{"open", &Bar::open, no_value},    Column{"split", &Bar::split_ratio, 1},
                             Column{"volume", &Bar::volume, no_value}};

bool says_nothing(double value, double left_out) {
  return std::isnan(left_out) ? std::isnan(value) : double_text(value) == double_text(left_out);
}

const std::int32_t first_day = Date::make(1900, 1, 1).value().days();
const std::int32_t last_day = Date::make(2199, 12, 31).value().days();

void read_dates(const Place& place, const std::vector<std::int64_t>& days, std::vector<Bar>& bars) {
  for (const std::int64_t day : days) {
    if (day < first_day || day > last_day) return place.wrong(fmt::format("has the date {}, out of range", day));
    bars.emplace_back().date = Date::from_days(static_cast<std::int32_t>(day));
  }
}

void read_columns(const Place& place, std::vector<Bar>& bars) {
  const CanonicalJson* members = place.json.find("columns");
  if (members == nullptr || members->if_object() == nullptr) return place.wrong("has no object \"columns\"");
  std::size_t known = 0;
  for (const Column& column : columns) {
    const CanonicalJson* member = members->find(column.name);
    if (member == nullptr) continue;
    ++known;
    const Place inner{*member, fmt::format("{}.columns.{}", place.path, column.name), place.reading};
    const CanonicalJson::Array* values = member->if_array();
    if (values == nullptr || values->size() != bars.size()) {
      return inner.wrong(fmt::format("must be an array of {}", bars.size()));
    }
    bool says_something = false;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      double& value = bars[i].*column.value;
      decision_fields::read(Place{(*values)[i], inner.path, place.reading}, value);
      says_something = says_something || !says_nothing(value, column.left_out);
    }
    if (!says_something) return inner.wrong("says nothing and must be left out");
  }
  if (known != members->if_object()->size()) place.wrong("has a column that the format does not know");
}

}  // namespace

CanonicalJson to_json(const BarTable& table) {
  const auto bars = table.bars();
  CanonicalJson::Object written;
  for (const Column& column : columns) {
    const bool all_left_out = std::all_of(
        bars.begin(), bars.end(), [&](const Bar& bar) { return says_nothing(bar.*column.value, column.left_out); });
    if (all_left_out) continue;
    CanonicalJson::Array values;
    values.reserve(bars.size());
    for (const Bar& bar : bars) values.push_back(CanonicalJson::of_double(bar.*column.value));
    written.emplace(column.name, std::move(values));
  }
  CanonicalJson::Array dates;
  dates.reserve(bars.size());
  for (const Bar& bar : bars) dates.emplace_back(bar.date.days());
  CanonicalJson json;
  json["basis"] = name_of(table.basis());
  json["columns"] = std::move(written);
  json["dates"] = std::move(dates);
  json["source"] = table.source();
  json["symbol"] = table.symbol().str();
  return json;
}

Result<BarTable> read_table(const CanonicalJson& json, const std::string& path) {
  Reading reading;
  const Place place{json, path, reading};
  PriceBasis basis = PriceBasis::raw;
  std::string source;
  Symbol symbol = decision_fields::blank<Symbol>();
  std::vector<std::int64_t> days;
  FieldReader reader(place);
  reader("basis", basis);
  reader("dates", days);
  reader("source", source);
  reader("symbol", symbol);
  reader.skip("columns");
  reader.finish();
  std::vector<Bar> bars;
  if (!reading.error) read_dates(place, days, bars);
  if (!reading.error) read_columns(place, bars);
  if (reading.error) return fail(*reading.error);
  auto table = BarTable::make(symbol, std::move(bars), basis, source);
  if (!table) return fail(ErrorCode::rejected, "{}: {}", path, table.error().message);
  return table;
}

}  // namespace rebalancer
