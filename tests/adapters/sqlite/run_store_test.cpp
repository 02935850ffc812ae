#include "adapters/sqlite/run_store.hpp"

#include <fstream>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "support/memory_run_store.hpp"
#include "support/run_store_contract.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::sqlite;
using test::TemporaryDirectory;

namespace {

std::unique_ptr<SqliteRunStore> open(const std::string& file) {
  auto store = SqliteRunStore::open(file);
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message));
  return *std::move(store);
}

// What a child process says of an attempt to open `file`: "ok" or the error's code and message.
std::string opened_by_another_process(const std::string& file) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = SqliteRunStore::open(file);
    const std::string said = store ? "ok" : std::string(name_of(store.error().code)) + ": " + store.error().message;
    const ssize_t written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  char room[512];
  for (ssize_t size = 0; (size = ::read(ends[0], room, sizeof room)) > 0;)
    said.append(room, static_cast<std::size_t>(size));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return said;
}

}  // namespace

TEST_CASE("the journal keeps the contract of a run store") {
  const TemporaryDirectory folder;
  test::check_run_store([&] { return open(folder.file("journal.db").string()); });
}

TEST_CASE("the journal of the tests keeps it too") {
  test::check_run_store([] { return std::make_unique<test::MemoryRunStore>(); });
}

TEST_CASE("fills are applied exactly once in any order: 100,000 streams in memory") {
  std::unique_ptr<test::MemoryRunStore> store;
  test::check_fill_streams(100'000, [&](std::uint64_t) -> RunStore& {
    store = std::make_unique<test::MemoryRunStore>();
    return *store;
  });
}

TEST_CASE("fills are applied exactly once in any order: 2,000 streams in SQLite") {
  const TemporaryDirectory folder;
  auto store = open(folder.file("journal.db").string());
  test::check_fill_streams(2'000, [&](std::uint64_t) -> RunStore& { return *store; });
}

TEST_CASE("the journal of the tests fails from the write it is told, one write per transaction") {
  const auto tell = [](test::MemoryRunStore& store) {
    std::string codes = test::code_of(store.begin_run(test::run_record("aa11")));
    const auto also = [&](const auto& result) { codes += " " + test::code_of(result); };
    also(store.bind_owner({"paper", "paper", false}));
    also(store.bind_owner({"paper", "paper", false}));
    also(store.commit_plan(test::plan_record("aa11"), {test::intent("aa11", 1, "x"), test::intent("aa11", 2, "y")}));
    also(store.update_order(test::report_of("x", OrderState::sending)));
    also(store.record_answer(test::report_of("x", OrderState::filled, "10", "100"), {test::fill_of("f1", "x", "10")}));
    also(store.add_fills({test::fill_of("f1", "x", "10")}));
    also(store.add_fills({test::fill_of("f2", "y", "1"), test::fill_of("f3", "y", "1")}));
    also(test::finish(store, test::ended(test::run_record("aa11")), test::book("1", {})));
    return codes;
  };
  test::MemoryRunStore all;
  CHECK(tell(all) == "ok ok ok ok ok ok ok ok ok");
  CHECK(all.writes == 7);  // what is known already is not written again
  for (int left = 0; left < 7; ++left) {
    test::MemoryRunStore store;
    store.writes_left = left;
    CHECK(tell(store).find("exhausted") != std::string::npos);
    CHECK(store.writes == left);
    CHECK(store.last_seal().value().has_value() == false);
    CHECK(store.fills_of("y").value().empty() == (left < 6));
  }
}

TEST_CASE("what was written is there after closing and opening again") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("deep/er/journal.db").string();
  {
    auto store = open(file);
    REQUIRE(store->begin_run(test::run_record("aa11")));
    REQUIRE(store->commit_plan(test::plan_record("aa11"), {test::intent("aa11", 1, "x")}));
    REQUIRE(store->update_order(test::report_of("x", OrderState::sending)));
    REQUIRE(store->add_fills({test::fill_of("f1", "x", "4")}));
  }
  auto store = open(file);
  CHECK(store->orders_of("aa11").value().at(0).state == OrderState::sending);
  CHECK(store->add_fills({test::fill_of("f1", "x", "4")}).value() == 0);
}

TEST_CASE("a second process is refused at once, with the holder's process id") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  auto store = open(file);
  const std::string said = opened_by_another_process(file);
  CHECK(
      said.starts_with("conflict: the journal is in use by another rebalancer, process " + std::to_string(::getpid())));
  CHECK(SqliteRunStore::open(file).error().code == ErrorCode::conflict);  // nor twice in one process
  store.reset();
  CHECK(opened_by_another_process(file) == "ok");
}

