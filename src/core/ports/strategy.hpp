#pragma once
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
  std::vector<double> current;   // weights held now, one per column; empty: not known
  double cost_rate = 0;          // cost of trading, as a fraction of the value traded
  double risk_free_rate = 0.02;  // per year
  double periods_per_year = 252;
  std::string risk_model = "sample";
  std::string expected_returns = "arithmetic";
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
