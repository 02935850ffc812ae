// Connecting, and orders: placed, changed, cancelled, told of.
#include "laboratory/tws_gateway.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "laboratory/arithmetic.hpp"

namespace rebalancer::laboratory::tws {
namespace {

enum Incoming {
  in_market_data = 1,
  in_place_order = 3,
  in_cancel_order = 4,
  in_open_orders = 5,
  in_executions = 7,
  in_ids = 8,
  in_contracts = 9,
  in_all_open_orders = 16,
  in_current_time = 49,
  in_global_cancel = 58,
  in_market_data_type = 59,
  in_positions = 61,
  in_account_summary = 62,
  in_start = 71,
  in_completed_orders = 99,
};
// Taken without an answer: ends of subscriptions.
constexpr std::array in_ignored{2, 63, 64};

std::optional<TimeInForce> time_in_force_named(std::string_view name) {
  if (name == "DAY" || name.empty()) return TimeInForce::day;
  if (name == "GTC") return TimeInForce::gtc;
  if (name == "IOC") return TimeInForce::ioc;
  if (name == "FOK") return TimeInForce::fok;
  if (name == "OPG") return TimeInForce::opg;
  return std::nullopt;
}

// "v157..178", with more after a blank
std::optional<std::pair<int, int>> versions_of(std::string_view offer) {
  if (!offer.starts_with('v')) return std::nullopt;
  offer = offer.substr(1, offer.find(' ') == std::string_view::npos ? offer.size() : offer.find(' ') - 1);
  int first = 0;
  const auto [end, error] = std::from_chars(offer.data(), offer.data() + offer.size(), first);
  if (error != std::errc()) return std::nullopt;
  std::string_view rest = offer.substr(static_cast<std::size_t>(end - offer.data()));
  if (rest.empty()) return std::pair(first, first);
  if (!rest.starts_with("..")) return std::nullopt;
  rest.remove_prefix(2);
  int last = 0;
  const auto [last_end, last_error] = std::from_chars(rest.data(), rest.data() + rest.size(), last);
  if (last_error != std::errc() || last_end != rest.data() + rest.size()) return std::nullopt;
  return std::pair(first, last);
}

}  // namespace

std::string Gateway::account() const { return fmt::format("DU{:07}", 7'000'000 + seed_ % 1'000'000); }

std::optional<std::string> Gateway::greet(ClientSession& session, std::string_view offer,
                                          const Exchange& exchange) const {
  const auto versions = versions_of(offer);
  if (!versions || versions->first > newest_version_ || versions->second < version_min) return std::nullopt;
  session.version = std::min(versions->second, newest_version_);
  std::string payload = std::to_string(session.version);
  payload += '\0';
  payload += eastern_time(exchange.shown_now());
  payload += '\0';
  return frame_of(payload);
}

RequestKind Gateway::kind_of(const ClientSession& session, const std::vector<std::string>& fields) const {
  Reader reader(fields);
  switch (reader.message()) {
    case in_place_order:
      return live_.contains({session.client_id, reader.integer()}) ? RequestKind::replace : RequestKind::submit;
    case in_cancel_order:
    case in_global_cancel:
      return RequestKind::cancel;
    case in_open_orders:
    case in_all_open_orders:
    case in_completed_orders:
      return RequestKind::list;
    case in_executions:
      return RequestKind::fills;
    case in_contracts:
      return RequestKind::instruments;
    case in_current_time:
      return RequestKind::clock;
    case in_positions:
      return RequestKind::positions;
    case in_account_summary:
      return RequestKind::account;
    default:
      return RequestKind::other;
  }
}

Reply Gateway::answer(ClientSession& session, const std::vector<std::string>& fields, Exchange& exchange,
                      const ListFaults& faults) {
  Reply reply;
  Reader reader(fields);
  const int message = reader.message();
  if (session.client_id < 0 && message != in_start) {
    reply.frames.push_back(messages(session, exchange).error(-1, 504, "Not connected").frame());
    return reply;
  }
  switch (message) {
    case in_start:
      start(session, reader, exchange, reply);
      break;
    case in_place_order:
      place(session, reader, exchange, reply);
      break;
    case in_cancel_order:
      cancel(session, reader, exchange, reply);
      break;
    case in_global_cancel:
      cancel_all(session, exchange);
      break;
    case in_open_orders:
    case in_all_open_orders:
      open_orders(session, message == in_all_open_orders, exchange, faults, reply);
      break;
    case in_executions:
      executions(session, reader, exchange, faults, reply);
      break;
    case in_completed_orders:
      completed_orders(session, exchange, faults, reply);
      break;
    case in_ids:
      reply.frames.push_back(Fields(9).all(1, next_id(session.client_id)).frame());
      break;
    case in_contracts:
      contracts(session, reader, exchange, reply);
      break;
    case in_market_data:
      market_data(session, reader, exchange, reply);
      break;
    case in_market_data_type:
      reader.skip(1);
      market_data_types_[session.client_id] = reader.integer();
      break;
    case in_current_time:
      reply.frames.push_back(Fields(49).all(1, exchange.shown_now().nanoseconds() / 1'000'000'000).frame());
      break;
    case in_positions:
      positions(session, exchange, faults, reply);
      break;
    case in_account_summary:
      account_summary(session, reader, exchange, reply);
      break;
    default:
      if (std::ranges::find(in_ignored, message) != in_ignored.end()) break;
      reply.frames.push_back(
          messages(session, exchange)
              .error(-1, 321, fmt::format("Error validating request: message {} is not simulated", message))
              .frame());
  }
  return reply;
}

std::int64_t& Gateway::next_id(std::int64_t client_id) { return next_ids_.emplace(client_id, 1).first->second; }

void Gateway::start(ClientSession& session, Reader reader, const Exchange& exchange, Reply& reply) {
  reader.skip(1);
  const std::int64_t client_id = reader.integer();
  const Messages out = messages(session, exchange);
  if (session.client_id >= 0 || connected_.contains(client_id)) {
    reply.frames.push_back(
        out.error(-1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id.")
            .frame());
    reply.closes = true;
    return;
  }
  session.client_id = client_id;
  session.generation = generation_;
  connected_.insert(client_id);
  written_ids_[client_id] = next_id(client_id);
  // What happened before is asked for, not told.
  session.executions_sent = exchange.executions().size();
  for (const ExchangeOrder& order : exchange.orders()) session.told[order.number] = status_text(order.status);
  reply.frames.push_back(Fields(15).all(1, account() + ",").frame());
  reply.frames.push_back(Fields(9).all(1, next_id(client_id)).frame());
  reply.frames.push_back(out.error(-1, 2104, "Market data farm connection is OK:usfarm").frame());
  reply.frames.push_back(out.error(-1, 2106, "HMDS data farm connection is OK:ushmds").frame());
  reply.frames.push_back(out.error(-1, 2158, "Sec-def data farm connection is OK:secdefnj").frame());
}

// One that the restart has ended may come after its successor.
void Gateway::leave(const ClientSession& session) {
  if (session.generation == generation_) connected_.erase(session.client_id);
}

void Gateway::restart() {
  for (auto& [client_id, next] : next_ids_) {
    next = written_ids_[client_id];
    for (auto order = live_.lower_bound({client_id, next}); order != live_.end() && order->first.first == client_id;) {
      order = live_.erase(order);
    }
  }
  connected_.clear();
  ++generation_;
}

// A contract's block of twelve; "" when it names nothing we have.
std::string Gateway::symbol_from(Reader& reader, const Messages& out) const {
  const std::int64_t contract_id = reader.integer();
  const std::string symbol = reader.text();
  const std::string type = reader.text();
  reader.skip(6);  // expiry, strike, right, multiplier, exchange, primary exchange
  const std::string currency = reader.text();
  reader.skip(2);  // local symbol, trading class
  if (contract_id != 0) return out.symbol_of(contract_id);
  if (type != "STK" || (!currency.empty() && currency != "USD")) return "";
  return out.exchange.instruments().contains(symbol) ? symbol : "";
}

void Gateway::place(ClientSession& session, Reader reader, Exchange& exchange, Reply& reply) {
  const Messages out = messages(session, exchange);
  const std::int64_t order_id = reader.integer();
  const auto tell = [&](int code, std::string_view text) {
    reply.frames.push_back(out.error(order_id, code, text).frame());
  };
  const ClientOrder id{session.client_id, order_id};
  const auto live = live_.find(id);
  if (order_id <= 0 || (live == live_.end() && order_id < next_id(session.client_id))) {
    return tell(103, "Duplicate order id");
  }
  OrderRequest request;
  request.symbol = symbol_from(reader, out);
  if (request.symbol.empty()) return tell(200, "No security definition has been found for the request");
  reader.skip(2);  // security id
  const std::string action = reader.text();
  const auto quantity = Decimal::parse(reader.text());
  const std::string type = reader.text();
  const std::string limit = reader.text();
  reader.skip(1);  // auxiliary price
  const auto time_in_force = time_in_force_named(reader.text());
  reader.skip(1);  // one-cancels-all group
  const std::string account_named = reader.text();
  reader.skip(2);  // open or close, origin
  request.client_id = reader.text();
  const bool transmits = reader.integer() == 1;
  if (action != "BUY" && action != "SELL") return tell(321, "Error validating request: invalid action");
  if (!quantity) return tell(321, "Error validating request: invalid quantity");
  if (type != "MKT" && type != "LMT") return tell(387, "Unsupported order type for this exchange and security type.");
  if (!time_in_force) return tell(321, "Error validating request: invalid time in force");
  if (!account_named.empty() && account_named != account())
    return tell(321, "Error validating request: invalid account");
  if (!transmits) return tell(321, "Error validating request: orders that wait are not simulated");
  if (quantity->billionths() % Decimal::scale != 0) {
    return tell(10243, "Fractional-sized order cannot be placed via API. Please, use TWS or IBKR Mobile");
  }
  request.side = action == "BUY" ? Side::buy : Side::sell;
  request.quantity = *quantity;
  request.time_in_force = *time_in_force;
  if (type == "LMT") {
    const auto price = Decimal::parse(limit);
    if (!price) return tell(321, "Error validating request: invalid limit price");
    request.type = OrderType::limit;
    request.limit = *price;
  }
  const auto made = live == live_.end() ? exchange.submit(request) : exchange.replace(live->second, request);
  if (!made) return refuse(session, order_id, made.error(), exchange, reply);
  Known known{session.client_id, order_id, 0, request.client_id};
  known.perm_id = live == live_.end() ? static_cast<std::int64_t>(389'000'000 + seed_ % 1'000 * 1'000'000 + *made)
                                      : known_.at(live->second).perm_id;
  known_[*made] = known;
  live_[id] = *made;
  next_id(session.client_id) = std::max(next_id(session.client_id), order_id + 1);
  if (!exchange.is_open()) {
    tell(399, fmt::format("Order Message:\n{} {} {} ARCA\nWarning: your order will not be placed at the exchange until "
                          "{}",
                          action, quantity->to_string(), request.symbol, eastern_time(exchange.session().open)));
  }
}

void Gateway::refuse(ClientSession& session, std::int64_t order_id, const Refusal& refusal, const Exchange& exchange,
                     Reply& reply) const {
  const Messages out = messages(session, exchange);
  int code = 201;
  std::string text = "Order rejected - reason:" + refusal.text;
  if (refusal.why == Refusal::Why::unknown_symbol) {
    code = 200;
    text = "No security definition has been found for the request";
  } else if (refusal.why == Refusal::Why::bad_price) {
    code = 110;
    text = "The price does not conform to the minimum price variation for this contract.";
  } else if (refusal.why == Refusal::Why::bad_quantity) {
    code = 434;
    text = "The order size cannot be zero or too large";
  } else if (refusal.why == Refusal::Why::not_open) {
    code = 104;
    text = "Cannot modify a filled order";
  } else if (refusal.why == Refusal::Why::quantity_available) {
    text = "Order rejected - reason:The contract is not available for short sale.";
  }
  reply.frames.push_back(out.error(order_id, code, text).frame());
}

void Gateway::cancel(ClientSession& session, Reader reader, Exchange& exchange, Reply& reply) {
  const Messages out = messages(session, exchange);
  if (session.version < 192) reader.skip(1);
  const std::int64_t order_id = reader.integer();
  const auto live = live_.find({session.client_id, order_id});
  if (live == live_.end()) {
    const std::string text = fmt::format("OrderId {} that needs to be cancelled is not found.", order_id);
    reply.frames.push_back(out.error(order_id, 10147, text).frame());
    return;
  }
  if (exchange.cancel(live->second)) return;
  const std::string state = status_text(exchange.orders().at(live->second - 1).status);
  const std::string text =
      fmt::format("OrderId {} that needs to be cancelled can not be cancelled, state: {}.", order_id, state);
  reply.frames.push_back(out.error(order_id, 10148, text).frame());
}

void Gateway::cancel_all(const ClientSession&, Exchange& exchange) {
  for (std::uint64_t number = 1; number <= exchange.orders().size(); ++number) {
    static_cast<void>(exchange.cancel(number));
  }
}

Known Gateway::known_of(const Execution& execution) const {
  const auto found = known_.find(execution.order);
  if (found != known_.end()) return found->second;
  // Made by hand in TWS itself.
  return {0, 0, static_cast<std::int64_t>(900'000'000 + execution.number), ""};
}

Reply Gateway::news(ClientSession& session, Exchange& exchange, const ListFaults& faults) {
  Reply reply;
  if (session.client_id < 0) return reply;
  const Messages out = messages(session, exchange);
  std::vector<std::string> fills;
  for (; session.executions_sent < exchange.executions().size(); ++session.executions_sent) {
    const Execution& execution = exchange.executions()[session.executions_sent];
    const Known known = known_of(execution);
    if (known.client_id != session.client_id) continue;
    for (int i = 0; i < (faults.duplicate_fills ? 2 : 1); ++i) {
      fills.push_back(out.execution(-1, execution, known).frame());
      fills.push_back(out.commission(execution).frame());
    }
  }
  if (faults.reordered_fills) std::ranges::reverse(fills);
  if (faults.dropped_fill && fills.size() >= 2) fills.resize(fills.size() - 2);
  reply.frames = std::move(fills);
  for (const auto& [number, known] : known_) {
    const ExchangeOrder& order = exchange.orders().at(number - 1);
    if (known.client_id != session.client_id || order.replaced_by != 0 || order.hidden_lookups > 0) continue;
    const std::string now = status_text(order.status) + " " + order.filled.to_string();
    std::string& told = session.told[number];
    if (told == now || (order.filled.is_zero() && told == status_text(order.status))) continue;
    told = now;
    if (order.status == OrderStatus::rejected) {
      reply.frames.push_back(out.error(known.order_id, 201, "Order rejected - reason:" + order.reason).frame());
    }
    reply.frames.push_back(out.open_order(order, known).frame());
    reply.frames.push_back(out.order_status(order, known).frame());
    if (order.status == OrderStatus::cancelled || order.status == OrderStatus::expired) {
      reply.frames.push_back(out.error(known.order_id, 202, "Order Canceled - reason:").frame());
    }
  }
  return reply;
}

}  // namespace rebalancer::laboratory::tws
