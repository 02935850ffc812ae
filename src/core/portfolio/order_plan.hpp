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
  // target. Both given (hybrid): the narrower of the two. Neither: every difference is out of band. A symbol wanted and
  // not held, or held and not wanted, is out of band whatever its size if an order for it can be sent, and goes to its
  // target whatever trade_to says.
  std::optional<double> absolute_band_fraction = 0.05;
  std::optional<double> relative_band_fraction;
  TradeTo trade_to = TradeTo::target;
  // Sell nothing and invest the cash above what is kept, whatever the bands say: the most underweight first, until it
  // is no more underweight than the next. The last increment of a symbol may pass its target, but not its band.
  bool buy_only = false;
  Decimal cash_buffer;                  // never spent; part of the target, so that sells restore it
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
  std::string reason;  // "weight 46.10%, target 38.00%, band 33.00% to 43.00%: sell to target"
};

struct NonOrder {
  Symbol symbol;
  std::string reason;  // "weight 38.40% is inside its band 33.00% to 43.00%"
};

struct OrderPlan {
  std::vector<PlannedOrder> orders;  // in the order they are to be sent: sells, then the buys that need their cash
  std::vector<NonOrder> non_orders;  // every other symbol held or wanted, and what stays of one sold outright; sorted
  Drift before;                      // from the target as given, like `after`; bands are around what of it can be had
  Drift after;                       // if everything fills at its reference price
  Money cost;                        // expected, at the reference prices
  bool triggered = false;            // something was out of band (or had to be sold or bought outright)
};

// What can be had: the equity without what is untouchable and without the cash kept (the buffer, or the cash of the
// target if that is more) is divided in proportion to the weights, in values rounded down; buys and sells are rounded
// down to the broker's increment, so a trade never passes its destination. Orders below a minimum, and those that cost
// as much as they are worth, are left out with the reason. Sells come first and then buys, the largest distance from
// the target first. Cash counts sells and buys at their limits and all costs, rounded up; it never falls below what is
// kept, at any prefix. When it does not cover all buys, each gets the same share of what it wants, and the increments
// that are left go to whoever stays farthest from its target. A broker without limit orders gets market orders; `limit`
// is then what was reserved. The same inputs give the same plan. Errors: not_found for a held or wanted symbol without
// a price; invalid for rules that contradict each other, short positions, negative weights, an equity that is not
// positive, numbers beyond a decimal, and a buffer that would have everything sold.
[[nodiscard]] Result<OrderPlan> plan_orders(const Book& book, const Weights& target, const PriceList& prices,
                                            const RebalanceRules& rules, const BrokerCapabilities& capabilities);

}  // namespace rebalancer
