#include "services/order_desk.hpp"

#include <algorithm>

namespace rebalancer {
namespace {

bool any_open(std::span<Ticket* const> tickets) {
  return std::any_of(tickets.begin(), tickets.end(), [](const Ticket* ticket) { return ticket->is_open(); });
}

// What is wrong with a broker's report of this order; empty when nothing is.
std::string nonsense_in(const OrderReport& report, const Order& order) {
  const Decimal quantity = order.quantity.decimal();
  const Decimal filled = report.filled.decimal();
  if (report.client_id != order.client_id) return "it is of order " + report.client_id;
  if (filled.is_negative() || filled > quantity) {
    return fmt::format("it says {} of {} are filled", filled.to_string(), quantity.to_string());
  }
  switch (report.state) {
    case OrderState::acknowledged:
    case OrderState::partial:
      if (filled == quantity) return "it is open, with everything filled";
      break;
    case OrderState::filled:
      if (filled != quantity) return fmt::format("it is filled, with {} filled", filled.to_string());
      break;
    case OrderState::rejected:
      if (filled.is_positive()) return "it is rejected, with something filled";
      break;
    case OrderState::cancelled:
      break;
    default:
      return fmt::format("its state is {}", name_of(report.state));
  }
  return "";
}

}  // namespace

OrderDesk::OrderDesk(Broker& broker, RunStore& store, Clock& clock, Events& events, const ExecutorSettings& settings,
                     const BrokerCapabilities& capabilities, std::string run_id)
    : broker_(broker),
      store_(store),
      clock_(clock),
      events_(events),
      settings_(settings),
      capabilities_(capabilities),
      run_id_(std::move(run_id)) {}

void OrderDesk::tell(EventLevel level, std::string_view name, const Ticket& ticket, std::string_view more) {
  const Order& order = ticket.order;
  std::string message = fmt::format("{} {} {}", name_of(order.side), order.quantity.to_string(), order.symbol);
  const std::string_view why = more.empty() ? std::string_view(ticket.report.reason) : more;
  if (!why.empty()) message += fmt::format(": {}", why);
  events_.emit(level, name, message,
               {{"run_id", run_id_},
                {"order", order.client_id},
                {"broker_order", ticket.report.broker_id},
                {"symbol", order.symbol.str()},
                {"side", std::string(name_of(order.side))},
                {"quantity", order.quantity.to_string()},
                {"limit", order.limit ? order.limit->to_string() : ""},
                {"state", std::string(name_of(ticket.report.state))},
                {"filled", ticket.report.filled.to_string()},
                {"average_price", ticket.report.average_price ? ticket.report.average_price->to_string() : ""},
                {"fee", ticket.report.fee.to_string()}});
}

Result<void> OrderDesk::set_state(Ticket& ticket, OrderState state, std::string reason) {
  OrderReport next = ticket.report;
  next.client_id = ticket.order.client_id;
  next.state = state;
  next.reason = std::move(reason);
  if (auto written = store_.update_order(next); !written) return fail(written.error());
  ticket.report = std::move(next);
  return {};
}

Result<void> OrderDesk::leave_out(Ticket& ticket, std::string reason) {
  if (auto written = set_state(ticket, OrderState::cancelled, std::move(reason)); !written) return written;
  tell(EventLevel::warning, "order_left_out", ticket);
  return {};
}

Result<void> OrderDesk::send(Ticket& ticket) {
  // From here on the order may exist at the broker, whatever becomes of this process.
  if (auto written = set_state(ticket, OrderState::sending, ""); !written) return written;
  ticket.sent = true;
  ticket.sent_at = clock_.monotonic();
  tell(EventLevel::info, "order_sent", ticket);
  return answer(ticket, broker_.submit(ticket.order), false);
}

Result<void> OrderDesk::answer(Ticket& ticket, const Result<OrderReport>& answer, bool again) {
  if (answer) {
    const std::string nonsense = nonsense_in(*answer, ticket.order);
    if (nonsense.empty()) return adopt(ticket, *answer);
    auto written = set_state(ticket, OrderState::unknown, "the broker's answer makes no sense: " + nonsense);
    return written ? resolve(ticket) : written;
  }
  const Error& error = answer.error();
  const bool definite = error.code == ErrorCode::rejected || error.code == ErrorCode::invalid;
  // A refusal of the second copy does not say what became of the first.
  if (definite && !again) {
    if (auto written = set_state(ticket, OrderState::rejected, error.message); !written) return written;
    tell(EventLevel::warning, "order_rejected", ticket);
    return {};
  }
  if (error.code == ErrorCode::conflict && !again) {
    if (auto written = set_state(ticket, OrderState::parked, error.message); !written) return written;
    tell(EventLevel::error, "order_parked", ticket);
    return {};
  }
  if (auto written = set_state(ticket, OrderState::unknown, error.message); !written) return written;
  if (!again) tell(EventLevel::warning, "order_unknown", ticket);
  if (!again) return resolve(ticket);
  // The broker refused the copy and knows no first one, however often it is asked: the refusal stands.
  const bool refused = definite && capabilities_.lookup == BrokerCapabilities::Lookup::by_client_id;
  return look_up(ticket, refused ? Absence::refused : Absence::proves_nothing);
}

bool OrderDesk::may_send_again(const Ticket& ticket) const {
  if (ticket.sent_again) return false;
  if (capabilities_.dedupe == BrokerCapabilities::Dedupe::permanent) return true;
  if (capabilities_.dedupe != BrokerCapabilities::Dedupe::window) return false;
  // Half the window: the broker's clock started before ours heard of it.
  return clock_.monotonic() - ticket.sent_at < std::chrono::seconds(capabilities_.dedupe_window_s) / 2;
}

// The first copy is in doubt. The same order may go out again only to a broker that removes the duplicate, and only
// after it was looked for.
Result<void> OrderDesk::resolve(Ticket& ticket) {
  if (capabilities_.lookup != BrokerCapabilities::Lookup::none) {
    bool found_nothing = false;
    for (int attempt = 0; attempt < settings_.lookups_max && !found_nothing; ++attempt) {
      if (attempt > 0) clock_.wait(settings_.poll_interval, {});
      auto found = ask(ticket);
      if (!found) return fail(found.error());
      if (*found == Found::yes) return {};
      found_nothing = *found == Found::no;
    }
    if (!found_nothing) {
      tell(EventLevel::error, "order_ambiguous", ticket, "the broker does not answer; its outcome is not known");
      return {};
    }
  }
  if (may_send_again(ticket)) {
    ticket.sent_again = true;
    tell(EventLevel::info, "order_sent_again", ticket);
    return answer(ticket, broker_.submit(ticket.order), true);
  }
  if (capabilities_.lookup == BrokerCapabilities::Lookup::none) return park(ticket);
  tell(EventLevel::error, "order_ambiguous", ticket);
  return {};
}

Result<OrderDesk::Found> OrderDesk::ask(Ticket& ticket) {
  auto report = broker_.find_order(ticket.order.client_id);
  if (!report) return report.error().code == ErrorCode::not_found ? Found::no : Found::silent;
  if (const std::string nonsense = nonsense_in(*report, ticket.order); !nonsense.empty()) {
    tell(EventLevel::warning, "order_report_ignored", ticket, nonsense);
    return Found::silent;
  }
  if (auto adopted = adopt(ticket, *std::move(report)); !adopted) return fail(adopted.error());
  return Found::yes;
}

Result<void> OrderDesk::look_up(Ticket& ticket, Absence absence) {
  if (capabilities_.lookup == BrokerCapabilities::Lookup::none) return park(ticket);
  bool always_absent = true;
  auto pause = settings_.poll_interval;
  for (int attempt = 1;; ++attempt) {
    auto found = ask(ticket);
    if (!found) return fail(found.error());
    if (*found == Found::yes) return {};
    always_absent = always_absent && *found == Found::no;
    // A simulated broker is inside this program: nothing lags.
    const bool long_enough = capabilities_.simulated || clock_.monotonic() - ticket.sent_at >= settings_.lookup_lag;
    const bool wants_proof = absence != Absence::proves_nothing && always_absent && !long_enough;
    if (attempt >= settings_.lookups_max && !wants_proof) break;
    clock_.wait(pause, {});
    pause = std::min(pause * 2, settings_.lookup_lag / 4);
  }
  if (!always_absent || absence == Absence::proves_nothing) {
    tell(EventLevel::error, "order_ambiguous", ticket);
    return {};
  }
  const bool refused = absence == Absence::refused;
  auto written = set_state(ticket, refused ? OrderState::rejected : OrderState::cancelled,
                           refused ? ticket.report.reason : "it never reached the broker");
  if (written) tell(EventLevel::warning, refused ? "order_rejected" : "order_cancelled", ticket);
  return written;
}

// Nothing this program can do will tell.
Result<void> OrderDesk::park(Ticket& ticket) {
  if (ticket.report.state != OrderState::parked) {
    auto parked = set_state(ticket, OrderState::parked,
                            fmt::format("{}; this broker cannot be asked, look at the account", ticket.report.reason));
    if (!parked) return parked;
  }
  tell(EventLevel::error, "order_parked", ticket);
  return {};
}

Result<void> OrderDesk::adopt(Ticket& ticket, OrderReport report) {
  const OrderReport& known = ticket.report;
  // A broker that fills without saying so leaves the state at acknowledged.
  if (report.state == OrderState::acknowledged && report.filled.decimal().is_positive()) {
    report.state = OrderState::partial;
  }
  if (!is_legal(known.state, report.state) || report.filled < known.filled) {
    // An answer that was overtaken by a later one.
    tell(EventLevel::debug, "order_report_ignored", ticket,
         fmt::format("{} with {} filled", name_of(report.state), report.filled.to_string()));
    return {};
  }
  const bool news = report.state != known.state || report.filled != known.filled || report.fee != known.fee;
  if (!news) return {};
  if (report.state == OrderState::cancelled && !ticket.cancel_reason.empty()) report.reason = ticket.cancel_reason;
  if (auto written = write_answer(ticket, report); !written) return written;
  ticket.report = std::move(report);
  switch (ticket.report.state) {
    case OrderState::filled:
      tell(EventLevel::info, "order_filled", ticket);
      break;
    case OrderState::partial:
      tell(EventLevel::info, "order_partly_filled", ticket);
      break;
    case OrderState::cancelled:
      tell(EventLevel::warning, "order_cancelled", ticket);
      break;
    case OrderState::rejected:
      tell(EventLevel::warning, "order_rejected", ticket);
      break;
    default:
      tell(EventLevel::info, "order_acknowledged", ticket);
      break;
  }
  return {};
}

// In one transaction, so that a kill cannot part a report from the fills it counts.
Result<void> OrderDesk::write_answer(Ticket& ticket, const OrderReport& report) {
  if (report.filled <= ticket.report.filled) return store_.update_order(report);
  const std::vector<Fill> fills = told_fills(ticket);
  auto written = store_.record_answer(report, fills);
  if (written) {
    count(ticket, fills);
    return {};
  }
  if (written.error().code != ErrorCode::conflict) return written;
  tell(EventLevel::error, "fill_contradicts", ticket, written.error().message);
  return store_.update_order(report);
}

Result<void> OrderDesk::collect_fills(Ticket& ticket) {
  const std::vector<Fill> fills = told_fills(ticket);
  auto added = store_.add_fills(fills);
  if (added) {
    count(ticket, fills);
    return {};
  }
  if (added.error().code != ErrorCode::conflict) return fail(added.error());
  tell(EventLevel::error, "fill_contradicts", ticket, added.error().message);
  return {};
}

std::vector<Fill> OrderDesk::told_fills(Ticket& ticket) {
  auto fills = broker_.fills(ticket.order.client_id);
  if (!fills) {
    // The order's own figures are known; the single fills can be fetched later.
    tell(EventLevel::warning, "fills_not_told", ticket, fills.error().message);
    return {};
  }
  std::erase_if(*fills, [&](const Fill& fill) {
    const bool foreign = fill.client_id != ticket.order.client_id;
    if (foreign) tell(EventLevel::warning, "fill_ignored", ticket, "fill " + fill.id + " is of " + fill.client_id);
    return foreign;
  });
  return *std::move(fills);
}

void OrderDesk::count(Ticket& ticket, const std::vector<Fill>& fills) {
  Decimal total;
  for (const Fill& fill : fills) total = add(total, fill.quantity.decimal()).value_or(total);
  ticket.fills = Quantity(total);
}

Result<void> OrderDesk::poll(std::span<Ticket* const> tickets) {
  if (capabilities_.lookup == BrokerCapabilities::Lookup::none) return poll_without_lookup(tickets);
  for (Ticket* ticket : tickets) {
    if (!ticket->is_open()) continue;
    // A broker that has acknowledged an order and now does not find it is late, or will be asked again.
    if (auto found = ask(*ticket); !found) return fail(found.error());
  }
  return {};
}

// Only a list of open orders to go by: an order that left it has filled if its fills say so; otherwise it is not known.
Result<void> OrderDesk::poll_without_lookup(std::span<Ticket* const> tickets) {
  auto listed = broker_.open_orders();
  if (!listed) return {};
  for (Ticket* ticket : tickets) {
    if (!ticket->is_open()) continue;
    const auto here = std::find_if(listed->begin(), listed->end(), [&](const OrderReport& report) {
      return report.client_id == ticket->order.client_id;
    });
    if (here != listed->end()) {
      if (!nonsense_in(*here, ticket->order).empty()) continue;
      if (auto adopted = adopt(*ticket, *here); !adopted) return adopted;
      continue;
    }
    auto fills = broker_.fills(ticket->order.client_id);
    if (!fills) continue;
    OrderReport report = ticket->report;
    Decimal filled;
    Decimal value;
    Decimal fee;
    bool counted = true;
    for (const Fill& fill : *fills) {
      const auto worth = multiply(fill.quantity.decimal(), fill.price.decimal(), Rounding::half_even);
      const auto quantity = add(filled, fill.quantity.decimal());
      const auto paid = add(fee, fill.fee.amount());
      const auto total = worth ? add(value, *worth) : worth;
      counted = counted && quantity && paid && total;
      if (!counted) break;
      filled = *quantity;
      fee = *paid;
      value = *total;
    }
    if (!counted || filled != ticket->order.quantity.decimal()) continue;
    const auto average = divide(value, filled, Rounding::half_even);
    if (!average) continue;
    if (const auto price = Price::make(*average)) report.average_price = *price;
    report.state = OrderState::filled;
    report.filled = Quantity(filled);
    report.fee = fee;
    if (auto adopted = adopt(*ticket, report); !adopted) return adopted;
  }
  return {};
}

Result<void> OrderDesk::finish(std::span<Ticket* const> tickets, std::stop_token stop) {
  const auto started = clock_.monotonic();
  bool first = true;
  while (any_open(tickets)) {
    if (!first && !clock_.wait(settings_.poll_interval, stop)) break;
    if (stop.stop_requested()) break;
    if (auto polled = poll(tickets); !polled) return polled;
    if (clock_.monotonic() - started >= settings_.fill_timeout) break;
    first = false;
  }
  if (!any_open(tickets)) return {};
  const std::string why = stop.stop_requested()
                              ? std::string("cancelled: stopped on request")
                              : fmt::format("cancelled: not filled within {} s", settings_.fill_timeout.count() / 1000);
  return cancel(tickets, why);
}

Result<void> OrderDesk::cancel(std::span<Ticket* const> tickets, const std::string& why) {
  for (Ticket* ticket : tickets) {
    if (!ticket->is_open()) continue;
    ticket->cancel_reason = why;
    auto asked = broker_.cancel(ticket->order.client_id);
    if (!asked) tell(EventLevel::warning, "cancel_not_confirmed", *ticket, asked.error().message);
  }
  // Not ended by a stop: an order left open unwatched is worse than a late end.
  const auto started = clock_.monotonic();
  while (true) {
    if (auto polled = poll(tickets); !polled) return polled;
    if (!any_open(tickets) || clock_.monotonic() - started >= settings_.cancel_timeout) break;
    clock_.wait(settings_.poll_interval, {});
  }
  for (Ticket* ticket : tickets) {
    if (!ticket->is_open()) continue;
    // Still open after all that, or gone without a trace: only the broker can say.
    if (auto written = set_state(*ticket, OrderState::unknown, "its cancellation was not confirmed"); !written) {
      return written;
    }
    tell(EventLevel::error, "order_ambiguous", *ticket);
  }
  return {};
}

}  // namespace rebalancer
