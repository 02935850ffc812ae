#include "core/portfolio/book_after.hpp"

#include <map>

namespace rebalancer {
namespace {

Result<Money> cash_after(const Money& cash, const Fill& fill) {
  auto value = value_of(fill.quantity, fill.price, cash.currency(), Rounding::half_even);
  if (!value) return fail(value.error());
  auto traded = fill.side == Side::buy ? subtract(cash, *value) : add(cash, *value);
  if (!traded) return fail(traded.error());
  return subtract(*traded, fill.fee);
}

}  // namespace

Result<Book> book_after(const Book& book, std::span<const Fill> fills) {
  std::map<Symbol, Decimal> shares;
  for (const Position& position : book.positions) shares.emplace(position.symbol, position.quantity.decimal());
  Book after{{}, book.cash};
  for (const Fill& fill : fills) {
    auto cash = cash_after(after.cash, fill);
    if (!cash) return fail(cash.error());
    after.cash = *cash;
    Decimal& held = shares[fill.symbol];
    const Decimal quantity = fill.quantity.decimal();
    auto holds = fill.side == Side::buy ? add(held, quantity) : subtract(held, quantity);
    if (!holds) return fail(holds.error());
    held = *holds;
  }
  for (const auto& [symbol, quantity] : shares) {
    if (!quantity.is_zero()) after.positions.push_back({symbol, Quantity(quantity)});
  }
  return after;
}

}  // namespace rebalancer
