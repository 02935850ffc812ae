// A broker with a true book and a script of misfortunes: replies lost before or after an order was accepted, look-ups
// that lag, partial fills, cancellations that come late. It removes duplicates only as far as its capabilities say.
#pragma once
#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/ports/broker.hpp"

namespace rebalancer::test {

class FakeBroker final : public Broker {
 public:
  enum class Fault {
    none,
    lost_before,         // timeout, nothing arrived
    lost_after,          // timeout, but the order was accepted
    unavailable_before,  // 5xx or reset, nothing arrived
    unavailable_after,   // 5xx or reset, but the order was accepted
    refused,             // a definite no
    conflict,            // the id is taken by something else
    nonsense,            // accepted, the answer is garbage
    busy,                // too many requests, surely not carried out
  };

  struct Held {  // one order as the broker has it
    Order order;
    OrderReport report;
    std::vector<Fill> fills;
    int submitted_at = 0;  // number of the call
    std::chrono::nanoseconds accepted_at{0};
  };

  BrokerCapabilities can;
  Decimal cash;
  std::map<Symbol, Decimal> shares;
  std::map<Symbol, Price> marks;
  std::deque<Fault> submit_faults;      // one per submit, none when empty
  std::deque<ErrorCode> lookup_faults;  // one per look-up that goes wrong
  std::deque<ErrorCode> account_faults;
  std::deque<ErrorCode> positions_faults;
  const Clock* clock = nullptr;         // what a window for duplicates goes by; none: it never ends
  int lookup_lag_calls = 0;             // calls after its submission until an order can be found
  bool fills_at_once = true;            // false: `parts` per poll
  std::deque<double> parts;             // shares of the quantity filled by successive polls; empty: nothing
  bool cancels = true;                  // false: cancel is accepted, nothing happens
  bool fills_told = true;               // false: the list of fills stays empty
  bool answers_before_filling = false;  // the answer to an order says it is open, whatever came of it meanwhile
  std::optional<Decimal> cash_shown;    // in place of the cash there is: books that lag behind
  std::optional<Decimal> buying_power;  // none: the cash there is
  std::vector<std::string> calls;       // "submit rb-...", "find rb-...", "cancel rb-...", "account"
  std::function<void(const Order&)> before_submit;
  std::optional<std::vector<AccountMovement>> moved;  // none: it cannot tell

