// What the optimizer can say beside the weights: whose risk it is, and which portfolios were possible.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/market/price_frame.hpp"
#include "core/quant/mean_variance.hpp"
#include "services/optimizer.hpp"

namespace rebalancer {

// {"as_of", "risk_model", "days", "volatility", "symbols": {"SPY": {"weight", "volatility", "marginal", "component",
// "fraction"}}, "correlations": {"SPY": {"QQQ": 0.9, ...}}}, everything per year. Cash has no part in it. Volatility
// and the parts of it are null for a portfolio without any. Errors: the estimates'; invalid for a weight of a symbol
// without prices.
[[nodiscard]] Result<std::string> risk_json(const PriceFrame& prices, const OptimizerSettings& settings,
                                            const Weights& weights, Date as_of);

// The efficient frontier of all symbols together within their bounds, class limits and gross_max, fully invested. No
// part in it have: the glide path, which divides a portfolio before it is optimized; the book held now with what it
// costs to leave it (trading_cost, turnover_max); tracking_error_max and the rules on positions, with which the
// efficient portfolios are no longer one line. Everything per year.
struct Frontier {
  struct Asset {
    Symbol symbol;
    double expected_return = 0, volatility = 0;
  };
  Date as_of;
  std::string risk_model, expected_returns;
  double risk_free_rate = 0;
  std::vector<Asset> assets;                // in the order of the portfolios' weights
  std::vector<CornerPortfolio> corners;     // from the highest return to the lowest variance
  std::vector<CornerPortfolio> points;      // spaced evenly in return, ascending
  std::optional<CornerPortfolio> tangency;  // of the highest Sharpe ratio; none when there is none
  std::string no_tangency;                  // then: why
};

// 2 <= points <= 1000. Errors: the estimates'; conflict when nothing satisfies the constraints.
[[nodiscard]] Result<Frontier> frontier_of(const PriceFrame& prices, const OptimizerSettings& settings, int points,
                                           Date as_of);

// {"as_of", "risk_model", "corner_portfolios": [{"expected_return", "volatility", "lambda", "weights"}], "points":
// [{"expected_return", "volatility", "weights"}], "tangency": {"expected_return", "volatility", "sharpe_ratio",
// "weights"}}. `lambda` is null for the portfolio of the highest return, where it is infinite; tangency is null when no
// portfolio has a positive Sharpe ratio.
[[nodiscard]] std::string frontier_json(const Frontier& frontier);

}  // namespace rebalancer
