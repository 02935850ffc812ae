// The book of a ledger recomputed from nothing but its fills.
#pragma once
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "paper/ledger.hpp"
#include "support/portfolio_builders.hpp"

namespace rebalancer::test {

// Cash = opening - bought + sold - fees, positions = sum of fills, every amount rounded against the account.
inline void check_book(paper::Ledger& ledger, const std::vector<std::string>& client_ids) {
  __extension__ typedef __int128 Integer;
  constexpr Integer billion = 1'000'000'000;
  Integer cash = ledger.opening_cash().billionths();
  std::map<Symbol, Integer> shares;
  for (const std::string& id : client_ids) {
    for (const Fill& fill : ledger.fills(id)) {
      const Integer product =
          static_cast<Integer>(fill.quantity.decimal().billionths()) * fill.price.decimal().billionths();
      const bool buys = fill.side == Side::buy;
      const Integer value = product / billion + (buys && product % billion != 0 ? 1 : 0);
      cash += (buys ? -value : value) - fill.fee.amount().billionths();
      shares[fill.symbol] += (buys ? 1 : -1) * static_cast<Integer>(fill.quantity.decimal().billionths());
      CHECK_FALSE(fill.fee.amount().is_negative());
    }
  }
  std::erase_if(shares, [](const auto& entry) { return entry.second == 0; });
  CHECK(cash == ledger.cash().billionths());
  CHECK(cash >= 0);
  const std::vector<Position> positions = ledger.positions();
  CHECK(positions.size() == shares.size());
  for (const Position& position : positions) {
    CHECK(position.quantity.decimal().is_positive());
    CHECK(shares[position.symbol] == position.quantity.decimal().billionths());
  }
}

inline bool same_report(const OrderReport& a, const OrderReport& b) {
  return a.client_id == b.client_id && a.broker_id == b.broker_id && a.state == b.state && a.filled == b.filled &&
         a.average_price == b.average_price && a.fee == b.fee && a.reason == b.reason;
}

inline Order order_for(const std::string& id, const std::string& name, Side side, const std::string& quantity,
                       const std::string& limit = "") {
  std::optional<Price> at;
  if (!limit.empty()) at = Price::make(decimal(limit)).value();
  return Order::make(id, symbol(name), side, Quantity(decimal(quantity)), at).value();
}

inline std::vector<std::pair<Symbol, Price>> marks(const std::vector<std::pair<std::string, std::string>>& prices) {
  const PriceList list = price_list(prices);
  return {list.begin(), list.end()};
}

inline Date day(int number) { return Date::from_days(20'000 + number); }

}  // namespace rebalancer::test
