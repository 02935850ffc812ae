#pragma once
// The loops of kernels.hpp over a type Lanes of eight doubles; each kernels_*.cpp includes this once, in a namespace of
// its own and compiled for its own instructions. Nothing of the standard library is included here: an inline function
// compiled for one machine must not be linked into the code of another.
constexpr std::size_t lane_count = 8;

inline double sum_of(Lanes lanes) {
  double part[lane_count];
  lanes.store(part);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

double dot(const double* a, const double* b, std::size_t size) {
  Lanes sum0 = Lanes::zero(), sum1 = Lanes::zero(), sum2 = Lanes::zero(), sum3 = Lanes::zero();
  std::size_t i = 0;
  for (; i + 4 * lane_count <= size; i += 4 * lane_count) {
    sum0 = fused(Lanes::load(a + i), Lanes::load(b + i), sum0);
    sum1 = fused(Lanes::load(a + i + lane_count), Lanes::load(b + i + lane_count), sum1);
    sum2 = fused(Lanes::load(a + i + 2 * lane_count), Lanes::load(b + i + 2 * lane_count), sum2);
    sum3 = fused(Lanes::load(a + i + 3 * lane_count), Lanes::load(b + i + 3 * lane_count), sum3);
  }
  for (; i + lane_count <= size; i += lane_count) sum0 = fused(Lanes::load(a + i), Lanes::load(b + i), sum0);
  if (i < size) sum1 = fused(Lanes::load_first(a + i, size - i), Lanes::load_first(b + i, size - i), sum1);
  return sum_of(plus(plus(sum0, sum2), plus(sum1, sum3)));
}

void add_scaled(double* y, const double* x, double factor, std::size_t size) {
  const Lanes all = Lanes::all(factor);
  std::size_t i = 0;
  for (; i + lane_count <= size; i += lane_count) fused(Lanes::load(x + i), all, Lanes::load(y + i)).store(y + i);
  if (i < size)
    fused(Lanes::load_first(x + i, size - i), all, Lanes::load_first(y + i, size - i)).store_first(y + i, size - i);
}

// So many lanes at a time as chains of fused multiply-adds are needed to hide their latency, fewer at the end.
template <std::size_t wide>
inline std::size_t combine_rows(double* out, const double* const* columns, const double* factors, std::size_t count,
                                std::size_t from, std::size_t size) {
  std::size_t i = from;
  for (; i + wide * lane_count <= size; i += wide * lane_count) {
    Lanes sum[wide];
    for (std::size_t c = 0; c < wide; ++c) sum[c] = Lanes::load(out + i + c * lane_count);
    for (std::size_t k = 0; k < count; ++k) {
      const Lanes factor = Lanes::all(factors[k]);
      const double* column = columns[k] + i;
      for (std::size_t c = 0; c < wide; ++c) sum[c] = fused(Lanes::load(column + c * lane_count), factor, sum[c]);
    }
    for (std::size_t c = 0; c < wide; ++c) sum[c].store(out + i + c * lane_count);
  }
  return i;
}

void combine(double* out, const double* const* columns, const double* factors, std::size_t count, std::size_t size) {
  std::size_t i = combine_rows<8>(out, columns, factors, count, 0, size);
  i = combine_rows<4>(out, columns, factors, count, i, size);
  i = combine_rows<2>(out, columns, factors, count, i, size);
  i = combine_rows<1>(out, columns, factors, count, i, size);
  if (i < size) {
    Lanes sum = Lanes::load_first(out + i, size - i);
    for (std::size_t k = 0; k < count; ++k) {
      sum = fused(Lanes::load_first(columns[k] + i, size - i), Lanes::all(factors[k]), sum);
    }
    sum.store_first(out + i, size - i);
  }
}

void add_outer(double* out, std::size_t stride, const double* x, const double* factors, std::size_t count,
               std::size_t size) {
  for (std::size_t k = 0; k < count; ++k) add_scaled(out + k * stride, x, factors[k], size);
}

#include "core/quant/kernels_gram.hpp"
