// Re-proves a plan in exact arithmetic. Shares no code with the planner beyond the value types.
#pragma once
#include <string>
#include <vector>

#include "core/portfolio/order_plan.hpp"

namespace rebalancer {

// Limits that hold whatever the strategy wants. A missing one does not bind.
struct TradeLimits {
  std::optional<Decimal> order_value_max;
  std::optional<Decimal> order_quantity_max;        // shares of one order
  std::optional<double> turnover_per_day_fraction;  // sum of order values over equity
  std::optional<Decimal> turnover_today;            // value already traded this session, counts towards it
  int orders_max = 1000;                            // of one plan
  int orders_per_day_max = 1000;
  int orders_today = 0;                         // already sent this session, count towards it
  std::optional<double> position_max_fraction;  // of equity, in one symbol after a buy (concentration)
  int price_age_sessions_max = 1;               // how far the price an order was sized at may be behind
};

struct ProvedRule {
  std::string rule;      // "cash_above_buffer"
  std::string evidence;  // "lowest cash 251.20 USD after order 7, buffer 250 USD"
};

// Evidence that a plan breaks no rule. Only check_plan can make one, and the executor wants it.
class PlanProof {
 public:
  [[nodiscard]] const std::vector<ProvedRule>& rules() const { return rules_; }
  [[nodiscard]] Decimal lowest_cash() const { return lowest_cash_; }
  // The orders proved, so that a proof cannot be used for another plan.
  [[nodiscard]] const std::vector<PlannedOrder>& orders() const { return orders_; }

 private:
  friend Result<PlanProof> check_plan(const OrderPlan&, const Book&, const PriceList&, const RebalanceRules&,
                                      const TradeLimits&, const BrokerCapabilities&);
  PlanProof() = default;
  std::vector<ProvedRule> rules_;
  Decimal lowest_cash_;
  std::vector<PlannedOrder> orders_;
};

// Proves: no symbol both ways or twice, no sell above holdings, cash (sells at their limit, buys at their limit, costs
// paid) at or above the buffer at every prefix - never below where it started if that was already under the buffer -
// every order within limits, collar, increments and capabilities, buy-only and untouchables respected, references equal
// to the price list. Errors: rejected, naming the order and the rule it breaks.
[[nodiscard]] Result<PlanProof> check_plan(const OrderPlan& plan, const Book& book, const PriceList& prices,
                                           const RebalanceRules& rules, const TradeLimits& limits,
                                           const BrokerCapabilities& capabilities);

}  // namespace rebalancer
