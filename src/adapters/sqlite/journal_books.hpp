// What an account held at the end of a run, and what it must hold since. For the journal's own .cpp files.
#pragma once
#include <optional>
#include <string>

#include "core/ports/run_store.hpp"

namespace SQLite {
class Database;
}

namespace rebalancer::sqlite {

// Errors: invalid unless the positions are sorted by symbol, each symbol once, none of them zero.
[[nodiscard]] Result<void> check_book(const Book& book);
// Inside a transaction of the caller's. What the journal knows of fills by now counts as seen.
void insert_book(SQLite::Database& database, const std::string& run_id, const Book& book);
// Errors: invalid on overflow and for a fee in another currency than the book's.
[[nodiscard]] Result<std::optional<ExpectedBook>> find_expected_book(SQLite::Database& database,
                                                                     const std::string& portfolio);

}  // namespace rebalancer::sqlite
