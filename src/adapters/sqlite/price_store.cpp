#include "adapters/sqlite/price_store.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <mutex>

#include <SQLiteCpp/SQLiteCpp.h>

#include "adapters/sqlite/migrations.hpp"
#include "core/market/fact.hpp"

namespace rebalancer::sqlite {
namespace {

constexpr std::array<std::string_view, 1> steps{
    R"sql(
      CREATE TABLE sources (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
      ) STRICT;
      -- Dates are days since 1970-01-01, instants nanoseconds; NULL: not published; basis 0 raw, 1 adjusted.
      CREATE TABLE facts (
        symbol TEXT NOT NULL,
        date INTEGER NOT NULL,
        known_at INTEGER NOT NULL,
        open REAL,
        high REAL,
        low REAL,
        close REAL,
        volume REAL,
        dividend REAL NOT NULL,
        split_ratio REAL NOT NULL,
        basis INTEGER NOT NULL CHECK (basis IN (0, 1)),
        source INTEGER NOT NULL REFERENCES sources(id),
        PRIMARY KEY (symbol, date, known_at)
      ) STRICT, WITHOUT ROWID;
    )sql"};
constexpr Schema schema{"price store", 0x52425031, steps};
constexpr int busy_timeout_ms = 5000;

double number(const SQLite::Column& column) { return column.isNull() ? no_value : column.getDouble(); }

void bind_number(SQLite::Statement& statement, int index, double value) {
  if (std::isnan(value)) {
    statement.bind(index);  // NULL
  } else {
    statement.bind(index, value);
  }
}

}  // namespace

struct SqlitePriceStore::State {
  State(std::string name, std::unique_ptr<SQLite::Database> opened)
      : file(std::move(name)),
        database(std::move(opened)),
        select(*database,
               "SELECT date, known_at, open, high, low, close, volume, dividend, split_ratio, basis, name FROM facts "
               "JOIN sources ON sources.id = facts.source WHERE symbol = ? AND date BETWEEN ? AND ? AND known_at <= ? "
               "ORDER BY date, known_at"),
        insert(*database,
               "INSERT INTO facts (symbol, date, known_at, open, high, low, close, volume, dividend, split_ratio, "
               "basis, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM sources WHERE name = ?))") {}

  // The latest fact of each day that was known then.
  std::vector<Fact> facts(const Symbol& symbol, Date from, Date to, std::int64_t known_by) {
    std::vector<Fact> found;
    select.reset();
    select.bind(1, symbol.str());
    select.bind(2, from.days());
    select.bind(3, to.days());
    select.bind(4, known_by);
    while (select.executeStep()) {
      Fact fact;
      fact.bar.date = Date::from_days(select.getColumn(0).getInt());
      fact.known_at = Instant::from_nanoseconds(select.getColumn(1).getInt64());
      fact.bar.open = number(select.getColumn(2));
      fact.bar.high = number(select.getColumn(3));
      fact.bar.low = number(select.getColumn(4));
      fact.bar.close = number(select.getColumn(5));
      fact.bar.volume = number(select.getColumn(6));
      fact.bar.dividend = select.getColumn(7).getDouble();
      fact.bar.split_ratio = select.getColumn(8).getDouble();
      fact.basis = select.getColumn(9).getInt() == 0 ? PriceBasis::raw : PriceBasis::adjusted;
      fact.source = select.getColumn(10).getString();
      if (!found.empty() && found.back().bar.date == fact.bar.date) {
        found.back() = std::move(fact);
      } else {
        found.push_back(std::move(fact));
      }
    }
    select.reset();
    return found;
  }

