#include "database.hpp"

#include <filesystem>
#include <sqlite3.h>
#include <system_error>

#include <rebalancer/plugin.hpp>

namespace paper {
namespace {

using rebalancer::sdk::Failure;

constexpr int busy_timeout_ms = 2000;

rb_code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return RB_EXHAUSTED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
      return RB_UNAVAILABLE;
    case SQLITE_NOTADB:
      return RB_INVALID;
    default:
      return RB_INTERNAL;
  }
}

}  // namespace

Statement::~Statement() {
  sqlite3_reset(prepared_);
  sqlite3_clear_bindings(prepared_);
}

void Statement::bind(int place, std::int64_t value) {
  if (sqlite3_bind_int64(prepared_, place, value) != SQLITE_OK) database_.fail();
}

void Statement::bind(int place, std::string_view value) {
  // A copy is kept: the caller's text may be gone before the statement is run.
  const auto size = static_cast<sqlite3_uint64>(value.size());
  const char* data = value.empty() ? "" : value.data();
  if (sqlite3_bind_text64(prepared_, place, data, size, SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK) database_.fail();
}

bool Statement::next() {
  const int result = sqlite3_step(prepared_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_.fail();
  return false;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(prepared_, column); }

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(prepared_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column))};
}

Database::Database(const std::string& file) : file_(file) {
  std::error_code why;
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, why);
  if (why) throw Failure(RB_UNAVAILABLE, folder.string() + ": the folder cannot be created (" + why.message() + ")");
  if (sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK) {
    const rb_code code = code_of(sqlite3_errcode(handle_));
    const std::string message = file + ": " + sqlite3_errmsg(handle_);
    close();
    throw Failure(code, message);
  }
  try {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    // One sync per commit, and one connection only: SQLite 3.40 may lose what two write through a write-ahead log.
    execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;");
    if (const std::string mode = journal_mode(); mode != "wal" && mode != "memory") {
      throw Failure(RB_INTERNAL, file + ": journal_mode is " + mode + ", must be wal");
    }
  } catch (...) {
    close();
    throw;
  }
}

Database::~Database() { close(); }

std::string Database::journal_mode() {
  Statement mode = query("PRAGMA journal_mode = WAL");
  return mode.next() ? mode.text(0) : "";
}

void Database::close() noexcept {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
  sqlite3_close(handle_);
  handle_ = nullptr;
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

sqlite3_stmt* Database::prepared(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  const int size = static_cast<int>(sql.size());
  if (sqlite3_prepare_v3(handle_, sql.data(), size, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    fail();
  }
  statements_.emplace(sql, statement);
  return statement;
}

void Database::fail() const {
  if ((sqlite3_errcode(handle_) & 0xff) == SQLITE_BUSY) {
    throw Failure(RB_UNAVAILABLE, file_ + ": the paper account is in use by another process");
  }
  throw Failure(code_of(sqlite3_errcode(handle_)), file_ + ": " + sqlite3_errmsg(handle_));
}

Transaction::Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (...) {
    // SQLite has rolled back by itself already after some errors.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace paper
