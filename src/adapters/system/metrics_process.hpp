// The figures every exporter tells of its own process, from /proc.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rebalancer::system {

struct ProcessFigure {
  std::string name;  // "process_resident_memory_bytes"
  std::string help;
  bool only_grows = false;  // a counter
  double value = 0;
};

// What can be read; the rest is left out.
[[nodiscard]] std::vector<ProcessFigure> process_figures();

// Field `number` of /proc/PID/stat, counted from 1 as proc(5) does; the name in brackets may hold anything. Empty when
// there is no such field. For 3 and above.
[[nodiscard]] std::string_view stat_field(std::string_view stat, int number);

}  // namespace rebalancer::system
