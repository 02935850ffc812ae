#include "core/quant/inverse_risk.hpp"

#include <cmath>

namespace rebalancer {

Result<void> require_volatility(const Eigen::MatrixXd& covariance, const std::vector<std::string>& names) {
  const auto count = static_cast<Eigen::Index>(names.size());
  if (count == 0) return fail(ErrorCode::invalid, "there are no symbols to weigh");
  if (covariance.rows() != count || covariance.cols() != count) {
    return fail(ErrorCode::invalid, "covariance is {} by {}, must be {} by {}", covariance.rows(), covariance.cols(),
                count, count);
  }
  for (Eigen::Index col = 0; col < count; ++col) {
    const std::string& name = names[static_cast<std::size_t>(col)];
    const double variance = covariance(col, col);
    if (!covariance.col(col).allFinite()) {
      return fail(ErrorCode::invalid, "covariance with {} has a value that is not a finite number", name);
    }
    if (variance < 0) return fail(ErrorCode::invalid, "variance of {} is {}, must be positive", name, variance);
    if (variance < least_volatility * least_volatility) {
      return fail(ErrorCode::invalid,
                  "volatility of {} is {} per year, must be at least {}: its price does not move, and a weight that "
                  "divides by its risk has no value",
                  name, std::sqrt(variance), least_volatility);
    }
  }
  return {};
}

Result<Eigen::VectorXd> inverse_volatility_weights(const Eigen::MatrixXd& covariance,
                                                   const std::vector<std::string>& names) {
  if (auto usable = require_volatility(covariance, names); !usable) return fail(usable.error());
  const Eigen::VectorXd inverse = covariance.diagonal().cwiseSqrt().cwiseInverse();
  return Eigen::VectorXd(inverse / inverse.sum());
}

Result<Eigen::VectorXd> inverse_variance_weights(const Eigen::MatrixXd& covariance,
                                                 const std::vector<std::string>& names) {
  if (auto usable = require_volatility(covariance, names); !usable) return fail(usable.error());
  const Eigen::VectorXd inverse = covariance.diagonal().cwiseInverse();
  return Eigen::VectorXd(inverse / inverse.sum());
}

}  // namespace rebalancer
