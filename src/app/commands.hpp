// Every command, in the order of the help. command.hpp says how to add one.
#pragma once
#include <span>

#include "app/command.hpp"

namespace rebalancer::app {

[[nodiscard]] std::span<const Command> commands();

// src/app/commands/<name>.cpp
[[nodiscard]] Command completion_command();
[[nodiscard]] Command help_command();
[[nodiscard]] Command version_command();

}  // namespace rebalancer::app
