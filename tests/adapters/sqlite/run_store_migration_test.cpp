// Journals that versions 1 and 2 wrote: opened by this one, and opened by one that is killed on the way.
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "adapters/sqlite/journal_schema.hpp"
#include "adapters/sqlite/run_store.hpp"
#include "support/journal_builders.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::sqlite;
using test::TemporaryDirectory;

namespace {

// A journal as an earlier version left it: a run that finished, and one that was interrupted with an order on its way.
void write_version(int version, const std::string& file) {
  const Schema earlier{journal_schema.what, journal_schema.application_id,
                       journal_schema.steps.first(static_cast<std::size_t>(version))};
  auto database = open_database(file, earlier, Durability::exclusive_full, 0);
  REQUIRE(database.has_value());
  const std::string run_end = version == 1 ? "" : ", ''";
  const std::string order_end = version == 1 ? "" : ", NULL, 0, 0";
  (*database)->exec(
      "INSERT INTO runs VALUES ('aa11', 'default', 20777, 1000000000000, 1005000000000, 'paper', 'traded', "
      "'2 of 2 orders filled', 0, '{}'" +
      run_end + "), ('bb22', 'default', 20778, 2000000000000, NULL, 'paper', '', '', 0, ''" + run_end +
      ");"
      "INSERT INTO orders VALUES ('x', 'aa11', 1, 'SPY', 'buy', 10000000000, 101000000000, 100000000000, 'because', "
      "'filled', 1, 'b-x', 10000000000, 100500000000, 20000000, ''" +
      order_end +
      "), ('y', 'bb22', 1, 'BND', 'sell', 5000000000, NULL, NULL, 'because', 'sending', 1, '', 0, NULL, 0, ''" +
      order_end +
      ");"
      "INSERT INTO fills VALUES ('f1', 'x', 'SPY', 'buy', 10000000000, 100500000000, 20000000, 'USD', 1001000000000)");
}

std::unique_ptr<SqliteRunStore> open(const std::string& file) {
  auto store = SqliteRunStore::open(file);
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message));
  return *std::move(store);
}

void check_survived(const std::string& file) {
  auto store = open(file);
  const RunRecord run = store->run("aa11").value().value();
  CHECK(run.outcome == "traded");
  CHECK(run.session == test::session_day(20));
  CHECK(run.finished_at == Instant::from_seconds(1005));
  CHECK(run.broker.empty());
  const auto left = store->unfinished_runs("default").value();
  REQUIRE(left.size() == 1);
  CHECK(left[0].id == "bb22");
  const OrderRecord order = store->order("x").value().value();
  CHECK(order.state == OrderState::filled);
  CHECK(order.report.average_price == test::price("100.5"));
  CHECK(order.report.fee == test::decimal("0.02"));
  CHECK(order.reference == test::price("100"));
  CHECK_FALSE(order.price_date.has_value());
  CHECK(order.cost_max.is_zero());
  CHECK(store->fills_of("x").value().size() == 1);
  const auto open_orders = store->open_orders().value();
  REQUIRE(open_orders.size() == 1);
  CHECK(open_orders[0].order.client_id == "y");
  CHECK(store->sent_orders("default", test::session_day(20)).value() == std::vector<std::string>{"x"});
  // What it did not keep is not made up.
  CHECK(store->history_of("x").value().empty());
  CHECK_FALSE(store->plan_of("aa11").value().has_value());
  CHECK_FALSE(store->last_seal().value().has_value());
  CHECK_FALSE(store->expected_book("default").value().has_value());
  CHECK(store->turns("default", 10).value().empty());
  CHECK_FALSE(store->owed_since("default").value().has_value());
}

enum class Moment { statement, write };

// How much of either is left until this process is killed; below 0: it is not.
int statements_left = -1;
int writes_left = -1;
sqlite3_syscall_ptr real_write = nullptr;

void count_down(int& left) {
  if (left-- == 0) ::kill(::getpid(), SIGKILL);
}

int on_statement(unsigned, void*, void*, void*) {
  count_down(statements_left);
  return 0;
}

int watch_statements(sqlite3* database, const char**, const void*) {
  return sqlite3_trace_v2(database, SQLITE_TRACE_STMT, &on_statement, nullptr);
}

ssize_t on_write(int descriptor, const void* data, size_t size, off_t offset) {
  count_down(writes_left);
  return reinterpret_cast<ssize_t (*)(int, const void*, size_t, off_t)>(real_write)(descriptor, data, size, offset);
}

// SQLite writes to files with one of these two.
void watch_writes() {
  sqlite3_initialize();
  auto* vfs = sqlite3_vfs_find(nullptr);
  const char* name = vfs->xGetSystemCall(vfs, "pwrite64") != nullptr ? "pwrite64" : "pwrite";
  real_write = vfs->xGetSystemCall(vfs, name);
  vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(&on_write));
}

