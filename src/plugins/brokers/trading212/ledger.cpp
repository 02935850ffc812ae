#include "ledger.hpp"

#include <filesystem>
#include <sqlite3.h>
#include <system_error>

#include <rebalancer/plugin.hpp>

namespace trading212 {

using rebalancer::sdk::Failure;

namespace {

constexpr int busy_timeout_ms = 2000;
constexpr const char* columns =
    "SELECT client_id, symbol, ticker, quantity, price_limit, held, stock, sent_at, fate, broker_id, absent_since, "
    "resent_at, reason FROM orders ";

rb_code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_NOTADB:
      return RB_INVALID;
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
      return RB_UNAVAILABLE;
    default:
      return RB_INTERNAL;
  }
}

}  // namespace

// One statement with its values bound, for one use.
class Rows {
 public:
  template <class... Values>
  Rows(Ledger& ledger, const std::string& sql, const Values&... values) : ledger_(ledger) {
    ledger.open();
    const int size = static_cast<int>(sql.size());
    if (sqlite3_prepare_v2(ledger.handle_, sql.data(), size, &prepared_, nullptr) != SQLITE_OK) ledger.fail();
    int place = 0;
    (bind(++place, values), ...);
  }
  ~Rows() { sqlite3_finalize(prepared_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  [[nodiscard]] bool next() {
    const int result = sqlite3_step(prepared_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) ledger_.fail();
    return false;
  }
  void run() {
    while (next()) {
    }
  }
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(prepared_, column); }
  [[nodiscard]] std::string text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(prepared_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column))};
  }
  [[nodiscard]] Entry entry() const {
    Entry entry;
    entry.client_id = text(0);
    entry.symbol = text(1);
    entry.ticker = text(2);
    entry.quantity = integer(3);
    entry.limit = integer(4);
    entry.held = integer(5);
    std::string id;
    for (const char c : text(6) + ",") {
      if (c != ',') {
        id += c;
      } else if (!id.empty()) {
        entry.stock.insert(std::exchange(id, {}));
      }
    }
    entry.sent_at = integer(7);
    entry.fate = static_cast<Fate>(integer(8));
    entry.broker_id = text(9);
    entry.absent_since = integer(10);
    entry.resent_at = integer(11);
    entry.reason = text(12);
    return entry;
  }

 private:
  void bind(int place, std::int64_t value) {
    if (sqlite3_bind_int64(prepared_, place, value) != SQLITE_OK) ledger_.fail();
  }
  void bind(int place, std::string_view value) {
    const char* data = value.empty() ? "" : value.data();
    if (sqlite3_bind_text64(prepared_, place, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK) {
      ledger_.fail();
    }
  }

  Ledger& ledger_;
  sqlite3_stmt* prepared_ = nullptr;
};

void Ledger::open() {
  if (handle_ != nullptr) return;
  std::error_code why;
  const std::filesystem::path folder = std::filesystem::path(file_).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, why);
  if (why) throw Failure(RB_UNAVAILABLE, folder.string() + ": the folder cannot be created (" + why.message() + ")");
  try {
    if (sqlite3_open_v2(file_.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK) {
      fail();
    }
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    // EXTRA: after a commit the folder is synced as well, so that no old journal comes back and undoes it.
    execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;");
    execute(
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS orders(client_id TEXT PRIMARY KEY, symbol TEXT NOT NULL, ticker TEXT NOT NULL,"
        " quantity INTEGER NOT NULL, price_limit INTEGER NOT NULL, held INTEGER NOT NULL, stock TEXT NOT NULL,"
        " sent_at INTEGER NOT NULL, fate INTEGER NOT NULL, broker_id TEXT UNIQUE, absent_since INTEGER NOT NULL,"
        " resent_at INTEGER NOT NULL, reason TEXT NOT NULL);"
        "CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL, at INTEGER NOT NULL);"
        "COMMIT;");
  } catch (...) {
    sqlite3_close(std::exchange(handle_, nullptr));
    throw;
  }
}

Ledger::~Ledger() { sqlite3_close(handle_); }

void Ledger::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

void Ledger::fail() const {
  const int result = sqlite3_errcode(handle_);
  if ((result & 0xff) == SQLITE_BUSY) {
    throw Failure(RB_UNAVAILABLE, file_ + ": this Trading 212 account's ledger is in use by another process");
  }
  throw Failure(code_of(result), file_ + ": " + sqlite3_errmsg(handle_));
}

std::optional<Entry> Ledger::find(std::string_view client_id) {
  Rows rows(*this, std::string(columns) + "WHERE client_id = ?", client_id);
  if (!rows.next()) return std::nullopt;
  return rows.entry();
}

void Ledger::write(const Entry& entry) {
  std::string stock;
  for (const std::string& id : entry.stock) stock += (stock.empty() ? "" : ",") + id;
  Rows(*this, "DELETE FROM orders WHERE client_id = ? AND fate = 1", std::string_view(entry.client_id)).run();
  Rows(*this, "INSERT INTO orders VALUES(?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, 0, 0, '')", std::string_view(entry.client_id),
       std::string_view(entry.symbol), std::string_view(entry.ticker), entry.quantity, entry.limit, entry.held,
       std::string_view(stock), entry.sent_at)
      .run();
}

void Ledger::set_taken(std::string_view client_id, std::string_view broker_id) {
  Rows(*this, "UPDATE orders SET fate = 2, broker_id = ? WHERE client_id = ?", broker_id, client_id).run();
}

void Ledger::set_refused(std::string_view client_id, std::string_view reason) {
  Rows(*this, "UPDATE orders SET fate = 1, reason = ? WHERE client_id = ?", reason, client_id).run();
}

void Ledger::set_resent(std::string_view client_id, std::int64_t at, std::int64_t absent_since) {
  Rows(*this, "UPDATE orders SET resent_at = ?, absent_since = ? WHERE client_id = ?", at, absent_since, client_id)
      .run();
}

void Ledger::set_absent_since(std::string_view client_id, std::int64_t at) {
  Rows(*this, "UPDATE orders SET absent_since = ? WHERE client_id = ?", at, client_id).run();
}

std::optional<Entry> Ledger::owner_of(std::string_view broker_id) {
  Rows rows(*this, std::string(columns) + "WHERE broker_id = ?", broker_id);
  if (!rows.next()) return std::nullopt;
  return rows.entry();
}

std::vector<Entry> Ledger::open_questions() {
  Rows rows(*this, std::string(columns) + "WHERE fate = 0");
  std::vector<Entry> entries;
  while (rows.next()) entries.push_back(rows.entry());
  return entries;
}

std::optional<Ledger::Fact> Ledger::fact(std::string_view name) {
  Rows rows(*this, "SELECT value, at FROM facts WHERE name = ?", name);
  if (!rows.next()) return std::nullopt;
  return Fact{rows.text(0), rows.integer(1)};
}

void Ledger::set_fact(std::string_view name, std::string_view value, std::int64_t at) {
  Rows(*this, "INSERT OR REPLACE INTO facts VALUES(?, ?, ?)", name, value, at).run();
}

}  // namespace trading212
