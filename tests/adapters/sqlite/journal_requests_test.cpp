// Requests with a key: the journal's memory of them, and the one that tests use.
#include "adapters/sqlite/journal_requests.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "adapters/sqlite/run_store.hpp"
#include "support/journal_builders.hpp"
#include "support/memory_request_store.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::sqlite;
using test::code_of;
using test::TemporaryDirectory;

namespace {

const Instant never = Instant::from_nanoseconds(INT64_MIN);
Instant at(std::int64_t seconds) { return Instant::from_seconds(seconds); }

std::unique_ptr<SqliteRunStore> open(const std::string& file) {
  auto store = SqliteRunStore::open(file);
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message));
  return *std::move(store);
}

void check_request_store(RequestStore& store) {
  REQUIRE_FALSE(store.begin_request("k1", "f1", at(1), never).value().has_value());
  SUBCASE("asked again before it is answered, it is known to be at work") {
    const KeyedRequest known = store.begin_request("k1", "f2", at(2), never).value().value();
    CHECK(known == KeyedRequest{"k1", "f1", at(1), 0, "", "", true});
  }
  SUBCASE("asked again after it was answered, it has that answer") {
    const std::string body = "{\"a\": \"\xC3\xA4\"}" + std::string(1, '\0') + "end";
    REQUIRE(store.finish_request("k1", 201, "application/json", body));
    const KeyedRequest known = store.begin_request("k1", "f1", at(2), never).value().value();
    CHECK(known == KeyedRequest{"k1", "f1", at(1), 201, "application/json", body, true});
    CHECK(code_of(store.finish_request("k1", 200, "", "")) == "conflict");
    CHECK(code_of(store.forget_request("k1")) == "conflict");
    CHECK(store.begin_request("k1", "f1", at(2), never).value()->status == 201);
  }
  SUBCASE("a key that was given back is new") {
    REQUIRE(store.forget_request("k1"));
    REQUIRE(store.forget_request("k1"));
    CHECK(code_of(store.finish_request("k1", 200, "", "")) == "not_found");
    CHECK_FALSE(store.begin_request("k1", "f1", at(2), never).value().has_value());
  }
  SUBCASE("what is old is forgotten, but not what is at work") {
    REQUIRE_FALSE(store.begin_request("k2", "f2", at(2), never).value().has_value());
    REQUIRE(store.finish_request("k2", 200, "", ""));
    CHECK(store.begin_request("k2", "f2", at(3), at(2)).value().has_value());
    CHECK_FALSE(store.begin_request("k2", "f2", at(4), at(3)).value().has_value());
    CHECK(store.begin_request("k1", "f1", at(9), at(8)).value()->begun_at == at(1));
  }
  SUBCASE("what is no answer and no key is refused, and the key stays begun") {
    CHECK(code_of(store.begin_request("", "f", at(1), never)) == "invalid");
    CHECK(code_of(store.finish_request("k1", 0, "", "")) == "invalid");
    CHECK(code_of(store.finish_request("k1", 600, "", "")) == "invalid");
    const std::string longest(RequestStore::answer_size_max, 'x');
    CHECK(code_of(store.finish_request("k1", 200, "", longest + "x")) == "invalid");
    CHECK(store.begin_request("k1", "f1", at(2), never).value()->status == 0);
    CHECK(store.finish_request("k1", 200, "", longest));
    CHECK(store.begin_request("k1", "f1", at(2), never).value()->body == longest);
  }
}

void check_room(RequestStore& store, std::size_t known) {
  REQUIRE_FALSE(store.begin_request("at work", "f", at(0), never).value().has_value());
  for (std::size_t i = known + 1; i < RequestStore::key_count_max; ++i) {
    REQUIRE_FALSE(store.begin_request("k" + std::to_string(i), "f", at(1), never).value().has_value());
    REQUIRE(store.finish_request("k" + std::to_string(i), 200, "", ""));
  }
  REQUIRE_FALSE(store.begin_request("one more", "f", at(1), never).value().has_value());
  // The first that was answered had to go; the one at work, older still, had not.
  CHECK(store.begin_request("at work", "f", at(1), never).value().has_value());
  CHECK(store.begin_request("k2", "f", at(1), never).value().has_value());
  CHECK_FALSE(store.begin_request("k1", "f", at(1), never).value().has_value());
  CHECK_FALSE(store.begin_request("k2", "f", at(1), never).value().has_value());
}

}  // namespace

