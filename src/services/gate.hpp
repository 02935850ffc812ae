// The one gate: every order passes it just before the wire, and nothing else can reach a broker's submit.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/portfolio/order_limits.hpp"
#include "core/ports/live_arming.hpp"
#include "core/ports/trading_switch.hpp"
#include "services/trading_mode.hpp"

namespace rebalancer {

// "trading is halted by command at 2026-11-25T10:00:00.000Z: broker looks wrong"
[[nodiscard]] std::string describe(const TradingStateRecord& record);

// The right to send one order, now: the limits let it through, and the trading state cannot change while it is held.
class GatePass {
 public:
  GatePass(GatePass&&) noexcept = default;
  GatePass& operator=(GatePass&&) noexcept = default;
  GatePass(const GatePass&) = delete;
  GatePass& operator=(const GatePass&) = delete;
  // What it lets through, and nothing else.
  [[nodiscard]] const Order& order() const { return order_; }

 private:
  friend class Gate;
  GatePass(Order order, TradingSwitch::Pass pass) : order_(std::move(order)), pass_(std::move(pass)) {}
  Order order_;
  TradingSwitch::Pass pass_;
};

class Gate {
 public:
  // There is no gate for a dry run. Mode's broker and the switch outlive the gate.
  Gate(const Paper& mode, TradingSwitch& trading_switch);
  // Real money needs leave beside the limits, and every order is counted against it.
  Gate(const Live& mode, TradingSwitch& trading_switch, LiveArming& arming);

  [[nodiscard]] BrokerView& view() const { return *broker_; }
  [[nodiscard]] TradingStateRecord trading_state() { return switch_->read(); }

  // Whether real money may be sent at all; ok where there is none. Errors: those of LiveArming::check.
  [[nodiscard]] Result<void> armed() const { return arming_ == nullptr ? Result<void>() : arming_->check(account_); }

  // Until limits are set, no order is admitted.
  void set_limits(OrderLimits limits) { limits_ = std::move(limits); }
  // Asked before every order: whether the exchange is open. Until it is set, the gate knows no hours.
  void set_hours(std::function<Result<void>()> is_open) { is_open_ = std::move(is_open); }
  // Errors: those of the hours; rejected, with the trading state and its reason, the limit that is broken, or why live
  // trading is not armed. The order may be written down as about to be sent while the pass is held, and must be sent
  // with it.
  [[nodiscard]] Result<GatePass> admit(const OrderToJudge& judged);
  // An admitted order that is not sent after all.
  void give_back(GatePass pass);
  // Errors: the broker's; internal for another order's pass.
  [[nodiscard]] Result<OrderReport> submit(const Order& order, GatePass pass);

  // What makes no new order needs no pass.
  [[nodiscard]] Result<void> cancel(std::string_view client_id) { return broker_->cancel(client_id); }
  [[nodiscard]] Result<void> set_marks(const PriceList& prices, Date session) {
    return broker_->set_marks(prices, session);
  }

 private:
  Broker* broker_;
  TradingSwitch* switch_;
  LiveArming* arming_ = nullptr;  // none: no real money
  std::string account_;
  std::optional<OrderLimits> limits_;
  std::function<Result<void>()> is_open_;
};

}  // namespace rebalancer
