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
  void store(double* to) const {
    _mm256_storeu_pd(to, low);
    _mm256_storeu_pd(to + 4, high);
  }
};
inline Lanes fused(Lanes a, Lanes b, Lanes c) {
  return {_mm256_fmadd_pd(a.low, b.low, c.low), _mm256_fmadd_pd(a.high, b.high, c.high)};
}
inline Lanes plus(Lanes a, Lanes b) { return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }

#include "core/quant/kernels_body.hpp"

}  // namespace
const Table table{"avx2", dot, add_scaled, combine, gram};
}  // namespace avx2
}  // namespace rebalancer::kernels
#endif
