// The rules and the broker's terms in integers, and what they make of a price and a quantity.
#pragma once
#include <optional>

#include "core/portfolio/cash_split.hpp"
#include "core/portfolio/order_plan.hpp"

namespace rebalancer {

// All numbers in billionths.
struct PlanTerms {
  std::optional<exact::Wide> absolute_band;  // of equity
  std::optional<exact::Wide> relative_band;  // of the target
  exact::Wide collar = 0;
  exact::Wide price_increment = 0;
  exact::Wide trade_value_min = 0;
  exact::Wide order_value_min = 0;
  BuyTerms buying{};
};

struct SaleValue {
  exact::Wide value;  // at the limit, rounded down
  exact::Wide cost;   // rounded up
};

// Errors: invalid for numbers out of range and a broker that takes no orders.
[[nodiscard]] Result<PlanTerms> plan_terms(const RebalanceRules& rules, const BrokerCapabilities& capabilities);

// The worst price inside the collar that lies on the broker's increment; not positive when there is none.
[[nodiscard]] exact::Wide limit_price(exact::Wide reference, Side side, const PlanTerms& terms);

// The smallest quantity that both minimums let through (ours at the reference, the broker's at the worse price too) and
// that is worth more than it costs to trade.
[[nodiscard]] exact::Wide quantity_min(exact::Wide reference, exact::Wide limit, const PlanTerms& terms);

[[nodiscard]] SaleValue sale_value(exact::Wide quantity, exact::Wide limit, const PlanTerms& terms);

}  // namespace rebalancer
