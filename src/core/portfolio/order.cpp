#include "core/portfolio/order.hpp"

#include <array>
#include <cassert>

namespace rebalancer {
namespace {

constexpr std::array<std::string_view, 9> state_names = {"intent", "sending",   "acknowledged", "unknown", "partial",
                                                         "filled", "cancelled", "rejected",     "parked"};

}  // namespace

std::string_view name_of(Side side) { return side == Side::buy ? "buy" : "sell"; }

std::string_view name_of(OrderState state) { return state_names.at(static_cast<std::size_t>(state)); }

Result<OrderState> order_state_named(std::string_view name) {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names[i] == name) return static_cast<OrderState>(i);
  }
  return fail(ErrorCode::invalid, "\"{}\" is not an order state", name);
}

bool is_terminal(OrderState state) {
  return state == OrderState::filled || state == OrderState::cancelled || state == OrderState::rejected;
}

bool is_legal(OrderState from, OrderState to) {
  using enum OrderState;
  if (from == to) return true;
  switch (from) {
    // An intent may be dropped before anything was sent.
    case intent:
      return to == sending || to == cancelled;
    case sending:
    case unknown:
      return to != intent && to != sending;
    case acknowledged:
      return to == partial || to == filled || to == cancelled || to == rejected || to == parked || to == unknown;
    // A partly filled order can still be ended by the broker; it cannot be rejected any more.
    case partial:
      return to == filled || to == cancelled || to == parked || to == unknown;
    case parked:
      return to == acknowledged || to == partial || is_terminal(to);
    case filled:
    case cancelled:
    case rejected:
      return false;
  }
  return false;
}

std::string client_order_id(std::string_view decision, const Symbol& symbol, Side side, int attempt) {
  assert(attempt >= 0 && attempt <= 999'999'999);
  return fmt::format("rb-{}-{}-{}-{}", decision.substr(0, 32), symbol, side == Side::buy ? 'b' : 's', attempt);
}

Result<Order> Order::make(std::string client_id, Symbol symbol, Side side, Quantity quantity,
                          std::optional<Price> limit) {
  if (client_id.empty()) return fail(ErrorCode::invalid, "an order for {} has no client id", symbol);
  if (!quantity.decimal().is_positive()) {
    return fail(ErrorCode::invalid, "quantity of an order for {} is {}, must be positive", symbol,
                quantity.to_string());
  }
  return Order{std::move(client_id), std::move(symbol), side, quantity, limit};
}

}  // namespace rebalancer
