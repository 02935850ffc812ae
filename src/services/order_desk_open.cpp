// Orders that work at the broker: asked for, waited for, cancelled.
#include <algorithm>

#include "services/order_desk.hpp"

namespace rebalancer {
namespace {

bool any_open(std::span<Ticket* const> tickets) {
  return std::any_of(tickets.begin(), tickets.end(), [](const Ticket* ticket) { return ticket->is_open(); });
}

// Shares of different symbols: only good to see that something has happened.
Decimal filled_of(std::span<Ticket* const> tickets) {
  Decimal total;
  for (const Ticket* ticket : tickets) total = add(total, ticket->report.filled.decimal()).value_or(total);
  return total;
}

}  // namespace

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
  auto listed = gate_.view().open_orders();
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
    auto fills = gate_.view().fills(ticket->order.client_id);
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

Result<void> OrderDesk::finish(std::span<Ticket* const> tickets, std::chrono::nanoseconds since, std::stop_token stop,
                               const std::function<bool()>& enough) {
  std::string why;
  // Quick while something happens, slower while nothing does: brokers count how often they are asked.
  const auto pause_max = settings_.poll_interval * 8;
  auto pause = settings_.poll_interval;
  for (bool first = true; any_open(tickets) && why.empty(); first = false) {
    if (!first) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(since + settings_.fill_timeout - clock_.monotonic());
      clock_.wait(std::max(std::chrono::milliseconds(1), std::min(left, pause)), stop);
    }
    if (stop.stop_requested()) {
      why = "stopped on request";
    } else if (why = forbids(*tickets.front()); why.empty()) {
      const Decimal before = filled_of(tickets);
      if (auto polled = poll(tickets); !polled) return polled;
      if (enough && enough()) return {};
      pause = filled_of(tickets) != before ? settings_.poll_interval : std::min(pause * 2, pause_max);
      if (clock_.monotonic() - since >= settings_.fill_timeout) {
        why = fmt::format("not filled within {} s", settings_.fill_timeout.count() / 1000);
      }
    }
  }
  return any_open(tickets) ? cancel(tickets, "cancelled: " + why) : Result<void>();
}

// Why the trading state wants an open order gone; empty when it does not.
std::string OrderDesk::forbids(const Ticket& ticket) {
  const TradingStateRecord record = gate_.trading_state();
  const bool allowed = record.state == TradingState::active ||
                       (record.state == TradingState::reducing && ticket.order.side == Side::sell);
  return allowed ? "" : describe(record);
}

Result<void> OrderDesk::cancel(std::span<Ticket* const> tickets, const std::string& why) {
  for (Ticket* ticket : tickets) {
    if (!ticket->is_open()) continue;
    ticket->cancel_reason = why;
    auto asked = gate_.cancel(ticket->order.client_id);
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
