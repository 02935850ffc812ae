// The steps of a life, and its death at one of them.
#pragma once
#include <cstdint>

namespace rebalancer::crash {

// Of this process alone: a child starts with what its parent set before the fork.
struct Steps {
  std::uint64_t taken = 0;
  std::uint64_t die_at = 0;      // 0: never
  void (*last_act)() = nullptr;  // run just before the end: the power cut
};
[[nodiscard]] Steps& steps();

// Counts. True: this is the step to die at.
[[nodiscard]] bool is_last_step();
[[noreturn]] void die();
// Both.
void step();

}  // namespace rebalancer::crash
