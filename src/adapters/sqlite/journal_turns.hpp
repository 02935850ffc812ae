// The scheduler's memory. For the journal's own .cpp files; what writes is called inside a transaction of the caller's.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/ports/turn_store.hpp"

namespace SQLite {
class Database;
}

namespace rebalancer::sqlite {

inline constexpr int turn_count_max = 10'000;  // the oldest sessions go

// Errors: those of the port's function with such a name, and internal for a row that holds what our own checks would
// not have written.
[[nodiscard]] Result<void> insert_turn(SQLite::Database& database, const Turn& turn);
[[nodiscard]] Result<void> change_turn(SQLite::Database& database, const Turn& turn);
[[nodiscard]] Result<std::optional<Turn>> find_turn(SQLite::Database& database, const std::string& portfolio,
                                                    Date session);
[[nodiscard]] Result<std::vector<Turn>> find_open_turns(SQLite::Database& database, const std::string& portfolio);
[[nodiscard]] Result<std::vector<Turn>> find_turns(SQLite::Database& database, const std::string& portfolio,
                                                   int count_max);
[[nodiscard]] Result<std::optional<Turn>> find_last_turn(SQLite::Database& database, const std::string& portfolio,
                                                         Date until);
[[nodiscard]] Result<std::optional<Instant>> find_owed_since(SQLite::Database& database, const std::string& portfolio);
void change_owed_since(SQLite::Database& database, const std::string& portfolio, std::optional<Instant> since);

}  // namespace rebalancer::sqlite
