#include "core/quant/kernels_versions.hpp"

namespace rebalancer::kernels {
namespace portable {
namespace {

struct Lanes {
  double value[8];
  static Lanes zero() { return {}; }
  static Lanes all(double x) { return {{x, x, x, x, x, x, x, x}}; }
  static Lanes load(const double* from) {
    Lanes out;
    for (int i = 0; i < 8; ++i) out.value[i] = from[i];
    return out;
  }
  static Lanes load_first(const double* from, std::size_t size) {
    Lanes out{};
    for (std::size_t i = 0; i < size; ++i) out.value[i] = from[i];
    return out;
  }
  void store_first(double* to, std::size_t size) const {
    for (std::size_t i = 0; i < size; ++i) to[i] = value[i];
  }
  void store(double* to) const {
    for (int i = 0; i < 8; ++i) to[i] = value[i];
  }
};
inline Lanes fused(Lanes a, Lanes b, Lanes c) {
  // fma of the C library: in hardware where there is one, exact in software where there is none.
  for (int i = 0; i < 8; ++i) c.value[i] = __builtin_fma(a.value[i], b.value[i], c.value[i]);
  return c;
}
inline Lanes plus(Lanes a, Lanes b) {
  for (int i = 0; i < 8; ++i) a.value[i] += b.value[i];
  return a;
}

constexpr std::size_t tile_lanes = 1, tile_columns = 4;  // of gram

#include "core/quant/kernels_body.hpp"

}  // namespace
const Table table{"portable", dot, add_scaled, combine, add_outer, gram};
}  // namespace portable
}  // namespace rebalancer::kernels
