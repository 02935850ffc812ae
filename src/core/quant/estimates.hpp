// Expected returns and covariance by name, the names of the contract.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/quant/mean_variance.hpp"
#include "core/quant/product_blocks.hpp"
#include "core/quant/returns.hpp"

namespace rebalancer {

struct Estimates {
  Eigen::VectorXd mean;        // per year
  Eigen::MatrixXd covariance;  // per year; empty when `factors` says it
  std::string risk_model;
  std::string expected_returns;
  std::optional<double> shrinkage;   // intensity, for the models that have one
  Eigen::Index days = 0;             // returns used; of the longest history, when each has its own
  Eigen::Index days_dropped = 0;     // rows of prices left out because some symbol has none on them
  Eigen::VectorXd standard_error;    // of the arithmetic mean, per year: volatility / sqrt(years), sample estimate
  std::string shortest_symbol = {};  // with the fewest prices; empty when no symbol has gaps
  Eigen::Index shortest_days = 0;    // its returns, or its prices when days are dropped for all
  std::optional<FactorCovariance> factors = {};  // instead of the covariance, only when allowed
};

struct EstimateOptions {
  std::string_view risk_model = "sample", expected_returns = "arithmetic";
  double periods_per_year = 252;
  double risk_free_rate = 0.02;         // per year, for capm
  double ewma_decay = 0.94;             // of the risk model ewma
  std::span<const double> market = {};  // prices of the market, one per row of the prices; for capm and single_index
  // complete: a row of prices counts when every symbol, and the market where it is needed, has a price on it; returns
  // run between such rows. pairwise: returns between neighbouring rows of each symbol, a covariance for each pair over
  // their common days; with the risk model sample and without capm.
  std::string_view missing = "complete";
  // Fill `factors` instead of `covariance` where that takes less: single_index, and sample with fewer returns than
  // symbols.
  bool allow_factors = false;
};

// risk_model: sample, ledoit_wolf (constant correlation), ledoit_wolf_identity, ledoit_wolf_single_factor, oas, ewma,
// semicovariance (below 2 % a year), single_index. expected_returns: arithmetic, geometric, ewma (span 500), capm.
// Errors: invalid for another name, listing these, for prices that cannot be used, and for capm or single_index without
// a market; the errors of pairwise_covariance.
[[nodiscard]] Result<Estimates> estimate(const PriceView& prices, const EstimateOptions& options);
[[nodiscard]] Result<Estimates> estimate(const PriceFrame& frame, const EstimateOptions& options);
[[nodiscard]] Result<Estimates> estimate(const PriceView& prices, std::string_view risk_model,
                                         std::string_view expected_returns, double periods_per_year);
[[nodiscard]] Result<Estimates> estimate(const PriceFrame& frame, std::string_view risk_model,
                                         std::string_view expected_returns, double periods_per_year);

}  // namespace rebalancer
