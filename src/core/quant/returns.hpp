// From prices to returns, days x symbols. Where some symbol has no price there are two policies: only the days on which
// all have one, or each symbol's own days with NaN where it has no return. The means take both.
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

// One row less than the prices: simple returns between neighbouring rows where both have a price, NaN where not;
// nothing is carried forward. Errors: invalid, naming the symbol, when one has fewer than two returns.
[[nodiscard]] Result<Eigen::MatrixXd> returns_with_gaps(const PriceView& prices);
// How many returns each symbol has.
[[nodiscard]] Eigen::VectorX<Eigen::Index> return_counts(const Eigen::MatrixXd& returns);

// Per year.
[[nodiscard]] Eigen::VectorXd arithmetic_mean(const Eigen::MatrixXd& returns, double periods_per_year);
// (product of 1 + r)^(periods_per_year / T) - 1, T the symbol's own number of returns.
[[nodiscard]] Eigen::VectorXd geometric_mean(const Eigen::MatrixXd& returns, double periods_per_year);
// Weights (1 - 2 / (span + 1))^age, normalised over the days that have a return; times periods_per_year. span 500, as
// PyPortfolioOpt.
[[nodiscard]] Eigen::VectorXd exponential_mean(const Eigen::MatrixXd& returns, double periods_per_year, double span);

// Of the arithmetic mean per year: sample deviation / sqrt(T) * periods_per_year, which is the volatility per year over
// the square root of the years; one per symbol.
[[nodiscard]] Eigen::VectorXd standard_error_of_mean(const Eigen::MatrixXd& returns, double periods_per_year);

}  // namespace rebalancer
