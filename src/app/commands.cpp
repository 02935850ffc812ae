#include "app/commands.hpp"

#include <vector>

namespace rebalancer::app {

std::span<const Command> commands() {
  static const std::vector<Command> table{
      version_command(),
      completion_command(),
      help_command(),
  };
  return table;
}

}  // namespace rebalancer::app
