#include "adapters/sqlite/run_store.hpp"

#include <array>

#include <SQLiteCpp/SQLiteCpp.h>

#include "adapters/sqlite/instance_lock.hpp"
#include "adapters/sqlite/journal_rows.hpp"
#include "adapters/sqlite/migrations.hpp"

namespace rebalancer::sqlite {
namespace {

// Amounts are billionths, times are nanoseconds, days are days since 1970-01-01. `sent` turns 1 when an order leaves
// the state intent for sending: it may have reached the broker.
constexpr std::array<std::string_view, 1> journal_steps = {R"sql(
CREATE TABLE runs (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  portfolio TEXT NOT NULL,
  session INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  mode TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  exit_code INTEGER NOT NULL,
  report_json TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_session ON runs (portfolio, session);
CREATE TABLE orders (
  client_id TEXT PRIMARY KEY CHECK (client_id <> ''),
  run_id TEXT NOT NULL REFERENCES runs (id),
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  symbol TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  limit_price INTEGER CHECK (limit_price > 0),
  reference_price INTEGER CHECK (reference_price > 0),
  planned_reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'sending', 'acknowledged', 'unknown', 'partial', 'filled',
                                       'cancelled', 'rejected', 'parked')),
  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)),
  broker_id TEXT NOT NULL DEFAULT '',
  filled INTEGER NOT NULL DEFAULT 0 CHECK (filled BETWEEN 0 AND quantity),
  average_price INTEGER CHECK (average_price > 0),
  fee INTEGER NOT NULL DEFAULT 0,
  state_reason TEXT NOT NULL DEFAULT '',
  UNIQUE (run_id, sequence)
) STRICT;
CREATE INDEX orders_open ON orders (state) WHERE state NOT IN ('filled', 'cancelled', 'rejected');
CREATE TABLE fills (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  client_id TEXT NOT NULL REFERENCES orders (client_id),
  symbol TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  price INTEGER NOT NULL CHECK (price > 0),
  fee INTEGER NOT NULL,
  currency TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX fills_by_order ON fills (client_id);
)sql"};

constexpr Schema journal_schema{"journal", 0x52424A31, journal_steps};  // "RBJ1"

// Durability is a promise; a build or a file system that silently refuses a setting would break it.
Result<void> check_settings(SQLite::Database& database, const std::string& file) {
  const auto text = [&](const char* pragma) { return database.execAndGet(pragma).getString(); };
  const std::array<std::array<std::string, 2>, 3> wanted = {
      {{"PRAGMA locking_mode", "exclusive"}, {"PRAGMA journal_mode", "wal"}, {"PRAGMA synchronous", "3"}}};
  for (const auto& [pragma, value] : wanted) {
    const std::string actual = text(pragma.c_str());
    if (actual != value) {
      return fail(ErrorCode::internal, "{}: {} is {}, must be {} for the journal to be durable", file, pragma, actual,
                  value);
    }
  }
  return {};
}

// Inside a transaction of the caller's.
Result<void> apply_report(SQLite::Database& database, const OrderReport& report) {
  auto there = find_orders(database, "WHERE client_id = ?1", report.client_id);
  if (!there) return fail(there.error());
  if (there->empty()) return fail(ErrorCode::not_found, "order {} is not in the journal", report.client_id);
  const OrderRecord& record = there->front();
  if (!is_legal(record.state, report.state)) {
    return fail(ErrorCode::conflict, "order {} is {}, cannot become {}", report.client_id, name_of(record.state),
                name_of(report.state));
  }
  if (report.filled < record.report.filled || report.filled > record.order.quantity) {
    return fail(ErrorCode::conflict, "order {} reports {} filled, must be between the {} known and its quantity {}",
                report.client_id, report.filled.to_string(), record.report.filled.to_string(),
                record.order.quantity.to_string());
  }
  update_report(database, report);
  return {};
}

