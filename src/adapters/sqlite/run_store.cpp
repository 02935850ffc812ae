#include "adapters/sqlite/run_store.hpp"

#include <array>
#include <atomic>
#include <mutex>

#include <SQLiteCpp/SQLiteCpp.h>

#include "adapters/sqlite/instance_lock.hpp"
#include "adapters/sqlite/journal_books.hpp"
#include "adapters/sqlite/journal_orders.hpp"
#include "adapters/sqlite/journal_requests.hpp"
#include "adapters/sqlite/journal_rows.hpp"
#include "adapters/sqlite/journal_schema.hpp"
#include "adapters/sqlite/journal_seals.hpp"
#include "adapters/sqlite/journal_turns.hpp"

namespace rebalancer::sqlite {
namespace {

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

}  // namespace

struct SqliteRunStore::Connection {
  Connection(std::string name, InstanceLock taken, std::unique_ptr<SQLite::Database> opened)
      : file(std::move(name)), lock(std::move(taken)), database(std::move(opened)) {}

  // One thread at a time.
  template <class Call>
  auto read(Call&& call) {
    const std::lock_guard guard(mutex);
    return guarded(file, [&] { return call(*database); });
  }
  // In one transaction, which `call` commits with done(); rolled back otherwise.
  struct Writing {
    explicit Writing(Connection& connection)
        : connection_(connection), transaction_(*connection.database, SQLite::TransactionBehavior::IMMEDIATE) {}
    void done() {
      transaction_.commit();
      connection_.revision.fetch_add(1, std::memory_order_release);
    }

   private:
    Connection& connection_;
    SQLite::Transaction transaction_;
  };
  template <class Call>
  auto write(Call&& call) {
    return read([&](SQLite::Database& open) {
      Writing writing(*this);
      return call(open, writing);
    });
  }
  // For calls that write whenever they succeed.
  template <class Call>
  auto write_all(Call&& call) {
    return write([&](SQLite::Database& open, Writing& writing) {
      auto result = call(open);
      if (result) writing.done();
      return result;
    });
  }

