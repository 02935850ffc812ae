// What `optimize` says beside the weights: the strategy's reasons, and the book of whole shares.
#pragma once
#include <string>

#include "core/market/price_frame.hpp"
#include "core/portfolio/share_allocation.hpp"
#include "core/portfolio/weights.hpp"

namespace rebalancer::app {

// Estimates, effective positions, binding constraints with their worth, sensitivity: as far as the report has them.
[[nodiscard]] std::string explained(const std::string& report_json);

// The best book of whole shares for `money` at the last prices. Errors: invalid for a negative weight or a price that
// is missing.
[[nodiscard]] Result<ShareBook> read_shares(const Decimal& money, const PriceFrame& prices, const Weights& weights);
// {"shares": {"SPY": 3}, "leftover", "objective", "bound", "proven", "greedy_objective"}
[[nodiscard]] std::string shares_json(const PriceFrame& prices, const ShareBook& book);
[[nodiscard]] std::string shares_text(const PriceFrame& prices, const ShareBook& book);

}  // namespace rebalancer::app
