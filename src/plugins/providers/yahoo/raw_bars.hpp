// From what Yahoo says today to what was published on the day: splits undone, units major, unfinished days left out.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "chart.hpp"
#include "core/market/bar.hpp"

namespace rebalancer::yahoo {

struct RawBars {
  std::vector<Bar> bars;           // dates strictly ascending
  std::vector<std::string> notes;  // what was decided about a doubtful event, for the log
};

// A unit of money as Yahoo names it: {"GBP", 100} for "GBp", pence.
struct Unit {
  std::string currency;  // ISO 4217
  double per_major = 1;
};
[[nodiscard]] Unit unit_of(std::string_view name);

// The bars of [from, to] as they were traded. `chart` must reach from `from` to `now`: the ratios of all splits after
// a day are what undoes them. A day whose session is not over at `now`, with 25 minutes for closing auctions and
// delayed feeds, is left out. Errors: invalid for contradictions (two rows of one day that differ, days after `now`),
// rejected for a dividend in a currency that is not the price's.
[[nodiscard]] Result<RawBars> raw_bars(const Chart& chart, Instant now, Date from, Date to);

// The published price behind a float32 that was divided by `split_factor` after publication and counts 1/`per_major`
// units: the number with the fewest decimals that is consistent with it. NaN stays NaN.
[[nodiscard]] double as_published(double value, double split_factor, double per_major);

}  // namespace rebalancer::yahoo
