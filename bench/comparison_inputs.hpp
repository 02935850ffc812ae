// The numbers that the comparison with other programs uses, made by a counter so that every language makes the same:
// returns of ten factors and a part of each symbol's own, days x symbols.
#pragma once
#include <cmath>
#include <cstdint>

#include "core/base/random.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer::bench {

inline constexpr Eigen::Index comparison_factors = 10;

// Random's k-th number, without drawing those before it.
inline double uniform_at(std::uint64_t seed, std::uint64_t index) {
  return Random(seed + index * 0x9E3779B97F4A7C15ULL).uniform();
}

inline double normal_at(std::uint64_t seed, std::uint64_t index) {
  const std::uint64_t pair = index / 2 * 2;
  const double angle = 6.283185307179586476925286766559 * uniform_at(seed, pair + 1);
  return std::sqrt(-2 * std::log(uniform_at(seed, pair))) * (index % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

inline Eigen::MatrixXd returns_of(Eigen::Index days, Eigen::Index count, std::uint64_t seed) {
  const auto at = [](Eigen::Index value) { return static_cast<std::uint64_t>(value); };
  Eigen::MatrixXd loadings(count, comparison_factors), returns(days, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index k = 0; k < comparison_factors; ++k) {
      loadings(i, k) = 0.3 * normal_at(seed + 1, at(i * comparison_factors + k)) + (k == 0 ? 1 : 0);
    }
  }
  for (Eigen::Index t = 0; t < days; ++t) {
    Eigen::VectorXd moves(comparison_factors);
    for (Eigen::Index k = 0; k < comparison_factors; ++k) {
      moves(k) = 0.01 * std::pow(0.8, static_cast<double>(k)) * normal_at(seed + 3, at(t * comparison_factors + k));
    }
    for (Eigen::Index i = 0; i < count; ++i) {
      const double idiosyncratic = 0.01 + 0.01 * uniform_at(seed + 2, at(i));
      returns(t, i) = 0.0003 + 0.0002 * normal_at(seed + 4, at(i)) + loadings.row(i).dot(moves) +
                      idiosyncratic * normal_at(seed + 5, at(t * count + i));
    }
  }
  return returns;
}

}  // namespace rebalancer::bench
