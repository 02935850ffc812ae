// Random books, targets, prices, rules and brokers, from the everyday to the absurd.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/portfolio/order_plan.hpp"

namespace rebalancer::test {

struct Portfolio {
  Book book{{}, Money(Decimal(), Currency::usd())};
  Weights target = Weights::make({}, 1).value();
  PriceList prices;
  RebalanceRules rules;
  BrokerCapabilities capabilities;
};

template <class T, std::size_t N>
T one_of(Random& random, const T (&choices)[N]) {
  return choices[random.below(N)];
}

inline Decimal rounded(double value, Decimal increment) {
  const Decimal exact = Decimal::from_double(std::clamp(value, -9e9, 9e9), Rounding::floor).value();
  return round_to(exact, increment, Rounding::floor).value_or(Decimal());
}

inline Decimal billionths(std::int64_t value) { return Decimal::from_billionths(value); }

inline Weights random_weights(Random& random, const std::vector<Symbol>& symbols) {
  std::vector<double> parts(symbols.size() + 1);
  const std::uint64_t style = random.below(5);
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    parts[i] = style == 0 ? 1 : style == 1 ? std::exp(4 * random.normal()) : -std::log(random.uniform());
    if (random.below(4) == 0) parts[i] = 0;
  }
  parts.back() = random.below(3) == 0 ? 0.3 * random.uniform() : 0;
  double sum = 0;
  for (const double part : parts) sum += part;
  if (!(sum > 0)) parts.back() = sum = 1;
  std::vector<Weight> entries;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    // A zero weight may be written down or left out.
    if (parts[i] > 0 || random.below(2) == 0) entries.push_back({symbols[i], parts[i] / sum});
  }
  return Weights::make(std::move(entries), parts.back() / sum).value();
}

inline RebalanceRules random_rules(Random& random, double wealth, const std::vector<Symbol>& symbols) {
  RebalanceRules rules;
  rules.absolute_band_fraction.reset();
  if (random.below(2) == 0) rules.absolute_band_fraction = one_of(random, {0.0, 0.01, 0.05, 0.2});
  if (random.below(3) == 0) rules.relative_band_fraction = one_of(random, {0.0, 0.1, 0.25, 1.0});
  rules.trade_to = one_of(random, {RebalanceRules::TradeTo::target, RebalanceRules::TradeTo::band_edge,
                                   RebalanceRules::TradeTo::only_drifted});
  rules.buy_only = random.below(4) == 0;
  if (random.below(2) == 0) rules.cash_buffer = rounded(wealth * 0.2 * random.uniform(), billionths(1));
  if (random.below(2) == 0) rules.trade_value_min = rounded(wealth * 0.1 * random.uniform(), billionths(1));
  rules.price_collar_fraction = one_of(random, {0.0, 0.01, 0.01, 0.05, 0.5, 0.0123456789});
  for (const Symbol& symbol : symbols) {
    if (random.below(12) == 0) rules.untouchable.push_back(symbol);
  }
  return rules;
}

inline BrokerCapabilities random_capabilities(Random& random) {
  BrokerCapabilities capabilities;
  capabilities.limit_orders = random.below(5) != 0;
  capabilities.market_orders = !capabilities.limit_orders || random.below(2) == 0;
  capabilities.quantity_increment =
      billionths(one_of(random, {std::int64_t{1'000'000'000}, std::int64_t{1'000'000'000}, std::int64_t{1},
                                 std::int64_t{1'000'000}, std::int64_t{7'000'000'000}, std::int64_t{300'000'000}}));
  capabilities.price_increment =
      billionths(one_of(random, {std::int64_t{10'000'000}, std::int64_t{10'000'000}, std::int64_t{1},
                                 std::int64_t{100'000}, std::int64_t{50'000'000}, std::int64_t{1'000'000'000}}));
  if (random.below(3) == 0) capabilities.order_value_min = Decimal::whole(one_of(random, {1, 10, 500}));
  if (random.below(3) == 0) {
    capabilities.commission_per_order = billionths(static_cast<std::int64_t>(random.below(10'000'000'000)));
  }
  if (random.below(2) == 0) capabilities.cost_rate = billionths(static_cast<std::int64_t>(random.below(5'000'000)));
  return capabilities;
}

inline Portfolio random_portfolio(Random& random) {
  Portfolio made;
  made.capabilities = random_capabilities(random);
  const double wealth = std::exp(std::log(100.0) + random.uniform() * std::log(1e6));  // 100 to 100 million
  std::vector<Symbol> symbols;
  const std::uint64_t count = 1 + random.below(1 + random.below(12));  // small ones are quick, and as tricky
  for (std::uint64_t i = 0; i < count; ++i) {
    symbols.push_back(Symbol::parse(std::string(1 + i % 3, static_cast<char>('A' + i))).value());
    const double price = random.below(8) == 0 ? std::exp(std::log(1e-4) + random.uniform() * std::log(1e10))
                                              : std::exp(std::log(5.0) + random.uniform() * std::log(100.0));
    const Decimal exact = rounded(price, billionths(random.below(3) == 0 ? 1 : 10'000'000));
    made.prices.emplace(symbols.back(), Price::make(std::max(exact, billionths(1))).value());
  }
  std::sort(symbols.begin(), symbols.end());
  const bool whole_holdings = random.below(3) != 0;
  for (const Symbol& symbol : symbols) {
    if (random.below(3) == 0) continue;
    const double price = made.prices.at(symbol).decimal().to_double();
    const double value = wealth * random.uniform() * 2 / static_cast<double>(count);
    const Decimal quantity = rounded(value / price, whole_holdings ? Decimal::whole(1) : billionths(1));
    if (quantity.is_positive()) made.book.positions.push_back({symbol, Quantity(quantity)});
  }
  const double cash_share = one_of(random, {0.0, 0.01, 0.1, 1.0, 3.0, -0.02});
  made.book.cash = Money(rounded(wealth * cash_share * random.uniform(), billionths(1)), Currency::usd());
  made.target = random_weights(random, symbols);
  made.rules = random_rules(random, wealth, symbols);
  return made;
}

inline Result<OrderPlan> plan_of(const Portfolio& portfolio) {
  return plan_orders(portfolio.book, portfolio.target, portfolio.prices, portfolio.rules, portfolio.capabilities);
}

// The book when every order fills at its reference, free of costs.
inline Book filled(const Book& book, const OrderPlan& plan) {
  std::map<Symbol, Decimal> held;
  for (const Position& position : book.positions) held[position.symbol] = position.quantity.decimal();
  Decimal cash = book.cash.amount();
  for (const PlannedOrder& order : plan.orders) {
    const bool is_buy = order.side == Side::buy;
    const Decimal quantity = order.quantity.decimal();
    const Decimal value =
        multiply(quantity, order.reference.decimal(), is_buy ? Rounding::ceiling : Rounding::floor).value();
    held[order.symbol] = (is_buy ? add(held[order.symbol], quantity) : subtract(held[order.symbol], quantity)).value();
    cash = (is_buy ? subtract(cash, value) : add(cash, value)).value();
  }
  Book after{{}, Money(cash, book.cash.currency())};
  for (const auto& [symbol, quantity] : held) {
    if (!quantity.is_zero()) after.positions.push_back({symbol, Quantity(quantity)});
  }
  return after;
}

}  // namespace rebalancer::test
