#include "laboratory/alpaca_orders.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace rebalancer::laboratory::alpaca {
namespace {

constexpr std::int64_t invalid_code = 40'010'001;
constexpr std::array all_times_in_force{TimeInForce::day, TimeInForce::gtc, TimeInForce::opg,
                                        TimeInForce::cls, TimeInForce::ioc, TimeInForce::fok};

WireAnswer invalid(std::string_view message) { return error_answer(422, invalid_code, message); }

struct Window {
  std::optional<Instant> after = {};
  std::optional<Instant> until = {};
  bool ascending = false;
  std::size_t limit = 0;
};

Result<Window> read_window(const WireRequest& request, std::string_view limit_name, std::size_t limit,
                           std::size_t limit_max) {
  Window window{.limit = limit};
  for (auto [name, field] : {std::pair{"after", &window.after}, {"until", &window.until}}) {
    const auto text = request.parameter(name);
    if (!text || text->empty()) continue;
    const auto instant = parse_time(*text);
    if (!instant) return fail(ErrorCode::invalid, "invalid {}: {}", name, *text);
    *field = *instant;
  }
  const std::string direction = request.parameter("direction").value_or("desc");
  if (direction != "asc" && direction != "desc") return fail(ErrorCode::invalid, "direction must be asc or desc");
  window.ascending = direction == "asc";
  if (const auto text = request.parameter(limit_name)) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), window.limit);
    if (error != std::errc() || end != text->data() + text->size() || window.limit < 1 || window.limit > limit_max) {
      return fail(ErrorCode::invalid, "{} must be a number from 1 to {}", limit_name, limit_max);
    }
  }
  return window;
}

bool is_in(const Window& window, Instant instant) {
  return (!window.after || instant > *window.after) && (!window.until || instant < *window.until);
}

// One of "A,B,C"; empty is all.
bool names_it(std::string_view list, std::string_view name) {
  if (list.empty()) return true;
  while (true) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) return false;
    list = list.substr(comma + 1);
  }
}

std::string_view type_of(const AccountEvent& event) {
  if (event.kind == AccountEvent::Kind::split) return "SPLIT";
  if (event.kind == AccountEvent::Kind::dividend) return "DIV";
  return event.amount.is_negative() ? "CSW" : "CSD";
}

struct Activity {
  Instant at;
  std::string id;
  const Execution* execution = nullptr;
  const AccountEvent* event = nullptr;
};

}  // namespace

WireAnswer AlpacaOrders::order_answer(const ExchangeOrder& order) const {
  JsonText json;
  Writer{exchange, seed}.order(json, order);
  return json_answer(200, json.str());
}

Result<OrderRequest> AlpacaOrders::read_order(const JsonFields& fields) const {
  OrderRequest order;
  const auto client_id = text_field(fields, "client_order_id");
  const auto symbol = text_field(fields, "symbol");
  const auto side = text_field(fields, "side");
  const auto type = text_field(fields, "type");
  const auto time_in_force = text_field(fields, "time_in_force");
  const auto order_class = text_field(fields, "order_class");
  const auto quantity = text_decimal_field(fields, "qty");
  const auto notional = text_decimal_field(fields, "notional");
  const auto limit = text_decimal_field(fields, "limit_price");
  const auto extended = boolean_field(fields, "extended_hours");
  for (const auto* field : {&client_id, &symbol, &side, &type, &time_in_force, &order_class}) {
    if (!*field) return fail(field->error());
  }
  for (const auto* field : {&quantity, &notional, &limit}) {
    if (!*field) return fail(field->error());
  }
  if (!extended) return fail(extended.error());
  for (const char* name : {"stop_price", "trail_price", "trail_percent", "take_profit", "stop_loss", "legs"}) {
    if (fields.contains(name) && fields.find(name)->second.kind != JsonField::Kind::null) {
      return fail(ErrorCode::invalid, "{} is not simulated by the laboratory", name);
    }
  }
  if (!*symbol) return fail(ErrorCode::invalid, "symbol is required");
  if (!*side || (**side != "buy" && **side != "sell")) return fail(ErrorCode::invalid, "side must be buy or sell");
  if (!*type || (**type != "market" && **type != "limit")) {
    return fail(ErrorCode::invalid, "order type {} is not simulated by the laboratory", type->value_or("(none)"));
  }
  if (order_class->value_or("") != "" && **order_class != "simple") {
    return fail(ErrorCode::invalid, "order class {} is not simulated by the laboratory", **order_class);
  }
  const auto known = std::ranges::find(all_times_in_force, time_in_force->value_or(""), &time_in_force_text);
  if (known == all_times_in_force.end()) return fail(ErrorCode::invalid, "invalid time_in_force");
  if (quantity->has_value() && notional->has_value()) {
    return fail(ErrorCode::invalid, "only one of qty or notional is accepted");
  }
  if (!quantity->has_value() && !notional->has_value()) return fail(ErrorCode::invalid, "qty or notional is required");
  if (client_id->value_or("").size() > 128) {
    return fail(ErrorCode::invalid, "client_order_id must be no more than 128 characters");
  }
  if (extended->value_or(false) && (**type != "limit" || *known != TimeInForce::day)) {
    return fail(ErrorCode::invalid, "extended hours order must be DAY limit orders");
  }
  order.client_id = client_id->value_or("");
  if (order.client_id.empty()) order.client_id = uuid(seed, Named::client_order, exchange.orders().size() + 1);
  order.symbol = **symbol;
  order.side = **side == "buy" ? Side::buy : Side::sell;
  order.quantity = quantity->value_or(Decimal());
  order.notional = *notional;
  order.type = **type == "limit" ? OrderType::limit : OrderType::market;
  order.limit = *limit;
  order.time_in_force = *known;
  order.extended_hours = extended->value_or(false);
  return order;
}

