// What happens to an account without its owner, and the laws that hold whatever happens.
#include "laboratory/arithmetic.hpp"
#include "laboratory/exchange.hpp"

namespace rebalancer::laboratory {

void Exchange::split(const std::string& symbol, std::int64_t shares, std::int64_t for_each, bool is_told) {
  const auto found = instruments_.find(symbol);
  if (found == instruments_.end()) return;
  const std::vector<std::uint64_t> open = open_;
  for (const std::uint64_t number : open) {
    ExchangeOrder& order = open_order(number);
    if (order.request.symbol != symbol) continue;
    order.cancelled_at = shown_now();
    finish(order, OrderStatus::cancelled, now_, "cancelled by a corporate action");
  }
  const Decimal up = Decimal::whole(shares);
  const Decimal down = Decimal::whole(for_each);
  found->second.price = over(times(found->second.price, down), up);
  const auto held = holdings_.find(symbol);
  if (held == holdings_.end()) return;
  const Decimal before = held->second.quantity;
  held->second.quantity = over(times(before, up), down, Rounding::floor);
  AccountEvent event{.number = events_.size() + 1, .kind = AccountEvent::Kind::split, .symbol = symbol};
  event.quantity = minus(held->second.quantity, before);
  event.at = shown_now();
  event.is_told = is_told;
  events_.push_back(std::move(event));
}

void Exchange::pay_dividend(const std::string& symbol, Decimal per_share) {
  const Decimal quantity = quantity_of(symbol);
  if (!quantity.is_positive()) return;
  AccountEvent event{.number = events_.size() + 1, .kind = AccountEvent::Kind::dividend, .symbol = symbol};
  event.quantity = quantity;
  event.per_share = per_share;
  event.amount = times(times(quantity, per_share, Rounding::floor), instruments_.at(symbol).rate, Rounding::floor);
  event.at = shown_now();
  cash_ = plus(cash_, event.amount);
  events_.push_back(std::move(event));
}

void Exchange::transfer(Decimal amount) {
  AccountEvent event{.number = events_.size() + 1, .kind = AccountEvent::Kind::transfer};
  event.amount = amount;
  event.at = shown_now();
  cash_ = plus(cash_, amount);
  events_.push_back(std::move(event));
}

void Exchange::trade_outside(const std::string& symbol, Decimal quantity) {
  const auto found = instruments_.find(symbol);
  if (found == instruments_.end() || quantity.is_zero()) return;
  Execution execution;
  execution.symbol = symbol;
  execution.side = quantity.is_negative() ? Side::sell : Side::buy;
  execution.quantity = quantity.is_negative() ? negative(quantity) : quantity;
  execution.price = found->second.price;
  execution.quantity_in_all = execution.quantity;
  const Decimal value = times(times(execution.quantity, execution.price), found->second.rate);
  if (execution.side == Side::sell && execution.quantity > quantity_of(symbol)) return;
  if (execution.side == Side::buy && value > cash_) return;
  execution.cash_change = execution.side == Side::buy ? negative(value) : value;
  book(std::move(execution));
}

void Exchange::set_price(const std::string& symbol, Decimal price) {
  const auto found = instruments_.find(symbol);
  if (found == instruments_.end()) return;
  found->second.price = price;
  for (const std::uint64_t number : open_) {
    ExchangeOrder& order = open_order(number);
    if (order.request.symbol == symbol && order.request.limit && !order.next_fill_at && !order.reject_at) {
      order.next_fill_at = now_;
    }
  }
}

void Exchange::set_tradable(const std::string& symbol, bool tradable) {
  const auto found = instruments_.find(symbol);
  if (found != instruments_.end()) found->second.tradable = tradable;
}

std::vector<std::string> Exchange::broken_laws() const {
  std::vector<std::string> broken;
  Decimal cash = settings_.cash;
  for (const Execution& execution : executions_) cash = plus(cash, execution.cash_change);
  for (const AccountEvent& event : events_) cash = plus(cash, event.amount);
  if (cash != cash_) {
    broken.push_back("cash is " + cash_.to_string() + ", but what happened makes it " + cash.to_string());
  }
  if (cash_.is_negative()) broken.push_back("cash is " + cash_.to_string());

  std::map<std::string, Decimal> quantities = settings_.quantities;
  for (const AccountEvent& event : events_) {
    if (event.kind != AccountEvent::Kind::split) continue;
    quantities[event.symbol] = plus(quantities[event.symbol], event.quantity);
  }
  for (const Execution& execution : executions_) {
    Decimal& quantity = quantities[execution.symbol];
    quantity = execution.side == Side::buy ? plus(quantity, execution.quantity) : minus(quantity, execution.quantity);
  }
  for (const auto& [symbol, quantity] : quantities) {
    if (quantity != quantity_of(symbol)) {
      broken.push_back(quantity_of(symbol).to_string() + " " + symbol + " are held, but what happened makes it " +
                       quantity.to_string());
    }
    if (quantity_of(symbol).is_negative()) broken.push_back(symbol + " is sold short");
  }

  std::map<std::uint64_t, Decimal> filled;
  for (const Execution& execution : executions_) {
    filled[execution.order] = plus(filled[execution.order], execution.quantity);
  }
  for (const ExchangeOrder& order : orders_) {
    const std::string name = "order " + std::to_string(order.number);
    if (order.filled != filled[order.number]) broken.push_back(name + " and its executions differ");
    if (order.filled > order.request.quantity) broken.push_back(name + " filled more than it asked for");
    if (order.status == OrderStatus::filled && order.filled != order.request.quantity) {
      broken.push_back(name + " is filled but not in full");
    }
  }
  return broken;
}

}  // namespace rebalancer::laboratory
