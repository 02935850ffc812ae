// Every version of the inner loops gives the same bits, and what they give is right.
#include "core/quant/kernels.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;

namespace {

std::vector<double> numbers(Random& random, std::size_t size) {
  std::vector<double> out(size);
  for (double& x : out) x = random.normal();
  return out;
}

}  // namespace

TEST_CASE("all versions of the kernels agree to the last bit, for every length") {
  const auto& reference = *kernels::available().back();
  REQUIRE(reference.name == "portable");
  Random random(7);
  for (std::size_t size = 0; size <= 150; ++size) {
    CAPTURE(size);
    const auto a = numbers(random, size), b = numbers(random, size), y = numbers(random, size);
    const std::size_t count = size % 7;
    std::vector<std::vector<double>> columns;
    std::vector<const double*> pointers;
    for (std::size_t k = 0; k < count; ++k) columns.push_back(numbers(random, size));
    for (const auto& column : columns) pointers.push_back(column.data());
    const auto factors = numbers(random, count);
    const std::size_t cols = 1 + size % 23, stride = size + 3;
    const auto matrix = numbers(random, cols * stride);
    const auto start = numbers(random, cols * (cols + 2));

    auto sum = y, combined = y, product = start;
    const double dot = reference.dot(a.data(), b.data(), size);
    reference.add_scaled(sum.data(), a.data(), 1.7, size);
    reference.combine(combined.data(), pointers.data(), factors.data(), count, size);
    reference.gram(product.data(), cols + 2, matrix.data(), stride, size, cols, 0.3);
    for (const kernels::Table* table : kernels::available()) {
      CAPTURE(table->name);
      auto its_sum = y, its_combined = y, its_product = start;
      CHECK(table->dot(a.data(), b.data(), size) == dot);
      table->add_scaled(its_sum.data(), a.data(), 1.7, size);
      table->combine(its_combined.data(), pointers.data(), factors.data(), count, size);
      table->gram(its_product.data(), cols + 2, matrix.data(), stride, size, cols, 0.3);
      CHECK(its_sum == sum);
      CHECK(its_combined == combined);
      CHECK(its_product == product);
    }
    long double exact = 0;
    for (std::size_t i = 0; i < size; ++i) exact += static_cast<long double>(a[i]) * b[i];
    CHECK(dot == doctest::Approx(static_cast<double>(exact)).epsilon(1e-12));
    for (std::size_t i = 0; i < size; ++i) {
      long double wanted = y[i];
      for (std::size_t k = 0; k < count; ++k) wanted += static_cast<long double>(factors[k]) * columns[k][i];
      CHECK(combined[i] == doctest::Approx(static_cast<double>(wanted)).epsilon(1e-12));
    }
    for (std::size_t col = 0; col < cols; ++col) {
      for (std::size_t row = 0; row < cols; ++row) {
        long double wanted = 0;
        for (std::size_t t = 0; t < size; ++t) {
          wanted += static_cast<long double>(matrix[col * stride + t]) * matrix[row * stride + t];
        }
        const std::size_t at = col * (cols + 2) + row;
        const double expected = start[at] + (row >= col ? 0.3 * static_cast<double>(wanted) : 0.0);
        CHECK(product[at] == doctest::Approx(expected).epsilon(1e-11));
      }
    }
  }
}

TEST_CASE("products of many rows and columns, over the edges of every block, have the same bits everywhere") {
  const auto& reference = *kernels::available().back();
  Random random(11);
  for (const std::size_t rows : {0, 1, 3, 511, 512, 513, 1100}) {
    for (const std::size_t cols : {1, 8, 23, 24, 25, 49, 97, 121}) {
      CAPTURE(rows);
      CAPTURE(cols);
      const std::size_t stride = rows + 1, out_stride = cols + 3;
      const auto matrix = numbers(random, cols * stride);
      const auto start = numbers(random, cols * out_stride);
      auto product = start;
      reference.gram(product.data(), out_stride, matrix.data(), stride, rows, cols, -0.7);
      for (const kernels::Table* table : kernels::available()) {
        CAPTURE(table->name);
        auto its_product = start;
        table->gram(its_product.data(), out_stride, matrix.data(), stride, rows, cols, -0.7);
        CHECK(its_product == product);
      }
      bool right = true, others_left = true;
      for (std::size_t col = 0; col < cols; ++col) {
        for (std::size_t row = 0; row < out_stride; ++row) {
          const std::size_t at = col * out_stride + row;
          if (row < col || row >= cols) {
            others_left = others_left && product[at] == start[at];
            continue;
          }
          const double exact = reference.dot(matrix.data() + col * stride, matrix.data() + row * stride, rows);
          right = right && std::abs(product[at] - (start[at] - 0.7 * exact)) <= 1e-11 * (1 + std::abs(exact));
        }
      }
      CHECK(right);
      CHECK(others_left);
    }
  }
}

TEST_CASE("rows that enter a product and leave it again are gone") {
  Random random(12);
  const std::size_t rows = 21, cols = 30;
  const auto matrix = numbers(random, rows * cols);
  const auto start = numbers(random, cols * cols);
  auto product = start;
  kernels::gram(product.data(), cols, matrix.data(), rows, rows, cols, 1);
  CHECK(product != start);
  kernels::gram(product.data(), cols, matrix.data(), rows, rows, cols, -1);
  for (std::size_t i = 0; i < product.size(); ++i) CHECK(std::abs(product[i] - start[i]) < 1e-13);
}
