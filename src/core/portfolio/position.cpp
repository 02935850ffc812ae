#include "core/portfolio/position.hpp"

#include <algorithm>

namespace rebalancer {

Quantity Book::quantity_of(const Symbol& symbol) const {
  const auto found = std::find_if(positions.begin(), positions.end(),
                                  [&](const Position& position) { return position.symbol == symbol; });
  return found == positions.end() ? Quantity() : found->quantity;
}

Result<Valuation> value_book(const Book& book, const PriceList& prices) {
  Valuation valuation{{}, book.cash};
  for (const Position& position : book.positions) {
    const auto price = prices.find(position.symbol);
    if (price == prices.end()) return fail(ErrorCode::not_found, "no price for {}, which is held", position.symbol);
    auto value = value_of(position.quantity, price->second, book.cash.currency(), Rounding::half_even);
    if (!value) return fail(value.error());
    auto equity = add(valuation.equity, *value);
    if (!equity) return fail(equity.error());
    valuation.values.emplace(position.symbol, *value);
    valuation.equity = *equity;
  }
  return valuation;
}

}  // namespace rebalancer
