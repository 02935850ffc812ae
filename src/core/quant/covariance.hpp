// Sample covariances. All take returns per period (days x symbols) and give numbers per year.
#pragma once
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// Divides by T - 1.
[[nodiscard]] Eigen::MatrixXd sample_covariance(const Eigen::MatrixXd& returns, double periods_per_year);

// RiskMetrics: zero mean, weights decay^age, normalised to sum 1.
[[nodiscard]] Eigen::MatrixXd ewma_covariance(const Eigen::MatrixXd& returns, double periods_per_year, double decay);

// D'D / T with D = min(r - benchmark, 0), benchmark per period.
[[nodiscard]] Eigen::MatrixXd semicovariance(const Eigen::MatrixXd& returns, double periods_per_year, double benchmark);

}  // namespace rebalancer
