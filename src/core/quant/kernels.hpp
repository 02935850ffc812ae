// The inner loops of the optimizer and the estimates, as fast as the machine allows and with the same bits on every
// machine: all versions do the same fused multiply-adds on eight lanes in the same order, and differ only in how many
// lanes one instruction carries. Which one runs is decided when the program starts.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace rebalancer::kernels {

// Column-major matrices; `stride` is the distance between columns. Nothing may overlap what is written.
struct Table {
  std::string_view name;  // "avx512", "avx2" or "portable"
  // sum a_i b_i
  double (*dot)(const double* a, const double* b, std::size_t size);
  // y += factor x
  void (*add_scaled)(double* y, const double* x, double factor, std::size_t size);
  // out += sum over k of factors[k] columns[k], added in the order of k
  void (*combine)(double* out, const double* const* columns, const double* factors, std::size_t count,
                  std::size_t size);
  // Column k of out += factors[k] x, for `count` columns of `size` rows
  void (*add_outer)(double* out, std::size_t stride, const double* x, const double* factors, std::size_t count,
                    std::size_t size);
  // The lower triangle of out += factor A'A, A rows x cols; the upper triangle is left alone.
  void (*gram)(double* out, std::size_t out_stride, const double* a, std::size_t stride, std::size_t rows,
               std::size_t cols, double factor);
};

// The fastest this machine can run.
[[nodiscard]] const Table& table();
// All that this machine can run, the portable one last: for tests and comparisons.
[[nodiscard]] std::span<const Table* const> available();

inline double dot(const double* a, const double* b, std::size_t size) { return table().dot(a, b, size); }
inline void add_scaled(double* y, const double* x, double factor, std::size_t size) {
  table().add_scaled(y, x, factor, size);
}
inline void combine(double* out, const double* const* columns, const double* factors, std::size_t count,
                    std::size_t size) {
  table().combine(out, columns, factors, count, size);
}
inline void add_outer(double* out, std::size_t stride, const double* x, const double* factors, std::size_t count,
                      std::size_t size) {
  table().add_outer(out, stride, x, factors, count, size);
}
inline void gram(double* out, std::size_t out_stride, const double* a, std::size_t stride, std::size_t rows,
                 std::size_t cols, double factor) {
  table().gram(out, out_stride, a, stride, rows, cols, factor);
}

}  // namespace rebalancer::kernels
