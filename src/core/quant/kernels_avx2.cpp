// Compiled for AVX2 and FMA; runs only where the machine has both.
#include "core/quant/kernels_versions.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace rebalancer::kernels {
namespace avx2 {
namespace {

struct Lanes {
  __m256d low, high;
  static Lanes zero() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
  static Lanes all(double x) { return {_mm256_set1_pd(x), _mm256_set1_pd(x)}; }
  static Lanes load(const double* from) { return {_mm256_loadu_pd(from), _mm256_loadu_pd(from + 4)}; }
  // -1 where a lane counts, for the lanes from `offset` on.
  static __m256i first(std::size_t size, std::size_t offset) {
    alignas(32) static const long long marks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(marks + 8 - size + offset));
  }
  static Lanes load_first(const double* from, std::size_t size) {
    const std::size_t second = size > 4 ? 4 : 0;  // nothing is read there when nothing counts
    return {_mm256_maskload_pd(from, first(size, 0)), _mm256_maskload_pd(from + second, first(size, 4))};
  }
  void store_first(double* to, std::size_t size) const {
    _mm256_maskstore_pd(to, first(size, 0), low);
    _mm256_maskstore_pd(to + (size > 4 ? 4 : 0), first(size, 4), high);
  }
  void store(double* to) const {
    _mm256_storeu_pd(to, low);
    _mm256_storeu_pd(to + 4, high);
  }
};
inline Lanes fused(Lanes a, Lanes b, Lanes c) {
  return {_mm256_fmadd_pd(a.low, b.low, c.low), _mm256_fmadd_pd(a.high, b.high, c.high)};
}
inline Lanes plus(Lanes a, Lanes b) { return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }

constexpr std::size_t tile_lanes = 1, tile_columns = 6;  // of gram

#include "core/quant/kernels_body.hpp"

}  // namespace
const Table table{"avx2", dot, add_scaled, combine, add_outer, gram};
}  // namespace avx2
}  // namespace rebalancer::kernels
#endif
