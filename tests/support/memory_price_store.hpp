// A price store that forgets at the end of the test; otherwise as strict as the real ones.
#pragma once
#include <map>

#include "core/market/fact.hpp"
#include "core/ports/price_store.hpp"

namespace rebalancer::test {

class MemoryPriceStore final : public PriceStore {
 public:
  Result<std::size_t> write(const BarTable& table, Instant known_at) override {
    if (failure) return fail(*failure);
    ++writes;
    const auto facts =
        new_facts(latest(table.symbol(), Date::from_days(-100'000), Date::from_days(100'000), {}), table, known_at);
    for (const Fact& fact : facts) facts_[table.symbol()][fact.bar.date].push_back(fact);
    return facts.size();
  }
  Result<BarTable> read(const Symbol& symbol, Date from, Date to, std::optional<Instant> known_by) override {
    if (failure) return fail(*failure);
    return table_of(symbol, latest(symbol, from, to, known_by));
  }
  Result<std::optional<Date>> last_date(const Symbol& symbol) override {
    if (failure) return fail(*failure);
    const auto found = facts_.find(symbol);
    if (found == facts_.end()) return std::nullopt;
    return found->second.rbegin()->first;
  }
  Result<std::optional<Date>> first_date(const Symbol& symbol) override {
    if (failure) return fail(*failure);
    const auto found = facts_.find(symbol);
    if (found == facts_.end()) return std::nullopt;
    return found->second.begin()->first;
  }
  Result<std::vector<Symbol>> symbols() override {
    std::vector<Symbol> names;
    for (const auto& [symbol, facts] : facts_) names.push_back(symbol);
    return names;
  }

  std::optional<Error> failure;  // what every call answers while it is set
  std::size_t writes = 0;

 private:
  std::vector<Fact> latest(const Symbol& symbol, Date from, Date to, std::optional<Instant> known_by) {
    std::vector<Fact> found;
    const auto mine = facts_.find(symbol);
    if (mine == facts_.end()) return found;
    for (const auto& [date, versions] : mine->second) {
      if (date < from || date > to) continue;
      const Fact* last = nullptr;
      for (const Fact& fact : versions) {
        if (!known_by || fact.known_at <= *known_by) last = &fact;
      }
      if (last != nullptr) found.push_back(*last);
    }
    return found;
  }

  std::map<Symbol, std::map<Date, std::vector<Fact>>> facts_;
};

}  // namespace rebalancer::test
