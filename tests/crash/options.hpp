#pragma once
#include <span>
#include <string>

#include "scene.hpp"

namespace rebalancer::crash {

struct Options {
  std::string program;
  Wishes wishes;
  std::uint64_t trials = 500;
  std::uint64_t seed = 1;    // of the first trial; the next has the next one
  std::uint64_t stride = 1;  // of mode error: every how many-th file step the disk breaks
  std::size_t jobs = 1;
  bool until_caught = false;  // ends with the first failure
  bool json = false;
  bool progress = false;
  bool tell = false;  // what happens in every life, on stderr
  bool show = false;  // every failure, on stderr
};

// Errors: invalid, naming the option.
[[nodiscard]] Result<Options> parse_options(std::span<char* const> arguments);
[[nodiscard]] std::string usage();

// "kill", "kill, dedupe none, lookup by_tag, 20 % faults"
[[nodiscard]] std::string title_of(const Wishes& wishes);
[[nodiscard]] std::string_view name_of(BrokerCapabilities::Dedupe dedupe);
[[nodiscard]] std::string_view name_of(BrokerCapabilities::Lookup lookup);
// The command that runs one trial again.
[[nodiscard]] std::string command_for(const Options& options, std::uint64_t seed);

}  // namespace rebalancer::crash
