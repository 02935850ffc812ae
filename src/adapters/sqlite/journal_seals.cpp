#include "adapters/sqlite/journal_seals.hpp"

#include "adapters/sqlite/journal_rows.hpp"

namespace rebalancer::sqlite {
namespace {

bool is_digest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

const std::string seal_columns = "SELECT sequence, run_id, sha256, previous FROM seals ";

Result<SealRecord> seal_in(SQLite::Statement& row) {
  SealRecord seal;
  seal.sequence = row.getColumn(0).getInt64();
  seal.run_id = row.getColumn(1).getString();
  seal.sha256 = row.getColumn(2).getString();
  seal.previous = row.getColumn(3).getString();
  return seal;
}

Result<JournalOwner> owner_in(SQLite::Statement& row) {
  JournalOwner owner;
  owner.broker = row.getColumn(0).getString();
  owner.account = row.getColumn(1).getString();
  owner.real_money = row.getColumn(2).getInt() == 1;
  return owner;
}

std::string described(const JournalOwner& owner) {
  return fmt::format("{} account \"{}\" at {}", owner.real_money ? "real money" : "paper", owner.account, owner.broker);
}

}  // namespace

Result<void> check_seal(const SealRecord& seal, const std::string& run_id) {
  if (seal.run_id != run_id) return fail(ErrorCode::invalid, "a seal is of run {}, must be of {}", seal.run_id, run_id);
  for (const std::string& digest : {seal.sha256, seal.previous}) {
    if (!is_digest(digest)) {
      return fail(ErrorCode::invalid, "a digest in the seal of run {} is \"{}\", must be 64 hex digits", run_id,
                  digest);
    }
  }
  return {};
}

Result<void> append_seal(SQLite::Database& database, const SealRecord& seal) {
  auto last = find_last_seal(database);
  if (!last) return fail(last.error());
  const std::int64_t sequence = *last ? (*last)->sequence + 1 : 1;
  const std::string previous = *last ? (*last)->sha256 : std::string(64, '0');
  if (seal.sequence != sequence || seal.previous != previous) {
    return fail(ErrorCode::conflict, "seal {} of run {} follows {}, the journal's next is seal {} and follows {}",
                seal.sequence, seal.run_id, seal.previous, sequence, previous);
  }
  SQLite::Statement statement(database,
                              "INSERT INTO seals (sequence, run_id, sha256, previous) VALUES (?1, ?2, ?3, ?4)");
  statement.bind(1, seal.sequence);
  statement.bind(2, seal.run_id);
  statement.bind(3, seal.sha256);
  statement.bind(4, seal.previous);
  statement.exec();
  return {};
}

Result<std::optional<SealRecord>> find_last_seal(SQLite::Database& database) {
  return first_of(find_rows<SealRecord>(database, seal_columns + "ORDER BY sequence DESC LIMIT 1", &seal_in));
}

Result<std::vector<SealRecord>> find_seals(SQLite::Database& database) {
  return find_rows<SealRecord>(database, seal_columns + "ORDER BY sequence", &seal_in);
}

Result<bool> take_ownership(SQLite::Database& database, const JournalOwner& owner) {
  auto known = first_of(find_rows<JournalOwner>(database, "SELECT broker, account, real_money FROM owner", &owner_in));
  if (!known) return fail(known.error());
  if (*known) {
    if (**known == owner) return false;
    return fail(ErrorCode::conflict, "the journal holds orders of {}, not of {}: name another journal.path",
                described(**known), described(owner));
  }
  // Version 1 did not write down whose orders they were.
  if (owner.real_money && database.execAndGet("SELECT EXISTS (SELECT 1 FROM orders)").getInt() == 1) {
    return fail(ErrorCode::conflict,
                "the journal holds orders of an account it does not name, not surely of {}: name another journal.path",
                described(owner));
  }
  SQLite::Statement statement(database, "INSERT INTO owner (only, broker, account, real_money) VALUES (1, ?1, ?2, ?3)");
  statement.bind(1, owner.broker);
  statement.bind(2, owner.account);
  statement.bind(3, owner.real_money ? 1 : 0);
  statement.exec();
  return true;
}

}  // namespace rebalancer::sqlite
