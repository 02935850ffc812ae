// Rows of the journal to values and back. Includes SQLiteCpp: for the journal's own .cpp files.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/ports/run_store.hpp"

namespace rebalancer::sqlite {

void insert_run(SQLite::Database& database, const RunRecord& run);
void update_run(SQLite::Database& database, const RunRecord& run);
// With its first event.
void insert_intent(SQLite::Database& database, const OrderRecord& order);
// With its event.
void update_report(SQLite::Database& database, const OrderReport& report);
void insert_fill(SQLite::Database& database, const Fill& fill);
void insert_plan(SQLite::Database& database, const PlanRecord& plan);
void drop_draft(SQLite::Database& database, const std::string& run_id);

[[nodiscard]] bool same_fill(const Fill& a, const Fill& b);
// What filled at its price, plus what a sent and open order may still fill at its limit or else its reference; rounded
// up. Errors: invalid on overflow.
[[nodiscard]] Result<Decimal> value_traded(const OrderRecord& record, const std::vector<Fill>& fills);

// Errors of these: internal for a row that holds what our own checks would not have written.
[[nodiscard]] Result<RunRecord> run_in(SQLite::Statement& row);
[[nodiscard]] Result<OrderRecord> order_in(SQLite::Statement& row);
[[nodiscard]] Result<Fill> fill_in(SQLite::Statement& row);
[[nodiscard]] Result<OrderReport> event_in(SQLite::Statement& row);
[[nodiscard]] Result<PlanRecord> plan_in(SQLite::Statement& row);
[[nodiscard]] Result<Money> money_in(SQLite::Statement& row, int amount_column, int currency_column);

extern const char* const run_columns;
extern const char* const order_columns;
extern const char* const fill_columns;
extern const char* const event_columns;
extern const char* const plan_columns;

template <class T, class Read, class... Values>
Result<std::vector<T>> find_rows(SQLite::Database& database, const std::string& sql, Read read,
                                 const Values&... values) {
  SQLite::Statement statement(database, sql);
  int place = 0;
  (statement.bind(++place, values), ...);
  std::vector<T> rows;
  while (statement.executeStep()) {
    auto row = read(statement);
    if (!row) return fail(row.error());
    rows.push_back(*std::move(row));
  }
  return rows;
}

template <class... Values>
Result<std::vector<RunRecord>> find_runs(SQLite::Database& database, const std::string& rest, const Values&... values) {
  return find_rows<RunRecord>(database, std::string(run_columns) + rest, &run_in, values...);
}
template <class... Values>
Result<std::vector<OrderRecord>> find_orders(SQLite::Database& database, const std::string& rest,
                                             const Values&... values) {
  return find_rows<OrderRecord>(database, std::string(order_columns) + rest, &order_in, values...);
}
template <class... Values>
Result<std::vector<Fill>> find_fills(SQLite::Database& database, const std::string& rest, const Values&... values) {
  return find_rows<Fill>(database, std::string(fill_columns) + rest, &fill_in, values...);
}
template <class T>
Result<std::optional<T>> first_of(Result<std::vector<T>> rows) {
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::optional<T>();
  return std::optional<T>(std::move(rows->front()));
}

}  // namespace rebalancer::sqlite
