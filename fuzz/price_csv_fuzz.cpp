// Prices as CSV, both forms: what is read can be written and reads back as the same.
#include <algorithm>
#include <cmath>
#include <set>

#include "core/market/corporate_action.hpp"
#include "core/market/price_csv.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

constexpr std::string_view name = "prices.csv";

void expect_refusal(const Error& error) {
  expect(error.code == ErrorCode::invalid || error.code == ErrorCode::exhausted, "a file is refused as invalid",
         error.message);
  expect(error.message.starts_with(name) || error.code == ErrorCode::invalid, "a message names the file",
         error.message);
  expect_message(error.message, 600);
}

void check_tables(const std::vector<BarTable>& tables) {
  std::set<Symbol> symbols;
  for (const BarTable& table : tables) {
    expect(symbols.insert(table.symbol()).second, "a symbol has one table", table.symbol().str());
    for (std::size_t i = 0; i < table.bars().size(); ++i) {
      const Bar& bar = table.bars()[i];
      expect(i == 0 || table.bars()[i - 1].date < bar.date, "dates ascend", bar.date.to_string());
      expect(!std::isinf(bar.close) && !std::isinf(bar.volume), "a figure is finite or none", bar.date.to_string());
    }
  }
}

std::vector<BarTable> with_bars(const std::vector<BarTable>& tables) {
  std::vector<BarTable> kept;
  std::copy_if(tables.begin(), tables.end(), std::back_inserter(kept),
               [](const BarTable& table) { return !table.bars().empty(); });
  return kept;
}

// A close of zero, or a tiny one, brings the other prices of its day to no scale at all. The verdict on the prices
// stops at them; files do not have them.
bool has_endless(const std::vector<BarTable>& tables) {
  return std::any_of(tables.begin(), tables.end(), [](const BarTable& table) {
    return std::any_of(table.bars().begin(), table.bars().end(), [](const Bar& bar) {
      return std::isinf(bar.open) || std::isinf(bar.high) || std::isinf(bar.low);
    });
  });
}

void check_long_form(const std::vector<BarTable>& tables) {
  const auto written = long_csv(tables);
  expect(written.has_value(), "tables of one file are of one kind");
  const auto again = parse_price_csv(*written, name, "fuzz");
  expect(again.has_value(), "the long form reads back", again ? *written : again.error().message + "\n" + *written);
  const auto kept = with_bars(tables);
  if (kept.empty()) return;  // of which kind nothing is, nobody can tell
  expect(again->tables.size() == kept.size(), "the long form has every table", *written);
  const auto twice = long_csv(again->tables);
  expect(twice && *twice == *written, "the long form reads back as itself", twice ? *written + *twice : *written);
}

void check_wide_form(const std::vector<BarTable>& tables) {
  const auto frame = adjusted_frame(tables, Date::make(1900, 1, 1).value(), Date::make(2199, 12, 31).value());
  if (!frame || frame->cols() == 0) return;
  const std::string written = wide_csv(*frame);
  const auto again = parse_price_csv(written, name, "fuzz");
  expect(again.has_value(), "the wide form reads back", again ? written : again.error().message + "\n" + written);
  const auto same = adjusted_frame(again->tables, frame->rows() == 0 ? Date() : frame->dates().front(),
                                   frame->rows() == 0 ? Date() : frame->dates().back());
  expect(same && wide_csv(*same) == written, "the wide form reads back as itself", written);
}

void check(std::string_view input) {
  const auto csv = parse_price_csv(input, name, "fuzz");
  if (csv) {
    check_tables(csv->tables);
    expect(csv->warnings.size() <= csv->tables.size(), "a symbol is warned of once");
    for (const std::string& warning : csv->warnings) expect_message(warning, 400);
    if (!has_endless(csv->tables)) check_long_form(csv->tables);
    check_wide_form(csv->tables);
  } else {
    expect_refusal(csv.error());
  }
  const PriceCsvLimits narrow{.lines_max = 4, .columns_max = 3};
  const auto within = parse_price_csv(input, name, "fuzz", narrow);
  if (!within) return expect_refusal(within.error());
  expect(csv.has_value(), "bounds let nothing through that was refused without them");
  expect(within->tables.size() <= narrow.columns_max, "the number of symbols is bounded");
  for (const BarTable& table : within->tables) {
    expect(table.bars().size() < narrow.lines_max, "the number of lines is bounded");
  }
}

const Target target("price_csv", check);

}  // namespace
}  // namespace rebalancer::fuzz