// Returns how many were new.
Result<std::size_t> apply_fills(SQLite::Database& database, const std::vector<Fill>& fills) {
  std::size_t added = 0;
  for (const Fill& fill : fills) {
    auto known = find_fills(database, "WHERE id = ?1", fill.id);
    if (!known) return fail(known.error());
    if (!known->empty()) {
      if (!same_fill(known->front(), fill)) {
        return fail(ErrorCode::conflict, "fill {} of order {} was applied with other content", fill.id, fill.client_id);
      }
      continue;
    }
    auto order = find_orders(database, "WHERE client_id = ?1", fill.client_id);
    if (!order) return fail(order.error());
    if (order->empty()) {
      return fail(ErrorCode::not_found, "fill {} is of order {}, which is not in the journal", fill.id, fill.client_id);
    }
    if (order->front().order.symbol != fill.symbol || order->front().order.side != fill.side) {
      return fail(ErrorCode::conflict, "fill {} is a {} of {}, its order {} is not", fill.id, name_of(fill.side),
                  fill.symbol, fill.client_id);
    }
    insert_fill(database, fill);
    ++added;
  }
  return added;
}

}  // namespace

struct SqliteRunStore::Connection {
  std::string file;
  InstanceLock lock;
  std::unique_ptr<SQLite::Database> database;
};

