// The laws that must hold at the end of a trial, whatever happened.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "laboratory/exchange.hpp"
#include "scene.hpp"

namespace rebalancer::trials {

struct Verdict {
  std::vector<std::string> violations;  // "law: what is wrong"
  bool agrees = false;                  // journal and broker hold the same
};

// `told` is whether the program said that a human is needed (exit code 8).
[[nodiscard]] Verdict judge(const laboratory::Exchange& truth, const std::filesystem::path& journal, const Scene& scene,
                            bool told);

}  // namespace rebalancer::trials
