#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rebalancer {

// The candidate a person most likely meant; empty when none is near. Counts inserted, dropped, changed and swapped
// letters; at most a third of the word may differ.
[[nodiscard]] std::string nearest_name(std::string_view written, std::span<const std::string> candidates);

}  // namespace rebalancer