SqliteRunStore::SqliteRunStore(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
SqliteRunStore::~SqliteRunStore() = default;

Result<std::unique_ptr<SqliteRunStore>> SqliteRunStore::open(const std::string& file) {
  auto lock = InstanceLock::take(file + ".lock", "journal");
  if (!lock) return fail(lock.error());
  auto database = open_database(file, journal_schema, Durability::exclusive_full, 0);
  if (!database) return fail(database.error());
  auto good = guarded(file, [&] { return check_settings(**database, file); });
  if (!good) return fail(good.error());
  auto connection = std::make_unique<Connection>(Connection{file, std::move(*lock), std::move(*database)});
  return std::unique_ptr<SqliteRunStore>(new SqliteRunStore(std::move(connection)));
}

Result<void> SqliteRunStore::begin_run(const RunRecord& run) {
  return guarded(connection_->file, [&]() -> Result<void> {
    SQLite::Database& database = *connection_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    auto there = find_runs(database, "WHERE id = ?1", run.id);
    if (!there) return fail(there.error());
    if (!there->empty()) return fail(ErrorCode::conflict, "run {} is in the journal already", run.id);
    insert_run(database, run);
    transaction.commit();
    return {};
  });
}

Result<void> SqliteRunStore::add_intents(const std::vector<OrderRecord>& orders) {
  return guarded(connection_->file, [&]() -> Result<void> {
    SQLite::Database& database = *connection_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    for (const OrderRecord& order : orders) {
      const std::string& id = order.order.client_id;
      if (order.state != OrderState::intent) {
        return fail(ErrorCode::invalid, "order {} is {}, must be an intent to be written as one", id,
                    name_of(order.state));
      }
      auto there = find_orders(database, "WHERE client_id = ?1", id);
      if (!there) return fail(there.error());
      if (!there->empty()) return fail(ErrorCode::conflict, "order {} is in the journal already", id);
      auto run = find_runs(database, "WHERE id = ?1", order.run_id);
      if (!run) return fail(run.error());
      if (run->empty()) return fail(ErrorCode::not_found, "order {} is of run {}, which never began", id, order.run_id);
      insert_intent(database, order);
    }
    transaction.commit();
    return {};
  });
}

Result<void> SqliteRunStore::update_order(const OrderReport& report) { return record_answer(report, {}); }

Result<void> SqliteRunStore::record_answer(const OrderReport& report, const std::vector<Fill>& fills) {
  return guarded(connection_->file, [&]() -> Result<void> {
    SQLite::Database& database = *connection_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (auto applied = apply_fills(database, fills); !applied) return fail(applied.error());
    if (auto applied = apply_report(database, report); !applied) return applied;
    transaction.commit();
    return {};
  });
}

Result<std::size_t> SqliteRunStore::add_fills(const std::vector<Fill>& fills) {
  return guarded(connection_->file, [&]() -> Result<std::size_t> {
    SQLite::Database& database = *connection_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    auto added = apply_fills(database, fills);
    if (added && *added > 0) transaction.commit();  // nothing new costs no sync
    return added;
  });
}

Result<void> SqliteRunStore::finish_run(const RunRecord& run) {
  return guarded(connection_->file, [&]() -> Result<void> {
    SQLite::Database& database = *connection_->database;
    if (!run.finished_at) return fail(ErrorCode::invalid, "run {} has no time at which it finished", run.id);
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    auto there = find_runs(database, "WHERE id = ?1", run.id);
    if (!there) return fail(there.error());
    if (there->empty()) return fail(ErrorCode::not_found, "run {} is not in the journal", run.id);
    if (there->front().finished_at) return fail(ErrorCode::conflict, "run {} has finished already", run.id);
    update_run(database, run);
    transaction.commit();
    return {};
  });
}

Result<std::optional<RunRecord>> SqliteRunStore::run(std::string_view id_prefix) {
  return guarded(connection_->file, [&]() -> Result<std::optional<RunRecord>> {
    if (id_prefix.empty()) return fail(ErrorCode::invalid, "a run's id is empty, must have at least one character");
    SQLite::Database& database = *connection_->database;
    const std::string prefix(id_prefix);
    auto found = find_runs(database, "WHERE id = ?1", prefix);
    if (found && found->empty()) found = find_runs(database, "WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2", prefix);
    if (!found) return fail(found.error());
    if (found->empty()) return std::optional<RunRecord>();
    if (found->size() > 1) {
      return fail(ErrorCode::conflict, "{} is the beginning of several runs, {} and {} among them", prefix,
                  found->at(0).id, found->at(1).id);
    }
    return std::optional<RunRecord>(found->front());
  });
}

Result<std::vector<RunRecord>> SqliteRunStore::runs(int count_max) {
  return guarded(connection_->file, [&] {
    return find_runs(*connection_->database, "ORDER BY started_at DESC, rowid DESC LIMIT max(0, ?1)", count_max);
  });
}

Result<std::optional<RunRecord>> SqliteRunStore::traded_run(std::string_view portfolio, Date session) {
  return guarded(connection_->file, [&]() -> Result<std::optional<RunRecord>> {
    auto found = find_runs(*connection_->database,
                           "WHERE portfolio = ?1 AND session = ?2 AND EXISTS (SELECT 1 FROM orders WHERE "
                           "orders.run_id = runs.id AND orders.sent = 1) ORDER BY started_at, rowid LIMIT 1",
                           std::string(portfolio), session.days());
    if (!found) return fail(found.error());
    if (found->empty()) return std::optional<RunRecord>();
    return std::optional<RunRecord>(found->front());
  });
}

Result<std::vector<OrderRecord>> SqliteRunStore::orders_of(std::string_view run_id) {
  return guarded(connection_->file, [&] {
    return find_orders(*connection_->database, "WHERE run_id = ?1 ORDER BY sequence", std::string(run_id));
  });
}

Result<std::vector<OrderRecord>> SqliteRunStore::orders(int count_max) {
  return guarded(connection_->file, [&] {
    return find_orders(*connection_->database, "ORDER BY rowid DESC LIMIT max(0, ?1)", count_max);
  });
}

Result<std::vector<OrderRecord>> SqliteRunStore::open_orders() {
  return guarded(connection_->file, [&] {
    return find_orders(*connection_->database, "WHERE state NOT IN ('filled', 'cancelled', 'rejected') ORDER BY rowid");
  });
}

Result<std::vector<Fill>> SqliteRunStore::fills_of(std::string_view client_id) {
  return guarded(connection_->file, [&] {
    return find_fills(*connection_->database, "WHERE client_id = ?1 ORDER BY rowid", std::string(client_id));
  });
}

Result<Decimal> SqliteRunStore::traded_value(std::string_view portfolio, Date session) {
  return guarded(connection_->file, [&]() -> Result<Decimal> {
    SQLite::Database& database = *connection_->database;
    const std::string name(portfolio);
    const std::string of_session = "IN (SELECT id FROM runs WHERE portfolio = ?1 AND session = ?2)";
    auto orders = find_orders(database, "WHERE sent = 1 AND run_id " + of_session, name, session.days());
    if (!orders) return fail(orders.error());
    Decimal total;
    for (const OrderRecord& record : *orders) {
      auto fills = find_fills(database, "WHERE client_id = ?1", record.order.client_id);
      if (!fills) return fail(fills.error());
      auto value = value_traded(record, *fills);
      if (!value) return fail(value.error());
      auto sum = add(total, *value);
      if (!sum) return fail(sum.error());
      total = *sum;
    }
    return total;
  });
}

}  // namespace rebalancer::sqlite
