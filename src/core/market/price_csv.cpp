#include "core/market/price_csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "core/base/nearest.hpp"
#include "core/market/corporate_action.hpp"
#include "core/market/csv_lines.hpp"

namespace rebalancer {
namespace {

enum Column { date, symbol, open, high, low, close, adjusted_close, volume, dividend, split, column_count };

constexpr std::array<std::string_view, column_count> column_names{
    "date", "symbol", "open", "high", "low", "close", "adjusted_close", "volume", "dividend", "split"};

using Cells = std::vector<std::string_view>;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::optional<Column> column_of(std::string_view name) {
  const auto found = std::find(column_names.begin(), column_names.end(), lower(name));
  if (found == column_names.end()) return std::nullopt;
  return static_cast<Column>(found - column_names.begin());
}

// NaN for an empty cell.
Result<double> number(const CsvLines& lines, std::string_view cell, std::string_view column, std::string_view symbol) {
  if (cell.empty()) return no_value;
  double value = 0;
  const auto [end, why] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (why != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) {
    return lines.fail_here("{}{}{} is \"{}\", must be a finite number or empty", column, column.empty() ? "" : " of ",
                           symbol, shown(cell));
  }
  return value;
}

Result<void> check_ascending(const CsvLines& lines, const std::vector<Bar>& bars, Date date, std::string_view what) {
  if (bars.empty() || date > bars.back().date) return {};
  if (date == bars.back().date) return lines.fail_here("{}{} appears twice", date.to_string(), what);
  return lines.fail_here("{}{} follows {}, dates must ascend", date.to_string(), what, bars.back().date.to_string());
}

// One next() for both forms: limits and the number of cells.
Result<bool> next_row(CsvLines& lines, Cells& cells, std::size_t columns, const PriceCsvLimits& limits) {
  auto more = lines.next(cells);
  if (!more || !*more) return more;
  if (lines.line() > limits.lines_max) {
    return fail(ErrorCode::exhausted, "more than {} lines, the most a price file may have", limits.lines_max);
  }
  if (cells.size() != columns) {
    return lines.fail_here("{} cells, must be {} as in the header", cells.size(), columns);
  }
  return true;
}

Result<Date> date_cell(const CsvLines& lines, std::string_view cell) {
  const auto parsed = Date::parse(cell);
  if (parsed) return *parsed;
  return lines.fail_here("date is \"{}\", must be a day of the form 2026-11-23", shown(cell));
}

Result<PriceCsv> parse_wide(CsvLines& lines, const Cells& header, std::string_view source,
                            const PriceCsvLimits& limits) {
  std::vector<Symbol> symbols;
  for (const std::string_view name : std::span(header).subspan(1)) {
    const auto parsed = Symbol::parse(name);
    if (!parsed && column_of(name)) {
      return lines.fail_here("column {} belongs to the long form, which needs a column symbol too", shown(name));
    }
    if (!parsed) {
      return lines.fail_here(
          "column {} is named \"{}\", must be a symbol: 1 to 16 of A-Z 0-9 . - ^ =", symbols.size() + 2, shown(name));
    }
    if (std::find(symbols.begin(), symbols.end(), *parsed) != symbols.end()) {
      return lines.fail_here("column {} appears twice", *parsed);
    }
    symbols.push_back(*parsed);
  }

  std::vector<std::vector<Bar>> bars(symbols.size());
  std::optional<Date> last;
  Cells cells;
  while (true) {
    const auto more = next_row(lines, cells, header.size(), limits);
    if (!more) return fail(more.error());
    if (!*more) break;
    const auto day = date_cell(lines, cells[0]);
    if (!day) return fail(day.error());
    if (last && *day <= *last) {
      return lines.fail_here("{} follows {}, dates must ascend", day->to_string(), last->to_string());
    }
    last = *day;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const auto value = number(lines, cells[i + 1], "", symbols[i].str());
      if (!value) return fail(value.error());
      if (std::isnan(*value)) continue;
      Bar bar;
      bar.date = *day;
      bar.close = *value;
      bars[i].push_back(bar);
    }
  }
  PriceCsv result;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    auto table = BarTable::make(symbols[i], std::move(bars[i]), PriceBasis::adjusted, std::string(source));
    if (!table) return fail(table.error());
    result.tables.push_back(*std::move(table));
  }
  return result;
}

