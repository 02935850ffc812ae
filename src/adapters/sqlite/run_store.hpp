// The journal in SQLite: a database of its own, owned by one process, synced before any call returns.
#pragma once
#include <memory>
#include <string>

#include "core/ports/run_store.hpp"

namespace rebalancer::sqlite {

class SqliteRunStore final : public RunStore {
 public:
  // Errors: conflict when another process has the journal open (naming it), those of open_database, and internal when
  // SQLite did not take a setting that durability rests on.
  [[nodiscard]] static Result<std::unique_ptr<SqliteRunStore>> open(const std::string& file);
  ~SqliteRunStore() override;

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

 private:
  struct Connection;
  explicit SqliteRunStore(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace rebalancer::sqlite
