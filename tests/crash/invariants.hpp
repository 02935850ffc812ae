// What must hold after every life, and at the end of a trial.
#pragma once
#include "trial.hpp"

namespace rebalancer::crash {

// By the broker's books alone: no leg accepted twice, none that was not planned, none filled beyond what was intended,
// cash and holdings never below what they may be.
[[nodiscard]] std::optional<Failure> judge_books(const World& world, const Baseline& baseline,
                                                 const PipelineSettings& settings);

struct Ending {
  const Scene& scene;
  const World& world;
  const Baseline& baseline;
  const Files& files;
  bool disturbed = false;  // a life was cut off, or could not write
  bool parked = false;
};
// Journal, decisions and broker say the same, and the account is where an undisturbed run brings it. Sets `whole`.
[[nodiscard]] std::optional<Failure> judge_end(const Ending& ending, bool& whole);

}  // namespace rebalancer::crash