// Vendors adjust from their last day, a file may end earlier: only ratios to the last row are comparable.
void compare_adjusted(const BarTable& table, const std::vector<double>& published, std::vector<std::string>& warnings) {
  constexpr double tolerance = 1e-3;
  const auto derived = adjusted_closes(table);
  std::size_t last = derived.size();
  std::size_t wrong = 0;
  std::size_t worst = 0;
  double worst_fraction = tolerance;
  for (std::size_t i = derived.size(); i-- > 0;) {
    if (std::isnan(published[i]) || std::isnan(derived[i])) continue;
    if (last == derived.size()) last = i;
    const double fraction = std::abs(published[i] * derived[last] / (derived[i] * published[last]) - 1);
    if (fraction <= tolerance) continue;
    ++wrong;
    if (fraction > worst_fraction) {
      worst = i;
      worst_fraction = fraction;
    }
  }
  if (wrong == 0) return;
  warnings.push_back(
      fmt::format("{}: adjusted_close differs from close, dividend and split on {} of {} days, most on {}: {} where "
                  "they give {:.6g}; close, dividend and split are used",
                  table.symbol(), wrong, derived.size(), table.bars()[worst].date.to_string(), published[worst],
                  derived[worst] * published[last] / derived[last]));
}

struct LongForm {
  std::array<std::optional<std::size_t>, column_count> place;  // of each column in a line
  [[nodiscard]] bool has(Column column) const { return place[column].has_value(); }
  [[nodiscard]] bool is_raw() const { return has(dividend) || has(split); }
};

Result<LongForm> long_header(const CsvLines& lines, const Cells& header) {
  LongForm form;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto column = column_of(header[i]);
    if (!column) {
      const std::vector<std::string> names(column_names.begin(), column_names.end());
      const auto near = nearest_name(header[i], names);
      return lines.fail_here("column \"{}\" is not known{}; must be one of {}", shown(header[i]),
                             near ? " (did you mean " + *near + "?)" : "", fmt::join(column_names, ", "));
    }
    if (form.has(*column)) return lines.fail_here("column {} appears twice", column_names[*column]);
    form.place[*column] = i;
  }
  if (!form.has(date)) return lines.fail_here("there is no column date");
  if (form.is_raw() && !form.has(close)) {
    return lines.fail_here("there is no column close, needed with dividend or split");
  }
  if (!form.has(close) && !form.has(adjusted_close)) {
    return lines.fail_here("there is no column close and no column adjusted_close");
  }
  return form;
}

struct LongRow {
  Bar bar;
  double adjusted = no_value;
};

Result<LongRow> long_row(const CsvLines& lines, const LongForm& form, const Cells& cells, std::string_view name) {
  std::array<double, column_count> values;
  values.fill(no_value);
  for (const Column column : {open, high, low, close, adjusted_close, volume, dividend, split}) {
    if (!form.has(column)) continue;
    const auto value = number(lines, cells[*form.place[column]], column_names[column], name);
    if (!value) return fail(value.error());
    if ((column == volume || column == dividend || column == split) && *value < 0) {
      return lines.fail_here("{} of {} is {}, must not be negative", column_names[column], name, *value);
    }
    values[column] = *value;
  }
  LongRow row;
  row.adjusted = values[adjusted_close];
  row.bar.open = values[open];
  row.bar.high = values[high];
  row.bar.low = values[low];
  row.bar.close = values[close];
  row.bar.volume = values[volume];
  if (values[dividend] > 0) row.bar.dividend = values[dividend];
  if (values[split] > 0) row.bar.split_ratio = values[split];
  if (form.is_raw() || !form.has(adjusted_close)) return row;
  // Without the close there is nothing to scale by, and the file's prices are on one scale already.
  const double factor = form.has(close) ? row.adjusted / row.bar.close : 1;
  row.bar.open *= factor;
  row.bar.high *= factor;
  row.bar.low *= factor;
  row.bar.close = row.adjusted;
  return row;
}

