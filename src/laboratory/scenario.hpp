// Incidents that others had with real brokers, as scripts that a user can run against the program.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "laboratory/laboratory.hpp"

namespace rebalancer::laboratory {

struct Scenario {
  std::string_view name;
  int pain;  // which of the users' pains it is: 1 to 8, or 11
  BrokerKind broker;
  std::string_view evidence;  // "repository#thread, ..."
  std::string_view story;     // what the broker does
  std::string_view must_hold;
  std::string_view faults;
  std::string_view calendar = "24x7";
  bool settled_cash_only = false;
  std::string_view overnight = "";  // more faults, from the first request of the next day's run on
  bool other_account = false;       // than the one the laboratory says without the scenario
};

[[nodiscard]] std::span<const Scenario> scenarios();
// Errors: not_found, with the nearest name.
[[nodiscard]] Result<Scenario> scenario_named(std::string_view name);
// What the scenario asks for; seed, port, clock and holdings stay.
void apply(const Scenario& scenario, LaboratorySettings& settings);

}  // namespace rebalancer::laboratory
