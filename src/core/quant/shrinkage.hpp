// Covariance estimates pulled towards a structure. Every moment divides by T, as in the papers of Ledoit and Wolf and
// of Chen, Wiesel, Eldar and Hero; returns are days x symbols, the covariance is per year.
//
// The intensity is an estimate from fourth moments, whose sums over all pairs of symbols are sums over days of products
// of two sums over symbols: sum_ij sum_t x_ti^2 x_tj^2 = sum_t (sum_i x_ti^2)^2. Hence one product A'A, the sample
// itself, is all that costs N^2 T.
#pragma once
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

struct ShrunkCovariance {
  Eigen::MatrixXd covariance;
  double intensity = 0;  // 0: the sample, 1: the target
};

// Towards the mean variance times the identity. Source: Ledoit and Wolf, "A well-conditioned estimator for
// large-dimensional covariance matrices" (2004).
[[nodiscard]] ShrunkCovariance shrink_to_identity(const Eigen::MatrixXd& returns, double periods_per_year);
// Towards the sample's variances with the mean correlation. A constant price correlates with nothing. Source: Ledoit
// and Wolf, "Honey, I shrunk the sample covariance matrix" (2004).
[[nodiscard]] ShrunkCovariance shrink_to_constant_correlation(const Eigen::MatrixXd& returns, double periods_per_year);
// Towards a model of one factor, the mean of all symbols. Source: Ledoit and Wolf, "Improved estimation of the
// covariance matrix of stock returns" (2003).
[[nodiscard]] ShrunkCovariance shrink_to_single_factor(const Eigen::MatrixXd& returns, double periods_per_year);
// Oracle approximating shrinkage, towards the identity. Source: Chen, Wiesel, Eldar and Hero, "Shrinkage algorithms for
// MMSE covariance estimation" (2010), equation 23, as scikit-learn has it.
[[nodiscard]] ShrunkCovariance shrink_oracle_approximating(const Eigen::MatrixXd& returns, double periods_per_year);

}  // namespace rebalancer
