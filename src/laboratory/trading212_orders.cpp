#include "laboratory/trading212_orders.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "laboratory/arithmetic.hpp"
#include "laboratory/json_fields.hpp"

namespace rebalancer::laboratory::trading212 {
namespace {

constexpr int quantity_places_max = 4;
constexpr std::size_t pending_per_ticker_max = 50;
constexpr std::uint64_t cursor_base = 10'000'000'000;
constexpr std::uint64_t pieces_max = 1'000;  // of one order

std::string_view status_text(const ExchangeOrder& order) {
  switch (order.status) {
    case OrderStatus::accepted:
      return "UNCONFIRMED";
    case OrderStatus::working:
      return "NEW";
    case OrderStatus::partially_filled:
      return "PARTIALLY_FILLED";
    case OrderStatus::pending_cancel:
      return "CANCELLING";
    case OrderStatus::filled:
      return "FILLED";
    case OrderStatus::rejected:
      return "REJECTED";
    case OrderStatus::replaced:
      return "REPLACED";
    case OrderStatus::cancelled:
    case OrderStatus::expired:
      break;
  }
  return "CANCELLED";
}

Decimal signed_by(Side side, Decimal quantity) { return side == Side::sell ? negative(quantity) : quantity; }

// Digits after the point.
int places_of(Decimal quantity) {
  int places = 9;
  for (std::int64_t billionths = quantity.billionths(); places > 0 && billionths % 10 == 0; billionths /= 10) --places;
  return places;
}

template <class T>
std::optional<T> whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

WireAnswer refusal_answer(const Refusal& refusal) {
  switch (refusal.why) {
    case Refusal::Why::buying_power:
      return coded(400, "InsufficientFreeForStocksBuy", "Insufficient funds");
    case Refusal::Why::quantity_available:
      return coded(400, "SellingEquityNotOwned", "Selling equity that is not owned or is held for orders");
    case Refusal::Why::unknown_symbol:
      return problem(400, "entity-not-found", "instrument not found");
    case Refusal::Why::not_tradable:
      return coded(400, "InstrumentNotFound", "Close only mode");
    case Refusal::Why::blocked:
      return coded(403, "CantLegalyTradeException", refusal.text);
    case Refusal::Why::not_found:
    case Refusal::Why::not_open:
      return problem(404, "entity-not-found", "order not found");
    default:
      break;
  }
  return coded(400, "InvalidValue", refusal.text);
}

// One row of the history: an order that is done, with one of its fills.
struct Item {
  std::uint64_t key;  // the cursor
  const ExchangeOrder* order;
  const Execution* execution;  // null: it ended without
};

}  // namespace

std::int64_t account_number(std::uint64_t seed) { return 20'000'000 + static_cast<std::int64_t>(seed % 1'000'000); }

WireAnswer json_answer(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

WireAnswer problem(int status, std::string_view type, std::string_view detail) {
  JsonText json;
  json.object().member("type", "/api-errors/" + std::string(type)).member("title", type).member("status", status);
  WireAnswer answer = json_answer(status, json.member("detail", detail).end().str());
  answer.headers.front().second = "application/problem+json";
  return answer;
}

WireAnswer coded(int status, std::string_view code, std::string_view clarification) {
  JsonText json;
  return json_answer(status, json.object().member("code", code).member("clarification", clarification).end().str());
}

void number(JsonText& json, std::string_view name, Decimal value) { json.key(name).raw(value.to_string()); }

// Milliseconds, as the real API has them.
std::string moment(Instant instant) { return instant.to_string(); }

std::int64_t Orders::id_of(std::uint64_t order) const {
  return 30'000'000'000 + static_cast<std::int64_t>(seed % 1'000) * 10'000'000 + static_cast<std::int64_t>(order);
}

std::int64_t Orders::fill_id_of(std::uint64_t execution) const {
  return 40'000'000'000 + static_cast<std::int64_t>(seed % 1'000) * 10'000'000 + static_cast<std::int64_t>(execution);
}

std::uint64_t Orders::number_of(std::string_view id) const {
  const auto value = whole<std::int64_t>(id);
  if (!value || *value <= id_of(0) || *value > id_of(exchange.orders().size())) return 0;
  return static_cast<std::uint64_t>(*value - id_of(0));
}

