#include "services/reconciler.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "services/executor.hpp"

namespace rebalancer {
namespace {

constexpr std::string_view own_prefix = "rb-";

void compare_books(const Book& expected, const Book& actual, Reconciliation& told) {
  std::set<Symbol> symbols;
  for (const Book* book : {&expected, &actual}) {
    for (const Position& position : book->positions) symbols.insert(position.symbol);
  }
  for (const Symbol& symbol : symbols) {
    ++told.positions_compared;
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

}  // namespace

Result<Reconciliation> reconcile(BrokerView& broker, RunStore& store, const std::string& portfolio) {
  Reconciliation told;
  auto able = broker.capabilities();
  if (!able) return fail(able.error());
  auto actual = read_book(broker);
  if (!actual) return fail(actual.error());
  auto expected = store.expected_book(portfolio);
  if (!expected) return fail(expected.error());
  if (*expected) {
    told.has_expectation = true;
    told.seen_by = (*expected)->run_id;
    told.seen_at = (*expected)->seen_at;
    compare_books((*expected)->book, *actual, told);
  }

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
  const bool can_look_up = able->lookup == BrokerCapabilities::Lookup::by_client_id;
  for (const auto& [id, record] : to_compare) {
    if (auto compared = compare_order(record, broker, store, can_look_up, told); !compared) {
      return fail(compared.error());
    }
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

}  // namespace rebalancer