TEST_CASE("the journal knows what was asked with a key") {
  const TemporaryDirectory folder;
  check_request_store(*open(folder.file("journal.db").string()));
}

TEST_CASE("so does the store of the tests") {
  test::MemoryRequestStore store;
  check_request_store(store);
}

TEST_CASE("after a restart what was begun is known, and that nobody is at work on it") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  {
    auto store = open(file);
    REQUIRE_FALSE(store->begin_request("begun", "f", at(1), never).value().has_value());
    REQUIRE_FALSE(store->begin_request("done", "f", at(1), never).value().has_value());
    REQUIRE(store->finish_request("done", 200, "text/plain", "yes"));
    REQUIRE_FALSE(store->begin_request("last", "f", at(1), never).value().has_value());
  }
  auto store = open(file);
  CHECK(store->begin_request("begun", "f", at(2), never).value() ==
        KeyedRequest{"begun", "f", at(1), 0, "", "", false});
  CHECK(store->begin_request("done", "f", at(2), never).value() ==
        KeyedRequest{"done", "f", at(1), 200, "text/plain", "yes", false});
  // Given back and begun again, it is this process's.
  REQUIRE(store->forget_request("last"));
  REQUIRE_FALSE(store->begin_request("last", "f", at(2), never).value().has_value());
  CHECK(store->begin_request("last", "f", at(2), never).value()->of_this_process);
  // Nobody will answer it: it may be forgotten.
  CHECK_FALSE(store->begin_request("begun", "f", at(9), at(2)).value().has_value());
}

TEST_CASE("the store of the tests tells a restart too") {
  test::MemoryRequestStore store;
  REQUIRE_FALSE(store.begin_request("begun", "f", at(1), never).value().has_value());
  store.reopen();
  CHECK_FALSE(store.begin_request("begun", "f", at(2), never).value()->of_this_process);
}

TEST_CASE("at most 10,000 keys are known, the oldest that is not at work goes") {
  SUBCASE("in the journal") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("journal.db").string();
    open(file).reset();
    {
      SQLite::Database database(file, SQLite::OPEN_READWRITE);
      database.exec(
          "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 9990) "
          "INSERT INTO keyed_requests SELECT number, 'k' || number, 'f', 1000000000, 200, '', '' FROM numbers");
    }
    check_room(*open(file), 9'990);
  }
  SUBCASE("in the store of the tests") {
    test::MemoryRequestStore store;
    for (int i = 1; i <= 9'990; ++i)
      store.requests.push_back({"k" + std::to_string(i), "f", at(1), 200, "", "", false});
    check_room(store, 9'990);
  }
}

TEST_CASE("10,000 keys at work are as many as there can be") {
  test::MemoryRequestStore memory;
  for (std::size_t i = 0; i < RequestStore::key_count_max; ++i) {
    memory.requests.push_back({"k" + std::to_string(i), "f", at(1), 0, "", "", true});
  }
  CHECK(code_of(memory.begin_request("one more", "f", at(1), never)) == "exhausted");

  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  open(file).reset();
  SQLite::Database database(file, SQLite::OPEN_READWRITE);
  database.exec(
      "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 10000) "
      "INSERT INTO keyed_requests SELECT number, 'k' || number, 'f', 1000000000, 0, '', '' FROM numbers");
  const KeyedRequest request{"one more", "f", at(1), 0, "", "", true};
  CHECK(code_of(open_request(database, request, never, 0)) == "exhausted");
  // Those that a dead process began are nobody's work.
  CHECK_FALSE(open_request(database, request, never, 1).value().has_value());
}
