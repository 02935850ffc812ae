#pragma once
#include <span>
#include <string>

#include "app/command.hpp"

namespace rebalancer::app {

// A bash script: source <(rebalancer completion bash)
[[nodiscard]] std::string bash_completion(std::span<const Command> commands);

}  // namespace rebalancer::app
