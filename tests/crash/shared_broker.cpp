#include "shared_broker.hpp"

#include <algorithm>
#include <cstring>

#include "services/gate.hpp"
#include "steps.hpp"

namespace rebalancer::crash {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::string_view text_of(const Word& word) { return word.data(); }

std::int64_t product(std::int64_t quantity, std::int64_t price, Rounding rounding) {
  return multiply(Decimal::from_billionths(quantity), Decimal::from_billionths(price), rounding).value().billionths();
}

bool is_open(const HeldOrder& order) { return !is_terminal(order.state); }

void fill(BrokerBooks& books, HeldOrder& order, HeldPart& part) {
  const std::int64_t value = product(part.quantity, books.mark.at(order.symbol), Rounding::half_even);
  const bool buys = order.side == Side::buy;
  books.shares.at(order.symbol) += buys ? part.quantity : -part.quantity;
  books.cash += (buys ? -value : value) - part.fee;
  books.lowest_cash = std::min(books.lowest_cash, books.cash);
  order.filled += part.quantity;
  order.fee += part.fee;
  order.state = order.filled == order.quantity ? OrderState::filled : OrderState::partial;
  part.done = true;
}

}  // namespace

void put(Word& word, std::string_view text) {
  word.fill('\0');
  std::memcpy(word.data(), text.data(), std::min(text.size(), word.size() - 1));
}

void catch_up(World& world) {
  for (std::size_t i = 0; i < world.books.orders; ++i) {
    HeldOrder& order = world.books.order.at(i);
    for (std::size_t p = 0; p < order.parts; ++p) {
      HeldPart& part = order.part.at(p);
      const bool cancelled_first = order.cancelled_at != 0 && order.cancelled_at < part.at;
      if (is_open(order) && !part.done && part.at <= world.now && !cancelled_first) fill(world.books, order, part);
    }
    if (is_open(order) && order.cancelled_at != 0 && order.cancelled_at <= world.now) {
      order.state = OrderState::cancelled;
    }
  }
}

std::vector<Fill> fills_of(const BrokerBooks& books, const HeldOrder& order) {
  std::vector<Fill> fills;
  for (std::size_t p = 0; p < order.parts; ++p) {
    const HeldPart& part = order.part.at(p);
    if (!part.done) continue;
    fills.push_back({fmt::format("f{}-{}", &order - books.order.data() + 1, p + 1),
                     std::string(text_of(order.client_id)),
                     Symbol::parse(text_of(books.symbol.at(order.symbol))).value(), order.side,
                     Quantity(Decimal::from_billionths(part.quantity)),
                     Price::make(Decimal::from_billionths(books.mark.at(order.symbol))).value(),
                     Money(Decimal::from_billionths(part.fee), Currency::usd()), Instant::from_nanoseconds(part.at)});
  }
  return fills;
}

SharedBroker::Fault SharedBroker::draw_fault() {
  if (static_cast<int>(world_.random.below(100)) >= world_.fault_percent) return Fault::none;
  // A refusal ends a leg for good: rare, or few trials would say anything about the positions.
  if (world_.random.below(40) == 0) return Fault::refused;
  return static_cast<Fault>(1 + world_.random.below(8));
}

// Of what only looks, a part of the requests fails: else no run would get as far as an order.
bool SharedBroker::unlucky(int divisor) {
  const bool bad = static_cast<int>(world_.random.below(100)) < world_.fault_percent / divisor;
  if (bad) ++world_.requests_failed;
  return bad;
}

// Nobody knows that there will be no answer before they have waited for it.
Error SharedBroker::silence() {
  world_.now += 10 * second;
  return {ErrorCode::timeout, "no answer within 10 s"};
}

Error SharedBroker::misfortune() {
  switch (world_.random.below(3)) {
    case 0:
      return silence();
    case 1:
      return {ErrorCode::exhausted, "429"};
    default:
      return {ErrorCode::unavailable, "503"};
  }
}

void SharedBroker::arrive() {
  step();
  world_.now += second / 100;
  catch_up(world_);
}

