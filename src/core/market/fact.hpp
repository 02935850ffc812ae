// What a price store keeps: a bar, who said so, and since when it is known. The rules are here once, for every store.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/bar.hpp"

namespace rebalancer {

struct Fact {
  Bar bar;
  PriceBasis basis = PriceBasis::raw;
  std::string source;
  Instant known_at;
};

// Same figures (NaN equals NaN), same basis, same source.
[[nodiscard]] bool is_same(const Fact& known, const Bar& bar, PriceBasis basis, std::string_view source);

// The facts of `table` that `known` (the latest of each day, ascending) does not hold. Each is known from `known_at`
// on, or from the nanosecond after the fact it replaces when that is later: what was known at a time never changes.
[[nodiscard]] std::vector<Fact> new_facts(std::span<const Fact> known, const BarTable& table, Instant known_at);

// Errors: conflict when days have different bases. Several sources are joined with ", ".
[[nodiscard]] Result<BarTable> table_of(const Symbol& symbol, std::span<const Fact> facts);

}  // namespace rebalancer
