// One trial: lives until the session is done or a human is needed.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "life.hpp"

namespace rebalancer::crash {

// What an undisturbed run of the same scene does.
struct Baseline {
  BrokerBooks books;
  std::uint64_t steps = 0;
  std::uint64_t file_steps = 0;
  std::string wrong;  // what kept it from trading; empty: nothing
};

struct Failure {
  std::string what;  // one word: "doubled", "lost", "stuck", "corrupt", "positions", ...
  std::string text;
};

struct TrialEnd {
  std::optional<Failure> failure = {};
  int lives = 0;
  int kills = 0;
  bool parked = false;  // waits for a human
  bool whole = false;   // every leg filled
};

class Trials {
 public:
  // Files are made below `folder`, which is emptied for every trial. `world` is shared with children.
  Trials(std::filesystem::path folder, World& world) : folder_(std::move(folder)), world_(world) {}

  [[nodiscard]] TrialEnd run(const Scene& scene);
  // The disk breaks at this file step of the first life.
  [[nodiscard]] TrialEnd run_with_broken_disk(const Scene& scene, std::uint64_t step, int error);
  [[nodiscard]] const Baseline& baseline(const Scene& scene);

 private:
  [[nodiscard]] Files fresh_files() const;
  [[nodiscard]] TrialEnd go_on(const Scene& scene, const Files& files, int kills_max);

  std::filesystem::path folder_;
  World& world_;
  std::map<int, Baseline> baselines_;
};

}  // namespace rebalancer::crash