WireAnswer AlpacaOrders::submit(const WireRequest& request) const {
  const auto fields = parse_fields(request.body);
  if (!fields) return error_answer(400, 40'010'000, "request body format is invalid: " + fields.error().message);
  const auto order = read_order(*fields);
  if (!order) return invalid(order.error().message);
  const auto made = exchange.submit(*order);
  if (!made) return refusal_answer(made.error(), *order);
  return order_answer(exchange.orders().at(*made - 1));
}

WireAnswer AlpacaOrders::find(std::string_view id) const {
  if (id.size() != 36) return invalid("order_id is missing");
  const auto number = number_of(seed, Named::order, id);
  const ExchangeOrder* order = number ? exchange.look_up(*number) : nullptr;
  return order == nullptr ? error_answer(404, 40'410'000, fmt::format("order not found for {}", id))
                          : order_answer(*order);
}

WireAnswer AlpacaOrders::find_by_client_id(const WireRequest& request) const {
  const auto client_id = request.parameter("client_order_id");
  if (!client_id || client_id->empty()) return invalid("client_order_id is required");
  const ExchangeOrder* order = exchange.look_up(*client_id);
  return order == nullptr ? error_answer(404, 40'410'000, fmt::format("order not found for {}", *client_id))
                          : order_answer(*order);
}

WireAnswer AlpacaOrders::list(const WireRequest& request) const {
  const auto window = read_window(request, "limit", 50, 500);
  if (!window) return invalid(window.error().message);
  const std::string status = request.parameter("status").value_or("open");
  if (status != "open" && status != "closed" && status != "all") return invalid("status must be open, closed or all");
  const std::string symbols = request.parameter("symbols").value_or("");
  const std::string side = request.parameter("side").value_or("");
  std::vector<const ExchangeOrder*> found = exchange.visible_orders();
  if (!window->ascending) std::ranges::reverse(found);
  std::erase_if(found, [&](const ExchangeOrder* order) {
    const bool wanted = status == "all" || (status == "open") != is_done(order->status);
    return !wanted || !is_in(*window, order->submitted_at) || !names_it(symbols, order->request.symbol) ||
           !names_it(side, name_of(order->request.side));
  });
  if (found.size() > window->limit) found.resize(window->limit);
  if (faults.short_list && !found.empty()) found.pop_back();
  JsonText json;
  json.array();
  for (const ExchangeOrder* order : found) Writer{exchange, seed}.order(json, *order);
  return json_answer(200, json.end().str());
}

