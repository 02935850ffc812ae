// Stage 5: figures about a portfolio, from analytic plugins.
#pragma once
#include <map>
#include <string>

#include "core/market/price_frame.hpp"
#include "core/portfolio/weights.hpp"
#include "core/ports/analytic.hpp"

namespace rebalancer {

// What is asked of an analytic about a set of weights: {"weights": {"SPY": 0.6}, "risk_free": 0.02}. Weights are scaled
// to sum to 1 over the symbols, since cash has no price series.
[[nodiscard]] std::string analytic_request(const Weights& weights, double risk_free_rate);

// One JSON object per analytic, by its name. An analytic that cannot answer is {"error": "why"}: looking never stops a
// run.
[[nodiscard]] std::map<std::string, std::string> analyze(const std::map<std::string, Analytic*>& analytics,
                                                         const PriceFrame& prices, const Weights& weights,
                                                         double risk_free_rate);

}  // namespace rebalancer
