// What an explanation says beyond the decision itself: where each symbol stood, and what would have changed its fate.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/decision_body.hpp"

namespace rebalancer {

// All amounts in the book's currency.
struct SymbolStanding {
  Decimal held;                 // shares
  Decimal value;                // of them, at the reference
  Decimal target;               // the value that can be had
  Decimal wanted;               // the weight the strategy asked for, as a fraction
  Decimal distance;             // |value - target|
  std::optional<Decimal> band;  // on either side of the target; none: no band is configured
  bool outright = false;        // wanted and not held, or held and not wanted: no band applies
  bool untouchable = false;
};

struct OrderExplanation {
  NumberedOrder planned;
  std::optional<SymbolStanding> standing;
  std::string difference;              // what decided it, in numbers
  std::optional<Decimal> band_needed;  // of equity: with an absolute band this wide it would not have traded
  Decimal cash_before, cash_after;     // at the limits, in the plan's order
  std::optional<RecordedLeg> leg;      // none when nothing was sent
  std::optional<Decimal> shortfall;    // paid more, or received less, than at the reference; fees not counted
};

struct NonOrderExplanation {
  NonOrder left;
  std::optional<SymbolStanding> standing;
  std::string difference;
};

struct Explanation {
  DecisionDocument document;
  std::optional<Money> equity;
  std::optional<Decimal> reserve;  // the cash that stays
  std::vector<OrderExplanation> orders;
  std::vector<NonOrderExplanation> non_orders;
  std::vector<std::string> weight_notes;   // "QQQ is at its maximum 40.00%"
  std::optional<Decimal> fees, shortfall;  // of all orders that filled
};

// Errors: rejected for what is no decision.
[[nodiscard]] Result<Explanation> explain(const CanonicalJson& document);
// Errors: not_found.
[[nodiscard]] Result<const OrderExplanation*> order_numbered(const Explanation& explanation, int number);

}  // namespace rebalancer
