#pragma once
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/market/price_frame.hpp"

namespace rebalancer {

// lower <= sum of coefficients[i] * weight[i] <= upper, coefficients in the frame's column order.
struct GroupConstraint {
  std::string name;
  std::vector<double> coefficients;
  double lower;
  double upper;
};

// What a strategy is asked: weights for the frame's symbols that sum to 1 within these bounds.
struct AllocationProblem {
  const PriceFrame* prices = nullptr;  // adjusted closes, only what was known; borrowed for the call
  std::vector<double> lower;           // one per column
  std::vector<double> upper;
  std::vector<GroupConstraint> groups;
  std::vector<double> current;  // weights held now, one per column; empty: not known
  double cost_rate = 0;         // cost of trading, as a fraction of the value traded
  double cost_quadratic = 0;  // and of each trade's square: trading a fraction x of the portfolio costs this times x^2
  double risk_free_rate = 0.02;  // per year
  double periods_per_year = 252;
  std::string risk_model = "sample";
  std::string expected_returns = "arithmetic";
  double ewma_decay = 0.94;       // of the risk model "ewma"
  std::vector<double> benchmark;  // prices of the market or benchmark, one per row; empty: none
  // Without limit: infinity, 0 positions.
  double tracking_error_max = std::numeric_limits<double>::infinity();  // against the benchmark, per year
  double turnover_max = std::numeric_limits<double>::infinity();        // sum of |weight - current|
  double gross_max = std::numeric_limits<double>::infinity();           // sum of |weight|
  double position_min = 0;                                              // least |weight| of a position that is held
  int positions_max = 0;
};

// Recomputed from the solution, not taken from the solver's word. NaN: the strategy solves no optimization problem.
struct Certificate {
  double kkt_residual = 0;
  double duality_gap = 0;
  double max_violation = 0;
};

struct Allocation {
  std::vector<double> weights;  // in column order
  double objective = 0;         // of the strategy's own problem; NaN when it has none
  std::optional<Certificate> certificate;
  std::string report_json;  // an object: estimates used, binding constraints and their prices; "{}" if nothing
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // Errors: conflict when no weights satisfy the constraints (naming them); invalid for prices it cannot use.
  // An implementation never returns other weights than the ones asked for.
  [[nodiscard]] virtual Result<Allocation> weigh(const AllocationProblem& problem) = 0;
};

}  // namespace rebalancer
