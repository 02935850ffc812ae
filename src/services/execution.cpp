#include "services/execution.hpp"

#include <algorithm>

namespace rebalancer {
namespace {

// What a buy takes at most: its value at the limit, and all costs.
Result<Decimal> cost_at_limit(const PlannedOrder& planned, Quantity quantity) {
  auto value = multiply(quantity.decimal(), planned.limit.decimal(), Rounding::ceiling);
  if (!value) return value;
  return add(*value, planned.cost_max.amount());
}

}  // namespace

Execution::Execution(Parts parts, std::string run_id, std::vector<Leg> legs, Money cash_before, Decimal cash_floor)
    : parts_(parts),
      run_id_(std::move(run_id)),
      legs_(std::move(legs)),
      cash_before_(cash_before),
      cash_floor_(cash_floor),
      desk_(parts.gate, parts.store, parts.clock, parts.events, parts.settings, parts.capabilities, run_id_) {
  for (const Leg& leg : legs_) {
    tickets_.emplace_back(leg.record.order, leg.record.report, leg.planned.reference, leg.price_age_sessions);
    tickets_.back().sent = leg.record.state != OrderState::intent && leg.record.report.state != OrderState::cancelled;
  }
}

Result<ExecutionSummary> Execution::run(std::stop_token stop) {
  auto sent = recover_what_was_sent();
  if (sent) sent = send_all(stop);
  if (!sent && !anything_sent()) return fail(sent.error());
  ExecutionSummary told = summary();
  if (!sent) {
    told.journal_error = sent.error();
    parts_.events.emit(EventLevel::error, "journal_failed", sent.error().message, {{"run_id", run_id_}});
    for (ExecutedOrder& order : told.orders) {
      if (order.report.state != OrderState::intent) continue;
      order.report.state = OrderState::cancelled;
      order.report.reason = "not sent: " + sent.error().message;
    }
  }
  return told;
}

// Before anything new is sent: what an earlier process may have sent.
Result<void> Execution::recover_what_was_sent() {
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    Ticket& ticket = tickets_[i];
    auto fills = parts_.store.fills_of(ticket.order.client_id);
    if (!fills) return fail(fills.error());
    ticket.count(*fills);
    if (!ticket.is_ambiguous()) continue;
    if (auto recovered = desk_.recover(ticket); !recovered) return recovered;
  }
  return {};
}

Result<void> Execution::send_all(std::stop_token stop) {
  bool sells_finished = false;
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    parts_.events.progress("orders", i, tickets_.size());
    if (tickets_[i].order.side == Side::buy && !sells_finished) {
      if (auto finished = finish(Side::sell, stop); !finished) return finished;
      sells_finished = true;
    }
    if (tickets_[i].report.state != OrderState::intent) continue;
    auto why_not = obstacle(i, stop);
    if (!why_not) return fail(why_not.error());
    auto done = *why_not ? desk_.leave_out(tickets_[i], **why_not) : desk_.send(tickets_[i], stop);
    if (!done) return done;
  }
  for (const Side side : {Side::sell, Side::buy}) {
    if (auto finished = finish(side, stop); !finished) return finished;
  }
  parts_.events.progress("orders", tickets_.size(), tickets_.size());
  return complete_fills();
}

Result<std::optional<std::string>> Execution::obstacle(std::size_t place, std::stop_token stop) {
  if (stop.stop_requested()) return std::optional<std::string>("not sent: stopped on request");
  if (auto doubt = doubt_obstacle()) return doubt;
  if (tickets_[place].order.side == Side::sell) return std::optional<std::string>();
  auto cash = cash_obstacle(place, stop);
  if (!cash || *cash) return cash;
  // Waiting for cash may have ended with an order in doubt.
  return doubt_obstacle();
}

std::optional<std::string> Execution::doubt_obstacle() const {
  const auto doubtful =
      std::find_if(tickets_.begin(), tickets_.end(), [](const Ticket& ticket) { return ticket.is_ambiguous(); });
  if (doubtful == tickets_.end()) return std::nullopt;
  return fmt::format("not sent: the outcome of the {} of {} before it is not known", name_of(doubtful->order.side),
                     doubtful->order.symbol);
}

Result<std::optional<std::string>> Execution::cash_obstacle(std::size_t place, std::stop_token stop) {
  const auto cost = cost_at_limit(legs_[place].planned, legs_[place].planned.quantity);
  if (!cost) return std::optional<std::string>("not sent: " + cost.error().message);
  // Open buys are counted at their limits; only if that is too much are they waited for.
  for (const bool waited : {false, true}) {
    if (waited) {
      const bool open = std::any_of(tickets_.begin(), tickets_.end(), [](const Ticket& t) { return t.is_open(); });
      if (!open) break;
      if (auto finished = finish(Side::buy, stop); !finished) return fail(finished.error());
      if (stop.stop_requested()) return std::optional<std::string>("not sent: stopped on request");
    }
    const auto cash = free_cash(stop);
    if (!cash) return std::optional<std::string>("not sent: the cash is not known: " + cash.error().message);
    const auto left = subtract(*cash, *cost);
    if (left && *left >= cash_floor_) return std::optional<std::string>();
  }
  const auto cash = free_cash(stop);
  return std::optional<std::string>(fmt::format("not sent: it may cost {}, {} is there and {} must stay",
                                                cost->to_string(), cash ? cash->to_string() : "an amount not known",
                                                cash_floor_.to_string()));
}

