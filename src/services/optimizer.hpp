// Stage 2: target weights from a price frame: the strategy inside each sleeve, the glide path on top.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/portfolio/weights.hpp"
#include "core/ports/strategy.hpp"

namespace rebalancer {

// "tech <= 25%": lower <= sum of the weights whose symbol carries the label <= upper, of the whole portfolio.
struct ClassLimit {
  std::string label;  // a class, a label, a symbol, or several of them: "tech + energy"
  double lower = 0;
  double upper = 1;
  std::string text;  // as written, for messages
};

struct OptimizerSettings {
  double weight_min = 0;  // of the whole portfolio, for each symbol
  double weight_max = 1;
  std::map<Symbol, std::pair<double, double>> bounds;  // per symbol, instead of the two above
  std::map<Symbol, std::string> classes;               // "equity" when absent; "bond", "cash", or the user's own label
  std::vector<ClassLimit> class_limits;
  bool glide_path = false;
  double age_years = 0;  // needed with glide_path
  double bonds_of_safe = 0.8;
  double risk_free_rate = 0.02;
  double periods_per_year = 252;
  double cost_rate = 0;       // of the value traded
  double cost_quadratic = 0;  // trading a fraction x of the portfolio costs this times x^2, for each symbol
  double ewma_decay = 0.94;
  std::optional<double> turnover_max;                  // purchases and sales together, of the portfolio's value
  std::optional<double> gross_max;                     // sum of |weight|
  std::optional<double> tracking_error_max;            // against the benchmark, per year
  double position_min = 0;                             // least weight of a position that is held
  int positions_max = 0;                               // 0: any number
  std::map<Symbol, std::vector<std::string>> labels;   // beside the class: "tech", or with its kind "sector:tech"
  std::map<Symbol, double> benchmark;                  // weights, rebalanced daily; empty: none
  std::vector<double> benchmark_prices;                // or its prices, one per row; not part of a decision
  std::vector<std::pair<double, double>> glide_curve;  // share in growth by age_years; empty: the usual curve
  std::string risk_model = "sample";
  std::string expected_returns = "arithmetic";
};

struct OptimizerResult {
  Weights weights;
  double expected_return = 0;          // per year, of the symbols' weights; cash earns nothing here
  double volatility = 0;               // per year
  std::optional<double> sharpe_ratio;  // none when volatility is zero
  double objective = 0;
  std::optional<Certificate> certificate;
  std::string risk_model;
  std::optional<double> shrinkage;
  std::string report_json;
  std::optional<double> equity_share;  // the glide path's, when on
};

// With the glide path: the symbols that are neither bond nor cash form the growth sleeve, which the strategy divides
// within bounds scaled by the sleeve's share; bonds share their sleeve equally; the cash share goes to symbols of class
// cash equally, or stays cash on the account when there are none. Every bound and class limit is of the whole
// portfolio and is checked again on the result.
// Errors: conflict when nothing satisfies the constraints, naming them; invalid for settings or prices that cannot be
// used; whatever the strategy says. Never another allocation.
[[nodiscard]] Result<OptimizerResult> optimize(Strategy& strategy, const PriceFrame& prices,
                                               const OptimizerSettings& settings,
                                               const std::optional<Weights>& current);

}  // namespace rebalancer