TEST_CASE("the lock of a killed process is gone with it") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = SqliteRunStore::open(file);
    const bool good = store && (*store)->begin_run(test::run_record("aa11"));
    const char byte = good ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK(byte == 'y');
  CHECK(SqliteRunStore::open(file).error().code == ErrorCode::conflict);
  REQUIRE(::kill(child, SIGKILL) == 0);
  ::waitpid(child, nullptr, 0);
  auto store = open(file);
  CHECK(store->run("aa11").value().has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("even without the side file no second connection gets in") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  auto store = open(file);
  REQUIRE(store->begin_run(test::run_record("aa11")));
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &other) == SQLITE_OK);
  CHECK(sqlite3_exec(other, "SELECT count(*) FROM runs", nullptr, nullptr, nullptr) == SQLITE_BUSY);
  sqlite3_close(other);
}

TEST_CASE("a file that is something else is refused, in a sentence that names it") {
  const TemporaryDirectory folder;
  const std::string text = folder.file("text.db").string();
  std::ofstream(text) << std::string(5000, 'x');
  auto refused = SqliteRunStore::open(text);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().message.find(text) != std::string::npos);

  const std::string foreign = folder.file("foreign.db").string();
  { SQLite::Database(foreign, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE t (a)"); }
  refused = SqliteRunStore::open(foreign);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().message.find("not a journal") != std::string::npos);

  CHECK_FALSE(SqliteRunStore::open(folder.path().string()).has_value());
}

TEST_CASE("a journal of a newer program is not touched") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  open(file).reset();
  { SQLite::Database(file, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99"); }
  CHECK(SqliteRunStore::open(file).error().code == ErrorCode::conflict);
}

TEST_CASE("a full disk is an error that says so, loses nothing and blocks nothing") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  open(file).reset();
  // The file may not grow by a page: what a full disk looks like to SQLite.
  sqlite3_initialize();
  auto* vfs = sqlite3_vfs_find(nullptr);
  static sqlite3_syscall_ptr real = nullptr;
  static bool full = false;
  real = vfs->xGetSystemCall(vfs, "pwrite64") != nullptr ? vfs->xGetSystemCall(vfs, "pwrite64")
                                                         : vfs->xGetSystemCall(vfs, "pwrite");
  const char* name = vfs->xGetSystemCall(vfs, "pwrite64") != nullptr ? "pwrite64" : "pwrite";
  const auto hooked = +[](int descriptor, const void* data, size_t size, off_t offset) -> ssize_t {
    if (full) {
      errno = ENOSPC;
      return -1;
    }
    return reinterpret_cast<ssize_t (*)(int, const void*, size_t, off_t)>(real)(descriptor, data, size, offset);
  };
  vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(hooked));
  {
    auto store = open(file);
    REQUIRE(store->begin_run(test::run_record("aa11")));
    full = true;
    const auto refused = store->commit_plan(test::plan_record("aa11"), {test::intent("aa11", 1, "x")});
    full = false;
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::exhausted);
    CHECK(refused.error().message.find("disk is full") != std::string::npos);
    CHECK(refused.error().message.find(file) != std::string::npos);
    CHECK(store->orders_of("aa11").value().empty());
    CHECK_FALSE(store->plan_of("aa11").value().has_value());
    CHECK(store->commit_plan(test::plan_record("aa11"), {test::intent("aa11", 1, "x")}));
    full = true;
    CHECK(test::code_of(test::finish(*store, test::ended(test::run_record("aa11")), test::book("1", {}))) ==
          "exhausted");
    CHECK(test::code_of(store->bind_owner({"paper", "paper", false})) == "exhausted");
    full = false;
    CHECK_FALSE(store->run("aa11").value()->finished_at.has_value());
    CHECK_FALSE(store->last_seal().value().has_value());
    CHECK_FALSE(store->expected_book("default").value().has_value());
    CHECK_FALSE(store->plan_of("aa11").value()->draft.empty());
    CHECK(test::finish(*store, test::ended(test::run_record("aa11")), test::book("1", {})));
  }
  vfs->xSetSystemCall(vfs, name, nullptr);
  CHECK(open(file)->orders_of("aa11").value().size() == 1);
}

TEST_CASE("a row that our own checks would not have written is an error, not a value") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  {
    auto store = open(file);
    REQUIRE(store->begin_run(test::run_record("aa11")));
    REQUIRE(store->commit_plan(test::plan_record("aa11"), {test::intent("aa11", 1, "x")}));
  }
  SQLite::Database(file, SQLite::OPEN_READWRITE).exec("UPDATE orders SET symbol = 'no symbol'");
  CHECK_FALSE(open(file)->orders_of("aa11").has_value());
  SQLite::Database database(file, SQLite::OPEN_READWRITE);
  CHECK_THROWS(database.exec("UPDATE orders SET state = 'maybe'"));
  CHECK_THROWS(database.exec("UPDATE orders SET quantity = 'twelve'"));
  CHECK_THROWS(database.exec("UPDATE orders SET filled = quantity + 1"));
}
