// What an order cost against the price it was decided at.
#pragma once
#include <optional>
#include <span>

#include "core/portfolio/order.hpp"

namespace rebalancer {

struct PricedQuantity {
  Quantity quantity;
  Price price;
};

// Implementation shortfall against the arrival price (Perold 1988), without fees: what was paid more, or received less,
// than at `reference`, rounded towards zero. By the fills when they sum to `filled`, else by the average. None while
// nothing is filled, and when it overflows.
[[nodiscard]] std::optional<Decimal> shortfall_of(Side side, Quantity filled, const std::optional<Price>& average_price,
                                                  std::span<const PricedQuantity> fills, Price reference);

// The same in hundredths of a percent of what was filled at the reference.
[[nodiscard]] double shortfall_bp(Decimal shortfall, Quantity filled, Price reference);

}  // namespace rebalancer
