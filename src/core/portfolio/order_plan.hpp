// The one border between double (weights) and integer (orders).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/portfolio/drift.hpp"
#include "core/portfolio/order.hpp"
#include "core/ports/broker_capabilities.hpp"

namespace rebalancer {

struct RebalanceRules {
  enum class TradeTo {
    target,        // once anything is out of band, trade every symbol to its target
    band_edge,     // trade what is out of band, just to the near edge of its band
    only_drifted,  // trade what is out of band to its target, leave the rest
  };
  // A symbol is out of band when |actual - target| > band. Absolute: a fraction of equity; relative: a fraction of the
  // target. Both given (hybrid): the narrower of the two. Neither: every difference is out of band.
  std::optional<double> absolute_band_fraction = 0.05;
  std::optional<double> relative_band_fraction;
  TradeTo trade_to = TradeTo::target;
  bool buy_only = false;                // invest new cash, sell nothing
  Decimal cash_buffer;                  // never spent
  Decimal trade_value_min;              // smaller trades are left out, with the reason
  double price_collar_fraction = 0.01;  // limits: bid up to reference*(1+collar), offer down to reference*(1-collar)
  std::vector<Symbol> untouchable;      // never bought nor sold; they count as part of the equity
};

struct PlannedOrder {
  Symbol symbol;
  Side side;
  Quantity quantity;
  Price reference;     // the stored price it was sized at
  Price limit;         // worst acceptable, on the broker's price increment
  Money cost_max;      // commission and fees at the limit
  std::string reason;  // "weight 46.1%, target 38.0%, band 33.0% to 43.0%: sell to target"
};

struct NonOrder {
  Symbol symbol;
  std::string reason;  // "weight 38.4% is inside its band 33.0% to 43.0%"
};

struct OrderPlan {
  std::vector<PlannedOrder> orders;  // in the order they are to be sent: sells, then the buys that need their cash
  std::vector<NonOrder> non_orders;  // every other symbol held or wanted, with the reason
  Drift before;
  Drift after;             // if everything fills at its reference price
  Money cost;              // expected, at the reference prices
  bool triggered = false;  // something was out of band (or had to be sold or bought outright)
};

// Errors: not_found for a held or wanted symbol without a price; invalid for rules that contradict each other.
// The plan spends at most cash + sale proceeds at their limits - costs - buffer, at every prefix of its sequence.
[[nodiscard]] Result<OrderPlan> plan_orders(const Book& book, const Weights& target, const PriceList& prices,
                                            const RebalanceRules& rules, const BrokerCapabilities& capabilities);

}  // namespace rebalancer
