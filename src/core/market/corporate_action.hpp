// Adjusted series derived from raw closes, dividends and splits. Nothing here is ever stored.
#pragma once
#include <span>
#include <vector>

#include "core/market/bar.hpp"
#include "core/market/price_frame.hpp"

namespace rebalancer {

// Closes adjusted for splits and dividends the way vendors do: factor (1 - D/P_previous) before an ex-date, 1/ratio
// before a split, the last close unchanged (tests/golden: dividends.adjusted_close_vendor). NaN stays NaN.
// A table whose basis is `adjusted` is returned as it is.
[[nodiscard]] std::vector<double> adjusted_closes(const BarTable& table);

// Total returns with dividends reinvested at the ex-date's close (as CRSP does); one number fewer than bars. NaN on a
// day without a close; the next close then gives the return since the last one.
[[nodiscard]] std::vector<double> total_returns(const BarTable& table);

// The adjusted closes of all tables on the days in [from, to] on which any of them has one. Adjusted from the end of
// each table, so that what comes after `to` is known too.
// Errors: invalid for a derived price that is not positive; a table without bars gives a column of NaN.
[[nodiscard]] Result<PriceFrame> adjusted_frame(std::span<const BarTable> tables, Date from, Date to);

}  // namespace rebalancer
