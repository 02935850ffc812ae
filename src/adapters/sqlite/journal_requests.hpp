// Requests with a key. For the journal's own .cpp files; all but last_request are called inside a transaction of the
// caller's and leave it to be rolled back on an error.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/ports/request_store.hpp"

namespace SQLite {
class Database;
}

namespace rebalancer::sqlite {

// The sequence of the last one that is known: what this process begins comes after it.
[[nodiscard]] std::int64_t last_request(SQLite::Database& database);

// Returns what is known of the key, none when the request was new. Errors: those of RequestStore::begin_request.
[[nodiscard]] Result<std::optional<KeyedRequest>> open_request(SQLite::Database& database, const KeyedRequest& request,
                                                               Instant forget_before, std::int64_t of_earlier);
// Errors: those of RequestStore::finish_request.
[[nodiscard]] Result<void> answer_request(SQLite::Database& database, const KeyedRequest& answer);
// Errors: those of RequestStore::forget_request.
[[nodiscard]] Result<void> drop_request(SQLite::Database& database, const std::string& key);

}  // namespace rebalancer::sqlite
