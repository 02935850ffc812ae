// The little of SQLite that the ledger needs. Errors leave as Failure, naming the file.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace paper {

class Database;

// A prepared statement with its values bound, for one use: `while (rows.next()) rows.integer(0)`.
class Statement {
 public:
  Statement(Database& database, sqlite3_stmt* prepared) : database_(database), prepared_(prepared) {}
  ~Statement();
  Statement(Statement&& other) noexcept
      : database_(other.database_), prepared_(std::exchange(other.prepared_, nullptr)) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(int place, std::int64_t value);
  void bind(int place, std::string_view value);
  [[nodiscard]] bool next();
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* prepared_;
};

class Database {
 public:
  // Opens or creates the file and its folders, for this connection alone. What is committed is on the disk.
  explicit Database(const std::string& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  template <class... Values>
  [[nodiscard]] Statement query(std::string_view sql, const Values&... values) {
    Statement statement(*this, prepared(sql));
    int place = 0;
    (statement.bind(++place, values), ...);
    return statement;
  }
  template <class... Values>
  void change(std::string_view sql, const Values&... values) {
    Statement statement = query(sql, values...);
    while (statement.next()) {
    }
  }
  [[noreturn]] void fail() const;

 private:
  [[nodiscard]] sqlite3_stmt* prepared(std::string_view sql);
  [[nodiscard]] std::string journal_mode();
  void close() noexcept;

  std::string file_;
  sqlite3* handle_ = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

// Undone unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace paper
