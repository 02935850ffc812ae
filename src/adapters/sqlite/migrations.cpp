#include "adapters/sqlite/migrations.hpp"

#include <filesystem>
#include <sqlite3.h>
#include <system_error>

#include <SQLiteCpp/SQLiteCpp.h>

namespace rebalancer::sqlite {
namespace {

// A new file has neither an application id nor a table.
Result<void> check_kind(SQLite::Database& database, const std::string& file, const Schema& schema) {
  const int id = database.execAndGet("PRAGMA application_id").getInt();
  if (id == schema.application_id) return {};
  const int tables = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt();
  if (id == 0 && tables == 0) return {};
  return fail(ErrorCode::invalid, "{} is a SQLite database but not a {}", file, schema.what);
}

Result<void> migrate(SQLite::Database& database, const std::string& file, const Schema& schema) {
  const int newest = static_cast<int>(schema.steps.size());
  while (true) {
    // The version is read inside the transaction: another process may be migrating the same file.
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (auto good = check_kind(database, file, schema); !good) return good;
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    if (version > newest) {
      return fail(ErrorCode::conflict, "{} has schema {}, this program knows up to {}: a newer one wrote it", file,
                  version, newest);
    }
    if (version == newest) return {};
    database.exec(std::string(schema.steps[static_cast<std::size_t>(version)]));
    database.exec(fmt::format("PRAGMA application_id = {}", schema.application_id));
    database.exec(fmt::format("PRAGMA user_version = {}", version + 1));
    transaction.commit();
  }
}

void configure(SQLite::Database& database, Durability durability) {
  database.exec("PRAGMA foreign_keys = ON");
  database.exec("PRAGMA trusted_schema = OFF");
  if (durability == Durability::wal_normal) {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
  } else {
    // Before the mode: the log's index then lives in this process alone, and no second connection can open the file.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = EXTRA");
    // Takes the lock now rather than at the first write.
    database.exec("BEGIN EXCLUSIVE; COMMIT");
  }
}

}  // namespace

Error error_of(const std::exception& exception, std::string_view file) {
  const auto* sqlite = dynamic_cast<const SQLite::Exception*>(&exception);
  if (sqlite == nullptr) return {ErrorCode::internal, fmt::format("{}: {}", file, exception.what())};
  const auto error = [&](ErrorCode code, std::string_view rule) {
    return Error{code, fmt::format("{}: {} ({})", file, rule, exception.what())};
  };
  switch (sqlite->getErrorCode() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error(ErrorCode::conflict, "the database is in use by another process");
    case SQLITE_FULL:
      return error(ErrorCode::exhausted, "the disk is full");
    case SQLITE_NOTADB:
      return error(ErrorCode::invalid, "the file is not a SQLite database");
    case SQLITE_CORRUPT:
      return error(ErrorCode::internal, "the database is damaged");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_IOERR:
      return error(ErrorCode::unavailable, "the database cannot be opened, read or written");
    case SQLITE_CONSTRAINT:
      return error(ErrorCode::conflict, "the row contradicts one that is there");
    default:
      return error(ErrorCode::internal, "SQLite refused");
  }
}

Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& file, const Schema& schema,
                                                        Durability durability, int busy_timeout_ms) {
  return guarded(file, [&]() -> Result<std::unique_ptr<SQLite::Database>> {
    const std::filesystem::path path(file);
    std::error_code why;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), why);
    if (why) {
      return fail(ErrorCode::unavailable, "{}: the folder cannot be created ({})", path.parent_path().string(),
                  why.message());
    }
    if (std::filesystem::is_directory(path, why)) {
      return fail(ErrorCode::invalid, "{} is a folder, must be a file", file);
    }
    auto database =
        std::make_unique<SQLite::Database>(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_timeout_ms);
    if (auto good = check_kind(*database, file, schema); !good) return fail(good.error());
    configure(*database, durability);
    if (auto good = migrate(*database, file, schema); !good) return fail(good.error());
    return database;
  });
}

}  // namespace rebalancer::sqlite
