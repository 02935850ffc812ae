// The scheduler's memory: the journal's, and the one that tests use.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "adapters/sqlite/run_store.hpp"
#include "support/journal_builders.hpp"
#include "support/memory_turn_store.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::sqlite;
using test::code_of;
using test::session_day;
using test::TemporaryDirectory;

namespace {

std::unique_ptr<SqliteRunStore> open(const std::string& file) {
  auto store = SqliteRunStore::open(file);
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message));
  return *std::move(store);
}

Turn turn_of(Date session, const std::string& portfolio = "default") {
  Turn turn;
  turn.portfolio = portfolio;
  turn.session = session;
  turn.due_at = Instant::from_seconds(std::int64_t{session.days()} * 86'400 + 59'400);
  turn.attempts = 1;
  turn.started_at = turn.due_at;
  return turn;
}

std::vector<Date> sessions_of(const std::vector<Turn>& turns) {
  std::vector<Date> sessions;
  for (const Turn& turn : turns) sessions.push_back(turn.session);
  return sessions;
}

void check_turn_store(TurnStore& store) {
  SUBCASE("a session has one turn, and every word of it is kept") {
    const Turn first = turn_of(session_day(20));
    REQUIRE(store.begin_turn(first));
    CHECK(code_of(store.begin_turn(first)) == "conflict");
    CHECK(store.turn("default", session_day(20)).value() == first);
    CHECK_FALSE(store.turn("default", session_day(21)).value().has_value());
    CHECK_FALSE(store.turn("other", session_day(20)).value().has_value());
    REQUIRE(store.begin_turn(turn_of(session_day(20), "other")));
    for (const auto state :
         {TurnState::running, TurnState::waiting, TurnState::done, TurnState::failed, TurnState::missed}) {
      Turn turn{"default",
                session_day(20),
                Instant::from_nanoseconds(7),
                state,
                2,
                {},
                Instant::from_nanoseconds(8),
                Instant::from_nanoseconds(9),
                "aa11",
                "held",
                "no prices; \"quoted\""};
      if (state == TurnState::waiting) turn.next_attempt_at = Instant::from_nanoseconds(10);
      REQUIRE(store.update_turn(turn));
      CHECK(store.turn("default", session_day(20)).value() == turn);
    }
    CHECK(store.turn("other", session_day(20)).value() == turn_of(session_day(20), "other"));
  }
  SUBCASE("a turn that is not there is not changed, and half of a wait is no state") {
    CHECK(code_of(store.update_turn(turn_of(session_day(20)))) == "not_found");
    Turn turn = turn_of(session_day(20));
    turn.state = TurnState::waiting;
    CHECK(code_of(store.begin_turn(turn)) == "invalid");
    turn.state = TurnState::done;
    turn.next_attempt_at = turn.due_at;
    CHECK(code_of(store.begin_turn(turn)) == "invalid");
    CHECK(code_of(store.begin_turn(turn_of(session_day(20), ""))) == "invalid");
    REQUIRE(store.begin_turn(turn_of(session_day(20))));
    CHECK(code_of(store.update_turn(turn)) == "invalid");
    CHECK(store.turn("default", session_day(20)).value() == turn_of(session_day(20)));
  }
  SUBCASE("they are listed by session, whatever the order they were written in") {
    for (const int day : {24, 20, 25, 23}) REQUIRE(store.begin_turn(turn_of(session_day(day))));
    REQUIRE(store.begin_turn(turn_of(session_day(26), "other")));
    Turn done = turn_of(session_day(23));
    done.state = TurnState::done;
    REQUIRE(store.update_turn(done));
    Turn waiting = turn_of(session_day(20));
    waiting.state = TurnState::waiting;
    waiting.next_attempt_at = waiting.due_at;
    REQUIRE(store.update_turn(waiting));
    CHECK(sessions_of(store.open_turns("default").value()) ==
          std::vector<Date>{session_day(20), session_day(24), session_day(25)});
    CHECK(sessions_of(store.turns("default", 3).value()) ==
          std::vector<Date>{session_day(25), session_day(24), session_day(23)});
    CHECK(store.turns("default", 0).value().empty());
    CHECK(store.turns("default", -1).value().empty());
    CHECK(store.turns("nobody", 3).value().empty());
    CHECK(store.last_turn("default", session_day(30)).value()->session == session_day(25));
    CHECK(store.last_turn("default", session_day(25)).value()->session == session_day(25));
    CHECK(store.last_turn("default", session_day(22)).value()->session == session_day(20));
    CHECK_FALSE(store.last_turn("default", session_day(19)).value().has_value());
    CHECK_FALSE(store.last_turn("nobody", session_day(30)).value().has_value());
    CHECK(store.last_turn("other", session_day(30)).value()->session == session_day(26));
  }
  SUBCASE("since when turns are owed is kept for each portfolio, and can be taken back") {
    CHECK_FALSE(store.owed_since("default").value().has_value());
    REQUIRE(store.set_owed_since("default", Instant::from_nanoseconds(5)));
    REQUIRE(store.set_owed_since("other", Instant::from_nanoseconds(-6)));
    REQUIRE(store.set_owed_since("default", Instant::from_nanoseconds(7)));
    CHECK(store.owed_since("default").value() == Instant::from_nanoseconds(7));
    REQUIRE(store.set_owed_since("default", std::nullopt));
    REQUIRE(store.set_owed_since("default", std::nullopt));
    CHECK_FALSE(store.owed_since("default").value().has_value());
    CHECK(store.owed_since("other").value() == Instant::from_nanoseconds(-6));
  }
}

}  // namespace

