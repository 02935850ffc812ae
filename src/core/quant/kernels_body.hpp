// The loops of kernels.hpp over a type Lanes of eight doubles; each kernels_*.cpp includes this once, in a namespace of
// its own and compiled for its own instructions. Nothing of the standard library is included here: an inline function
// compiled for one machine must not be linked into the code of another.
constexpr std::size_t lane_count = 8;

inline Lanes load_part(const double* from, std::size_t size) {
  double padded[lane_count] = {};
  for (std::size_t i = 0; i < size; ++i) padded[i] = from[i];
  return Lanes::load(padded);
}

inline void store_part(double* to, Lanes lanes, std::size_t size) {
  double padded[lane_count];
  lanes.store(padded);
  for (std::size_t i = 0; i < size; ++i) to[i] = padded[i];
}

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
  if (i < size) sum1 = fused(load_part(a + i, size - i), load_part(b + i, size - i), sum1);
  return sum_of(plus(plus(sum0, sum2), plus(sum1, sum3)));
}

void add_scaled(double* y, const double* x, double factor, std::size_t size) {
  const Lanes all = Lanes::all(factor);
  std::size_t i = 0;
  for (; i + lane_count <= size; i += lane_count) fused(Lanes::load(x + i), all, Lanes::load(y + i)).store(y + i);
  if (i < size) store_part(y + i, fused(load_part(x + i, size - i), all, load_part(y + i, size - i)), size - i);
}

void combine(double* out, const double* const* columns, const double* factors, std::size_t count, std::size_t size) {
  constexpr std::size_t wide = 8;  // chains at once: hides the latency of a fused multiply-add
  std::size_t i = 0;
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
  for (; i + lane_count <= size; i += lane_count) {
    Lanes sum = Lanes::load(out + i);
    for (std::size_t k = 0; k < count; ++k) sum = fused(Lanes::load(columns[k] + i), Lanes::all(factors[k]), sum);
    sum.store(out + i);
  }
  if (i < size) {
    Lanes sum = load_part(out + i, size - i);
    for (std::size_t k = 0; k < count; ++k) {
      sum = fused(load_part(columns[k] + i, size - i), Lanes::all(factors[k]), sum);
    }
    store_part(out + i, sum, size - i);
  }
}

// Plain for now: every entry a dot product.
void gram(double* out, std::size_t out_stride, const double* a, std::size_t stride, std::size_t rows, std::size_t cols,
          double factor) {
  for (std::size_t col = 0; col < cols; ++col) {
    for (std::size_t row = col; row < cols; ++row) {
      out[col * out_stride + row] += factor * dot(a + row * stride, a + col * stride, rows);
    }
  }
}