bool says_something(const Bar& bar) {
  const bool has_price =
      !std::isnan(bar.open) || !std::isnan(bar.high) || !std::isnan(bar.low) || !std::isnan(bar.close);
  return has_price || bar.dividend > 0 || bar.split_ratio != 1;
}

Result<PriceCsv> parse_long(CsvLines& lines, const Cells& header, std::string_view source,
                            const PriceCsvLimits& limits) {
  const auto form = long_header(lines, header);
  if (!form) return fail(form.error());

  struct Rows {
    Symbol symbol;
    std::vector<Bar> bars;
    std::vector<double> adjusted;
  };
  std::vector<Rows> rows;
  std::map<std::string, std::size_t, std::less<>> place;
  std::size_t current = 0;
  Cells cells;
  while (true) {
    const auto more = next_row(lines, cells, header.size(), limits);
    if (!more) return fail(more.error());
    if (!*more) break;
    const auto day = date_cell(lines, cells[*form->place[date]]);
    if (!day) return fail(day.error());
    const std::string_view name = cells[*form->place[symbol]];
    if (rows.empty() || rows[current].symbol.str() != name) {
      const auto found = place.find(name);
      if (found == place.end()) {
        const auto parsed = Symbol::parse(name);
        if (!parsed) {
          return lines.fail_here("symbol is \"{}\", must be 1 to 16 of A-Z 0-9 . - ^ =", shown(name));
        }
        if (rows.size() == limits.columns_max) {
          return fail(ErrorCode::exhausted, "more than {} symbols, the most a price file may have", limits.columns_max);
        }
        current = rows.size();
        place.emplace(name, current);
        rows.push_back({*parsed, {}, {}});
      } else {
        current = found->second;
      }
    }
    Rows& mine = rows[current];
    if (auto good = check_ascending(lines, mine.bars, *day, " of " + mine.symbol.str()); !good) {
      return fail(good.error());
    }
    auto row = long_row(lines, *form, cells, name);
    if (!row) return fail(row.error());
    if (!says_something(row->bar)) continue;
    row->bar.date = *day;
    mine.bars.push_back(row->bar);
    mine.adjusted.push_back(row->adjusted);
  }

  PriceCsv result;
  const PriceBasis basis = form->is_raw() ? PriceBasis::raw : PriceBasis::adjusted;
  for (Rows& mine : rows) {
    auto table = BarTable::make(mine.symbol, std::move(mine.bars), basis, std::string(source));
    if (!table) return fail(table.error());
    if (form->is_raw()) compare_adjusted(*table, mine.adjusted, result.warnings);
    result.tables.push_back(*std::move(table));
  }
  return result;
}

}  // namespace

Result<PriceCsv> parse_price_csv(std::string_view text, std::string_view name, std::string_view source,
                                 const PriceCsvLimits& limits) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return fail(ErrorCode::invalid, "{}: the text is UTF-16, must be UTF-8", name);
  }
  CsvLines lines(text, name);
  Cells cells;
  const auto more = lines.next(cells);
  if (!more) return fail(more.error());
  if (!*more) return fail(ErrorCode::invalid, "{}: the file is empty, must start with a header", name);
  if (cells.size() > limits.columns_max + 1) {
    return fail(ErrorCode::exhausted, "{}: {} columns, at most {} allowed", name, cells.size(), limits.columns_max + 1);
  }
  const bool is_long = std::any_of(cells.begin(), cells.end(), [](auto cell) { return column_of(cell) == symbol; });
  if (!is_long && column_of(cells[0]) != date) {
    return lines.fail_here("the first column is \"{}\", must be date", shown(cells[0]));
  }
  if (cells.size() < 2) return lines.fail_here("the header has one column, must name at least one symbol after date");
  // The header's cells outlive the reading of the lines after it.
  const std::vector<std::string> kept(cells.begin(), cells.end());
  const Cells header(kept.begin(), kept.end());
  auto result = is_long ? parse_long(lines, header, source, limits) : parse_wide(lines, header, source, limits);
  if (!result && result.error().code == ErrorCode::exhausted) {
    return fail(ErrorCode::exhausted, "{}: {}", name, result.error().message);
  }
  return result;
}

}  // namespace rebalancer
