#pragma once
#include "core/quant/kernels.hpp"

namespace rebalancer::kernels {
namespace portable {
extern const Table table;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Table table;
}
namespace avx512 {
extern const Table table;
}
#endif
}  // namespace rebalancer::kernels
