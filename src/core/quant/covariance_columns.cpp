#include "core/quant/covariance_columns.hpp"

#include "core/quant/kernels.hpp"

namespace rebalancer::active_set {

CovarianceColumns::CovarianceColumns(const MeanVarianceProblem& problem)
    : dense_(problem.covariance), factors_(problem.factors ? &*problem.factors : nullptr) {
  if (factors_ == nullptr) return;
  variances_ = factors_->specific_variance + factors_->loadings.rowwise().squaredNorm();
  made_columns_.resize(static_cast<std::size_t>(variances_.size()));
}

const double* CovarianceColumns::column(Eigen::Index asset) const {
  if (factors_ == nullptr) return dense_.col(asset).data();
  std::vector<double>& made = made_columns_[static_cast<std::size_t>(asset)];
  if (made.empty()) {
    const Eigen::MatrixXd& loadings = factors_->loadings;
    const auto count = static_cast<std::size_t>(loadings.cols()), size = static_cast<std::size_t>(variances_.size());
    std::vector<const double*> columns(count);
    std::vector<double> own(count);
    for (std::size_t k = 0; k < count; ++k) {
      columns[k] = loadings.col(static_cast<Eigen::Index>(k)).data();
      own[k] = loadings(asset, static_cast<Eigen::Index>(k));
    }
    made.assign(size, 0.0);
    kernels::combine(made.data(), columns.data(), own.data(), count, size);
    made[static_cast<std::size_t>(asset)] = variances_(asset);
  }
  return made.data();
}

}  // namespace rebalancer::active_set
