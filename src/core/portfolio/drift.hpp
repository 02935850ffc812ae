#pragma once
#include <vector>

#include "core/portfolio/position.hpp"
#include "core/portfolio/weights.hpp"

namespace rebalancer {

struct DriftEntry {
  Symbol symbol;
  double actual_fraction;
  double target_fraction;
  [[nodiscard]] double drift_fraction() const { return actual_fraction - target_fraction; }
};

struct Drift {
  std::vector<DriftEntry> entries;  // union of held and wanted symbols, sorted
  double cash_actual_fraction = 0;
  double cash_target_fraction = 0;
  double largest_fraction = 0;  // max |drift| over entries, cash not counted
};

// Errors: as value_book; invalid when the book's equity is not positive.
[[nodiscard]] Result<Drift> drift_of(const Book& book, const PriceList& prices, const Weights& target);

}  // namespace rebalancer
