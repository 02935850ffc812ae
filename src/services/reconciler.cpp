#include "services/reconciler.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "services/executor.hpp"

namespace rebalancer {
namespace {

constexpr std::string_view own_prefix = "rb-";

// What is booked for a day may be told a day later, and a long weekend has no days.
constexpr std::int64_t movement_days_back = 7;

void compare_books(const Book& expected, const Book& actual, Reconciliation& told) {
  std::set<Symbol> symbols;
  for (const Book* book : {&expected, &actual}) {
    for (const Position& position : book->positions) symbols.insert(position.symbol);
  }
  told.positions_compared = symbols.size();
  for (const Symbol& symbol : symbols) {
    const Quantity wanted = expected.quantity_of(symbol);
    const Quantity held = actual.quantity_of(symbol);
    if (wanted == held) continue;
    told.gaps.push_back({"position", symbol.str(), wanted.to_string(), held.to_string(),
                         fmt::format("{}: the account holds {}, by the journal it must be {}", symbol, held.to_string(),
                                     wanted.to_string())});
  }
  if (expected.cash == actual.cash) return;
  told.gaps.push_back(
      {"cash", actual.cash.currency().to_string(), expected.cash.amount().to_string(), actual.cash.amount().to_string(),
       fmt::format("cash is {}, by the journal it must be {}", actual.cash.to_string(), expected.cash.to_string())});
}

bool agree(const Book& a, const Book& b) {
  return a.cash == b.cash && a.positions.size() == b.positions.size() &&
         std::equal(
             a.positions.begin(), a.positions.end(), b.positions.begin(),
             [](const Position& x, const Position& y) { return x.symbol == y.symbol && x.quantity == y.quantity; });
}

Result<void> apply(const AccountMovement& movement, Book& book) {
  auto cash = add(book.cash, movement.cash);
  if (!cash) return fail(cash.error());
  book.cash = *cash;
  if (!movement.symbol || movement.quantity == Quantity()) return {};
  auto place = std::lower_bound(book.positions.begin(), book.positions.end(), *movement.symbol,
                                [](const Position& held, const Symbol& symbol) { return held.symbol < symbol; });
  if (place == book.positions.end() || place->symbol != *movement.symbol) {
    place = book.positions.insert(place, {*movement.symbol, Quantity()});
  }
  auto quantity = add(place->quantity.decimal(), movement.quantity.decimal());
  if (!quantity) return fail(quantity.error());
  place->quantity = Quantity(*quantity);
  if (place->quantity == Quantity()) book.positions.erase(place);
  return {};
}

// The broker books in an order of its own, so the account has seen everything up to some movement and nothing after it:
// the fewest of the newest ones with which the books agree. When none do, the gaps are what those booked since leave.
Result<void> compare_accounts(const ExpectedBook& expected, BrokerView& broker, Reconciliation& told) {
  if (agree(expected.book, told.book)) {
    compare_books(expected.book, told.book, told);
    return {};
  }
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  auto moved =
      broker.movements(Instant::from_nanoseconds(expected.seen_at.nanoseconds() - movement_days_back * day_ns));
  if (!moved) return fail(moved.error());
  Book book = expected.book;
  if (*moved) {
    Book since = expected.book;
    for (auto movement = (*moved)->rbegin(); movement != (*moved)->rend(); ++movement) {
      if (auto applied = apply(*movement, book); !applied) return applied;
      if (movement->at > expected.seen_at) since = book;
      if (!agree(book, told.book)) continue;
      told.explained_by.assign((movement + 1).base(), (*moved)->end());
      break;
    }
    if (told.explained_by.empty()) book = std::move(since);
  }
  compare_books(book, told.book, told);
  return {};
}

std::string standing(const OrderReport& report) {
  return fmt::format("{}, {} filled", name_of(report.state), report.filled.to_string());
}

// One order that the journal has open or that the last run sent.
Result<void> compare_order(const OrderRecord& record, BrokerView& broker, RunStore& store, bool can_look_up,
                           Reconciliation& told) {
  ++told.orders_compared;
  const std::string& id = record.order.client_id;
  if (can_look_up) {
    auto found = broker.find_order(id);
    if (!found && found.error().code != ErrorCode::not_found) return fail(found.error());
    if (!found && record.report.filled.decimal().is_positive()) {
      told.gaps.push_back(
          {"order", id, standing(record.report), "",
           fmt::format("order {}: the broker does not know it, the journal says {}", id, standing(record.report))});
    }
    if (found && (is_terminal(found->state) != is_terminal(record.state) || found->filled != record.report.filled)) {
      told.gaps.push_back(
          {"order", id, standing(record.report), standing(*found),
           fmt::format("order {}: the broker says {}, the journal {}", id, standing(*found), standing(record.report))});
    }
    if (!found) return {};
  }
  auto actual = broker.fills(id);
  if (!actual) return actual.error().code == ErrorCode::not_found ? Result<void>() : fail(actual.error());
  auto known = store.fills_of(id);
  if (!known) return fail(known.error());
  std::map<std::string, const Fill*> by_id;
  for (const Fill& fill : *known) by_id.emplace(fill.id, &fill);
  for (const Fill& fill : *actual) {
    ++told.fills_compared;
    const std::string here = fmt::format("{} at {}", fill.quantity.to_string(), fill.price.to_string());
    const auto match = by_id.find(fill.id);
    if (match == by_id.end()) {
      told.gaps.push_back({"fill", fill.id, "", here,
                           fmt::format("fill {} of order {}: {}, which the journal lacks", fill.id, id, here)});
      continue;
    }
    const Fill& kept = *match->second;
    if (kept.quantity != fill.quantity || kept.price != fill.price || kept.fee != fill.fee) {
      const std::string there = fmt::format("{} at {}", kept.quantity.to_string(), kept.price.to_string());
      told.gaps.push_back({"fill", fill.id, there, here,
                           fmt::format("fill {} of order {}: the broker says {}, the "
                                       "journal {}",
                                       fill.id, id, here, there)});
    }
    by_id.erase(match);
  }
  for (const auto& [fill_id, fill] : by_id) {
    const std::string there = fmt::format("{} at {}", fill->quantity.to_string(), fill->price.to_string());
    told.gaps.push_back(
        {"fill", fill_id, there, "",
         fmt::format("fill {} of order {}: {} by the journal, the broker does not tell it", fill_id, id, there)});
  }
  return {};
}

// Every order that the journal has open, and those of the last run.
Result<void> compare_orders(BrokerView& broker, RunStore& store, const BrokerCapabilities& able, Reconciliation& told) {
  std::map<std::string, OrderRecord> to_compare;
  auto open = store.open_orders();
  if (!open) return fail(open.error());
  auto latest = store.orders_of(told.seen_by);
  if (!latest) return fail(latest.error());
  for (auto* records : {&*open, &*latest}) {
    // What never left is at no broker.
    for (const OrderRecord& record : *records) {
      const bool never_left = record.state == OrderState::intent ||
                              (record.state == OrderState::cancelled && record.report.broker_id.empty());
      if (!never_left) to_compare.emplace(record.order.client_id, record);
    }
  }
  const bool can_look_up = able.lookup == BrokerCapabilities::Lookup::by_client_id;
  for (const auto& [id, record] : to_compare) {
    if (auto compared = compare_order(record, broker, store, can_look_up, told); !compared) {
      return compared;
    }
  }
  return {};
}

}  // namespace

Result<Reconciliation> reconcile(BrokerView& broker, RunStore& store, const std::string& portfolio,
                                 ReconcileScope scope, const std::optional<ExpectedBook>& unsealed) {
  auto able = broker.capabilities();
  if (!able) return fail(able.error());
  auto actual = read_book(broker);
  if (!actual) return fail(actual.error());
  Reconciliation told{.gaps = {}, .explained_by = {}, .book = *std::move(actual)};
  auto open = store.open_orders();
  if (!open) return fail(open.error());
  told.orders_open = !open->empty();
  auto expected = store.expected_book(portfolio);
  if (!expected) return fail(expected.error());
  if (!*expected) *expected = unsealed;
  if (*expected) {
    told.has_expectation = true;
    told.seen_by = (*expected)->run_id;
    told.seen_at = (*expected)->seen_at;
    if (auto compared = compare_accounts(**expected, broker, told); !compared) return fail(compared.error());
  }
  if (scope == ReconcileScope::everything) {
    if (auto compared = compare_orders(broker, store, *able, told); !compared) return fail(compared.error());
  }
  auto working = broker.open_orders();
  if (!working) return fail(working.error());
  for (const OrderReport& report : *working) {
    auto known = store.order(report.client_id);
    if (!known) return fail(known.error());
    if (*known) continue;
    const bool ours = report.client_id.starts_with(own_prefix);
    told.gaps.push_back({"order", report.client_id, "", standing(report),
                         fmt::format("order \"{}\" is open at the broker ({}), and not in the journal{}",
                                     report.client_id, standing(report), ours ? "" : ": somebody else placed it")});
  }
  return told;
}

std::vector<AccountMovement> share_movements(const Reconciliation& told) {
  std::vector<AccountMovement> shares;
  for (const AccountMovement& movement : told.explained_by) {
    if (movement.symbol && movement.quantity != Quantity()) shares.push_back(movement);
  }
  return shares;
}

Result<void> check_accept_reason(std::string_view reason) {
  if (reason.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return fail(ErrorCode::invalid, "an account is taken as it is only with a reason, and this one is blank");
  }
  if (reason.size() > accept_reason_size_max) {
    return fail(ErrorCode::invalid, "the reason has {} bytes, at most {} are kept", reason.size(),
                accept_reason_size_max);
  }
  return {};
}

std::string summary_of(const Reconciliation& told) {
  if (told.gaps.empty()) return "the account is what the journal says";
  const std::string& first = told.gaps.front().sentence;
  return told.gaps.size() == 1 ? first : fmt::format("{}; and {} more", first, told.gaps.size() - 1);
}

}  // namespace rebalancer
