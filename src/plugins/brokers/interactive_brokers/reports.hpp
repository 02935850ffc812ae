// An order of the book in the words of the program.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include <rebalancer/plugin.h>

#include "book.hpp"

namespace interactive_brokers {

struct Report {
  std::int32_t state = RB_OPEN;
  bool status_known = true;  // false: a status that no document has; the order is taken as open
  bool complete = true;      // false: how much is filled, or at what price, is not told yet
  bool fee_known = true;     // false: the fee is of a part of it
  Decimal filled, fee;
  std::optional<Decimal> average_price;
  std::string reason;
};

// Throws WireError when what was told contradicts itself.
[[nodiscard]] Report report_of(const Book& book, const KnownOrder& order);
// Nothing more will happen to it.
[[nodiscard]] bool is_final(std::int32_t state);

}  // namespace interactive_brokers
