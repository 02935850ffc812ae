#pragma once
#include <optional>
#include <vector>

#include "core/market/bar.hpp"

namespace rebalancer {

// Keeps facts: a bar, who said so and when it became known. A revision is a new fact beside the old one, so that the
// store can say what was known at any time.
class PriceStore {
 public:
  virtual ~PriceStore() = default;
  // Facts equal (figures, basis, source) to the latest one known for their day are not stored again. Returns how many
  // were new.
  [[nodiscard]] virtual Result<std::size_t> write(const BarTable& table, Instant known_at) = 0;
  // The facts for [from, to] as they were known at `known_by` (none: all that is known now). A symbol never seen gives
  // a table without bars, of basis raw and source "".
  // Errors: conflict when stored days of one symbol have different price bases.
  [[nodiscard]] virtual Result<BarTable> read(const Symbol& symbol, Date from, Date to,
                                              std::optional<Instant> known_by) = 0;
  // The latest day with a fact, none when the symbol was never seen.
  [[nodiscard]] virtual Result<std::optional<Date>> last_date(const Symbol& symbol) = 0;
  [[nodiscard]] virtual Result<std::optional<Date>> first_date(const Symbol& symbol) = 0;
  [[nodiscard]] virtual Result<std::vector<Symbol>> symbols() = 0;
};

}  // namespace rebalancer