void Orders::write_instrument(JsonText& json, const Instrument& instrument) const {
  json.object().member("ticker", instrument.symbol).member("name", instrument.name).member("isin", instrument.isin);
  json.member("currency", instrument.currency).end();
}

void Orders::write_order(JsonText& json, const ExchangeOrder& order) const {
  const OrderRequest& request = order.request;
  json.object().member("id", id_of(order.number)).member("ticker", request.symbol);
  json.key("instrument");
  write_instrument(json, exchange.instruments().at(request.symbol));
  json.member("side", request.side == Side::buy ? "BUY" : "SELL").member("strategy", "QUANTITY");
  json.member("type", request.limit ? "LIMIT" : "MARKET").member("status", status_text(order));
  number(json, "quantity", signed_by(request.side, request.quantity));
  number(json, "filledQuantity", signed_by(request.side, order.filled));
  if (request.limit) {
    number(json, "limitPrice", *request.limit);
    json.member("timeInForce", request.time_in_force == TimeInForce::gtc ? "GOOD_TILL_CANCEL" : "DAY");
  }
  json.member("currency", exchange.settings().currency).member("extendedHours", request.extended_hours);
  json.member("initiatedFrom", "API").member("createdAt", moment(order.submitted_at)).end();
}

void Orders::write_fill(JsonText& json, const Execution& execution) const {
  const Instrument& instrument = exchange.instruments().at(execution.symbol);
  const Decimal value = execution.cash_change.is_negative() ? negative(execution.cash_change) : execution.cash_change;
  json.object().member("id", fill_id_of(execution.number)).member("type", "TRADE").member("tradingMethod", "TOTV");
  number(json, "quantity", signed_by(execution.side, execution.quantity));
  number(json, "price", execution.price);
  json.member("filledAt", moment(execution.at)).key("walletImpact").object();
  json.member("currency", exchange.settings().currency);
  number(json, "netValue", value);
  number(json, "fxRate", over(Decimal::whole(1), instrument.rate));
  json.key("taxes").array();
  if (execution.fee.is_positive()) {
    json.object().member("name", "CURRENCY_CONVERSION_FEE").member("currency", exchange.settings().currency);
    number(json, "quantity", negative(execution.fee));
    json.member("chargedAt", moment(execution.at)).end();
  }
  json.end().end().end();
}

WireAnswer Orders::submit(const WireRequest& request, bool limited) const {
  const auto fields = parse_fields(request.body);
  if (!fields) return problem(400, "bad-request", fields.error().message);
  const auto ticker = text_field(*fields, "ticker");
  const auto quantity = number_field(*fields, "quantity");
  const auto limit = number_field(*fields, "limitPrice");
  const auto validity = text_field(*fields, "timeValidity");
  const auto extended = boolean_field(*fields, "extendedHours");
  if (!ticker || !validity) return problem(400, "bad-request", "ticker and timeValidity must be strings");
  if (!quantity) return problem(400, "bad-request", quantity.error().message);
  if (!limit) return problem(400, "bad-request", limit.error().message);
  if (!extended || (limited && extended->has_value())) {
    return problem(400, "bad-request", "extendedHours is a boolean of market orders");
  }
  if (!*ticker) return coded(400, "TickerMissing", "ticker is missing");
  if (!*quantity || (*quantity)->is_zero()) return coded(400, "QuantityMissing", "quantity is missing or zero");
  if (limited != limit->has_value()) return coded(400, "LimitPriceMissing", "limitPrice belongs to limit orders");
  const std::string wanted = validity->value_or("DAY");
  if (wanted != "DAY" && wanted != "GOOD_TILL_CANCEL") return problem(400, "bad-request", "invalid timeValidity");
  if (places_of(**quantity) > quantity_places_max) {
    return problem(400, "quantity-precision-mismatch",
                   fmt::format("invalid quantity precision {}", quantity_places_max));
  }
  const auto found = exchange.instruments().find(**ticker);
  if (found != exchange.instruments().end() && !found->second.fractionable && places_of(**quantity) > 0) {
    return problem(400, "quantity-precision-mismatch", "invalid quantity precision 0");
  }
  const auto pending = std::ranges::count_if(exchange.orders(), [&](const ExchangeOrder& order) {
    return !is_done(order.status) && order.request.symbol == **ticker;
  });
  if (static_cast<std::size_t>(pending) >= pending_per_ticker_max) {
    return coded(400, "BusinessException", "too many pending orders of this ticker");
  }
  OrderRequest order;
  order.symbol = **ticker;
  order.side = (*quantity)->is_negative() ? Side::sell : Side::buy;
  order.quantity = signed_by(order.side, **quantity);
  order.type = limited ? OrderType::limit : OrderType::market;
  order.limit = *limit;
  order.time_in_force = wanted == "GOOD_TILL_CANCEL" ? TimeInForce::gtc : TimeInForce::day;
  order.extended_hours = extended->value_or(false);
  const auto made = exchange.submit(order);
  if (!made) return refusal_answer(made.error());
  JsonText json;
  write_order(json, exchange.orders().at(*made - 1));
  return json_answer(200, json.str());
}

