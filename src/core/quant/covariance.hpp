// Sample covariances. All take returns per period (days x symbols) and give numbers per year. Each costs one product
// A'A of kernels.hpp, half of N^2 T multiplications and additions; all else is passes over the numbers.
#pragma once
#include <span>
#include <string_view>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// Divides by T - 1.
[[nodiscard]] Eigen::MatrixXd sample_covariance(const Eigen::MatrixXd& returns, double periods_per_year);

// Returns with gaps (NaN): each pair of symbols over the days on which both have a return, with the means over just
// these days, divided by their number less one. Every entry is unbiased, but together they need not be a covariance.
// Four times the product of sample_covariance.
// Errors: invalid, naming the pair, when one has fewer than two days in common; invalid, naming the least eigenvalue,
// when some portfolio would have a negative variance: nothing is repaired behind the reader's back.
[[nodiscard]] Result<Eigen::MatrixXd> pairwise_covariance(const Eigen::MatrixXd& returns,
                                                          std::span<const std::string_view> symbols,
                                                          double periods_per_year);

// RiskMetrics: zero mean, weights decay^age, normalised to sum 1.
[[nodiscard]] Eigen::MatrixXd ewma_covariance(const Eigen::MatrixXd& returns, double periods_per_year, double decay);

// D'D / T with D = min(r - benchmark, 0), benchmark per period.
[[nodiscard]] Eigen::MatrixXd semicovariance(const Eigen::MatrixXd& returns, double periods_per_year, double benchmark);

// Each column less its mean.
[[nodiscard]] Eigen::MatrixXd centered(const Eigen::MatrixXd& returns);
// Weights decay^age of `rows` days, the last of age 0, not normalised.
[[nodiscard]] Eigen::VectorXd decaying_weights(Eigen::Index rows, double decay);
// The lower triangle of factor columns'columns; above it zeros.
[[nodiscard]] Eigen::MatrixXd lower_gram(const Eigen::MatrixXd& columns, double factor);
// Copies the lower triangle to the upper.
void mirror_lower(Eigen::MatrixXd& matrix);

}  // namespace rebalancer