HeldOrder* SharedBroker::held(std::string_view client_id) {
  BrokerBooks& books = world_.books;
  for (std::size_t i = 0; i < books.orders; ++i) {
    if (text_of(books.order.at(i).client_id) == client_id) return &books.order.at(i);
  }
  return nullptr;
}

bool SharedBroker::removes(const HeldOrder& first) const {
  switch (can_.dedupe) {
    case BrokerCapabilities::Dedupe::none:
      return false;
    case BrokerCapabilities::Dedupe::window:
      return world_.now - first.accepted_at <= can_.dedupe_window_s * second;
    case BrokerCapabilities::Dedupe::permanent:
      return true;
  }
  return false;
}

HeldOrder& SharedBroker::accept(const Order& order) {
  BrokerBooks& books = world_.books;
  HeldOrder& held = books.order.at(books.orders);
  held = HeldOrder();
  put(held.client_id, order.client_id);
  const auto symbol = std::find_if(books.symbol.begin(), books.symbol.end(),
                                   [&](const Word& word) { return text_of(word) == order.symbol.str(); });
  held.symbol = static_cast<std::size_t>(symbol - books.symbol.begin());
  held.side = order.side;
  held.quantity = order.quantity.decimal().billionths();
  held.accepted_at = world_.now;
  // Half of them are there at once. A broker that is searched by tag promises nothing.
  const std::int64_t lag = can_.lookup_lag_s * second;
  held.visible_at = world_.now;
  if (world_.fault_percent > 0 && world_.random.below(2) == 0) {
    held.visible_at += static_cast<std::int64_t>(world_.random.below(static_cast<std::uint64_t>(lag)));
    const bool by_tag = can_.lookup == BrokerCapabilities::Lookup::by_tag;
    if (by_tag && world_.random.below(8) == 0) held.visible_at = world_.now + 20 * lag;
  }
  // Whole shares, in one to four parts, within three seconds; under faults some come too late and are cancelled.
  const std::int64_t whole = held.quantity / Decimal::scale;
  held.parts = 1 + world_.random.below(parts_max);
  held.parts = std::min(held.parts, static_cast<std::size_t>(std::max<std::int64_t>(whole, 1)));
  const std::int64_t fee = product(held.quantity, books.mark.at(held.symbol), Rounding::half_even) / Decimal::scale *
                           can_.cost_rate.billionths();
  std::int64_t at = world_.now;
  std::int64_t quantity_left = held.quantity;
  std::int64_t fee_left = fee;
  for (std::size_t p = 0; p < held.parts; ++p) {
    HeldPart& part = held.part.at(p);
    const bool last = p + 1 == held.parts;
    at += static_cast<std::int64_t>(world_.random.below(3 * second));
    if (last && world_.fault_percent > 0 && world_.random.below(30) == 0) at += 200 * second;
    part.at = at;
    part.quantity = last ? quantity_left : whole / static_cast<std::int64_t>(held.parts) * Decimal::scale;
    part.fee = last ? fee_left : fee / static_cast<std::int64_t>(held.parts);
    quantity_left -= part.quantity;
    fee_left -= part.fee;
  }
  ++books.orders;  // last: from here on it exists
  return held;
}

OrderReport SharedBroker::report_of(const HeldOrder& order) const {
  OrderReport report;
  report.client_id = text_of(order.client_id);
  report.broker_id = fmt::format("b{}", &order - world_.books.order.data() + 1);
  report.state = order.state;
  report.filled = Quantity(Decimal::from_billionths(order.filled));
  report.fee = Decimal::from_billionths(order.fee);
  if (order.filled > 0) {
    report.average_price = Price::make(Decimal::from_billionths(world_.books.mark.at(order.symbol))).value();
  }
  if (order.state == OrderState::cancelled) report.reason = "cancelled by the client";
  return report;
}

Result<Account> SharedBroker::account() {
  arrive();
  if (unlucky(4)) return fail(misfortune());
  const Money cash(Decimal::from_billionths(world_.books.cash), Currency::usd());
  return Account{"crash", cash, Money(Decimal(), Currency::usd()), cash};
}

