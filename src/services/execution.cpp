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
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    parts_.events.progress("orders", i, tickets_.size());
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

// A buy goes out as soon as the account can pay for it. Until then whatever may bring cash is waited for: open sells,
// then open buys, which are counted at their limits and may take less, then the broker's books.
Result<std::optional<std::string>> Execution::cash_obstacle(std::size_t place, std::stop_token stop) {
  const auto cost = cost_at_limit(legs_[place].planned, legs_[place].planned.quantity);
  if (!cost) return std::optional<std::string>("not sent: " + cost.error().message);
  if (was_seen(*cost)) return std::optional<std::string>();
  std::optional<std::chrono::nanoseconds> books_since;
  while (true) {
    const auto lacks = shortage(*cost);
    if (!lacks) return std::optional<std::string>();
    if (stop.stop_requested()) return std::optional<std::string>("not sent: stopped on request");
    const bool sells_open = any_open(Side::sell);
    if (sells_open || any_open(Side::buy)) {
      bool pays = false;
      auto finished = finish(sells_open ? Side::sell : Side::buy, stop,
                             [&] { return pays = account_may_differ() && !shortage(*cost); });
      if (!finished) return fail(finished.error());
      if (pays) return std::optional<std::string>();
      if (auto doubt = doubt_obstacle()) return doubt;
      continue;
    }
    const auto now = parts_.clock.monotonic();
    if (!books_since) books_since = now;
    const bool in_vain = !account_may_differ() || waited_in_vain_at_ == filled_total();
    if (in_vain || now - *books_since >= parts_.settings.cash_timeout) {
      waited_in_vain_at_ = filled_total();
      return std::optional<std::string>("not sent: " + *lacks);
    }
    parts_.clock.wait(parts_.settings.poll_interval, stop);
  }
}

std::optional<std::string> Execution::shortage(Decimal cost) {
  filled_at_look_ = filled_total();
  books_lag_ = true;
  seen_.reset();
  const auto looked_at = parts_.clock.monotonic();
  const auto account = parts_.gate.view().account();
  if (!account) return "the cash is not known: " + account.error().message;
  if (account->cash.currency() != cash_before_.currency()) {
    return fmt::format("the cash is not known: the account is in {} now", account->cash.currency().to_string());
  }
  const auto expected = expected_cash();
  const auto taken = bespoken();
  if (!expected || !taken) return (expected ? taken : expected).error().message;
  // The books may be behind with what a buy took, as with what a sale brought: the lesser figure is what there is.
  const auto free = subtract(std::min(account->cash.amount(), *expected), *taken);
  const auto left = free ? subtract(*free, cost) : free;
  if (!left) return left.error().message;
  const bool sold = std::any_of(tickets_.begin(), tickets_.end(), [](const Ticket& ticket) {
    return ticket.order.side == Side::sell && ticket.report.filled.decimal().is_positive();
  });
  const bool may_be_spent = cost <= account->buying_power.amount();
  books_lag_ = account->cash.amount() < *expected || (!may_be_spent && sold);
  if (*left < cash_floor_) {
    return fmt::format("it may cost {}, {} is there and {} must stay", cost.to_string(), free->to_string(),
                       cash_floor_.to_string());
  }
  if (may_be_spent) {
    const auto within_power = subtract(account->buying_power.amount(), cost);
    const auto above_floor = subtract(*left, cash_floor_);
    if (within_power && above_floor) seen_ = Seen{std::min(*within_power, *above_floor), looked_at};
    return std::nullopt;
  }
  return fmt::format(
      "it may cost {}, and the broker lets {} be spent now (buying power; proceeds may not have settled)",
      cost.to_string(), account->buying_power.amount().to_string());
}

// Each buy that was let through is taken off at its worst, whatever it takes in the end; more comes with the next look.
bool Execution::was_seen(Decimal cost) {
  constexpr std::chrono::seconds look_lasts{1};
  if (!seen_ || parts_.clock.monotonic() - seen_->at > look_lasts) return false;
  const auto rest = subtract(seen_->to_spend, cost);
  if (!rest || rest->is_negative()) return false;
  seen_->to_spend = *rest;
  return true;
}

bool Execution::account_may_differ() const { return books_lag_ || filled_total() != filled_at_look_; }

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

bool Execution::any_open(Side side) const {
  return std::any_of(tickets_.begin(), tickets_.end(),
                     [&](const Ticket& ticket) { return ticket.order.side == side && ticket.is_open(); });
}

// Shares of different symbols: only good to see that something has happened.
Decimal Execution::filled_total() const {
  Decimal total;
  for (const Ticket& ticket : tickets_) total = add(total, ticket.report.filled.decimal()).value_or(total);
  return total;
}

Result<void> Execution::finish(Side side, std::stop_token stop, const std::function<bool()>& enough) {
  std::vector<Ticket*> open;
  for (Ticket& ticket : tickets_) {
    if (ticket.order.side == side && ticket.is_open()) open.push_back(&ticket);
  }
  // The sells have their time together, however often they are waited for.
  const auto now = parts_.clock.monotonic();
  if (side == Side::sell && !sells_since_) sells_since_ = now;
  return desk_.finish(open, side == Side::sell ? *sells_since_ : now, stop, enough);
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
