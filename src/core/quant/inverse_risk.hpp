// Weights that look at each asset's own risk alone, and the refusal of assets that have none.
#pragma once
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// Per year. Below it a price moves by no more than the rounding of its returns: a constant, or steady growth.
inline constexpr double least_volatility = 1e-12;

// That `covariance` is N x N and finite and that every asset has a volatility to divide by. `names`: N, for messages.
// Errors: invalid, naming the first asset that has none.
[[nodiscard]] Result<void> require_volatility(const Eigen::MatrixXd& covariance, const std::vector<std::string>& names);

// w_i proportional to 1 / sqrt(S_ii), and to 1 / S_ii; they sum to 1. Errors: as above.
[[nodiscard]] Result<Eigen::VectorXd> inverse_volatility_weights(const Eigen::MatrixXd& covariance,
                                                                 const std::vector<std::string>& names);
[[nodiscard]] Result<Eigen::VectorXd> inverse_variance_weights(const Eigen::MatrixXd& covariance,
                                                               const std::vector<std::string>& names);

}  // namespace rebalancer
