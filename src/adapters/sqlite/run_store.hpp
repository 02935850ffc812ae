// The journal in SQLite: a database of its own, owned by one process, synced before any call that writes returns.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/ports/request_store.hpp"
#include "core/ports/run_store.hpp"
#include "core/ports/turn_store.hpp"

namespace rebalancer::sqlite {

// Several threads may call it at once: each call has the one connection to itself, and those that come meanwhile wait,
// for a write as long as a sync takes. Keeps the newest 10,000 turns of a portfolio.
class SqliteRunStore final : public RunStore, public TurnStore, public RequestStore {
 public:
  // Errors: conflict when another process has the journal open (naming it), those of open_database, and internal when
  // SQLite did not take a setting that durability rests on.
  [[nodiscard]] static Result<std::unique_ptr<SqliteRunStore>> open(const std::string& file);
  ~SqliteRunStore() override;

  // Raised by everything that was written since opening, turns and requests included: what was read at a revision
  // that is still this one is what would be read now. Read it before reading. Waits for nobody.
  [[nodiscard]] std::uint64_t revision() const;

  [[nodiscard]] Result<void> begin_run(const RunRecord& run) override;
  [[nodiscard]] Result<void> commit_plan(const PlanRecord& plan, const std::vector<OrderRecord>& orders) override;
  [[nodiscard]] Result<void> update_order(const OrderReport& report) override;
  [[nodiscard]] Result<std::size_t> add_fills(const std::vector<Fill>& fills) override;
  [[nodiscard]] Result<void> record_answer(const OrderReport& report, const std::vector<Fill>& fills) override;
  [[nodiscard]] Result<void> finish_run(const RunRecord& run, const SealRecord& seal,
                                        const std::optional<Book>& book) override;
  [[nodiscard]] Result<void> bind_owner(const JournalOwner& owner) override;
  [[nodiscard]] Result<std::optional<RunRecord>> run(std::string_view id_prefix) override;
  [[nodiscard]] Result<std::vector<RunRecord>> runs(int count_max) override;
  [[nodiscard]] Result<std::optional<RunRecord>> traded_run(std::string_view portfolio, Date session) override;
  [[nodiscard]] Result<std::vector<RunRecord>> unfinished_runs(std::string_view portfolio) override;
  [[nodiscard]] Result<std::optional<PlanRecord>> plan_of(std::string_view run_id) override;
  [[nodiscard]] Result<std::vector<OrderRecord>> orders_of(std::string_view run_id) override;
  [[nodiscard]] Result<std::optional<OrderRecord>> order(std::string_view client_id) override;
  [[nodiscard]] Result<std::vector<OrderReport>> history_of(std::string_view client_id) override;
  [[nodiscard]] Result<std::vector<OrderRecord>> orders(int count_max) override;
  [[nodiscard]] Result<std::vector<OrderRecord>> open_orders() override;
  [[nodiscard]] Result<std::vector<OrderRecord>> orders_lacking_fills() override;
  [[nodiscard]] Result<std::vector<Fill>> fills_of(std::string_view client_id) override;
  [[nodiscard]] Result<Decimal> traded_value(std::string_view portfolio, Date session) override;
  [[nodiscard]] Result<std::vector<std::string>> sent_orders(std::string_view portfolio, Date session) override;
  [[nodiscard]] Result<std::optional<SealRecord>> last_seal() override;
  [[nodiscard]] Result<std::vector<SealRecord>> seals() override;
  [[nodiscard]] Result<std::optional<ExpectedBook>> expected_book(std::string_view portfolio) override;

  [[nodiscard]] Result<void> begin_turn(const Turn& turn) override;
  [[nodiscard]] Result<void> update_turn(const Turn& turn) override;
  [[nodiscard]] Result<std::optional<Turn>> turn(std::string_view portfolio, Date session) override;
  [[nodiscard]] Result<std::vector<Turn>> open_turns(std::string_view portfolio) override;
  [[nodiscard]] Result<std::vector<Turn>> turns(std::string_view portfolio, int count_max) override;
  [[nodiscard]] Result<std::optional<Turn>> last_turn(std::string_view portfolio, Date until) override;
  [[nodiscard]] Result<std::optional<Instant>> owed_since(std::string_view portfolio) override;
  [[nodiscard]] Result<void> set_owed_since(std::string_view portfolio, std::optional<Instant> since) override;

  [[nodiscard]] Result<std::optional<KeyedRequest>> begin_request(std::string_view key, std::string_view fingerprint,
                                                                  Instant now, Instant forget_before) override;
  [[nodiscard]] Result<void> finish_request(std::string_view key, int status, std::string_view content_type,
                                            std::string_view body) override;
  [[nodiscard]] Result<void> forget_request(std::string_view key) override;

 private:
  struct Connection;
  explicit SqliteRunStore(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace rebalancer::sqlite
