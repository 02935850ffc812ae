// Compiled for AVX-512F; runs only where the machine has it.
#include "core/quant/kernels_versions.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace rebalancer::kernels {
namespace avx512 {
namespace {

struct Lanes {
  __m512d value;
  static Lanes zero() { return {_mm512_setzero_pd()}; }
  static Lanes all(double x) { return {_mm512_set1_pd(x)}; }
  static Lanes load(const double* from) { return {_mm512_loadu_pd(from)}; }
  static __mmask8 first(std::size_t size) { return static_cast<__mmask8>((1u << size) - 1u); }
  static Lanes load_first(const double* from, std::size_t size) { return {_mm512_maskz_loadu_pd(first(size), from)}; }
  void store_first(double* to, std::size_t size) const { _mm512_mask_storeu_pd(to, first(size), value); }
  void store(double* to) const { _mm512_storeu_pd(to, value); }
};
inline Lanes fused(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_pd(a.value, b.value, c.value)}; }
inline Lanes plus(Lanes a, Lanes b) { return {_mm512_add_pd(a.value, b.value)}; }

constexpr std::size_t tile_lanes = 3, tile_columns = 8;  // of gram

#include "core/quant/kernels_body.hpp"

}  // namespace
const Table table{"avx512", dot, add_scaled, combine, add_outer, gram};
}  // namespace avx512
}  // namespace rebalancer::kernels
#endif