WireAnswer Orders::pending() const {
  std::vector<const ExchangeOrder*> found = exchange.visible_orders();
  std::erase_if(found, [](const ExchangeOrder* order) { return is_done(order->status); });
  if (faults.short_list && !found.empty()) found.pop_back();
  JsonText json;
  json.array();
  for (const ExchangeOrder* order : found) write_order(json, *order);
  return json_answer(200, json.end().str());
}

// Only of orders that are pending; what is done is found in the history.
WireAnswer Orders::find(std::string_view id) const {
  const ExchangeOrder* order = exchange.look_up(number_of(id));
  if (order == nullptr || is_done(order->status)) return problem(404, "entity-not-found", "order not found");
  JsonText json;
  write_order(json, *order);
  return json_answer(200, json.str());
}

WireAnswer Orders::cancel(std::string_view id) const {
  const auto cancelled = exchange.cancel(number_of(id));
  if (!cancelled) return refusal_answer(cancelled.error());
  return {200, {}, ""};
}

WireAnswer Orders::history(const WireRequest& request) const {
  const auto limit = whole<std::size_t>(request.parameter("limit").value_or("20"));
  const auto cursor = whole<std::uint64_t>(request.parameter("cursor").value_or("0"));
  if (!limit || *limit < 1 || *limit > 50) return problem(400, "bad-request", "limit must be a number from 1 to 50");
  if (!cursor) return problem(400, "bad-request", "cursor must be a number");
  const std::string ticker = request.parameter("ticker").value_or("");

  std::vector<Item> items;
  for (const ExchangeOrder* order : exchange.visible_orders()) {
    if (!is_done(order->status) || (!ticker.empty() && order->request.symbol != ticker)) continue;
    // What is done later comes before, so that a page's end stays where it is.
    std::uint64_t key = cursor_base + order->done_as * pieces_max;
    bool filled = false;
    for (const Execution& execution : exchange.executions()) {
      if (execution.order != order->number) continue;
      filled = true;
      items.push_back({++key, order, &execution});
    }
    if (!filled) items.push_back({key, order, nullptr});
  }
  std::ranges::sort(items, std::ranges::greater(), &Item::key);
  if (faults.dropped_fill && !items.empty()) items.erase(items.begin());
  if (*cursor != 0) std::erase_if(items, [&](const Item& item) { return item.key >= *cursor; });
  const bool more = items.size() > *limit;
  if (more) items.resize(*limit);
  const std::uint64_t last = items.empty() ? 0 : items.back().key;
  if (faults.reordered_fills) {
    std::rotate(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2), items.end());
  }
  JsonText json;
  json.object().key("items").array();
  for (const Item& item : items) {
    for (int i = 0; i < (faults.duplicate_fills ? 2 : 1); ++i) {
      json.object().key("order");
      write_order(json, *item.order);
      if (item.execution != nullptr) {
        json.key("fill");
        write_fill(json, *item.execution);
      }
      json.end();
    }
  }
  json.end().key("nextPagePath");
  if (!more) return json_answer(200, json.null().end().str());
  std::string path = fmt::format("/api/v0/equity/history/orders?limit={}&cursor={}", *limit, last);
  if (!ticker.empty()) path += "&ticker=" + ticker;
  return json_answer(200, json.value(path).end().str());
}

}  // namespace rebalancer::laboratory::trading212
