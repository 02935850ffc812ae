// What the ledger says of itself; ledger.cpp changes it.
#include <algorithm>

#include <rebalancer/plugin.hpp>

#include "exact.hpp"
#include "ledger.hpp"

namespace paper {

using namespace rebalancer;
using sdk::Failure;

namespace {

LedgerOrder order_in(const Statement& row) {
  std::optional<Price> limit;
  if (row.integer(5) > 0) limit = require(Price::make(decimal(row.integer(5))));
  return {row.integer(0),
          require(Order::make(row.text(1), require(Symbol::parse(row.text(2))),
                              row.integer(3) == 1 ? Side::buy : Side::sell, Quantity(decimal(row.integer(4))), limit)),
          require(order_state_named(row.text(6))), decimal(row.integer(7)), row.text(8)};
}

}  // namespace

Decimal LedgerOrder::rest() const { return difference(order.quantity.decimal(), filled); }

Decimal Ledger::cash() {
  Statement row = database_.query("SELECT cash FROM account");
  if (!row.next()) throw Failure(RB_INTERNAL, settings_.file + " holds no account");
  return decimal(row.integer(0));
}

Decimal Ledger::held(const Symbol& symbol) {
  Statement row = database_.query("SELECT quantity FROM positions WHERE symbol = ?1", symbol.str());
  return row.next() ? decimal(row.integer(0)) : Decimal();
}

std::vector<Position> Ledger::positions() {
  std::vector<Position> found;
  Statement row = database_.query("SELECT symbol, quantity FROM positions ORDER BY symbol");
  while (row.next()) found.push_back({require(Symbol::parse(row.text(0))), Quantity(decimal(row.integer(1)))});
  return found;
}

std::optional<Decimal> Ledger::equity() {
  Decimal total = cash();
  Statement row = database_.query(
      "SELECT positions.quantity, marks.price FROM positions LEFT JOIN marks ON marks.symbol = positions.symbol");
  while (row.next()) {
    if (row.integer(1) == 0) return std::nullopt;
    total = sum(total, require(multiply(decimal(row.integer(0)), decimal(row.integer(1)), Rounding::half_even)));
  }
  return total;
}

Decimal Ledger::buying_power() {
  Decimal power = cash();
  for (const LedgerOrder& other : open()) {
    if (other.order.side != Side::buy) continue;
    const auto price = other.order.limit ? other.order.limit : fill_price(other.order.symbol, Side::buy);
    if (!price) continue;
    const Cost cost = cost_of(Side::buy, other.rest(), *price, other.filled.is_zero());
    power = difference(power, sum(cost.value, cost.fee));
  }
  return std::max(power, Decimal());
}

std::optional<LedgerOrder> Ledger::order_named(std::string_view client_id) {
  Statement row = database_.query(
      "SELECT number, client_id, symbol, buys, quantity, limit_price, state, filled, reason FROM orders "
      "WHERE client_id = ?1",
      client_id);
  if (!row.next()) return std::nullopt;
  return order_in(row);
}

std::vector<LedgerOrder> Ledger::open() {
  std::vector<LedgerOrder> found;
  Statement row = database_.query(
      "SELECT number, client_id, symbol, buys, quantity, limit_price, state, filled, reason FROM orders "
      "WHERE state IN ('acknowledged', 'partial') ORDER BY number");
  while (row.next()) found.push_back(order_in(row));
  return found;
}

std::vector<Fill> Ledger::fills(std::string_view client_id) {
  const auto order = order_named(client_id);
  if (!order) throw Failure(RB_NOT_FOUND, fmt::format("no order {}", client_id));
  std::vector<Fill> found;
  Statement row = database_.query(
      "SELECT part, quantity, price, fee, at FROM fills WHERE order_number = ?1 ORDER BY part", order->number);
  while (row.next()) {
    // Client ids are unique for ever, so this is too, even when the account's file is deleted and begun anew.
    found.push_back({fmt::format("{}/{}", client_id, row.integer(0)), std::string(client_id), order->order.symbol,
                     order->order.side, Quantity(decimal(row.integer(1))),
                     require(Price::make(decimal(row.integer(2)))), Money(decimal(row.integer(3)), settings_.currency),
                     Instant::from_nanoseconds(row.integer(4))});
  }
  return found;
}

OrderReport Ledger::report(const LedgerOrder& order) {
  OrderReport told;
  told.client_id = order.order.client_id;
  told.broker_id = fmt::format("paper-{}", order.number);
  told.state = order.state;
  told.filled = Quantity(order.filled);
  told.reason = order.reason;
  Decimal value;
  for (const Fill& fill : fills(order.order.client_id)) {
    told.fee = sum(told.fee, fill.fee.amount());
    value = sum(value, require(multiply(fill.quantity.decimal(), fill.price.decimal(), Rounding::half_even)));
  }
  if (order.filled.is_positive()) {
    // A price of less than half a billionth rounds to the smallest there is.
    const Decimal average = require(divide(value, order.filled, Rounding::half_even));
    told.average_price = require(Price::make(std::max(average, decimal(1))));
  }
  return told;
}

}  // namespace paper
