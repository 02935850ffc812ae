#pragma once
#include <optional>
#include <string>

#include "core/base/money.hpp"
#include "core/base/time.hpp"
#include "core/market/symbol.hpp"

namespace rebalancer {

// What changed an account and was no order of ours: a dividend, a deposit, a fee, a split.
struct AccountMovement {
  std::string id;    // the broker's
  std::string kind;  // "dividend", "deposit", ...
  std::optional<Symbol> symbol;
  Money cash;         // added; negative: taken
  Quantity quantity;  // the same, of the symbol
  Instant at;         // when it was booked; the day's start when only the day is known
  std::string text;
};

}  // namespace rebalancer
