#include "services/order_desk.hpp"

#include <algorithm>
#include <utility>

namespace rebalancer {
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

void Ticket::count(const std::vector<Fill>& known) {
  Decimal total;
  for (const Fill& fill : known) total = add(total, fill.quantity.decimal()).value_or(total);
  fills = Quantity(total);
}

OrderDesk::OrderDesk(Gate& gate, RunStore& store, Clock& clock, Events& events, const ExecutorSettings& settings,
                     const BrokerCapabilities& capabilities, std::string run_id)
    : gate_(gate),
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
  next.at = clock_.now();
  if (auto written = store_.update_order(next); !written) return fail(written.error());
  ticket.report = std::move(next);
  return {};
}

Result<void> OrderDesk::leave_out(Ticket& ticket, std::string reason) {
  if (auto written = set_state(ticket, OrderState::cancelled, std::move(reason)); !written) return written;
  tell(EventLevel::warning, "order_left_out", ticket);
  return {};
}

Result<GatePass> OrderDesk::pass_for(const Ticket& ticket) {
  if (!ticket.reference) return fail(ErrorCode::rejected, "the price it was sized at is not known");
  return gate_.admit({ticket.order, *ticket.reference, ticket.price_age_sessions});
}

Result<void> OrderDesk::send(Ticket& ticket, std::stop_token stop) {
  stop_ = std::move(stop);
  auto pass = pass_for(ticket);
  if (!pass) {
    ticket.refused = true;
    return leave_out(ticket, "not sent: " + pass.error().message);
  }
  // From here on the order may exist at the broker, whatever becomes of this process.
  if (auto written = set_state(ticket, OrderState::sending, ""); !written) {
    gate_.give_back(*std::move(pass));
    return written;
  }
  ticket.sent = true;
  ticket.copies = 1;
  ticket.sent_at = clock_.monotonic();
  ticket.first_sent_at = ticket.sent_at;
  tell(EventLevel::info, "order_sent", ticket);
  return answer(ticket, gate_.submit(ticket.order, *std::move(pass)));
}

Result<void> OrderDesk::recover(Ticket& ticket) {
  ticket.sent = true;
  ticket.recovered = true;
  ticket.copies = 1;
  // The wall clock may have jumped since it was sent, so its age counts from now.
  ticket.sent_at = clock_.monotonic();
  if (ticket.report.state == OrderState::parked) return look_up(ticket, Absence::proves_nothing);
  if (ticket.report.state == OrderState::sending) {
    auto written = set_state(ticket, OrderState::unknown, "the process that sent it ended before the answer came");
    if (!written) return written;
  }
  return resolve(ticket);
}

Result<void> OrderDesk::answer(Ticket& ticket, const Result<OrderReport>& answer) {
  if (answer) {
    no_room_ = false;
    const std::string nonsense = nonsense_in(*answer, ticket.order);
    if (nonsense.empty()) return adopt(ticket, *answer);
    auto written = set_state(ticket, OrderState::unknown, "the broker's answer makes no sense: " + nonsense);
    return written ? resolve(ticket) : written;
  }
  const Error& error = answer.error();
  const bool definite = error.code == ErrorCode::rejected || error.code == ErrorCode::invalid;
  // What is said of a second copy does not say what became of the first.
  if (ticket.copies == 1 && !ticket.recovered) {
    if (error.code == ErrorCode::exhausted) return wait_for_room(ticket, error.message);
    if (definite) {
      auto written = set_state(ticket, OrderState::rejected, error.message);
      if (written) tell(EventLevel::warning, "order_rejected", ticket);
      return written;
    }
    if (error.code == ErrorCode::conflict) {
      auto written = set_state(ticket, OrderState::parked, error.message);
      if (written) tell(EventLevel::error, "order_parked", ticket);
      return written;
    }
  }
  if (auto written = set_state(ticket, OrderState::unknown, error.message); !written) return written;
  tell(EventLevel::warning, "order_unknown", ticket);
  if (!definite) return resolve(ticket);
  // The broker refused the copy; when it knows no first one, however often it is asked, the refusal stands.
  const bool tells = capabilities_.lookup == BrokerCapabilities::Lookup::by_client_id;
  return look_up(ticket, tells ? Absence::refused : Absence::proves_nothing);
}

