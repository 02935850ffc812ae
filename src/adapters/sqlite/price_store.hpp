// Facts about prices in one SQLite file. Append-only: a revision is a new row beside the old one.
#pragma once
#include <memory>
#include <string>

#include "core/ports/price_store.hpp"

namespace rebalancer::sqlite {

// Several threads may call it at once: each call has the connection to itself, the others wait.
class SqlitePriceStore final : public PriceStore {
 public:
  // Creates the file and its folders. Several processes may have it open. Errors: see open_database.
  [[nodiscard]] static Result<std::unique_ptr<SqlitePriceStore>> open(const std::string& file);
  ~SqlitePriceStore() override;

  // One transaction. A source is part of a fact: the same figures from another one are new. When `known_at` is not
  // after the time of the fact it replaces (the clock went back), it becomes the next nanosecond: what was known at a
  // time never changes afterwards.
  [[nodiscard]] Result<std::size_t> write(const BarTable& table, Instant known_at) override;
  // The source of a table with facts from several is all of them, joined with ", ".
  [[nodiscard]] Result<BarTable> read(const Symbol& symbol, Date from, Date to,
                                      std::optional<Instant> known_by) override;
  [[nodiscard]] Result<std::optional<Date>> last_date(const Symbol& symbol) override;
  [[nodiscard]] Result<std::optional<Date>> first_date(const Symbol& symbol) override;
  [[nodiscard]] Result<std::vector<Symbol>> symbols() override;

 private:
  struct State;
  explicit SqlitePriceStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rebalancer::sqlite
