// Eigen, with its products cut into the same blocks everywhere. Left alone, it reads the size of the CPU's caches when
// it multiplies first, and the order of the additions in a large product, hence its last bits, would depend on the
// machine: a decision must replay on another one. Whoever multiplies in core/quant gets Eigen from here. It is set when
// a program or a plugin is loaded, each of which has a copy of Eigen's own.
#pragma once
#include <cstddef>

#include <Eigen/Core>

namespace rebalancer {

inline constexpr std::ptrdiff_t block_cache_l1_bytes = 32 << 10;
inline constexpr std::ptrdiff_t block_cache_l2_bytes = 256 << 10;
inline constexpr std::ptrdiff_t block_cache_l3_bytes = 2 << 20;

inline const bool product_blocks_are_fixed = [] {
  Eigen::setCpuCacheSizes(block_cache_l1_bytes, block_cache_l2_bytes, block_cache_l3_bytes);
  return true;
}();

}  // namespace rebalancer
