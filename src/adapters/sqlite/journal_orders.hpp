// What happens to orders in the journal: planned, answered, filled. For the journal's own .cpp files; all functions are
// called inside a transaction of the caller's and leave it to be rolled back on an error.
#pragma once
#include <vector>

#include "core/ports/run_store.hpp"

namespace SQLite {
class Database;
}

namespace rebalancer::sqlite {

// Errors: those of RunStore::commit_plan.
[[nodiscard]] Result<void> apply_plan(SQLite::Database& database, const PlanRecord& plan,
                                      const std::vector<OrderRecord>& orders);
// Errors: those of RunStore::update_order.
[[nodiscard]] Result<void> apply_report(SQLite::Database& database, const OrderReport& report);
// Returns how many were new. Errors: those of RunStore::add_fills.
[[nodiscard]] Result<std::size_t> apply_fills(SQLite::Database& database, const std::vector<Fill>& fills);

}  // namespace rebalancer::sqlite
