#include "core/portfolio/drift.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace rebalancer {

Result<Drift> drift_of(const Book& book, const PriceList& prices, const Weights& target) {
  auto valuation = value_book(book, prices);
  if (!valuation) return fail(valuation.error());
  const double equity = valuation->equity.amount().to_double();
  if (!(equity > 0)) {
    return fail(ErrorCode::invalid, "equity is {}, must be positive", valuation->equity.to_string());
  }
  std::set<Symbol> symbols;
  for (const Position& position : book.positions) symbols.insert(position.symbol);
  for (const Weight& entry : target.entries()) symbols.insert(entry.symbol);
  Drift drift;
  for (const Symbol& symbol : symbols) {
    const auto value = valuation->values.find(symbol);
    const double actual = value == valuation->values.end() ? 0.0 : value->second.amount().to_double() / equity;
    drift.entries.push_back({symbol, actual, target.of(symbol)});
    drift.largest_fraction = std::max(drift.largest_fraction, std::abs(drift.entries.back().drift_fraction()));
  }
  drift.cash_actual_fraction = book.cash.amount().to_double() / equity;
  drift.cash_target_fraction = target.cash_fraction();
  return drift;
}

}  // namespace rebalancer
