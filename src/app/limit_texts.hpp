// Limits and labels as people write them. The errors say only the rule.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/optimizer.hpp"

namespace rebalancer::app {

// Letters, digits, _ and -, at most 64.
[[nodiscard]] Result<std::string> parse_name(std::string_view text);

// "tech <= 25%", "bond >= 10%", "5% <= gold <= 15%", "cash = 3%", "tech + energy <= 50%", "issuer:apple <= 10%".
[[nodiscard]] Result<ClassLimit> parse_class_limit(std::string_view text);

// "tech, issuer:apple"
[[nodiscard]] Result<std::vector<std::string>> parse_labels(std::string_view text);

// The side that "tech <= 25%" says nothing about, which parse_class_limit leaves at 0 or 1: with short positions a
// class may be below nothing, or above the whole.
void open_sides(std::vector<ClassLimit>& limits, double gross_max);

}  // namespace rebalancer::app
