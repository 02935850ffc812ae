#pragma once
#include <map>
#include <vector>

#include "core/base/money.hpp"
#include "core/market/symbol.hpp"

namespace rebalancer {

struct Position {
  Symbol symbol;
  Quantity quantity;
};

// What an account holds. Positions sorted by symbol, each symbol once, no zero quantities.
struct Book {
  std::vector<Position> positions;
  Money cash;

  [[nodiscard]] Quantity quantity_of(const Symbol& symbol) const;  // zero when not held
};

// One price per symbol, in the book's currency: what everything is valued and planned at.
using PriceList = std::map<Symbol, Price>;

struct Valuation {
  std::map<Symbol, Money> values;  // one per position
  Money equity;                    // cash plus all values
};

// Rounds half-even. Errors: not_found for a position without a price; invalid on overflow.
[[nodiscard]] Result<Valuation> value_book(const Book& book, const PriceList& prices);

}  // namespace rebalancer
