// What the process tells its caller: the numbers scripts rely on, and the one table that leads to them.
#pragma once
#include <span>
#include <string_view>

#include "core/base/error.hpp"

namespace rebalancer::app {

enum class ExitCode : int {
  ok = 0,
  internal = 1,
  usage = 2,
  configuration = 3,
  data = 4,
  infeasible = 5,
  refused = 6,
  broker = 7,
  ambiguous_order = 8,
  verification = 9,
  trades_proposed = 10,
  plugin = 78,
};

// What the program was doing when an error came up.
enum class Area {
  command_line,
  configuration,
  plugin,    // finding, loading, checking the settings of or creating a plugin
  file,      // a file named on the command line: prices, a decision
  provider,  // asking for prices
  store,     // the price store and the journal
  quality,   // the verdict on the data
  strategy,  // optimizing
  planner,   // making the plan
  proof,     // checking the plan, limits, the halt
  broker,    // talking to the broker
  decision,  // explain, replay, verify
};

[[nodiscard]] ExitCode exit_code_for(Area area, ErrorCode code);

struct ExitCodeRow {
  ExitCode code;
  std::string_view name;     // stable, "error.code" of --json
  std::string_view meaning;  // one line of help
};
// Every exit code, ascending.
[[nodiscard]] std::span<const ExitCodeRow> exit_code_table();
[[nodiscard]] std::string_view name_of(ExitCode code);

}  // namespace rebalancer::app