Result<Decimal> Execution::free_cash(std::stop_token stop) {
  const auto expected = expected_cash();
  if (!expected) return expected;
  const auto started = parts_.clock.monotonic();
  Result<Decimal> free = fail(ErrorCode::unavailable, "the broker was not asked");
  while (true) {
    const auto account = parts_.gate.view().account();
    if (account && account->cash.currency() != cash_before_.currency()) {
      return fail(ErrorCode::invalid, "the account is in {} now", account->cash.currency().to_string());
    }
    if (account) {
      const auto taken = bespoken();
      free = taken ? subtract(account->cash.amount(), *taken) : taken;
      if (!free || account->cash.amount() >= *expected) return free;
    } else {
      free = fail(account.error());
    }
    if (parts_.clock.monotonic() - started >= parts_.settings.cash_timeout) return free;
    if (!parts_.clock.wait(parts_.settings.poll_interval, stop)) return free;
  }
}

// What the reports so far make of the cash, if the broker's books had caught up with them.
Result<Decimal> Execution::expected_cash() const {
  Decimal cash = cash_before_.amount();
  for (const Ticket& ticket : tickets_) {
    const OrderReport& report = ticket.report;
    if (!report.average_price) continue;
    const bool buys = ticket.order.side == Side::buy;
    // Averages are rounded: expect no more than there can be.
    const auto price = subtract(report.average_price->decimal(), Decimal::from_billionths(buys ? -1 : 1));
    if (!price) return price;
    const auto value = multiply(report.filled.decimal(), *price, buys ? Rounding::ceiling : Rounding::floor);
    if (!value) return value;
    const auto changed = buys ? subtract(cash, *value) : add(cash, *value);
    if (!changed) return changed;
    const auto paid = subtract(*changed, report.fee);
    if (!paid) return paid;
    cash = *paid;
  }
  return cash;
}

Result<Decimal> Execution::bespoken() const {
  Decimal total;
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    const Ticket& ticket = tickets_[i];
    // What is in doubt may still fill.
    if (ticket.order.side != Side::buy || !(ticket.is_open() || ticket.is_ambiguous())) continue;
    const auto rest = subtract(ticket.order.quantity.decimal(), ticket.report.filled.decimal());
    if (!rest) return rest;
    const auto cost = cost_at_limit(legs_[i].planned, Quantity(*rest));
    if (!cost) return cost;
    const auto more = add(total, *cost);
    if (!more) return more;
    total = *more;
  }
  return total;
}

Result<void> Execution::finish(Side side, std::stop_token stop) {
  std::vector<Ticket*> open;
  for (Ticket& ticket : tickets_) {
    if (ticket.order.side == side && ticket.is_open()) open.push_back(&ticket);
  }
  return desk_.finish(open, stop);
}

// A report may be ahead of the list of fills.
Result<void> Execution::complete_fills() {
  for (Ticket& ticket : tickets_) {
    for (int attempt = 0; attempt < parts_.settings.lookups_max && ticket.fills < ticket.report.filled; ++attempt) {
      if (attempt > 0) parts_.clock.wait(parts_.settings.poll_interval, {});
      if (auto collected = desk_.collect_fills(ticket); !collected) return collected;
    }
    if (ticket.fills == ticket.report.filled) continue;
    parts_.events.emit(EventLevel::warning, "fills_incomplete",
                       fmt::format("order {}: {} filled, its fills sum to {}", ticket.order.client_id,
                                   ticket.report.filled.to_string(), ticket.fills.to_string()),
                       {{"run_id", run_id_}, {"order", ticket.order.client_id}});
  }
  return {};
}

bool Execution::anything_sent() const {
  return std::any_of(tickets_.begin(), tickets_.end(), [](const Ticket& ticket) { return ticket.sent; });
}

ExecutionSummary Execution::summary() const {
  ExecutionSummary told{{}, Money(Decimal(), cash_before_.currency()), false, false, std::nullopt};
  Decimal fees;
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    told.orders.push_back({legs_[i].planned, tickets_[i].report});
    told.ambiguous = told.ambiguous || tickets_[i].is_ambiguous();
    told.refused = told.refused || tickets_[i].refused;
    fees = add(fees, tickets_[i].report.fee).value_or(fees);
  }
  told.cost = Money(fees, cash_before_.currency());
  return told;
}

}  // namespace rebalancer
