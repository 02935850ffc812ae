// What every SQLite file of ours shares: opening, numbered migrations, and exceptions turned into errors.
// Names no SQLiteCpp header, so that only the .cpp files that speak SQL pay for it.
#pragma once
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace SQLite {
class Database;
}

namespace rebalancer::sqlite {

// `call` returns a Result; an exception of SQLite inside it becomes an error that names the file.
[[nodiscard]] Error error_of(const std::exception& exception, std::string_view file);

template <class Call>
auto guarded(std::string_view file, Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& exception) {
    return fail(error_of(exception, file));
  }
}

// The schema of one kind of file. Step i of `steps` takes version i to version i + 1; steps are never edited, only
// appended. `application_id` tells our kinds of files from each other and from foreign ones.
struct Schema {
  std::string_view what;  // "price store", for messages
  std::int32_t application_id = 0;
  std::span<const std::string_view> steps;
};

enum class Durability {
  wal_normal,  // fast; a power cut may take the last transactions, never the file: for facts that can be asked again
  exclusive_full,  // one connection that owns the file, synced before a commit returns: the journal
};

// Opens or creates `file` and its parent folders, and brings the schema up to date, each step in one transaction.
// Errors: invalid when the file is not a SQLite database or of another kind, conflict when another process owns it or
// a newer program wrote it, unavailable when it cannot be opened, exhausted when the disk is full.
[[nodiscard]] Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& file, const Schema& schema,
                                                                      Durability durability, int busy_timeout_ms);

}  // namespace rebalancer::sqlite
