#pragma once
#include <span>
#include <utility>
#include <vector>

#include "core/market/symbol.hpp"

namespace rebalancer {

struct Weight {
  Symbol symbol;
  double fraction;  // of the portfolio's equity
};

// How a portfolio is divided: one fraction per symbol, and what is to stay cash. They sum to 1.
class Weights {
 public:
  // Errors: invalid for a fraction that is not finite, a symbol named twice, or a sum off 1 by more than 1e-9.
  [[nodiscard]] static Result<Weights> make(std::vector<Weight> entries, double cash_fraction = 0);

  [[nodiscard]] std::span<const Weight> entries() const { return entries_; }  // sorted by symbol
  [[nodiscard]] double cash_fraction() const { return cash_fraction_; }
  [[nodiscard]] double of(const Symbol& symbol) const;  // 0 when not named

 private:
  Weights(std::vector<Weight> entries, double cash_fraction)
      : entries_(std::move(entries)), cash_fraction_(cash_fraction) {}
  std::vector<Weight> entries_;
  double cash_fraction_;
};

}  // namespace rebalancer
