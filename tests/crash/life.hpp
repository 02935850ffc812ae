// One life: the real pipeline with the real journal, decisions and switch, once, in this process.
#pragma once
#include <filesystem>

#include "scene.hpp"
#include "world.hpp"

namespace rebalancer::crash {

// Where a trial keeps its files.
struct Files {
  explicit Files(std::filesystem::path folder);
  std::filesystem::path folder, journal, decisions;
};

// Runs the session, and writes down in the world how it ended.
void live(const Scene& scene, World& world, const Files& files);

// A life in a process of its own.
struct Fate {
  std::uint64_t die_at = 0;          // the step to die at; 0: none
  bool power = false;                // dying is a power cut
  bool cut_at_end = false;           // the power goes when the program has ended
  std::uint64_t disk_breaks_at = 0;  // the file step; 0: never
  int disk_error = 0;
  std::uint64_t random = 0;  // of the cut
};
enum class Death { ended, killed, crashed };
[[nodiscard]] Death live_in_a_child(const Scene& scene, World& world, const Files& files, const Fate& fate);

}  // namespace rebalancer::crash
