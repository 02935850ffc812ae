// Did you mean ...?
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rebalancer {

// The candidate fewest typing mistakes away (a letter wrong, missing, extra or swapped with its neighbour; case and
// "-" against "_" count nothing), or none when nothing is close enough to be meant. The first of equals wins.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view typed, std::span<const std::string> candidates);

}  // namespace rebalancer
