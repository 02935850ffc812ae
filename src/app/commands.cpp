#include "app/commands.hpp"

#include <vector>

namespace rebalancer::app {

std::span<const Command> commands() {
  static const std::vector<Command> table{
      run_command(),       serve_command(),    health_command(),     plan_command(),      execute_command(),
      optimize_command(),  frontier_command(), fetch_command(),      analyze_command(),   halt_command(),
      resume_command(),    arm_command(),      disarm_command(),     status_command(),    history_command(),
      positions_command(), orders_command(),   drift_command(),      reconcile_command(), resolve_command(),
      explain_command(),   replay_command(),   verify_command(),     data_command(),      plugins_command(),
      config_command(),    doctor_command(),   laboratory_command(), version_command(),   completion_command(),
      help_command(),
  };
  return table;
}

}  // namespace rebalancer::app
