// What this plugin must not forget, in a file of its own: which of our orders went out, what the account looked like
// before, and which order of the broker each one is. The broker keeps no client ids, so only this file knows.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct sqlite3;

namespace trading212 {

enum class Fate {
  unknown,  // it may have been taken
  refused,  // it was surely not taken
  taken,    // broker_id says which it is
};

struct Entry {
  std::string client_id, symbol, ticker;
  std::int64_t quantity = 0;    // billionths, negative sells
  std::int64_t limit = 0;       // billionths, as on the wire; 0: a market order
  std::int64_t held = 0;        // of the ticker, before it was sent
  std::set<std::string> stock;  // the broker's ids of orders of the ticker that were there before
  std::int64_t sent_at = 0;     // nanoseconds; of the first copy
  Fate fate = Fate::unknown;
  std::string broker_id;
  std::int64_t absent_since = 0;  // since the first look that did not find it; 0: none yet
  std::int64_t resent_at = 0;     // 0: there is no second copy
  std::string reason;             // what the broker said to refuse it; empty: it never looked at it
};

class Ledger {
 public:
  // At first use it opens or creates the file and its folders, for this process alone. What is written is on the disk.
  explicit Ledger(std::string file) : file_(std::move(file)) {}
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  [[nodiscard]] std::optional<Entry> find(std::string_view client_id);
  // An entry that was refused may be written anew.
  void write(const Entry& entry);
  void set_taken(std::string_view client_id, std::string_view broker_id);
  void set_refused(std::string_view client_id, std::string_view reason);
  void set_absent_since(std::string_view client_id, std::int64_t at);
  // A second copy goes out, or, with what was written before, it did not.
  void set_resent(std::string_view client_id, std::int64_t at, std::int64_t absent_since);
  [[nodiscard]] std::optional<Entry> owner_of(std::string_view broker_id);
  // Those whose fate is not known.
  [[nodiscard]] std::vector<Entry> open_questions();

  struct Fact {
    std::string value;
    std::int64_t at;
  };
  [[nodiscard]] std::optional<Fact> fact(std::string_view name);
  void set_fact(std::string_view name, std::string_view value, std::int64_t at);

 private:
  friend class Rows;
  void open();
  [[noreturn]] void fail() const;
  void execute(const char* sql);

  std::string file_;
  sqlite3* handle_ = nullptr;
};

}  // namespace trading212
