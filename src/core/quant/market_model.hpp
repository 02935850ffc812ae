// What the returns of one market say about many symbols. Returns are days x symbols; everything out is per year.
#pragma once
#include "core/base/error.hpp"
#include "core/quant/mean_variance.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// Slope of each symbol's returns on the market's: covariance over the market's variance. Errors of all: invalid when
// the market's price never moves, or with fewer than three days.
[[nodiscard]] Result<Eigen::VectorXd> market_betas(const Eigen::MatrixXd& returns, const Eigen::VectorXd& market);

// risk_free + beta (market's arithmetic mean - risk_free). Source: Sharpe (1964).
[[nodiscard]] Result<Eigen::VectorXd> capm_mean(const Eigen::MatrixXd& returns, const Eigen::VectorXd& market,
                                                double periods_per_year, double risk_free_rate);

// beta beta' var(market) + diag(residual variance, T - 2). Source: Sharpe, "A simplified model" (1963).
[[nodiscard]] Result<FactorCovariance> single_index_model(const Eigen::MatrixXd& returns, const Eigen::VectorXd& market,
                                                          double periods_per_year);

[[nodiscard]] Eigen::MatrixXd dense(const FactorCovariance& model);

}  // namespace rebalancer