  void store(const Symbol& symbol, const Fact& fact) {
    insert.reset();
    insert.bind(1, symbol.str());
    insert.bind(2, fact.bar.date.days());
    insert.bind(3, fact.known_at.nanoseconds());
    bind_number(insert, 4, fact.bar.open);
    bind_number(insert, 5, fact.bar.high);
    bind_number(insert, 6, fact.bar.low);
    bind_number(insert, 7, fact.bar.close);
    bind_number(insert, 8, fact.bar.volume);
    insert.bind(9, fact.bar.dividend);
    insert.bind(10, fact.bar.split_ratio);
    insert.bind(11, fact.basis == PriceBasis::raw ? 0 : 1);
    insert.bind(12, fact.source);
    insert.exec();
    insert.reset();
  }

  // One thread at a time: the statements are shared.
  template <class Call>
  auto use(Call&& call) {
    const std::lock_guard lock(mutex);
    return guarded(file, call);
  }

  Result<std::optional<Date>> date(const char* query, const Symbol& symbol) {
    return use([&]() -> Result<std::optional<Date>> {
      SQLite::Statement statement(*database, query);
      statement.bind(1, symbol.str());
      if (!statement.executeStep() || statement.getColumn(0).isNull()) return std::nullopt;
      return Date::from_days(statement.getColumn(0).getInt());
    });
  }

  std::string file;
  std::unique_ptr<SQLite::Database> database;
  SQLite::Statement select;
  SQLite::Statement insert;
  std::mutex mutex;
};

SqlitePriceStore::SqlitePriceStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqlitePriceStore::~SqlitePriceStore() = default;

Result<std::unique_ptr<SqlitePriceStore>> SqlitePriceStore::open(const std::string& file) {
  auto database = open_database(file, schema, Durability::wal_normal, busy_timeout_ms);
  if (!database) return fail(database.error());
  return guarded(file, [&]() -> Result<std::unique_ptr<SqlitePriceStore>> {
    return std::unique_ptr<SqlitePriceStore>(new SqlitePriceStore(std::make_unique<State>(file, std::move(*database))));
  });
}

Result<std::size_t> SqlitePriceStore::write(const BarTable& table, Instant known_at) {
  if (table.bars().empty()) return 0;
  return state_->use([&]() -> Result<std::size_t> {
    SQLite::Transaction transaction(*state_->database, SQLite::TransactionBehavior::IMMEDIATE);
    const auto known = state_->facts(table.symbol(), table.bars().front().date, table.bars().back().date,
                                     std::numeric_limits<std::int64_t>::max());
    const auto facts = new_facts(known, table, known_at);
    if (facts.empty()) return 0;
    SQLite::Statement source(*state_->database, "INSERT OR IGNORE INTO sources (name) VALUES (?)");
    source.bind(1, table.source());
    source.exec();
    for (const Fact& fact : facts) state_->store(table.symbol(), fact);
    transaction.commit();
    return facts.size();
  });
}

Result<BarTable> SqlitePriceStore::read(const Symbol& symbol, Date from, Date to, std::optional<Instant> known_by) {
  return state_->use([&]() -> Result<BarTable> {
    const auto until = known_by ? known_by->nanoseconds() : std::numeric_limits<std::int64_t>::max();
    return table_of(symbol, state_->facts(symbol, from, to, until));
  });
}

Result<std::optional<Date>> SqlitePriceStore::last_date(const Symbol& symbol) {
  return state_->date("SELECT max(date) FROM facts WHERE symbol = ?", symbol);
}

Result<std::optional<Date>> SqlitePriceStore::first_date(const Symbol& symbol) {
  return state_->date("SELECT min(date) FROM facts WHERE symbol = ?", symbol);
}

Result<std::vector<Symbol>> SqlitePriceStore::symbols() {
  return state_->use([&]() -> Result<std::vector<Symbol>> {
    std::vector<Symbol> found;
    SQLite::Statement statement(*state_->database, "SELECT DISTINCT symbol FROM facts ORDER BY symbol");
    while (statement.executeStep()) {
      auto symbol = Symbol::parse(statement.getColumn(0).getString());
      if (!symbol) return fail(ErrorCode::internal, "{}: {}", state_->file, symbol.error().message);
      found.push_back(*std::move(symbol));
    }
    return found;
  });
}

}  // namespace rebalancer::sqlite