TEST_CASE("the journal keeps turns as the scheduler needs them") {
  const TemporaryDirectory folder;
  check_turn_store(*open(folder.file("journal.db").string()));
}

TEST_CASE("so does the memory of the tests") {
  test::MemoryTurnStore store;
  check_turn_store(store);
}

TEST_CASE("turns are there after closing and opening again") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  {
    auto store = open(file);
    REQUIRE(store->begin_turn(turn_of(session_day(20))));
    REQUIRE(store->set_owed_since("default", Instant::from_seconds(5)));
  }
  auto store = open(file);
  CHECK(store->open_turns("default").value() == std::vector<Turn>{turn_of(session_day(20))});
  CHECK(store->owed_since("default").value() == Instant::from_seconds(5));
}

TEST_CASE("of a portfolio's turns the newest 10,000 stay") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  open(file).reset();
  {
    SQLite::Database database(file, SQLite::OPEN_READWRITE);
    database.exec(
        "WITH RECURSIVE days (day) AS (SELECT 1 UNION ALL SELECT day + 1 FROM days WHERE day < 10000) "
        "INSERT INTO turns SELECT 'default', day, 0, 'done', 1, NULL, 0, 0, '', 'traded', '' FROM days");
  }
  auto store = open(file);
  const auto day = [](int days) { return Date::from_days(days); };
  REQUIRE(store->begin_turn(turn_of(day(1), "other")));
  CHECK(store->turn("default", day(1)).value().has_value());
  REQUIRE(store->begin_turn(turn_of(day(10'002))));
  CHECK_FALSE(store->turn("default", day(1)).value().has_value());
  CHECK(store->turn("default", day(2)).value().has_value());
  CHECK(store->turn("other", day(1)).value().has_value());
  CHECK(store->turns("default", 20'000).value().size() == 10'000);
}

TEST_CASE("a turn that our own checks would not have written is an error, not a value") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  REQUIRE(open(file)->begin_turn(turn_of(session_day(20))));
  SQLite::Database database(file, SQLite::OPEN_READWRITE);
  CHECK_THROWS(database.exec("UPDATE turns SET state = 'maybe'"));
  CHECK_THROWS(database.exec("UPDATE turns SET state = 'waiting'"));
  CHECK_THROWS(database.exec("UPDATE turns SET next_attempt_at = 5"));
  CHECK_THROWS(database.exec("UPDATE turns SET attempts = -1"));
  CHECK_THROWS(database.exec("UPDATE turns SET due_at = 'noon'"));
}
