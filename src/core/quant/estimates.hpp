// Expected returns and covariance by name, the names of the contract.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/quant/product_blocks.hpp"
#include "core/quant/returns.hpp"

namespace rebalancer {

struct Estimates {
  Eigen::VectorXd mean;        // per year
  Eigen::MatrixXd covariance;  // per year
  std::string risk_model;
  std::string expected_returns;
  std::optional<double> shrinkage;  // intensity, for the models that have one
  Eigen::Index days = 0;            // returns used
};

// risk_model: sample, ledoit_wolf (constant correlation), ledoit_wolf_identity, ledoit_wolf_single_factor, oas, ewma
// (decay 0.94), semicovariance (below 2 % a year). expected_returns: arithmetic, geometric, ewma (span 500).
// Errors: invalid for another name, listing these, and for prices that cannot be used.
[[nodiscard]] Result<Estimates> estimate(const PriceView& prices, std::string_view risk_model,
                                         std::string_view expected_returns, double periods_per_year);
[[nodiscard]] Result<Estimates> estimate(const PriceFrame& frame, std::string_view risk_model,
                                         std::string_view expected_returns, double periods_per_year);

}  // namespace rebalancer
