// What a scenario's sentence promises beyond the laws of every trial, as far as a machine can see it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "laboratory/exchange.hpp"
#include "wire_laws.hpp"

namespace rebalancer::trials {

struct Played {
  const laboratory::Exchange& truth;
  const WireLaws& wire;
  const std::vector<int>& exit_codes;  // of every life
  const std::string& words;            // all that the program said
  const std::string& account;          // the broker's id of it
  int exit_code_after;                 // of another run, after the end
  std::size_t orders_after;            // that it sent
};

// Violations, as "promise: what is wrong".
[[nodiscard]] std::vector<std::string> broken_promises(std::string_view scenario, const Played& played);

}  // namespace rebalancer::trials
