#include "core/market/fact.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {
namespace {

bool is_same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

bool is_same(const Fact& known, const Bar& bar, PriceBasis basis, std::string_view source) {
  const Bar& mine = known.bar;
  return mine.date == bar.date && is_same_number(mine.open, bar.open) && is_same_number(mine.high, bar.high) &&
         is_same_number(mine.low, bar.low) && is_same_number(mine.close, bar.close) &&
         is_same_number(mine.volume, bar.volume) && mine.dividend == bar.dividend &&
         mine.split_ratio == bar.split_ratio && known.basis == basis && known.source == source;
}

std::vector<Fact> new_facts(std::span<const Fact> known, const BarTable& table, Instant known_at) {
  std::vector<Fact> facts;
  std::size_t at = 0;
  for (const Bar& bar : table.bars()) {
    while (at < known.size() && known[at].bar.date < bar.date) ++at;
    Instant since = known_at;
    if (at < known.size() && known[at].bar.date == bar.date) {
      if (is_same(known[at], bar, table.basis(), table.source())) continue;
      since = std::max(since, Instant::from_nanoseconds(known[at].known_at.nanoseconds() + 1));
    }
    facts.push_back({bar, table.basis(), table.source(), since});
  }
  return facts;
}

Result<BarTable> table_of(const Symbol& symbol, std::span<const Fact> facts) {
  std::vector<Bar> bars;
  bars.reserve(facts.size());
  std::vector<std::string_view> sources;
  for (const Fact& fact : facts) {
    if (fact.basis != facts.front().basis) {
      const auto name = [](PriceBasis basis) { return basis == PriceBasis::raw ? "raw" : "adjusted"; };
      return fail(ErrorCode::conflict,
                  "{}: the price of {} is {} (from {}), that of {} is {} (from {}); they cannot be used together",
                  symbol, facts.front().bar.date.to_string(), name(facts.front().basis), facts.front().source,
                  fact.bar.date.to_string(), name(fact.basis), fact.source);
    }
    bars.push_back(fact.bar);
    if (std::find(sources.begin(), sources.end(), fact.source) == sources.end()) sources.push_back(fact.source);
  }
  const PriceBasis basis = facts.empty() ? PriceBasis::raw : facts.front().basis;
  return BarTable::make(symbol, std::move(bars), basis, fmt::format("{}", fmt::join(sources, ", ")));
}

}  // namespace rebalancer
