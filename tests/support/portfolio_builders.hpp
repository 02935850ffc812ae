// Books, prices and weights from literals, for tests.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/portfolio/drift.hpp"

namespace rebalancer::test {

inline Symbol symbol(const std::string& text) { return Symbol::parse(text).value(); }

inline Decimal decimal(const std::string& text) { return Decimal::parse(text).value(); }

inline Book book(const std::string& cash, const std::vector<std::pair<std::string, std::string>>& positions) {
  Book made{{}, Money(decimal(cash), Currency::usd())};
  for (const auto& [name, quantity] : positions) made.positions.push_back({symbol(name), Quantity(decimal(quantity))});
  return made;
}

inline PriceList price_list(const std::vector<std::pair<std::string, std::string>>& prices) {
  PriceList made;
  for (const auto& [name, price] : prices) made.emplace(symbol(name), Price::make(decimal(price)).value());
  return made;
}

inline Weights weights(const std::vector<std::pair<std::string, double>>& fractions, double cash_fraction = 0) {
  std::vector<Weight> entries;
  for (const auto& [name, fraction] : fractions) entries.push_back({symbol(name), fraction});
  return Weights::make(std::move(entries), cash_fraction).value();
}

}  // namespace rebalancer::test
