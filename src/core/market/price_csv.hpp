// Prices as CSV text, in two forms that people keep them in:
//   wide  date,SPY,QQQ,...      adjusted closes
//   long  date,symbol,open,high,low,close,adjusted_close,volume,dividend,split      columns in any order
// An empty cell is no price. docs/operations.md tells users the same.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/bar.hpp"
#include "core/market/price_frame.hpp"

namespace rebalancer {

struct PriceCsvLimits {
  std::size_t lines_max = 10'000'000;
  std::size_t columns_max = 10'000;
};

struct PriceCsv {
  std::vector<BarTable> tables;  // in the order the file names them
  // What does not stop anybody: an adjusted_close that contradicts close, dividend and split.
  std::vector<std::string> warnings;
};

// `name` is the file, as messages should call it; `source` goes into the tables.
//
// Wide files are adjusted. A long file with a column dividend or split is raw, and its adjusted_close is only checked
// against the derived one; any other long file is adjusted: closes are its adjusted_close, or close when it has none,
// and open, high and low are brought to the same scale. A split of 0 is none.
//
// Errors: invalid, "prices.csv:12: ..." with column, value and rule: cells missing, a name that is no symbol, a column
// unknown or twice, dates that do not ascend (within each symbol, in the long form), what is not a finite number.
// exhausted beyond the limits. Whether a price makes sense is the quality verdict's work.
[[nodiscard]] Result<PriceCsv> parse_price_csv(std::string_view text, std::string_view name, std::string_view source,
                                               const PriceCsvLimits& limits = {});

// The wide form of a frame. Numbers are the shortest that read back as the same.
[[nodiscard]] std::string wide_csv(const PriceFrame& frame);
// The long form, by symbol, then date; raw tables with dividend and split and the adjusted_close derived from them,
// adjusted tables without. Errors: invalid when both kinds are mixed: the form has one header.
[[nodiscard]] Result<std::string> long_csv(std::span<const BarTable> tables);

}  // namespace rebalancer
