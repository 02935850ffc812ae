#include "core/quant/risk_contributions.hpp"

namespace rebalancer {

Result<RiskContributions> risk_contributions(const Eigen::VectorXd& weights, const Eigen::MatrixXd& covariance) {
  if (covariance.rows() != weights.size() || covariance.cols() != weights.size()) {
    return fail(ErrorCode::invalid, "covariance is {} by {}, must be {} by {}", covariance.rows(), covariance.cols(),
                weights.size(), weights.size());
  }
  if (!weights.allFinite() || !covariance.allFinite()) {
    return fail(ErrorCode::invalid, "weights and covariance must be finite");
  }
  const Eigen::VectorXd force = covariance * weights;
  const double variance = weights.dot(force);
  if (!(variance > 0)) return fail(ErrorCode::invalid, "variance is {}, must be positive", variance);
  RiskContributions told;
  told.volatility = std::sqrt(variance);
  told.marginal = force / told.volatility;
  told.component = weights.cwiseProduct(told.marginal);
  told.fraction = told.component / told.volatility;
  return told;
}

}  // namespace rebalancer
