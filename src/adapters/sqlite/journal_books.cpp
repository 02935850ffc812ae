#include "adapters/sqlite/journal_books.hpp"

#include <algorithm>
#include <map>

#include "adapters/sqlite/journal_rows.hpp"
#include "core/portfolio/book_after.hpp"

namespace rebalancer::sqlite {
namespace {

struct SeenBook {
  ExpectedBook seen;
  std::int64_t fill_row = 0;
  std::int64_t event_row = 0;
};

struct Lacking {
  std::string client_id;
  Decimal quantity;
};

Result<Lacking> lacking_in(SQLite::Statement& row) {
  return Lacking{row.getColumn(0).getString(), Decimal::from_billionths(row.getColumn(1).getInt64())};
}

Result<SeenBook> book_in(SQLite::Statement& row) {
  auto cash = money_in(row, 2, 3);
  if (!cash) return fail(cash.error());
  return SeenBook{
      {Book{{}, *cash}, row.getColumn(0).getString(), Instant::from_nanoseconds(row.getColumn(1).getInt64())},
      row.getColumn(4).getInt64(),
      row.getColumn(5).getInt64()};
}

Result<Position> position_in(SQLite::Statement& row) {
  auto symbol = Symbol::parse(row.getColumn(0).getString());
  if (!symbol) return fail(symbol.error());
  return Position{*std::move(symbol), Quantity(Decimal::from_billionths(row.getColumn(1).getInt64()))};
}

// Told since, whichever run they are of, less what the book has seen: a report may have counted fills that were told
// only later. Those happened first.
Result<std::vector<Fill>> unseen_fills(SQLite::Database& database, const SeenBook& last) {
  auto lacking =
      find_rows<Lacking>(database,
                         "SELECT client_id, max(filled) - (SELECT coalesce(sum(quantity), 0) FROM fills WHERE "
                         "fills.client_id = order_events.client_id AND fills.rowid <= ?1) FROM order_events WHERE "
                         "sequence <= ?2 AND client_id IN (SELECT client_id FROM fills WHERE rowid > ?1) "
                         "GROUP BY client_id",
                         &lacking_in, last.fill_row, last.event_row);
  if (!lacking) return fail(lacking.error());
  std::map<std::string, Decimal> seen;
  for (const Lacking& order : *lacking) seen.emplace(order.client_id, order.quantity);
  auto fills = find_fills(database, "WHERE rowid > ?1 ORDER BY at, rowid", last.fill_row);
  if (!fills) return fail(fills.error());
  std::vector<Fill> unseen;
  for (Fill& fill : *fills) {
    Decimal& left = seen[fill.client_id];
    const Decimal part = std::clamp(left, Decimal(), fill.quantity.decimal());
    left = Decimal::from_billionths(left.billionths() - part.billionths());
    if (part == fill.quantity.decimal()) continue;
    fill.quantity = Quantity(Decimal::from_billionths(fill.quantity.decimal().billionths() - part.billionths()));
    unseen.push_back(std::move(fill));
  }
  return unseen;
}

}  // namespace

Result<void> check_book(const Book& book) {
  const auto unsorted = std::adjacent_find(book.positions.begin(), book.positions.end(),
                                           [](const Position& a, const Position& b) { return !(a.symbol < b.symbol); });
  if (unsorted != book.positions.end()) {
    return fail(ErrorCode::invalid, "{} is not before the position after it, must be sorted and each symbol once",
                unsorted->symbol);
  }
  for (const Position& position : book.positions) {
    if (position.quantity.decimal().is_zero()) {
      return fail(ErrorCode::invalid, "the position of {} is 0, must be left out", position.symbol);
    }
  }
  return {};
}

void insert_book(SQLite::Database& database, const std::string& run_id, const Book& book) {
  SQLite::Statement statement(database,
                              "INSERT INTO books (run_id, cash, currency, fill_row, event_row) "
                              "VALUES (?1, ?2, ?3, (SELECT coalesce(max(rowid), 0) FROM fills), "
                              "(SELECT coalesce(max(sequence), 0) FROM order_events))");
  statement.bind(1, run_id);
  statement.bind(2, book.cash.amount().billionths());
  statement.bind(3, book.cash.currency().to_string());
  statement.exec();
  SQLite::Statement line(database, "INSERT INTO book_positions (run_id, symbol, quantity) VALUES (?1, ?2, ?3)");
  for (const Position& position : book.positions) {
    line.bind(1, run_id);
    line.bind(2, position.symbol.str());
    line.bind(3, position.quantity.decimal().billionths());
    line.exec();
    line.reset();
  }
}

Result<std::optional<ExpectedBook>> find_expected_book(SQLite::Database& database, const std::string& portfolio) {
  auto last = first_of(
      find_rows<SeenBook>(database,
                          "SELECT books.run_id, runs.finished_at, books.cash, books.currency, "
                          "books.fill_row, books.event_row FROM seals JOIN books ON books.run_id = seals.run_id "
                          "JOIN runs ON runs.id = seals.run_id WHERE runs.portfolio = ?1 "
                          "ORDER BY seals.sequence DESC LIMIT 1",
                          &book_in, portfolio));
  if (!last) return fail(last.error());
  if (!*last) return std::optional<ExpectedBook>();
  ExpectedBook expected = std::move((*last)->seen);
  auto positions = find_rows<Position>(database, "SELECT symbol, quantity FROM book_positions WHERE run_id = ?1",
                                       &position_in, expected.run_id);
  if (!positions) return fail(positions.error());
  expected.book.positions = *std::move(positions);
  auto fills = unseen_fills(database, **last);
  if (!fills) return fail(fills.error());
  auto book = book_after(expected.book, *fills);
  if (!book) return fail(book.error());
  expected.book = *std::move(book);
  return std::optional<ExpectedBook>(std::move(expected));
}

}  // namespace rebalancer::sqlite
