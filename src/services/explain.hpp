// A sealed decision in plain language, with the numbers that made the difference.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "core/base/canonical_json.hpp"

namespace rebalancer {

// A constraint that held the weights back, as the strategy reported it (its report is JSON of its own, in
// body.target.report, which the caller can read and we cannot).
struct BindingConstraint {
  std::string constraint;  // "QQQ <= 0.4"
  double price = 0;        // how much the objective would gain per unit by which it gave way
};

// `document` is the whole decision. Everything, or with `order` (a number from the plan) one order in full: its
// numbers, its history of answers, its fills. No line is wider than `width`.
// Errors: rejected for what is no decision, not_found for an order that the plan does not have.
[[nodiscard]] Result<std::string> explain_text(const CanonicalJson& document, std::optional<int> order, int width,
                                               std::span<const BindingConstraint> binding = {});
// The same as an object; amounts are decimal texts.
[[nodiscard]] Result<std::string> explain_json(const CanonicalJson& document, std::optional<int> order,
                                               std::span<const BindingConstraint> binding = {});

}  // namespace rebalancer
