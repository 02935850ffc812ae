#include "core/portfolio/weights.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {

Result<Weights> Weights::make(std::vector<Weight> entries, double cash_fraction) {
  std::sort(entries.begin(), entries.end(), [](const Weight& a, const Weight& b) { return a.symbol < b.symbol; });
  double sum = cash_fraction;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0 && entries[i].symbol == entries[i - 1].symbol) {
      return fail(ErrorCode::invalid, "weight of {} is given twice", entries[i].symbol);
    }
    if (!std::isfinite(entries[i].fraction)) {
      return fail(ErrorCode::invalid, "weight of {} is {}, must be a finite number", entries[i].symbol,
                  entries[i].fraction);
    }
    sum += entries[i].fraction;
  }
  if (!std::isfinite(cash_fraction)) {
    return fail(ErrorCode::invalid, "weight of cash is {}, must be a finite number", cash_fraction);
  }
  if (std::abs(sum - 1.0) > 1e-9) {
    return fail(ErrorCode::invalid, "weights sum to {:.12g}, must sum to 1 within 1e-9", sum);
  }
  return Weights(std::move(entries), cash_fraction);
}

double Weights::of(const Symbol& symbol) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), symbol,
                                      [](const Weight& entry, const Symbol& name) { return entry.symbol < name; });
  return found != entries_.end() && found->symbol == symbol ? found->fraction : 0.0;
}

}  // namespace rebalancer