Result<std::vector<Position>> SharedBroker::positions() {
  arrive();
  if (unlucky(4)) return fail(misfortune());
  std::vector<Position> found;
  const BrokerBooks& books = world_.books;
  for (std::size_t i = 0; i < books.symbols; ++i) {
    if (books.shares.at(i) == 0) continue;
    found.push_back(
        {Symbol::parse(text_of(books.symbol.at(i))).value(), Quantity(Decimal::from_billionths(books.shares.at(i)))});
  }
  return found;
}

Result<OrderReport> SharedBroker::submit(const Order& order, const GatePass&) {
  arrive();
  if (world_.journal_failed) ++world_.sent_after_failure;
  const Fault fault = draw_fault();
  if (fault != Fault::none) ++world_.submits_failed;
  switch (fault) {
    case Fault::silent_before:
      return fail(silence());
    case Fault::down_before:
      return fail(ErrorCode::unavailable, "503");
    case Fault::reset_before:
      return fail(ErrorCode::unavailable, "connection reset");
    case Fault::too_many:
      return fail(ErrorCode::exhausted, "429");
    case Fault::refused:
      return fail(ErrorCode::rejected, "not allowed");
    default:
      break;
  }
  HeldOrder* first = held(order.client_id);
  const bool removed = first != nullptr && removes(*first);
  if (!removed) first = &accept(order);
  step();  // accepted, not answered
  if (removed && world_.refuses_duplicates) return fail(ErrorCode::conflict, "the client id must be unique");
  OrderReport report = report_of(*first);
  switch (fault) {
    case Fault::silent_after:
      return fail(silence());
    case Fault::down_after:
      return fail(ErrorCode::unavailable, "503");
    case Fault::reset_after:
      return fail(ErrorCode::unavailable, "connection reset");
    case Fault::garbage_after:
      report.filled = Quantity(Decimal::from_billionths(order.quantity.decimal().billionths() * 7));
      break;
    default:
      break;
  }
  step();  // answered, not written down
  return report;
}

Result<OrderReport> SharedBroker::find_order(std::string_view client_id) {
  arrive();
  if (can_.lookup == BrokerCapabilities::Lookup::none) return fail(ErrorCode::internal, "this broker has no look-up");
  if (unlucky(1)) return fail(misfortune());
  const HeldOrder* found = held(client_id);
  if (found == nullptr || !is_visible(*found)) return fail(ErrorCode::not_found, "no order {}", client_id);
  return report_of(*found);
}

Result<std::vector<OrderReport>> SharedBroker::open_orders() {
  arrive();
  if (unlucky(2)) return fail(misfortune());
  std::vector<OrderReport> found;
  for (std::size_t i = 0; i < world_.books.orders; ++i) {
    const HeldOrder& order = world_.books.order.at(i);
    if (is_open(order) && is_visible(order)) found.push_back(report_of(order));
  }
  return found;
}

Result<void> SharedBroker::cancel(std::string_view client_id) {
  arrive();
  const bool lost = unlucky(1);
  HeldOrder* found = held(client_id);
  if (lost && world_.random.below(2) == 0) return fail(misfortune());
  if (found == nullptr || !is_visible(*found)) return fail(ErrorCode::not_found, "no order {}", client_id);
  if (is_open(*found) && found->cancelled_at == 0) {
    const bool late = world_.fault_percent > 0 && world_.random.below(2) == 0;
    found->cancelled_at = world_.now + (late ? 5 * second : 0);
    catch_up(world_);
  }
  if (lost) return fail(misfortune());
  return {};
}

Result<std::vector<Fill>> SharedBroker::fills(std::string_view client_id) {
  arrive();
  if (unlucky(2)) return fail(misfortune());
  const HeldOrder* found = held(client_id);
  if (found == nullptr || !is_visible(*found)) return std::vector<Fill>();
  std::vector<Fill> told = fills_of(world_.books, *found);
  // Told again and in another order: brokers page, retry and restate.
  if (world_.random.below(3) == 0) std::reverse(told.begin(), told.end());
  return told;
}

}  // namespace rebalancer::crash
