// One account at a simulated broker, and a program that rebalances it through everything the script has for it: faults
// on the wire, and kills at requests the seed chose. What is left is compared with the broker's truth.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "laboratory/laboratory.hpp"
#include "laboratory/scenario.hpp"

namespace rebalancer::trials {

struct TrialSettings {
  std::filesystem::path binary;
  std::filesystem::path folder;  // of this trial alone; made and removed by it
  laboratory::BrokerKind broker = laboratory::BrokerKind::alpaca;
  std::uint64_t seed = 1;
  // In place of what the seed draws; every run after the first comes six hours later.
  std::optional<laboratory::Scenario> scenario;
  bool keep = false;  // the folder stays
};

struct TrialResult {
  std::uint64_t seed = 0;
  std::string broker;
  std::string script;                // the faults, as a user would type them
  std::vector<std::uint64_t> kills;  // at which requests the program was killed
  int lives = 0;
  int kills_struck = 0;
  std::size_t faults_struck = 0;
  std::size_t orders = 0;  // at the broker
  bool parked = false;     // it ended with a question for a human, and blocked
  int last_exit_code = 0;
  std::vector<std::string> violations;  // "law: what is wrong"; none: every law holds
  std::string last_words;               // of the program's last life
};

[[nodiscard]] TrialResult run_trial(const TrialSettings& settings);

}  // namespace rebalancer::trials
