// Every command, in the order of the help. command.hpp says how to add one.
#pragma once
#include <span>

#include "app/command.hpp"

namespace rebalancer::app {

[[nodiscard]] std::span<const Command> commands();

// src/app/commands/<name>.cpp
[[nodiscard]] Command run_command();
[[nodiscard]] Command serve_command();
[[nodiscard]] Command health_command();
[[nodiscard]] Command plan_command();
[[nodiscard]] Command execute_command();
[[nodiscard]] Command optimize_command();
[[nodiscard]] Command frontier_command();
[[nodiscard]] Command fetch_command();
[[nodiscard]] Command analyze_command();
[[nodiscard]] Command explain_command();
[[nodiscard]] Command replay_command();
[[nodiscard]] Command verify_command();
[[nodiscard]] Command reconcile_command();
[[nodiscard]] Command resolve_command();
[[nodiscard]] Command halt_command();
[[nodiscard]] Command resume_command();
[[nodiscard]] Command arm_command();
[[nodiscard]] Command disarm_command();
[[nodiscard]] Command status_command();
[[nodiscard]] Command history_command();
[[nodiscard]] Command positions_command();
[[nodiscard]] Command orders_command();
[[nodiscard]] Command drift_command();
[[nodiscard]] Command data_command();
[[nodiscard]] Command plugins_command();
[[nodiscard]] Command config_command();
[[nodiscard]] Command doctor_command();
[[nodiscard]] Command laboratory_command();
[[nodiscard]] Command completion_command();
[[nodiscard]] Command help_command();
[[nodiscard]] Command version_command();

}  // namespace rebalancer::app
