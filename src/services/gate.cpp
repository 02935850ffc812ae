#include "services/gate.hpp"

#include <algorithm>

namespace rebalancer {
namespace {

std::string said(const TradingStateRecord& record) {
  std::string text = record.by.empty() ? "" : fmt::format(" by {}", record.by);
  if (record.set_at) text += " at " + record.set_at->to_string();
  if (!record.reason.empty()) text += ": " + record.reason;
  return text;
}

}  // namespace

std::string describe(const TradingStateRecord& record) {
  switch (record.state) {
    case TradingState::active:
      return "trading is active";
    case TradingState::reducing:
      return "trading is reduced to sells" + said(record);
    case TradingState::halted:
      return "trading is halted" + said(record);
  }
  return "trading is halted";
}

Gate::Gate(const Paper& mode, TradingSwitch& trading_switch) : broker_(mode.broker_), switch_(&trading_switch) {}
Gate::Gate(const Live& mode, TradingSwitch& trading_switch, LiveArming& arming)
    : broker_(mode.broker_), switch_(&trading_switch), arming_(&arming), account_(mode.account_) {}

Result<GatePass> Gate::admit(const OrderToJudge& judged) {
  if (!limits_) return fail(ErrorCode::rejected, "no limits are set, so no order may be sent");
  // The pass comes first: what is read under it cannot change until the order has left.
  TradingSwitch::Pass pass = switch_->pass();
  const TradingState state = pass.record.state;
  const bool allowed =
      state == TradingState::active || (state == TradingState::reducing && judged.order.side == Side::sell);
  if (!allowed) return fail(ErrorCode::rejected, "{}", describe(pass.record));
  if (is_open_) {
    if (auto open = is_open_(); !open) return fail(open.error());
  }
  if (auto admitted = limits_->admit(judged); !admitted) return fail(admitted.error());
  if (arming_ != nullptr) {
    // Counted last: what a limit keeps back uses up no leave. What is counted stays counted, sent or not.
    const Decimal price = std::max(judged.order.limit.value_or(judged.reference), judged.reference).decimal();
    const auto value = multiply(judged.order.quantity.decimal(), price, Rounding::ceiling);
    auto counted = value ? arming_->admit(account_, judged.order.client_id, *value) : fail(value.error());
    if (!counted) {
      limits_->forget(judged.order.client_id);
      return fail(counted.error());
    }
  }
  return GatePass(judged.order, std::move(pass));
}

void Gate::give_back(GatePass pass) {
  if (limits_) limits_->forget(pass.order().client_id);
}

Result<OrderReport> Gate::submit(const Order& order, GatePass pass) {
  const Order& judged = pass.order();
  const bool same = order.client_id == judged.client_id && order.symbol == judged.symbol && order.side == judged.side &&
                    order.quantity == judged.quantity && order.limit == judged.limit;
  if (!same) {
    return fail(ErrorCode::internal, "{} {} {} ({}) came with the pass of {} {} {} ({})", name_of(order.side),
                order.quantity.to_string(), order.symbol, order.client_id, name_of(judged.side),
                judged.quantity.to_string(), judged.symbol, judged.client_id);
  }
  return broker_->submit(order, pass);
}

}  // namespace rebalancer
