// What no order may break, checked one order at a time just before the wire: by integers of its own, from the order and
// from what is true now, whatever plan it comes from. Shares no code with the planner or the proof beyond value types.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/portfolio/order.hpp"
#include "core/portfolio/plan_check.hpp"
#include "core/portfolio/position.hpp"
#include "core/ports/broker_capabilities.hpp"

namespace rebalancer {

// What was true when the first order of a run was about to be sent. The day's tallies are these alone: `turnover_today`
// and `orders_today` of the limits are what the plan was proved with.
struct OrderFacts {
  Book book;                          // the account's, each symbol once
  Decimal equity;                     // in the book's currency, positive
  Decimal turnover_today;             // value of what was sent this session before, at its limits; not negative
  int orders_today = 0;               // sent this session before; not negative
  std::set<std::string> sent_before;  // client ids counted in these two already; the book may not show them
};

// One order to be judged, with what it was sized at.
struct OrderToJudge {
  const Order& order;
  Price reference;             // the stored price it was sized at
  int price_age_sessions = 0;  // how many sessions that price is behind; not negative
};

// An order is worth its quantity at the higher of limit and reference (a market order: at the reference), buy or sell;
// for the broker's minimum, at the lower. A position after a buy is what is held and every admitted buy of it, at the
// highest of their prices: no sale makes room before it is in the book. Everything is compared exactly, in 10^-18.
class OrderLimits {
 public:
  // Limits, rules, capabilities or facts that make no sense (a fraction that is NaN, infinite or negative, an increment
  // or an equity that is not positive, a symbol twice in the book) are no error here: then every order is refused.
  OrderLimits(TradeLimits limits, const RebalanceRules& rules, BrokerCapabilities capabilities, OrderFacts facts);

  // Counts what it lets through towards the limits of the day and of the position; the same client id again (a second
  // copy of an order) counts once, and must be the same order. What was let through counts even if it is never sent:
  // whoever did not send it after all says so with `forget`.
  // Errors: rejected, naming the order, the value and the limit:
  // "buy 120 QQQ: worth 39904.80 USD, limits.order_max is 25000 USD".
  [[nodiscard]] Result<void> admit(const OrderToJudge& judged);
  // Takes one admission back. An order counts until every copy of it was forgotten: the first may be on its way. An id
  // that was not admitted is nothing to forget, and what the facts count stays counted.
  void forget(const std::string& client_id);

 private:
  struct Admitted {
    Order order;
    Price reference;  // the highest of its copies'
    int copies = 1;
  };

  [[nodiscard]] Result<void> check_order(const OrderToJudge& judged) const;
  [[nodiscard]] Result<void> check_sums(const OrderToJudge& judged) const;
  [[nodiscard]] Result<void> check_holding(const OrderToJudge& judged) const;
  [[nodiscard]] Result<void> check_position(const OrderToJudge& judged) const;
  [[nodiscard]] Result<void> check_day(const OrderToJudge& judged) const;
  [[nodiscard]] std::string nonsense() const;
  [[nodiscard]] std::string currency() const { return facts_.book.cash.currency().to_string(); }

  TradeLimits limits_;
  RebalanceRules rules_;
  BrokerCapabilities capabilities_;
  OrderFacts facts_;
  Decimal collar_;  // fractions as exact decimals; of the two that may be missing, none does not bind
  std::optional<Decimal> turnover_fraction_;
  std::optional<Decimal> position_fraction_;
  std::string nonsense_;  // why no order can be judged; empty when all can
  std::map<std::string, Admitted> admitted_;
};

}  // namespace rebalancer