  std::string file;
  InstanceLock lock;
  std::unique_ptr<SQLite::Database> database;
  std::mutex mutex;
  std::atomic<std::uint64_t> revision{0};
  std::int64_t requests_of_earlier = 0;  // the last sequence that another process gave
};

SqliteRunStore::SqliteRunStore(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
SqliteRunStore::~SqliteRunStore() = default;

Result<std::unique_ptr<SqliteRunStore>> SqliteRunStore::open(const std::string& file) {
  auto lock = InstanceLock::take(file + ".lock", "journal");
  if (!lock) return fail(lock.error());
  auto database = open_database(file, journal_schema, Durability::exclusive_full, 0);
  if (!database) return fail(database.error());
  auto connection = std::make_unique<Connection>(file, std::move(*lock), std::move(*database));
  auto good = connection->read([&](SQLite::Database& open) -> Result<void> {
    connection->requests_of_earlier = last_request(open);
    return check_settings(open, file);
  });
  if (!good) return fail(good.error());
  return std::unique_ptr<SqliteRunStore>(new SqliteRunStore(std::move(connection)));
}

std::uint64_t SqliteRunStore::revision() const { return connection_->revision.load(std::memory_order_acquire); }

Result<void> SqliteRunStore::begin_run(const RunRecord& run) {
  return connection_->write_all([&](SQLite::Database& database) -> Result<void> {
    auto there = find_runs(database, "WHERE id = ?1", run.id);
    if (!there) return fail(there.error());
    if (!there->empty()) return fail(ErrorCode::conflict, "run {} is in the journal already", run.id);
    insert_run(database, run);
    return {};
  });
}

Result<void> SqliteRunStore::commit_plan(const PlanRecord& plan, const std::vector<OrderRecord>& orders) {
  return connection_->write_all([&](SQLite::Database& database) { return apply_plan(database, plan, orders); });
}

Result<void> SqliteRunStore::update_order(const OrderReport& report) { return record_answer(report, {}); }

Result<void> SqliteRunStore::record_answer(const OrderReport& report, const std::vector<Fill>& fills) {
  return connection_->write_all([&](SQLite::Database& database) -> Result<void> {
    if (auto applied = apply_fills(database, fills); !applied) return fail(applied.error());
    return apply_report(database, report);
  });
}

Result<std::size_t> SqliteRunStore::add_fills(const std::vector<Fill>& fills) {
  return connection_->write([&](SQLite::Database& database, Connection::Writing& writing) {
    auto added = apply_fills(database, fills);
    if (added && *added > 0) writing.done();  // nothing new costs no sync
    return added;
  });
}

Result<void> SqliteRunStore::finish_run(const RunRecord& run, const SealRecord& seal, const std::optional<Book>& book) {
  if (!run.finished_at) return fail(ErrorCode::invalid, "run {} has no time at which it finished", run.id);
  if (auto good = check_seal(seal, run.id); !good) return good;
  if (book) {
    if (auto good = check_book(*book); !good) return good;
  }
  return connection_->write_all([&](SQLite::Database& database) -> Result<void> {
    auto there = first_of(find_runs(database, "WHERE id = ?1", run.id));
    if (!there) return fail(there.error());
    if (!*there) return fail(ErrorCode::not_found, "run {} is not in the journal", run.id);
    if ((*there)->finished_at) return fail(ErrorCode::conflict, "run {} has finished already", run.id);
    update_run(database, run);
    if (auto sealed = append_seal(database, seal); !sealed) return sealed;
    if (book) insert_book(database, run.id, *book);
    drop_draft(database, run.id);
    return {};
  });
}

Result<void> SqliteRunStore::bind_owner(const JournalOwner& owner) {
  return connection_->write([&](SQLite::Database& database, Connection::Writing& writing) -> Result<void> {
    auto written = take_ownership(database, owner);
    if (!written) return fail(written.error());
    if (*written) writing.done();  // what is bound costs no sync
    return {};
  });
}

Result<std::optional<RunRecord>> SqliteRunStore::run(std::string_view id_prefix) {
  return connection_->read([&](SQLite::Database& database) -> Result<std::optional<RunRecord>> {
    if (id_prefix.empty()) return fail(ErrorCode::invalid, "a run's id is empty, must have at least one character");
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
  return connection_->read([&](SQLite::Database& database) {
    return find_runs(database, "ORDER BY started_at DESC, rowid DESC LIMIT max(0, ?1)", count_max);
  });
}

Result<std::optional<RunRecord>> SqliteRunStore::traded_run(std::string_view portfolio, Date session) {
  return connection_->read([&](SQLite::Database& database) {
    return first_of(
        find_runs(database,
                  "WHERE portfolio = ?1 AND session = ?2 AND EXISTS (SELECT 1 FROM orders WHERE "
                  "orders.run_id = runs.id AND orders.sent = 1) ORDER BY started_at DESC, rowid DESC LIMIT 1",
                  std::string(portfolio), session.days()));
  });
}

Result<std::vector<RunRecord>> SqliteRunStore::unfinished_runs(std::string_view portfolio) {
  return connection_->read([&](SQLite::Database& database) {
    return find_runs(database, "WHERE portfolio = ?1 AND finished_at IS NULL ORDER BY started_at, rowid",
                     std::string(portfolio));
  });
}

Result<std::optional<PlanRecord>> SqliteRunStore::plan_of(std::string_view run_id) {
  return connection_->read([&](SQLite::Database& database) {
    return first_of(find_rows<PlanRecord>(database, std::string(plan_columns) + "WHERE run_id = ?1", &plan_in,
                                          std::string(run_id)));
  });
}

Result<std::vector<OrderRecord>> SqliteRunStore::orders_of(std::string_view run_id) {
  return connection_->read([&](SQLite::Database& database) {
    return find_orders(database, "WHERE run_id = ?1 ORDER BY sequence", std::string(run_id));
  });
}

Result<std::optional<OrderRecord>> SqliteRunStore::order(std::string_view client_id) {
  return connection_->read([&](SQLite::Database& database) {
    return first_of(find_orders(database, "WHERE client_id = ?1", std::string(client_id)));
  });
}

Result<std::vector<OrderReport>> SqliteRunStore::history_of(std::string_view client_id) {
  return connection_->read([&](SQLite::Database& database) {
    return find_rows<OrderReport>(database, std::string(event_columns) + "WHERE client_id = ?1 ORDER BY sequence",
                                  &event_in, std::string(client_id));
  });
}

Result<std::vector<OrderRecord>> SqliteRunStore::orders(int count_max) {
  return connection_->read([&](SQLite::Database& database) {
    return find_orders(database, "ORDER BY rowid DESC LIMIT max(0, ?1)", count_max);
  });
}

Result<std::vector<OrderRecord>> SqliteRunStore::orders_lacking_fills() {
  return connection_->read([&](SQLite::Database& database) {
    return find_orders(database,
                       "WHERE filled > 0 AND state IN ('filled', 'cancelled', 'rejected') AND filled > "
                       "(SELECT coalesce(sum(quantity), 0) FROM fills WHERE fills.client_id = orders.client_id) "
                       "ORDER BY rowid");
  });
}

Result<std::vector<OrderRecord>> SqliteRunStore::open_orders() {
  return connection_->read([&](SQLite::Database& database) {
    return find_orders(database, "WHERE state NOT IN ('filled', 'cancelled', 'rejected') ORDER BY rowid");
  });
}

Result<std::vector<Fill>> SqliteRunStore::fills_of(std::string_view client_id) {
  return connection_->read([&](SQLite::Database& database) {
    return find_fills(database, "WHERE client_id = ?1 ORDER BY rowid", std::string(client_id));
  });
}

Result<Decimal> SqliteRunStore::traded_value(std::string_view portfolio, Date session) {
  return connection_->read([&](SQLite::Database& database) -> Result<Decimal> {
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

Result<std::vector<std::string>> SqliteRunStore::sent_orders(std::string_view portfolio, Date session) {
  return connection_->read([&](SQLite::Database& database) {
    const auto read = [](SQLite::Statement& row) -> Result<std::string> { return row.getColumn(0).getString(); };
    return find_rows<std::string>(database,
                                  "SELECT client_id FROM orders WHERE sent = 1 AND run_id IN "
                                  "(SELECT id FROM runs WHERE portfolio = ?1 AND session = ?2) ORDER BY rowid",
                                  read, std::string(portfolio), session.days());
  });
}

Result<std::optional<SealRecord>> SqliteRunStore::last_seal() {
  return connection_->read([&](SQLite::Database& database) { return find_last_seal(database); });
}

Result<std::vector<SealRecord>> SqliteRunStore::seals() {
  return connection_->read([&](SQLite::Database& database) { return find_seals(database); });
}

Result<std::optional<ExpectedBook>> SqliteRunStore::expected_book(std::string_view portfolio) {
  return connection_->read(
      [&](SQLite::Database& database) { return find_expected_book(database, std::string(portfolio)); });
}

Result<void> SqliteRunStore::begin_turn(const Turn& turn) {
  return connection_->write_all([&](SQLite::Database& database) { return insert_turn(database, turn); });
}

Result<void> SqliteRunStore::update_turn(const Turn& turn) {
  return connection_->write_all([&](SQLite::Database& database) { return change_turn(database, turn); });
}

Result<std::optional<Turn>> SqliteRunStore::turn(std::string_view portfolio, Date session) {
  return connection_->read(
      [&](SQLite::Database& database) { return find_turn(database, std::string(portfolio), session); });
}

Result<std::vector<Turn>> SqliteRunStore::open_turns(std::string_view portfolio) {
  return connection_->read(
      [&](SQLite::Database& database) { return find_open_turns(database, std::string(portfolio)); });
}

Result<std::vector<Turn>> SqliteRunStore::turns(std::string_view portfolio, int count_max) {
  return connection_->read(
      [&](SQLite::Database& database) { return find_turns(database, std::string(portfolio), count_max); });
}

Result<std::optional<Turn>> SqliteRunStore::last_turn(std::string_view portfolio, Date until) {
  return connection_->read(
      [&](SQLite::Database& database) { return find_last_turn(database, std::string(portfolio), until); });
}

Result<std::optional<Instant>> SqliteRunStore::owed_since(std::string_view portfolio) {
  return connection_->read(
      [&](SQLite::Database& database) { return find_owed_since(database, std::string(portfolio)); });
}

Result<void> SqliteRunStore::set_owed_since(std::string_view portfolio, std::optional<Instant> since) {
  return connection_->write_all([&](SQLite::Database& database) -> Result<void> {
    change_owed_since(database, std::string(portfolio), since);
    return {};
  });
}

Result<std::optional<KeyedRequest>> SqliteRunStore::begin_request(std::string_view key, std::string_view fingerprint,
                                                                  Instant now, Instant forget_before) {
  return connection_->write_all([&](SQLite::Database& database) {
    KeyedRequest request;
    request.key = key;
    request.fingerprint = fingerprint;
    request.begun_at = now;
    return open_request(database, request, forget_before, connection_->requests_of_earlier);
  });
}

Result<void> SqliteRunStore::finish_request(std::string_view key, int status, std::string_view content_type,
                                            std::string_view body) {
  return connection_->write_all([&](SQLite::Database& database) {
    KeyedRequest answer;
    answer.key = key;
    answer.status = status;
    answer.content_type = content_type;
    answer.body = body;
    return answer_request(database, answer);
  });
}

Result<void> SqliteRunStore::forget_request(std::string_view key) {
  return connection_->write_all([&](SQLite::Database& database) { return drop_request(database, std::string(key)); });
}

}  // namespace rebalancer::sqlite
