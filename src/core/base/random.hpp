// The door for randomness: a counter generator (splitmix64), the same numbers on every machine and compiler.
#pragma once
#include <cmath>
#include <cstdint>

namespace rebalancer {

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] constexpr std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  // Strictly inside (0, 1).
  [[nodiscard]] double uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53; }
  // 0 to bound - 1, for a bound far below 2^64 (the bias is bound / 2^64).
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // Standard normal, Box and Muller.
  [[nodiscard]] double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(6.283185307179586476925286766559 * uniform());
  }

 private:
  std::uint64_t state_;
};

}  // namespace rebalancer