WireAnswer AlpacaOrders::replace(std::string_view id, const WireRequest& request) const {
  const auto number = number_of(seed, Named::order, id);
  const ExchangeOrder* old = number ? exchange.look_up(*number) : nullptr;
  if (old == nullptr) return error_answer(404, 40'410'000, fmt::format("order not found for {}", id));
  const auto fields = parse_fields(request.body);
  if (!fields) return error_answer(400, 40'010'000, "request body format is invalid: " + fields.error().message);
  const auto quantity = text_decimal_field(*fields, "qty");
  const auto limit = text_decimal_field(*fields, "limit_price");
  const auto client_id = text_field(*fields, "client_order_id");
  const auto time_in_force = text_field(*fields, "time_in_force");
  if (!quantity || !limit || !client_id || !time_in_force) return invalid("invalid replace request");
  OrderRequest changed = old->request;
  changed.client_id = client_id->value_or(uuid(seed, Named::client_order, exchange.orders().size() + 1));
  if (*quantity) changed.quantity = **quantity;
  if (*limit) changed.limit = *limit;
  if (*time_in_force) {
    const auto known = std::ranges::find(all_times_in_force, **time_in_force, &time_in_force_text);
    if (known == all_times_in_force.end()) return invalid("invalid time_in_force");
    changed.time_in_force = *known;
  }
  const auto made = exchange.replace(*number, changed);
  if (!made) return refusal_answer(made.error(), changed);
  return order_answer(exchange.orders().at(*made - 1));
}

WireAnswer AlpacaOrders::cancel(std::string_view id) const {
  if (id.size() != 36) return invalid("order_id is missing");
  const auto number = number_of(seed, Named::order, id);
  const ExchangeOrder* order = number ? exchange.look_up(*number) : nullptr;
  if (order == nullptr) return error_answer(404, 40'410'000, fmt::format("order not found for {}", id));
  if (is_done(order->status)) {
    return error_answer(422, 42'210'000, fmt::format("order is already in \"{}\" state", status_text(order->status)));
  }
  const auto cancelled = exchange.cancel(*number);
  if (!cancelled) return refusal_answer(cancelled.error(), order->request);
  return {204, {}, ""};
}

WireAnswer AlpacaOrders::cancel_all() const {
  JsonText json;
  json.array();
  for (const ExchangeOrder& order : exchange.orders()) {
    if (is_done(order.status)) continue;
    const bool taken = exchange.cancel(order.number).has_value();
    json.object().member("id", uuid(seed, Named::order, order.number)).member("status", taken ? 200 : 500).end();
  }
  return json_answer(207, json.end().str());
}

WireAnswer AlpacaOrders::activities(const WireRequest& request, std::string_view types) const {
  const auto window = read_window(request, "page_size", 100, 100);
  if (!window) return invalid(window.error().message);
  const std::string category = request.parameter("category").value_or("");
  const auto day = request.parameter("date");
  const Writer writer{exchange, seed};
  std::vector<Activity> found;
  for (const Execution& execution : exchange.executions()) {
    if (!names_it(types, "FILL") || category == "non_trade_activity") continue;
    found.push_back({execution.at, writer.fill_id(execution), &execution, nullptr});
  }
  for (const AccountEvent& event : exchange.events()) {
    if (!event.is_told || !names_it(types, type_of(event)) || category == "trade_activity") continue;
    found.push_back({event.at, writer.event_id(event), nullptr, &event});
  }
  std::ranges::stable_sort(found, {}, &Activity::at);
  if (faults.dropped_fill && !found.empty()) found.pop_back();
  if (!window->ascending) std::ranges::reverse(found);
  std::erase_if(found, [&](const Activity& activity) {
    return !is_in(*window, activity.at) ||
           (day && activity.at.utc_date().to_string() != std::string_view(*day).substr(0, 10));
  });
  if (const auto token = request.parameter("page_token"); token && !token->empty()) {
    const auto last = std::ranges::find(found, *token, &Activity::id);
    if (last == found.end()) return invalid("invalid page_token");
    found.erase(found.begin(), last + 1);
  }
  if (found.size() > window->limit) found.resize(window->limit);
  if (faults.reordered_fills)
    std::rotate(found.begin(), found.begin() + static_cast<long>(found.size() / 2), found.end());
  JsonText json;
  json.array();
  for (const Activity& activity : found) {
    for (int i = 0; i < (faults.duplicate_fills ? 2 : 1); ++i) {
      activity.execution != nullptr ? writer.fill(json, *activity.execution) : writer.event(json, *activity.event);
    }
  }
  return json_answer(200, json.end().str());
}

}  // namespace rebalancer::laboratory::alpaca