  [[nodiscard]] int accepted(const std::string& client_id) const {
    return static_cast<int>(std::count_if(held_.begin(), held_.end(), [&](const Held& held) {
      return held.order.client_id == client_id && held.report.state != OrderState::rejected;
    }));
  }
  [[nodiscard]] std::size_t count(const std::string& call) const {
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(), [&](const std::string& made) { return made.starts_with(call); }));
  }
  [[nodiscard]] const std::vector<Held>& held() const { return held_; }

  Result<BrokerCapabilities> capabilities() override { return can; }
  Result<Account> account() override {
    calls.emplace_back("account");
    if (auto fault = take(account_faults)) return fail(*fault, "account: scripted");
    const auto money = [](Decimal amount) { return Money(amount, Currency::usd()); };
    return Account{"fake", money(cash_shown.value_or(cash)), money(Decimal()), money(buying_power.value_or(cash))};
  }
  Result<std::vector<Position>> positions() override {
    if (auto fault = take(positions_faults)) return fail(*fault, "positions: scripted");
    std::vector<Position> found;
    for (const auto& [symbol, quantity] : shares) found.push_back({symbol, Quantity(quantity)});
    return found;
  }
  Result<OrderReport> submit(const Order& order, const GatePass&) override {
    calls.push_back("submit " + order.client_id);
    if (before_submit) before_submit(order);
    const Fault fault = take(submit_faults).value_or(Fault::none);
    switch (fault) {
      case Fault::lost_before:
        return fail(ErrorCode::timeout, "no answer");
      case Fault::unavailable_before:
        return fail(ErrorCode::unavailable, "503");
      case Fault::refused:
        return fail(ErrorCode::rejected, "not allowed");
      case Fault::conflict:
        return fail(ErrorCode::conflict, "the id is taken");
      case Fault::busy:
        return fail(ErrorCode::exhausted, "429");
      default:
        break;
    }
    OrderReport report = accept(order);
    if (fault == Fault::lost_after) return fail(ErrorCode::timeout, "no answer");
    if (fault == Fault::unavailable_after) return fail(ErrorCode::unavailable, "503");
    if (fault == Fault::nonsense) report.filled = Quantity(Decimal::whole(1'000'000));
    return report;
  }
  Result<OrderReport> find_order(std::string_view client_id) override {
    calls.push_back("find " + std::string(client_id));
    if (auto fault = take(lookup_faults)) return fail(*fault, "look-up: scripted");
    if (can.lookup == BrokerCapabilities::Lookup::none) return fail(ErrorCode::internal, "this broker has no look-up");
    for (Held& held : held_) {
      if (held.order.client_id != client_id) continue;
      if (static_cast<int>(calls.size()) - held.submitted_at <= lookup_lag_calls) continue;
      advance(held);
      return held.report;
    }
    return fail(ErrorCode::not_found, "no order {}", client_id);
  }
  Result<std::vector<OrderReport>> open_orders() override {
    calls.emplace_back("open");
    std::vector<OrderReport> found;
    for (Held& held : held_) {
      advance(held);
      if (!is_terminal(held.report.state)) found.push_back(held.report);
    }
    return found;
  }
  Result<void> cancel(std::string_view client_id) override {
    calls.push_back("cancel " + std::string(client_id));
    for (Held& held : held_) {
      if (held.order.client_id != client_id || is_terminal(held.report.state) || !cancels) continue;
      held.report.state = OrderState::cancelled;
      held.report.reason = "cancelled by the client";
    }
    return {};
  }
  Result<std::vector<Fill>> fills(std::string_view client_id) override {
    std::vector<Fill> found;
    for (const Held& held : held_) {
      if (held.order.client_id == client_id && fills_told) {
        found.insert(found.end(), held.fills.begin(), held.fills.end());
      }
    }
    return found;
  }
  Result<std::optional<std::vector<AccountMovement>>> movements(Instant from) override {
    if (!moved) return std::optional<std::vector<AccountMovement>>();
    std::vector<AccountMovement> told;
    for (const AccountMovement& movement : *moved) {
      if (movement.at >= from) told.push_back(movement);
    }
    return std::optional(std::move(told));
  }
  Result<void> set_marks(const PriceList& prices, Date) override {
    marks = prices;
    return {};
  }

 private:
  template <class T>
  static std::optional<T> take(std::deque<T>& script) {
    if (script.empty()) return std::nullopt;
    const T next = script.front();
    script.pop_front();
    return next;
  }

  [[nodiscard]] std::chrono::nanoseconds now() const {
    return clock == nullptr ? std::chrono::nanoseconds(0) : clock->monotonic();
  }
  [[nodiscard]] bool removes_copy_of(const Held& held) const {
    if (can.dedupe != BrokerCapabilities::Dedupe::window) return can.dedupe == BrokerCapabilities::Dedupe::permanent;
    return now() - held.accepted_at < std::chrono::seconds(can.dedupe_window_s);
  }
  OrderReport accept(const Order& order) {
    for (const Held& held : held_) {
      if (held.order.client_id == order.client_id && removes_copy_of(held)) return held.report;
    }
    OrderReport report;
    report.client_id = order.client_id;
    report.broker_id = "b" + std::to_string(held_.size() + 1);
    report.state = OrderState::acknowledged;
    held_.push_back({order, report, {}, static_cast<int>(calls.size()), now()});
    if (fills_at_once) fill(held_.back(), order.quantity.decimal());
    return answers_before_filling ? report : held_.back().report;
  }
  void advance(Held& held) {
    if (is_terminal(held.report.state)) return;
    const auto part = take(parts);
    if (!part) return;
    const Decimal rest = subtract(held.order.quantity.decimal(), held.report.filled.decimal()).value();
    const Decimal share = Decimal::from_double(*part, Rounding::floor).value();
    Decimal quantity = multiply(held.order.quantity.decimal(), share, Rounding::floor).value();
    quantity = round_to(quantity, can.quantity_increment, Rounding::floor).value();
    fill(held, *part >= 1 ? rest : std::min(quantity, rest));
  }
  void fill(Held& held, Decimal quantity) {
    if (!quantity.is_positive()) return;
    const Price price = marks.at(held.order.symbol);
    const bool buys = held.order.side == Side::buy;
    const Decimal value = multiply(quantity, price.decimal(), Rounding::half_even).value();
    const Decimal fee = multiply(value, can.cost_rate, Rounding::ceiling).value();
    Decimal& there = shares[held.order.symbol];
    there = buys ? add(there, quantity).value() : subtract(there, quantity).value();
    cash = buys ? subtract(cash, value).value() : add(cash, value).value();
    cash = subtract(cash, fee).value();
    held.fills.push_back({held.report.broker_id + "-" + std::to_string(held.fills.size() + 1), held.order.client_id,
                          held.order.symbol, held.order.side, Quantity(quantity), price, Money(fee, Currency::usd()),
                          Instant()});
    held.report.filled = Quantity(add(held.report.filled.decimal(), quantity).value());
    held.report.fee = add(held.report.fee, fee).value();
    held.report.average_price = price;  // marks do not move while a test's order is open
    held.report.state = held.report.filled == held.order.quantity ? OrderState::filled : OrderState::partial;
  }

  std::vector<Held> held_;
};

}  // namespace rebalancer::test
