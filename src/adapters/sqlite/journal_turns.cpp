#include "adapters/sqlite/journal_turns.hpp"

#include "adapters/sqlite/journal_rows.hpp"

namespace rebalancer::sqlite {
namespace {

const std::string turn_columns =
    "SELECT portfolio, session, due_at, state, attempts, next_attempt_at, started_at, finished_at, run_id, outcome, "
    "reason FROM turns ";

std::optional<Instant> instant_in(SQLite::Statement& row, int column) {
  if (row.getColumn(column).isNull()) return std::nullopt;
  return Instant::from_nanoseconds(row.getColumn(column).getInt64());
}

void bind_instant(SQLite::Statement& statement, int place, const std::optional<Instant>& instant) {
  if (instant) {
    statement.bind(place, instant->nanoseconds());
  } else {
    statement.bind(place);  // NULL
  }
}

Result<TurnState> state_in(SQLite::Statement& row, int column) {
  const std::string name = row.getColumn(column).getString();
  using enum TurnState;
  for (const TurnState state : {running, waiting, done, failed, missed}) {
    if (name == name_of(state)) return state;
  }
  return fail(ErrorCode::internal, "the journal holds a turn that is \"{}\"", name);
}

Result<Turn> turn_in(SQLite::Statement& row) {
  auto state = state_in(row, 3);
  if (!state) return fail(state.error());
  return Turn{row.getColumn(0).getString(),
              Date::from_days(row.getColumn(1).getInt()),
              Instant::from_nanoseconds(row.getColumn(2).getInt64()),
              *state,
              row.getColumn(4).getInt(),
              instant_in(row, 5),
              instant_in(row, 6),
              instant_in(row, 7),
              row.getColumn(8).getString(),
              row.getColumn(9).getString(),
              row.getColumn(10).getString()};
}

Result<std::vector<Turn>> rows_of(SQLite::Database& database, const std::string& rest, const auto&... values) {
  return find_rows<Turn>(database, turn_columns + rest, &turn_in, values...);
}

Result<void> check_turn(const Turn& turn) {
  if (turn.portfolio.empty()) return fail(ErrorCode::invalid, "a turn is of no portfolio");
  if (turn.next_attempt_at.has_value() == (turn.state == TurnState::waiting)) return {};
  return fail(ErrorCode::invalid, "the turn of session {} is {} and has {} time of a next attempt",
              turn.session.to_string(), name_of(turn.state), turn.next_attempt_at ? "a" : "no");
}

// Of both statements below.
void bind_turn(SQLite::Statement& statement, const Turn& turn) {
  statement.bind(1, turn.portfolio);
  statement.bind(2, turn.session.days());
  statement.bind(3, turn.due_at.nanoseconds());
  statement.bind(4, std::string(name_of(turn.state)));
  statement.bind(5, turn.attempts);
  bind_instant(statement, 6, turn.next_attempt_at);
  bind_instant(statement, 7, turn.started_at);
  bind_instant(statement, 8, turn.finished_at);
  statement.bind(9, turn.run_id);
  statement.bind(10, turn.outcome);
  statement.bind(11, turn.reason);
}

}  // namespace

Result<void> insert_turn(SQLite::Database& database, const Turn& turn) {
  if (auto good = check_turn(turn); !good) return good;
  auto there = find_turn(database, turn.portfolio, turn.session);
  if (!there) return fail(there.error());
  if (*there) {
    return fail(ErrorCode::conflict, "session {} of {} has a turn already", turn.session.to_string(), turn.portfolio);
  }
  SQLite::Statement insert(database, "INSERT INTO turns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  bind_turn(insert, turn);
  insert.exec();
  SQLite::Statement trim(database,
                         "DELETE FROM turns WHERE portfolio = ?1 AND session <= (SELECT session FROM turns WHERE "
                         "portfolio = ?1 ORDER BY session DESC LIMIT 1 OFFSET ?2)");
  trim.bind(1, turn.portfolio);
  trim.bind(2, turn_count_max);
  trim.exec();
  return {};
}

Result<void> change_turn(SQLite::Database& database, const Turn& turn) {
  if (auto good = check_turn(turn); !good) return good;
  SQLite::Statement update(database,
                           "UPDATE turns SET due_at = ?3, state = ?4, attempts = ?5, next_attempt_at = ?6, started_at "
                           "= ?7, finished_at = ?8, run_id = ?9, outcome = ?10, reason = ?11 WHERE portfolio = ?1 AND "
                           "session = ?2");
  bind_turn(update, turn);
  if (update.exec() == 1) return {};
  return fail(ErrorCode::not_found, "session {} of {} has no turn", turn.session.to_string(), turn.portfolio);
}

Result<std::optional<Turn>> find_turn(SQLite::Database& database, const std::string& portfolio, Date session) {
  return first_of(rows_of(database, "WHERE portfolio = ?1 AND session = ?2", portfolio, session.days()));
}

Result<std::vector<Turn>> find_open_turns(SQLite::Database& database, const std::string& portfolio) {
  return rows_of(database, "WHERE portfolio = ?1 AND state IN ('running', 'waiting') ORDER BY session", portfolio);
}

Result<std::vector<Turn>> find_turns(SQLite::Database& database, const std::string& portfolio, int count_max) {
  return rows_of(database, "WHERE portfolio = ?1 ORDER BY session DESC LIMIT max(0, ?2)", portfolio, count_max);
}

Result<std::optional<Turn>> find_last_turn(SQLite::Database& database, const std::string& portfolio, Date until) {
  return first_of(rows_of(database, "WHERE portfolio = ?1 AND session <= ?2 ORDER BY session DESC LIMIT 1", portfolio,
                          until.days()));
}

Result<std::optional<Instant>> find_owed_since(SQLite::Database& database, const std::string& portfolio) {
  const auto read = [](SQLite::Statement& row) -> Result<Instant> {
    return Instant::from_nanoseconds(row.getColumn(0).getInt64());
  };
  return first_of(find_rows<Instant>(database, "SELECT since FROM turns_owed WHERE portfolio = ?1", read, portfolio));
}

void change_owed_since(SQLite::Database& database, const std::string& portfolio, std::optional<Instant> since) {
  SQLite::Statement statement(database, since ? "INSERT OR REPLACE INTO turns_owed (portfolio, since) VALUES (?1, ?2)"
                                              : "DELETE FROM turns_owed WHERE portfolio = ?1");
  statement.bind(1, portfolio);
  if (since) statement.bind(2, since->nanoseconds());
  statement.exec();
}

}  // namespace rebalancer::sqlite
