// Covariance estimates pulled towards a structure. Every moment divides by T, as in the papers of Ledoit and Wolf and
// of Chen, Wiesel, Eldar and Hero; returns are days x symbols, the covariance is per year.
#pragma once
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

struct ShrunkCovariance {
  Eigen::MatrixXd covariance;
  double intensity = 0;  // 0: the sample, 1: the target
};

[[nodiscard]] ShrunkCovariance shrink_to_identity(const Eigen::MatrixXd& returns, double periods_per_year);
[[nodiscard]] ShrunkCovariance shrink_to_constant_correlation(const Eigen::MatrixXd& returns, double periods_per_year);
// The factor is the mean of all symbols.
[[nodiscard]] ShrunkCovariance shrink_to_single_factor(const Eigen::MatrixXd& returns, double periods_per_year);
// Oracle approximating shrinkage, towards the identity.
[[nodiscard]] ShrunkCovariance shrink_oracle_approximating(const Eigen::MatrixXd& returns, double periods_per_year);

}  // namespace rebalancer
