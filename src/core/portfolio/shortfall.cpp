#include "core/portfolio/shortfall.hpp"

#include "core/portfolio/exact.hpp"

namespace rebalancer {

using exact::wide;
using exact::Wide;

std::optional<Decimal> shortfall_of(Side side, Quantity filled, const std::optional<Price>& average_price,
                                    std::span<const PricedQuantity> fills, Price reference) {
  if (!average_price || filled == Quantity()) return std::nullopt;
  Wide told = 0;
  Wide paid = 0;
  for (const PricedQuantity& fill : fills) {
    told += wide(fill.quantity.decimal());
    paid += wide(fill.quantity.decimal()) * wide(fill.price.decimal());
  }
  const Wide quantity = wide(filled.decimal());
  if (told != quantity) paid = quantity * wide(average_price->decimal());
  const Wide more = (paid - quantity * wide(reference.decimal())) / exact::scale;
  const auto shortfall = exact::narrow(side == Side::buy ? more : -more, "a shortfall");
  return shortfall ? std::optional(*shortfall) : std::nullopt;
}

double shortfall_bp(Decimal shortfall, Quantity filled, Price reference) {
  return 1e4 * shortfall.to_double() / (filled.decimal().to_double() * reference.decimal().to_double());
}

}  // namespace rebalancer
