// Orders and fills: what is sent once, and what is asked for as often as it takes.
#include <algorithm>
#include <array>
#include <exception>

#include <fmt/format.h>

#include "client.hpp"
#include "symbols.hpp"

namespace interactive_brokers {
namespace {

using rebalancer::sdk::Failure;
using std::chrono::milliseconds;

// How long after a first word a better one, a commission or a reason is waited for: they come within milliseconds.
constexpr milliseconds settle_time{1'000};
constexpr std::size_t reference_size_max = 128;

// Words that a rejection may still follow.
constexpr std::array weak{std::string_view("PendingSubmit"), std::string_view("ApiPending"),
                          std::string_view("Inactive")};

bool said_anything(const KnownOrder& order) { return !order.status.empty() || order.refusal != 0; }

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string not_told(const std::string& name, const KnownOrder& order, const Report& report) {
  return fmt::format("{} is {}, and its figures are not told: {} filled of {}, at {}", name, order.status,
                     report.filled.to_string(), order.quantity ? order.quantity->to_string() : "an unknown quantity",
                     report.average_price ? report.average_price->to_string() : "an unknown price");
}

const ErrorMessage* error_of(const Message& message, std::int32_t order_id) {
  const auto* error = std::get_if<ErrorMessage>(&message);
  return error != nullptr && error->id == order_id ? error : nullptr;
}

}  // namespace

std::uint64_t Client::list_open_orders() {
  const std::uint64_t list = book_.begin_list();
  session_.read_list({all_open_orders_request(), "the list of open orders", 5, 53, 0, false, {}});
  return list;
}

void Client::list_completed_orders() {
  session_.read_list({completed_orders_request(), "the list of completed orders", 101, 102, 0, false, {}});
}

bool Client::list_executions(milliseconds timeout) {
  const std::int32_t number = session_.new_request();
  return session_.read_list({executions_request(number, session_.account(), session_.version()),
                             "the list of executions", 11, 55, number, true, timeout});
}

// After a new connection or lost data: which ids are in use, and which of our orders are known.
void Client::resynchronise() {
  if (!session_.is_stale()) return;
  contracts_.clear();
  list_open_orders();
  // Its end may lack; what it tells of ids in use is wanted all the same.
  static_cast<void>(list_executions(std::min(session_.answer_timeout(), milliseconds{2'000})));
  session_.set_fresh();
}

const KnownOrder* Client::only(std::string_view client_id) const {
  const auto orders = book_.with_reference(client_id);
  if (orders.size() > 1) {
    throw Failure(RB_CONFLICT, fmt::format("{} orders carry the reference {}: permanent ids {} and {}", orders.size(),
                                           client_id, orders[0]->perm_id, orders[1]->perm_id));
  }
  return orders.empty() ? nullptr : orders.front();
}

Told Client::told(const KnownOrder& order) {
  return understood([&] {
    Told answer{order.reference, order.perm_id == 0 ? "" : std::to_string(order.perm_id), report_of(book_, order)};
    if (!answer.report.status_known) {
      host_.warning(
          fmt::format("order {}: Interactive Brokers says \"{}\", which its documents do not know: taken as "
                      "open",
                      order.reference, order.status));
    }
    return answer;
  });
}

Told Client::submit(const Wanted& order) {
  session_.ready();
  if (!session_.line_is_up()) {
    throw Failure(RB_REJECTED, fmt::format("order {} was not sent: the gateway has lost Interactive Brokers: {}",
                                           order.client_id, session_.line_lost()));
  }
  resynchronise();
  if (const auto known = book_.with_reference(order.client_id); !known.empty()) {
    throw Failure(RB_CONFLICT,
                  fmt::format("order {} was sent before, as order id {} of API client {}: it is never sent "
                              "again",
                              order.client_id, known.front()->order_id, known.front()->api_client));
  }
  const ContractDetails& details = tradable(order);
  std::int32_t order_id = 0;
  std::string request;
  try {
    order_id = ids_.next();
    request =
        place_order_request({order_id, details.contract.con_id, details.contract.symbol, details.contract.currency,
                             order.buy, order.quantity, order.limit, session_.account(), order.client_id},
                            session_.version());
  } catch (const std::exception& error) {
    throw Failure(RB_REJECTED, fmt::format("order {} was not sent: {}", order.client_id, error.what()));
  }
  book_.place(order_id, order.client_id, details.contract, order.quantity);
  const Session::Sent sent = session_.send_once(request);
  if (sent == Session::Sent::nothing) {
    book_.take_back(order_id);
    throw Failure(RB_UNAVAILABLE, fmt::format("order {} was not sent: the connection broke before", order.client_id));
  }
  if (sent == Session::Sent::some) {
    throw Failure(RB_TIMEOUT, fmt::format("order {}: the connection broke while it was sent", order.client_id));
  }
  return answer_to(order, order_id);
}

Told Client::answer_to(const Wanted& order, std::int32_t order_id) {
  const KnownOrder& known = *book_.placed(order_id);
  const auto strong = [&] {
    if (known.refusal != 0) return true;
    if (known.status.empty() || std::ranges::find(weak, std::string_view(known.status)) != weak.end()) return false;
    // The figures of a fill come after its status.
    return known.status != "Filled" || told(known).report.complete;
  };
  const std::string name = fmt::format("order {} (order id {})", order.client_id, order_id);
  try {
    Timer deadline(settings_.order_timeout);
    if (session_.listen(deadline, [&](const Message&) { return said_anything(known); }) && !strong()) {
      Timer settled(std::min(settle_time, settings_.order_timeout));
      static_cast<void>(session_.listen(settled, [&](const Message&) { return strong(); }));
    }
    if (!said_anything(known)) {
      if (host_.cancelled()) throw Failure(RB_TIMEOUT, name + " was sent, and the program stops before an answer");
      const std::string heard =
          known.reason.empty() ? "nothing was said of it" : "all that was said is: " + known.reason;
      throw Failure(RB_TIMEOUT,
                    fmt::format("{} was sent, and {} for {} ms", name, heard, settings_.order_timeout.count()));
    }
    Told answer = told(known);
    if (!answer.report.complete) {
      throw Failure(RB_TIMEOUT, not_told(name, known, answer.report));
    }
    if (known.refusal >= 103 && known.refusal <= 105) {
      // Which ids are in use is not known well: it is asked for before the next order.
      ids_.raise(std::int64_t{order_id} + 1'000);
      session_.set_stale();
    }
    if (known.status == "Inactive" && !is_final(answer.report.state)) {
      host_.warning(fmt::format("{} is Inactive: {}", name, known.reason.empty() ? "no reason is told" : known.reason));
    }
    return answer;
  } catch (const Failure& failure) {
    // Whatever happens after it left, it may exist.
    if (failure.code() == RB_TIMEOUT) throw;
    throw Failure(RB_TIMEOUT, fmt::format("{} was sent, and then: {}", name, failure.why()));
  }
}

Told Client::find(std::string_view client_id) {
  session_.ready();
  session_.require_line();
  const auto finished = [&](const KnownOrder* order) -> std::optional<Told> {
    if (order == nullptr) return std::nullopt;
    Told answer = told(*order);
    if (!answer.report.complete || !is_final(answer.report.state)) return std::nullopt;
    // The last chance for its fee: an order that is done is not asked for again.
    if (!answer.report.fee_known && list_executions(std::min(session_.answer_timeout(), milliseconds{2'000}))) {
      answer = told(*order);
    }
    return answer;
  };
  // An end that was told stays true.
  if (auto answer = finished(only(client_id))) return *std::move(answer);
  const std::uint64_t list = list_open_orders();
  if (const KnownOrder* order = only(client_id); order != nullptr && order->listed == list) {
    if (Told answer = told(*order); answer.report.complete) return answer;
  } else {
    list_completed_orders();
    if (auto answer = finished(only(client_id))) return *std::move(answer);
  }
  const bool complete = list_executions(session_.answer_timeout());
  const KnownOrder* order = only(client_id);
  if (order != nullptr && said_anything(*order)) {
    Told answer = told(*order);
    if (!answer.report.complete) {
      throw Failure(RB_UNAVAILABLE, not_told(fmt::format("order {}", client_id), *order, answer.report));
    }
    if (order->listed == list || is_final(answer.report.state)) return answer;
    throw Failure(RB_UNAVAILABLE, fmt::format("order {} was {} and is neither among the open nor the completed orders",
                                              client_id, order->status));
  }
  if (const auto done = book_.fills(client_id); !done.empty()) {
    throw Failure(RB_UNAVAILABLE, fmt::format("order {} has {} executions and is neither among the open nor the "
                                              "completed orders",
                                              client_id, done.size()));
  }
  if (!complete) {
    throw Failure(RB_UNAVAILABLE, fmt::format("order {} is not among the open and completed orders, and the list of "
                                              "executions did not come to its end",
                                              client_id));
  }
  throw Failure(RB_NOT_FOUND, fmt::format("Interactive Brokers tells of no order {}", client_id));
}

std::vector<Told> Client::open_orders() {
  session_.ready();
  session_.require_line();
  const std::uint64_t list = list_open_orders();
  std::vector<const KnownOrder*> listed;
  for (const KnownOrder& order : book_.orders()) {
    if (order.listed == list) listed.push_back(&order);
  }
  const auto incomplete = [&](const KnownOrder* order) { return !told(*order).report.complete; };
  if (std::ranges::any_of(listed, incomplete)) static_cast<void>(list_executions(session_.answer_timeout()));
  std::vector<Told> open;
  std::map<std::string, const KnownOrder*, std::less<>> seen;
  for (const KnownOrder* order : listed) {
    Told answer = told(*order);
    if (is_final(answer.report.state)) continue;
    if (!answer.report.complete) {
      throw Failure(RB_UNAVAILABLE, not_told(fmt::format("order {}", order->reference), *order, answer.report));
    }
    // Other programs write into the reference what they like, and the same into many orders.
    const bool own = order->api_client == settings_.session.client_id;
    if (!is_printable(answer.client_id) || answer.client_id.size() > reference_size_max) answer.client_id.clear();
    if (const auto [place, fresh] = seen.emplace(answer.client_id, order); !fresh && !answer.client_id.empty()) {
      if (own || place->second->api_client == settings_.session.client_id) static_cast<void>(only(answer.client_id));
      answer.client_id.clear();
    }
    open.push_back(std::move(answer));
  }
  return open;
}

void Client::cancel(std::string_view client_id) {
  const Told now = find(client_id);
  const KnownOrder& order = *only(client_id);
  const auto refuse = [&](const std::string& why) {
    throw Failure(RB_REJECTED, fmt::format("order {} cannot be cancelled: {}", client_id, why));
  };
  if (is_final(now.report.state)) refuse(fmt::format("it is {}", order.status.empty() ? "done" : order.status));
  if (order.api_client != settings_.session.client_id || order.order_id <= 0) {
    refuse(
        fmt::format("it was placed by API client {}, and this is {}", order.api_client, settings_.session.client_id));
  }
  const Session::Sent sent = session_.send_once(cancel_order_request(order.order_id, session_.version()));
  if (sent != Session::Sent::all) {
    throw Failure(sent == Session::Sent::some ? RB_TIMEOUT : RB_UNAVAILABLE,
                  fmt::format("the cancel of order {}: the connection broke", client_id));
  }
  std::string refusal;
  Timer settled(std::min(settle_time, session_.answer_timeout()));
  const bool heard = session_.listen(settled, [&](const Message& message) {
    if (const ErrorMessage* error = error_of(message, order.order_id)) {
      const bool refused = error->code == 135 || error->code == 161 || error->code == 10147 || error->code == 10148;
      if (refused) refusal = fmt::format("{} ({})", error->text, error->code);
      return refused || error->code == 202;
    }
    return order.status == "PendingCancel" || is_final(told(order).report.state);
  });
  if (!refusal.empty()) refuse(refusal);
  // Asked for: that it is cancelled is said by its state alone.
  if (!heard) host_.info(fmt::format("the cancel of order {} was sent and not answered yet", client_id));
}

bool Client::wait_for_commissions(const std::vector<const KnownFill*>& fills) {
  const auto complete = [&] {
    return std::ranges::all_of(fills, [&](const KnownFill* fill) {
      const Commission* fee = book_.commission(fill->execution.id);
      return fee != nullptr && fee->amount.has_value();
    });
  };
  if (complete()) return true;
  Timer settled(std::min(settle_time, session_.answer_timeout()));
  return session_.listen(settled, [&](const Message&) { return complete(); });
}

std::vector<ToldFill> Client::fills(std::string_view client_id) {
  session_.ready();
  session_.require_line();
  const bool complete = list_executions(session_.answer_timeout());
  const auto own = book_.fills(client_id);
  const Progress done = understood([&] { return book_.progress(own); });
  const KnownOrder* order = only(client_id);
  if (order != nullptr && order->filled > done.filled) {
    throw Failure(
        RB_UNAVAILABLE,
        fmt::format("order {}: {} are filled, and the executions told are of {}; TWS tells those of today, or "
                    "of the days its trade log shows",
                    client_id, order->filled.to_string(), done.filled.to_string()));
  }
  const bool all_known = order != nullptr && order->filled.is_positive() && order->filled == done.filled;
  if (!complete && !all_known) {
    throw Failure(RB_UNAVAILABLE, fmt::format("the executions of order {} did not come to their end", client_id));
  }
  if (!wait_for_commissions(own)) {
    throw Failure(RB_UNAVAILABLE, fmt::format("order {}: a commission is not told yet", client_id));
  }
  std::vector<ToldFill> fills;
  for (const KnownFill* fill : own) {
    // A correction to nothing: it did not happen.
    if (!fill->execution.quantity.is_zero()) fills.push_back(fill_from(*fill));
  }
  return fills;
}

ToldFill Client::fill_from(const KnownFill& fill) const {
  const Execution& told = fill.execution;
  const Commission& fee = *book_.commission(told.id);
  if (told.side != "BOT" && told.side != "SLD") {
    throw Failure(RB_UNAVAILABLE, fmt::format("execution {}: its side is \"{}\"", told.id, told.side));
  }
  if (fee.currency != settings_.session.currency) {
    throw Failure(RB_CONFLICT, fmt::format("the commission of execution {} is in {}, and currency is {}", told.id,
                                           fee.currency, settings_.session.currency));
  }
  const auto symbol = own_symbol(told.contract.symbol, settings_.class_separator);
  if (!symbol) throw Failure(RB_UNAVAILABLE, fmt::format("execution {} is of \"{}\"", told.id, told.contract.symbol));
  const std::string zone = settings_.time_zone.empty() ? zone_name_in(session_.connected_at()) : settings_.time_zone;
  const auto at = instant_from(told.time, zone);
  if (!at) {
    throw Failure(RB_UNAVAILABLE,
                  fmt::format("execution {}: {}; time_zone can say which", told.id, at.error().message));
  }
  return {std::string(execution_name(told.id).base),
          *symbol,
          told.side == "BOT",
          told.quantity,
          told.price,
          *fee.amount,
          *at};
}

}  // namespace interactive_brokers