// The broker has not looked at it, so it surely does not exist there: it takes no more just now, or there was no way to
// it. Some take an order every few seconds.
Result<void> OrderDesk::wait_for_room(Ticket& ticket, std::string why) {
  constexpr std::chrono::milliseconds pause_max{5'000};
  const auto started = clock_.monotonic();
  auto pause = settings_.poll_interval;
  while (!no_room_ && clock_.monotonic() - started < settings_.room_timeout) {
    if (!clock_.wait(pause, stop_)) return leave_out(ticket, "not taken: " + why + "; then a stop was requested");
    pause = std::min(pause * 2, std::max(pause_max, settings_.poll_interval));
    auto pass = pass_for(ticket);
    if (!pass) {
      ticket.refused = true;
      return leave_out(ticket, "not sent: " + pass.error().message);
    }
    const auto told = gate_.submit(ticket.order, *std::move(pass));
    if (told || told.error().code != ErrorCode::exhausted) return answer(ticket, told);
    why = told.error().message;
  }
  // One after the other would wait as long, and as likely in vain.
  if (std::exchange(no_room_, true)) return leave_out(ticket, "not taken, nor the one before it: " + why);
  return leave_out(ticket, fmt::format("not taken for {} s: {}", settings_.room_timeout.count() / 1000, why));
}

bool OrderDesk::may_send_again(const Ticket& ticket) const {
  if (ticket.copies >= settings_.copies_max) return false;
  if (capabilities_.dedupe == BrokerCapabilities::Dedupe::permanent) return true;
  // When an earlier process sent it, nobody knows how much of the window is left.
  if (capabilities_.dedupe != BrokerCapabilities::Dedupe::window || ticket.recovered) return false;
  // Half the window: the broker's clock started before ours heard of it.
  return clock_.monotonic() - ticket.first_sent_at < std::chrono::seconds(capabilities_.dedupe_window_s) / 2;
}

// A copy is in doubt. The same order may go out again, under the same id, to a broker that removes the duplicate, or to
// one that knows every order by our id and has said for long enough that it has none.
Result<void> OrderDesk::resolve(Ticket& ticket) {
  using Lookup = BrokerCapabilities::Lookup;
  if (capabilities_.lookup != Lookup::none) {
    auto found = search(ticket, Patience::first_answer);
    if (!found) return fail(found.error());
    if (*found == Found::yes) return {};
    if (*found == Found::silent) {
      tell(EventLevel::error, "order_ambiguous", ticket, "the broker does not answer; its outcome is not known");
      return {};
    }
  }
  if (may_send_again(ticket)) return submit_again(ticket);
  if (capabilities_.lookup == Lookup::none) return park(ticket);
  if (capabilities_.lookup == Lookup::by_tag) return look_up(ticket, Absence::proves_nothing);
  auto found = search(ticket, Patience::whole_lag);
  if (!found) return fail(found.error());
  if (*found == Found::yes) return {};
  if (*found == Found::silent) {
    tell(EventLevel::error, "order_ambiguous", ticket);
    return {};
  }
  return ticket.copies < settings_.copies_max ? submit_again(ticket) : conclude_absent(ticket, Absence::never_arrived);
}

Result<void> OrderDesk::submit_again(Ticket& ticket) {
  auto pass = pass_for(ticket);
  if (!pass) {
    // Not sent now; whether the first copy arrived is still the question.
    ticket.refused = true;
    tell(EventLevel::warning, "order_not_sent_again", ticket, pass.error().message);
    const bool tells = capabilities_.lookup == BrokerCapabilities::Lookup::by_client_id;
    return look_up(ticket, tells ? Absence::never_arrived : Absence::proves_nothing);
  }
  ++ticket.copies;
  ticket.sent_at = clock_.monotonic();
  tell(EventLevel::info, "order_sent_again", ticket);
  return answer(ticket, gate_.submit(ticket.order, *std::move(pass)));
}

Result<OrderDesk::Found> OrderDesk::ask(Ticket& ticket) {
  auto report = gate_.view().find_order(ticket.order.client_id);
  if (!report) return report.error().code == ErrorCode::not_found ? Found::no : Found::silent;
  if (const std::string nonsense = nonsense_in(*report, ticket.order); !nonsense.empty()) {
    tell(EventLevel::warning, "order_report_ignored", ticket, nonsense);
    return Found::silent;
  }
  if (auto adopted = adopt(ticket, *std::move(report)); !adopted) return fail(adopted.error());
  return Found::yes;
}

Result<OrderDesk::Found> OrderDesk::search(Ticket& ticket, Patience patience) {
  const std::chrono::milliseconds lookup_lag = std::chrono::seconds(capabilities_.lookup_lag_s);
  bool always_absent = true;
  auto pause = settings_.poll_interval;
  for (int attempt = 1;; ++attempt) {
    auto found = ask(ticket);
    if (!found || *found == Found::yes) return found;
    if (patience == Patience::first_answer) {
      if (*found == Found::no || attempt >= settings_.lookups_max) return found;
      clock_.wait(settings_.poll_interval, {});
      continue;
    }
    always_absent = always_absent && *found == Found::no;
    const bool long_enough = clock_.monotonic() - ticket.sent_at >= lookup_lag;
    if (attempt >= settings_.lookups_max && (long_enough || !always_absent)) break;
    clock_.wait(pause, {});
    pause = std::min(pause * 2, std::max(lookup_lag / 4, settings_.poll_interval));
  }
  return always_absent ? Found::no : Found::silent;
}

Result<void> OrderDesk::look_up(Ticket& ticket, Absence absence) {
  if (capabilities_.lookup == BrokerCapabilities::Lookup::none) return park(ticket);
  auto found = search(ticket, Patience::whole_lag);
  if (!found) return fail(found.error());
  if (*found == Found::yes) return {};
  if (*found == Found::no && absence != Absence::proves_nothing) return conclude_absent(ticket, absence);
  tell(EventLevel::error, "order_ambiguous", ticket);
  return {};
}

Result<void> OrderDesk::conclude_absent(Ticket& ticket, Absence absence) {
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
  report.at = clock_.now();
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
    ticket.count(fills);
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
    ticket.count(fills);
    return {};
  }
  if (added.error().code != ErrorCode::conflict) return fail(added.error());
  tell(EventLevel::error, "fill_contradicts", ticket, added.error().message);
  return {};
}

std::vector<Fill> OrderDesk::told_fills(Ticket& ticket) {
  auto fills = gate_.view().fills(ticket.order.client_id);
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

}  // namespace rebalancer
