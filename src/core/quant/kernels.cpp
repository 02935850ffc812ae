#include "core/quant/kernels.hpp"

#include <vector>

#include "core/quant/kernels_versions.hpp"

namespace rebalancer::kernels {

std::span<const Table* const> available() {
  static const std::vector<const Table*> tables = [] {
    std::vector<const Table*> out;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) out.push_back(&avx512::table);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) out.push_back(&avx2::table);
#endif
    out.push_back(&portable::table);
    return out;
  }();
  return tables;
}

const Table& table() {
  static const Table& fastest = *available().front();
  return fastest;
}

}  // namespace rebalancer::kernels
