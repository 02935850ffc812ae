// A covariance seen column by column: only the columns of the assets that are held are ever needed, so that a factor
// model with thousands of assets never becomes a matrix of millions of numbers.
#pragma once
#include <vector>

#include "core/quant/mean_variance.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer::active_set {

// Borrows the problem's covariance or factors. Of a problem without either (feasibility alone) no column may be asked.
class CovarianceColumns {
 public:
  explicit CovarianceColumns(const MeanVarianceProblem& problem);

  // As many numbers as there are assets; valid as long as this object.
  [[nodiscard]] const double* column(Eigen::Index asset) const;
  [[nodiscard]] double variance(Eigen::Index asset) const {
    return factors_ == nullptr ? dense_(asset, asset) : variances_(asset);
  }
  [[nodiscard]] Eigen::VectorXd variances() const { return factors_ == nullptr ? dense_.diagonal() : variances_; }

 private:
  const Eigen::MatrixXd& dense_;
  const FactorCovariance* factors_;
  Eigen::VectorXd variances_;                              // of factors
  mutable std::vector<std::vector<double>> made_columns_;  // of factors, made when first asked for
};

}  // namespace rebalancer::active_set
