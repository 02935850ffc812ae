#include "core/portfolio/plan_reasons.hpp"

#include <algorithm>

namespace rebalancer {
namespace {

std::string percent(double value, Decimal equity) { return fmt::format("{:.2f}%", 100 * value / equity.to_double()); }

std::string band_text(const SymbolView& view, Decimal equity) {
  const double band = static_cast<double>(view.band) / static_cast<double>(exact::scale);
  const double target = view.target->target.to_double();
  return fmt::format("{} to {}", percent(std::max(0.0, target - band), equity), percent(target + band, equity));
}

// The weight the strategy asked for is named beside the one that can be had when the two read differently.
std::string target_text(const SymbolTarget& target, Decimal equity) {
  const std::string reachable = percent_text(target.target, equity);
  const std::string wanted = fmt::format("{:.2f}%", 100 * target.fraction.to_double());
  if (reachable == wanted) return "target " + reachable;
  return fmt::format("target {} ({} of what is not set aside)", reachable, wanted);
}

}  // namespace

std::string percent_text(Decimal value, Decimal equity) { return percent(value.to_double(), equity); }

std::string amount_text(Decimal amount, Currency currency) {
  return fmt::format("{:.2f} {}", amount.to_double(), currency.to_string());
}

std::string standing_text(const SymbolView& view, Decimal equity) {
  const SymbolTarget& target = *view.target;
  if (target.held.is_zero()) return "not held, " + target_text(target, equity);
  const std::string weight = "weight " + percent_text(target.value, equity);
  if (view.is_outright) return weight + ", not wanted any more";
  return fmt::format("{}, {}, {}", weight, target_text(target, equity),
                     view.is_banded ? "band " + band_text(view, equity) : "no band");
}

std::string inside_text(const SymbolView& view, Decimal equity) {
  return fmt::format("weight {} is inside its band {}", percent_text(view.target->value, equity),
                     band_text(view, equity));
}

std::string untouchable_text(const SymbolTarget& target, Decimal equity) {
  return fmt::format("untouchable: weight {} stays, whatever its target {:.2f}%", percent_text(target.value, equity),
                     100 * target.fraction.to_double());
}

}  // namespace rebalancer
