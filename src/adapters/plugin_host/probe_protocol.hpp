// What the probing child writes to its stdout: the greeting, then one line per file, "+" or "-" and the reason.
#pragma once
#include <cstddef>
#include <string_view>

namespace rebalancer {

inline constexpr std::string_view probe_greeting = "rebalancer-probe 1";
inline constexpr std::size_t probe_line_size_max = 1000;

}  // namespace rebalancer
