// From prices to returns. A day counts when every symbol has a price on it; returns run between such days.
#pragma once
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/market/price_frame.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// Prices seen through the plugin contract or a PriceFrame, without a copy: rows x symbols, NaN = no price.
struct PriceView {
  Eigen::Map<const Eigen::MatrixXd> values;
  std::vector<std::string_view> symbols;
};
[[nodiscard]] PriceView view_of(const PriceFrame& frame);

// The days on which every symbol has a price.
[[nodiscard]] std::vector<Eigen::Index> complete_rows(const PriceView& prices);

// Days x symbols, simple returns P_t / P_(t-1) - 1 over the days on which every symbol has a price.
// Errors: invalid, naming the symbol with the fewest prices, when fewer than two returns remain.
[[nodiscard]] Result<Eigen::MatrixXd> simple_returns(const PriceView& prices);

// Per year.
[[nodiscard]] Eigen::VectorXd arithmetic_mean(const Eigen::MatrixXd& returns, double periods_per_year);
// (product of 1 + r)^(periods_per_year / T) - 1.
[[nodiscard]] Eigen::VectorXd geometric_mean(const Eigen::MatrixXd& returns, double periods_per_year);
// Weights (1 - 2 / (span + 1))^age, normalised; times periods_per_year. span 500, as PyPortfolioOpt.
[[nodiscard]] Eigen::VectorXd exponential_mean(const Eigen::MatrixXd& returns, double periods_per_year, double span);

// Of the arithmetic mean per year: sample deviation / sqrt(T) * periods_per_year, one per symbol.
[[nodiscard]] Eigen::VectorXd standard_error_of_mean(const Eigen::MatrixXd& returns, double periods_per_year);

}  // namespace rebalancer
