// What a run derives from what it knows and nothing else: shared by the pipeline and by the replay of a decision.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "core/market/price_frame.hpp"
#include "core/market/quality.hpp"
#include "core/portfolio/position.hpp"
#include "core/portfolio/weights.hpp"

namespace rebalancer {

// The first finding that stops (or warns), and how many more there are; empty without one.
[[nodiscard]] std::string verdict_text(const QualityVerdict& verdict, Severity severity);

// Null when no bar has a close.
[[nodiscard]] const Bar* last_priced_bar(const BarTable& table);

struct PricesRead {
  PriceList prices;  // the last close of every table
  PriceFrame frame;  // adjusted closes of the symbols wanted, in the order of the tables
};
// Errors: not_found for a table without a price, invalid for prices that cannot be used.
[[nodiscard]] Result<PricesRead> read_prices(std::span<const BarTable> tables, std::span<const Symbol> wanted,
                                             Date session);

// What is held now, for strategies that weigh the cost of changing it; none when that cannot be said. `prices` has
// every position.
[[nodiscard]] std::optional<Weights> current_weights(const Book& book, const PriceList& prices, const Money& equity);

}  // namespace rebalancer