// Opens `file` in a process that is killed at a moment, after `count` of the kind. Whether it was.
bool killed_while_opening(const std::string& file, Moment moment, int count) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (moment == Moment::statement) {
      statements_left = count;
      sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch_statements));
    } else {
      writes_left = count;
      watch_writes();
    }
    const bool good = SqliteRunStore::open(file).has_value();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return true;
  CHECK(WEXITSTATUS(status) == 0);
  return false;
}

struct Migrations {
  int killed = 0;
  int earlier = 0;  // that left the version they began with
  int between = 0;  // that left one between it and this one
};

// What a journal has of each version, by a name that version brought.
void check_tables(SQLite::Database& database, int version) {
  const std::string columns = "SELECT count(*) FROM pragma_table_info('orders') WHERE name = 'cost_max'";
  CHECK(database.execAndGet(columns).getInt() == (version < 2 ? 0 : 1));
  CHECK(database.tableExists("seals") == (version >= 2));
  for (const char* table : {"turns", "turns_owed", "keyed_requests"}) {
    CHECK(database.tableExists(table) == (version >= 3));
  }
  CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
}

// One for every moment until one comes to its end. Each must leave a journal of exactly one version.
Migrations kill_migrations(int from, Moment moment) {
  const TemporaryDirectory folder;
  const std::string clean = folder.file("clean.db").string();
  write_version(from, clean);
  const int newest = static_cast<int>(journal_schema.steps.size());
  Migrations told;
  bool killed = true;
  for (int count = 0; killed && count < 1'000; ++count) {
    CAPTURE(count);
    const std::string file = folder.file("journal" + std::to_string(count) + ".db").string();
    std::filesystem::copy_file(clean, file);
    killed = killed_while_opening(file, moment, count);
    told.killed += killed ? 1 : 0;
    {
      SQLite::Database database(file, SQLite::OPEN_READWRITE);
      const int version = database.execAndGet("PRAGMA user_version").getInt();
      told.earlier += version == from ? 1 : 0;
      told.between += version > from && version < newest ? 1 : 0;
      CHECK(version >= from);
      CHECK(version <= newest);
      check_tables(database, version);
    }
    check_survived(file);
  }
  CHECK_FALSE(killed);
  return told;
}

// FNV-1a.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

TEST_CASE("the steps that were shipped are not edited") {
  REQUIRE(journal_schema.steps.size() >= 3);
  CHECK(fingerprint(journal_schema.steps[0]) == 0xd79df08d260b8877ULL);
  CHECK(fingerprint(journal_schema.steps[1]) == 0x3b86670c66e386d4ULL);
}

TEST_CASE("what an earlier version wrote is there, and nothing is made up beside it") {
  for (const int version : {1, 2}) {
    CAPTURE(version);
    const TemporaryDirectory folder;
    const std::string file = folder.file("journal.db").string();
    write_version(version, file);
    check_survived(file);
    check_survived(file);
  }
}

TEST_CASE("an interrupted run of version 1 is brought to its end, and the chain starts with it") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  write_version(1, file);
  auto store = open(file);
  OrderReport answer = test::report_of("y", OrderState::cancelled);
  answer.at = Instant::from_seconds(3000);
  REQUIRE(store->update_order(answer));
  CHECK(store->history_of("y").value().size() == 1);
  REQUIRE(test::finish(*store, test::ended(test::run_record("bb22")), test::book("1", {})));
  CHECK(store->last_seal().value()->sequence == 1);
  CHECK(store->expected_book("default").value()->book.positions.empty());  // the fill of version 1 was seen
  CHECK(test::code_of(store->bind_owner({"alpaca", "U123", true})) == "conflict");
  CHECK(store->bind_owner({"paper", "paper", false}));
}

// The migration alone has more statements than are asked for here.
TEST_CASE("killed at any statement of the migration, a journal is of one version or another") {
  SUBCASE("from version 1") {
    const Migrations told = kill_migrations(1, Moment::statement);
    CHECK(told.earlier > 20);
    CHECK(told.between > 8);
    CHECK(told.killed >= told.earlier + told.between);
  }
  SUBCASE("from version 2") {
    const Migrations told = kill_migrations(2, Moment::statement);
    CHECK(told.earlier > 15);
    CHECK(told.killed >= told.earlier);
  }
}

TEST_CASE("so it is when killed at any write to its files") {
  SUBCASE("from version 1") {
    const Migrations told = kill_migrations(1, Moment::write);
    CHECK(told.earlier > 10);
    CHECK(told.between > 5);
    CHECK(told.killed >= told.earlier + told.between);
  }
  SUBCASE("from version 2") {
    const Migrations told = kill_migrations(2, Moment::write);
    CHECK(told.earlier > 5);
    CHECK(told.killed >= told.earlier);
  }
}
