// The words of --help, out of the command table. Nothing is wider than 80 columns.
#pragma once
#include <span>
#include <string>

#include "app/command.hpp"

namespace rebalancer::app {

[[nodiscard]] std::string help_overview(std::span<const Command> commands);
// `path` is "config show".
[[nodiscard]] std::string help_for(const Command& command, const std::string& path);
[[nodiscard]] std::string help_exit_codes();
// "rebalancer config show [--origin]"
[[nodiscard]] std::string usage_line(const Command& command, const std::string& path);

}  // namespace rebalancer::app
