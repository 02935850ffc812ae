// What many trials came to. Plain values: workers count in memory they share with whoever prints.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "trial.hpp"

namespace rebalancer::crash {

struct Totals {
  std::uint64_t trials = 0;
  std::uint64_t lives = 0;
  std::uint64_t kills = 0;
  std::uint64_t whole = 0;   // every leg filled
  std::uint64_t parked = 0;  // wait for a human
  std::uint64_t failures = 0;
  // The first of them.
  std::uint64_t failed_after = 0;  // trials of this worker, it included
  std::array<char, 32> what{};
  std::array<char, 1024> text{};
  std::array<char, 256> again{};  // the command that repeats it

  void count(const TrialEnd& end, const std::string& command);
  void add(const Totals& other);
};

[[nodiscard]] std::string line_of(const Totals& totals, std::string_view title);
[[nodiscard]] std::string json_of(const Totals& totals, std::string_view title);

}  // namespace rebalancer::crash
