// The chain of seals, and whose the journal is. For the journal's own .cpp files.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/ports/run_store.hpp"

namespace SQLite {
class Database;
}

namespace rebalancer::sqlite {

// Errors: invalid for a seal of another run and for a digest that is not 64 lower-case hex digits.
[[nodiscard]] Result<void> check_seal(const SealRecord& seal, const std::string& run_id);
// Inside a transaction of the caller's. Errors: conflict when it does not follow the last one.
[[nodiscard]] Result<void> append_seal(SQLite::Database& database, const SealRecord& seal);
[[nodiscard]] Result<std::optional<SealRecord>> find_last_seal(SQLite::Database& database);
[[nodiscard]] Result<std::vector<SealRecord>> find_seals(SQLite::Database& database);

// Inside a transaction of the caller's. Returns whether something was written. Errors: conflict when it is another's.
[[nodiscard]] Result<bool> take_ownership(SQLite::Database& database, const JournalOwner& owner);

}  // namespace rebalancer::sqlite
