// What the optimizer can say beside the weights: whose risk it is, and which portfolios were possible.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/market/price_frame.hpp"
#include "services/optimizer.hpp"

namespace rebalancer {

// {"as_of", "risk_model", "days", "volatility", "symbols": {"SPY": {"weight", "volatility", "marginal", "component",
// "fraction"}}, "correlations": {"SPY": {"QQQ": 0.9, ...}}}, everything per year. Cash has no part in it. Volatility
// and the parts of it are null for a portfolio without any. Errors: the estimates'; invalid for a weight of a symbol
// without prices.
[[nodiscard]] Result<std::string> risk_json(const PriceFrame& prices, const OptimizerSettings& settings,
                                            const Weights& weights, Date as_of);

// {"as_of", "risk_model", "corner_portfolios": [{"expected_return", "volatility", "lambda", "weights"}], "points":
// [{"expected_return", "volatility", "weights"}]}: all symbols together within their bounds and class limits, fully
// invested; the glide path, which divides a portfolio before it is optimized, has no part in it. `lambda` is null for
// the portfolio of the highest return, where it is infinite. 2 <= points <= 1000. Errors: the estimates'; conflict when
// nothing satisfies the constraints.
[[nodiscard]] Result<std::string> frontier_json(const PriceFrame& prices, const OptimizerSettings& settings, int points,
                                                Date as_of);

}  // namespace rebalancer
