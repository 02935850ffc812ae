#include "adapters/sqlite/journal_requests.hpp"

#include <algorithm>

#include "adapters/sqlite/journal_rows.hpp"

namespace rebalancer::sqlite {
namespace {

Result<std::optional<KeyedRequest>> find_request(SQLite::Database& database, const std::string& key,
                                                 std::int64_t of_earlier) {
  const auto read = [of_earlier](SQLite::Statement& row) -> Result<KeyedRequest> {
    return KeyedRequest{row.getColumn(1).getString(),
                        row.getColumn(2).getString(),
                        Instant::from_nanoseconds(row.getColumn(3).getInt64()),
                        row.getColumn(4).getInt(),
                        row.getColumn(5).getString(),
                        row.getColumn(6).getString(),
                        row.getColumn(0).getInt64() > of_earlier};
  };
  return first_of(find_rows<KeyedRequest>(
      database,
      "SELECT sequence, key, fingerprint, begun_at, status, content_type, body FROM keyed_requests WHERE key "
      "= ?1",
      read, key));
}

// What may be forgotten: all but what this process is at work on.
const std::string forgettable = "(status <> 0 OR sequence <= ?1)";

void forget_old(SQLite::Database& database, Instant forget_before, std::int64_t of_earlier) {
  SQLite::Statement statement(database, "DELETE FROM keyed_requests WHERE begun_at < ?2 AND " + forgettable);
  statement.bind(1, of_earlier);
  statement.bind(2, forget_before.nanoseconds());
  statement.exec();
}

Result<void> make_room(SQLite::Database& database, std::int64_t of_earlier) {
  const auto count = database.execAndGet("SELECT count(*) FROM keyed_requests").getInt64();
  const auto excess = count + 1 - static_cast<std::int64_t>(RequestStore::key_count_max);
  if (excess <= 0) return {};
  SQLite::Statement statement(
      database, "DELETE FROM keyed_requests WHERE sequence IN (SELECT sequence FROM keyed_requests WHERE " +
                    forgettable + " ORDER BY sequence LIMIT ?2)");
  statement.bind(1, of_earlier);
  statement.bind(2, excess);
  if (statement.exec() == excess) return {};
  return fail(ErrorCode::exhausted, "{} requests with a key are begun and not answered, must be fewer", count);
}

}  // namespace

std::int64_t last_request(SQLite::Database& database) {
  return database.execAndGet("SELECT coalesce(max(sequence), 0) FROM keyed_requests").getInt64();
}

Result<std::optional<KeyedRequest>> open_request(SQLite::Database& database, const KeyedRequest& request,
                                                 Instant forget_before, std::int64_t of_earlier) {
  if (request.key.empty())
    return fail(ErrorCode::invalid, "a request's key is empty, must have at least one character");
  forget_old(database, forget_before, of_earlier);
  auto known = find_request(database, request.key, of_earlier);
  if (!known || *known) return known;
  if (auto room = make_room(database, of_earlier); !room) return fail(room.error());
  // Numbers of before are not given again, though their rows may be gone.
  SQLite::Statement insert(database,
                           "INSERT INTO keyed_requests (sequence, key, fingerprint, begun_at, status, content_type, "
                           "body) VALUES (?1, ?2, ?3, ?4, 0, '', '')");
  insert.bind(1, std::max(of_earlier, last_request(database)) + 1);
  insert.bind(2, request.key);
  insert.bind(3, request.fingerprint);
  insert.bind(4, request.begun_at.nanoseconds());
  insert.exec();
  return std::optional<KeyedRequest>();
}

Result<void> answer_request(SQLite::Database& database, const KeyedRequest& answer) {
  if (answer.status < 100 || answer.status > 599) {
    return fail(ErrorCode::invalid, "the answer to request {} has status {}, must be between 100 and 599", answer.key,
                answer.status);
  }
  if (answer.body.size() > RequestStore::answer_size_max) {
    return fail(ErrorCode::invalid, "the answer to request {} has {} bytes, must have at most {}", answer.key,
                answer.body.size(), RequestStore::answer_size_max);
  }
  auto known = find_request(database, answer.key, 0);
  if (!known) return fail(known.error());
  if (!*known) return fail(ErrorCode::not_found, "request {} was not begun", answer.key);
  if ((*known)->status != 0) return fail(ErrorCode::conflict, "request {} is answered already", answer.key);
  SQLite::Statement update(database,
                           "UPDATE keyed_requests SET status = ?2, content_type = ?3, body = ?4 WHERE key = ?1");
  update.bind(1, answer.key);
  update.bind(2, answer.status);
  update.bind(3, answer.content_type);
  update.bind(4, answer.body);
  update.exec();
  return {};
}

Result<void> drop_request(SQLite::Database& database, const std::string& key) {
  auto known = find_request(database, key, 0);
  if (!known) return fail(known.error());
  if (*known && (*known)->status != 0) return fail(ErrorCode::conflict, "request {} is answered already", key);
  SQLite::Statement statement(database, "DELETE FROM keyed_requests WHERE key = ?1");
  statement.bind(1, key);
  statement.exec();
  return {};
}

}  // namespace rebalancer::sqlite
