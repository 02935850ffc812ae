#pragma once
// Part of kernels_body.hpp: the lower triangle of out += factor A'A.
//
// The order of the additions, which every version keeps and which does not depend on the shape of the tiles: the rows
// of A in blocks of gram_rows; per entry, one chain of fused multiply-adds from zero through the rows of a block; then
// out = fma(chain, factor, out), block after block.
//
// A block of rows is packed once, gram_width columns side by side for each row, so that the innermost loop reads memory
// in order: lanes of a panel against single numbers of a panel, `tile_lanes` x 8 by `tile_columns` sums at a time, all
// in registers. tile_lanes and tile_columns are set by each version for the registers it has, before this file.
constexpr std::size_t gram_rows = 512;
constexpr std::size_t gram_width = 24;  // of a panel; tile_lanes * 8 and tile_columns divide it
constexpr std::size_t gram_group = 4;   // panels whose packed rows stay in the second cache
static_assert(gram_width % (tile_lanes * lane_count) == 0 && gram_width % tile_columns == 0);

typedef double Four __attribute__((vector_size(32)));

// packed[row * gram_width + i] = columns[i][row] for four columns.
inline void pack_four(double* packed, const double* a, std::size_t stride, std::size_t rows) {
  std::size_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    Four c[4];
    for (std::size_t i = 0; i < 4; ++i) __builtin_memcpy(&c[i], a + i * stride + row, sizeof(Four));
    const Four even01 = __builtin_shufflevector(c[0], c[1], 0, 4, 2, 6);
    const Four odd01 = __builtin_shufflevector(c[0], c[1], 1, 5, 3, 7);
    const Four even23 = __builtin_shufflevector(c[2], c[3], 0, 4, 2, 6);
    const Four odd23 = __builtin_shufflevector(c[2], c[3], 1, 5, 3, 7);
    const Four out[4] = {
        __builtin_shufflevector(even01, even23, 0, 1, 4, 5), __builtin_shufflevector(odd01, odd23, 0, 1, 4, 5),
        __builtin_shufflevector(even01, even23, 2, 3, 6, 7), __builtin_shufflevector(odd01, odd23, 2, 3, 6, 7)};
    for (std::size_t i = 0; i < 4; ++i) __builtin_memcpy(packed + (row + i) * gram_width, &out[i], sizeof(Four));
  }
  for (; row < rows; ++row) {
    for (std::size_t i = 0; i < 4; ++i) packed[row * gram_width + i] = a[i * stride + row];
  }
}

// A panel: the first `columns` columns of a, and zeros up to gram_width.
inline void pack_panel(double* packed, const double* a, std::size_t stride, std::size_t rows, std::size_t columns) {
  std::size_t i = 0;
  for (; i + 4 <= columns; i += 4) pack_four(packed + i, a + i * stride, stride, rows);
  for (; i < gram_width; ++i) {
    for (std::size_t row = 0; row < rows; ++row) packed[row * gram_width + i] = i < columns ? a[i * stride + row] : 0.0;
  }
}

// out, `valid_rows` x `valid_columns`, += factor left'right, but not above the diagonal of the whole: the first entry
// of out lies `below` under it, and entry (i, j) counts when i + below >= j.
template <std::size_t lanes>
inline void gram_tile(double* out, std::size_t out_stride, const double* left, const double* right, std::size_t rows,
                      double factor, std::size_t valid_rows, std::size_t valid_columns, long below) {
  Lanes sum[tile_columns][lanes];
  for (std::size_t j = 0; j < tile_columns; ++j) {
    for (std::size_t l = 0; l < lanes; ++l) sum[j][l] = Lanes::zero();
  }
  for (std::size_t row = 0; row < rows; ++row) {
    Lanes of_left[lanes];
    for (std::size_t l = 0; l < lanes; ++l) of_left[l] = Lanes::load(left + l * lane_count);
    for (std::size_t j = 0; j < tile_columns; ++j) {
      const Lanes of_right = Lanes::all(right[j]);
      for (std::size_t l = 0; l < lanes; ++l) sum[j][l] = fused(of_left[l], of_right, sum[j][l]);
    }
    left += gram_width;
    right += gram_width;
  }
  const Lanes scale = Lanes::all(factor);
  for (std::size_t j = 0; j < tile_columns; ++j) {
    double* const column = out + j * out_stride;
    for (std::size_t l = 0; l < lanes; ++l) {
      const std::size_t from = l * lane_count;
      if (j >= valid_columns || from >= valid_rows) continue;
      const long above = static_cast<long>(j) - static_cast<long>(from) - below;  // so many of these lanes do not count
      if (above <= 0 && from + lane_count <= valid_rows) {
        fused(sum[j][l], scale, Lanes::load(column + from)).store(column + from);
        continue;
      }
      double part[lane_count] = {};
      const std::size_t first = above > 0 ? static_cast<std::size_t>(above) : 0;
      const std::size_t last = valid_rows - from < lane_count ? valid_rows - from : lane_count;
      for (std::size_t i = first; i < last; ++i) part[i] = column[from + i];
      fused(sum[j][l], scale, Lanes::load(part)).store(part);
      for (std::size_t i = first; i < last; ++i) column[from + i] = part[i];
    }
  }
}

