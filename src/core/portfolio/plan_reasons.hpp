// The words of a plan: why a symbol is traded, and why not, always with the numbers.
#pragma once
#include <string>

#include "core/portfolio/exact.hpp"
#include "core/portfolio/plan_targets.hpp"

namespace rebalancer {

// What the planner found out about one symbol before any trade is chosen.
struct SymbolView {
  const SymbolTarget* target;
  bool is_banded;    // a band is configured; without one every difference is out of band
  exact::Wide band;  // value on either side of the target, billionths
  bool is_outright;  // wanted and not held, or held and not wanted: no band applies
  bool is_out;       // of its band, or to be bought or sold outright
};

[[nodiscard]] std::string percent_text(Decimal value, Decimal equity);     // "46.10%"
[[nodiscard]] std::string amount_text(Decimal amount, Currency currency);  // "1234.50 USD", for reading
// "weight 46.10%, target 38.00%, band 33.00% to 43.00%"
[[nodiscard]] std::string standing_text(const SymbolView& view, Decimal equity);
// "weight 38.40% is inside its band 33.00% to 43.00%"
[[nodiscard]] std::string inside_text(const SymbolView& view, Decimal equity);
[[nodiscard]] std::string untouchable_text(const SymbolTarget& target, Decimal equity);

}  // namespace rebalancer