// The tiles of the columns of panel `right` in the rows of panel `left`; the same panel on the diagonal.
inline void gram_panels(double* out, std::size_t out_stride, const double* left, const double* right, std::size_t rows,
                        double factor, std::size_t left_columns, std::size_t right_columns, bool diagonal) {
  for (std::size_t j = 0; j < right_columns; j += tile_columns) {
    // On the diagonal the lanes wholly above it are left out.
    for (std::size_t i = diagonal ? j / lane_count * lane_count : 0; i < left_columns;) {
      const std::size_t wanted = (left_columns - i + lane_count - 1) / lane_count;
      const std::size_t lanes = wanted < tile_lanes ? wanted : tile_lanes;
      const long below = diagonal ? static_cast<long>(i) - static_cast<long>(j) : static_cast<long>(gram_width);
      const auto at = [&]<std::size_t count>() {
        gram_tile<count>(out + j * out_stride + i, out_stride, left + i, right + j, rows, factor, left_columns - i,
                         right_columns - j, below);
      };
      if (lanes == 1) at.template operator()<1>();
      if constexpr (tile_lanes >= 2) {
        if (lanes == 2) at.template operator()<2>();
      }
      if constexpr (tile_lanes >= 3) {
        if (lanes == 3) at.template operator()<3>();
      }
      i += lanes * lane_count;
    }
  }
}

void gram(double* out, std::size_t out_stride, const double* a, std::size_t stride, std::size_t rows, std::size_t cols,
          double factor) {
  if (rows == 0 || cols == 0) return;
  const std::size_t panels = (cols + gram_width - 1) / gram_width;
  const std::size_t block = rows < gram_rows ? rows : gram_rows;
  const std::size_t panel_size = block * gram_width;
  // Whole cache lines; the global operator is declared without a header.
  constexpr std::size_t line_bytes = 64;
  void* const memory = ::operator new(panels* panel_size * sizeof(double) + line_bytes);
  const std::size_t past = reinterpret_cast<std::size_t>(memory) % line_bytes;
  double* const packed = reinterpret_cast<double*>(static_cast<char*>(memory) + (past == 0 ? 0 : line_bytes - past));
  const auto columns_of = [cols](std::size_t panel) {
    return cols - panel * gram_width < gram_width ? cols - panel * gram_width : gram_width;
  };
  for (std::size_t row = 0; row < rows; row += gram_rows) {
    const std::size_t count = rows - row < gram_rows ? rows - row : gram_rows;
    for (std::size_t panel = 0; panel < panels; ++panel) {
      pack_panel(packed + panel * panel_size, a + panel * gram_width * stride + row, stride, count, columns_of(panel));
    }
    for (std::size_t group = 0; group < panels; group += gram_group) {
      const std::size_t group_end = group + gram_group < panels ? group + gram_group : panels;
      for (std::size_t right = 0; right < group_end; ++right) {
        for (std::size_t left = right > group ? right : group; left < group_end; ++left) {
          gram_panels(out + right * gram_width * out_stride + left * gram_width, out_stride, packed + left * panel_size,
                      packed + right * panel_size, count, factor, columns_of(left), columns_of(right), left == right);
        }
      }
    }
  }
  ::operator delete(memory);
}
