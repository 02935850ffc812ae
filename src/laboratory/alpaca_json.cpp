#include "laboratory/alpaca_json.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "core/base/random.hpp"
#include "core/market/time_zone.hpp"
#include "laboratory/arithmetic.hpp"
#include "laboratory/simulator.hpp"

namespace rebalancer::laboratory::alpaca {
namespace {

void decimal(JsonText& json, std::string_view name, Decimal value) { json.member(name, value.to_string()); }

void maybe(JsonText& json, std::string_view name, const std::optional<Decimal>& value) {
  json.key(name);
  value ? json.value(value->to_string()) : json.null();
}

void maybe(JsonText& json, std::string_view name, const std::optional<Instant>& value) {
  json.key(name);
  value ? json.value(rfc3339(*value)) : json.null();
}

// The number of such an event as Alpaca's ids have it: a moment to the millisecond, and something unique.
std::string activity_id(Instant at, std::string_view unique) {
  std::string stamp;
  for (const char c : rfc3339(at).substr(0, 23)) {
    if (c >= '0' && c <= '9') stamp += c;
  }
  return fmt::format("{}::{}", stamp, unique);
}

std::string hour_text(const Calendar& calendar, Instant instant) {
  const auto zone = TimeZone::named(calendar.time_zone());
  const int minute = zone ? zone->minute_of_day(instant) : 0;
  return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

}  // namespace

std::string uuid(std::uint64_t seed, Named named, std::uint64_t number) {
  Random random(seed * 4'099 + static_cast<std::uint64_t>(named));
  const std::uint64_t bits = random.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", bits & 0xFFFFFFFFU, bits >> 32U & 0xFFFFU,
                     bits >> 48U & 0xFFFU, random.next() & 0xFFFU, number & 0xFFFFFFFFFFFFU);
}

std::optional<std::uint64_t> number_of(std::uint64_t seed, Named named, std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + 24, text.data() + 36, number, 16);
  if (error != std::errc() || end != text.data() + 36 || uuid(seed, named, number) != text) return std::nullopt;
  return number;
}

std::string account_number(std::uint64_t seed) { return fmt::format("PALAB{:07}", seed % 10'000'000); }

std::string_view status_text(OrderStatus status) {
  if (status == OrderStatus::working) return "new";
  if (status == OrderStatus::cancelled) return "canceled";
  return name_of(status);
}

std::string_view time_in_force_text(TimeInForce time_in_force) {
  switch (time_in_force) {
    case TimeInForce::day:
      return "day";
    case TimeInForce::gtc:
      return "gtc";
    case TimeInForce::opg:
      return "opg";
    case TimeInForce::cls:
      return "cls";
    case TimeInForce::ioc:
      return "ioc";
    case TimeInForce::fok:
      break;
  }
  return "fok";
}

std::uint64_t Writer::asset_number(const std::string& symbol) const {
  return 1 +
         static_cast<std::uint64_t>(std::distance(exchange.instruments().begin(), exchange.instruments().find(symbol)));
}

void Writer::account(JsonText& json) const {
  const Decimal equity = exchange.equity();
  const Decimal long_value = minus(equity, exchange.cash());
  const Decimal power = exchange.buying_power();
  json.object();
  json.member("id", uuid(seed, Named::account, 1));
  json.member("account_number", account_number(seed));
  json.member("status", "ACTIVE").member("crypto_status", "INACTIVE").member("currency", "USD");
  decimal(json, "buying_power", power);
  decimal(json, "regt_buying_power", power);
  decimal(json, "non_marginable_buying_power", power);
  decimal(json, "options_buying_power", power);
  decimal(json, "cash", exchange.cash());
  decimal(json, "equity", equity);
  decimal(json, "last_equity", equity);
  decimal(json, "portfolio_value", equity);
  decimal(json, "long_market_value", long_value);
  json.member("short_market_value", "0").member("position_market_value", long_value.to_string());
  json.member("initial_margin", "0").member("maintenance_margin", "0").member("last_maintenance_margin", "0");
  json.member("accrued_fees", "0").member("pending_transfer_in", "0").member("sma", "0").member("multiplier", "1");
  json.member("trading_blocked", exchange.is_blocked()).member("transfers_blocked", false);
  json.member("account_blocked", false).member("trade_suspended_by_user", false).member("shorting_enabled", false);
  json.member("created_at", rfc3339(exchange.settings().start));
  json.member("balance_asof", exchange.shown_now().utc_date().to_string());
  json.end();
}

void Writer::clock(JsonText& json) const {
  const Session live = exchange.session();
  const bool open = exchange.is_open();
  json.object();
  json.member("timestamp", rfc3339(exchange.shown_now())).member("is_open", open);
  json.member("next_open", rfc3339(open ? exchange.session_after(live).open : live.open));
  json.member("next_close", rfc3339(live.close));
  json.end();
}

void Writer::calendar_day(JsonText& json, const Session& session) const {
  json.object();
  json.member("date", session.date.to_string());
  json.member("open", hour_text(exchange.calendar(), session.open));
  json.member("close", hour_text(exchange.calendar(), session.close));
  json.member("session_open", "0400").member("session_close", "2000");
  json.member("settlement_date", exchange.session_after(session).date.to_string());
  json.end();
}

void Writer::asset(JsonText& json, const Instrument& instrument) const {
  json.object();
  json.member("id", uuid(seed, Named::asset, asset_number(instrument.symbol)));
  json.member("class", "us_equity").member("exchange", instrument.exchange).member("symbol", instrument.symbol);
  json.member("name", instrument.name).member("status", instrument.tradable ? "active" : "inactive");
  json.member("tradable", instrument.tradable).member("marginable", true).member("shortable", false);
  json.member("easy_to_borrow", false).member("fractionable", instrument.fractionable);
  json.member("maintenance_margin_requirement", 100);
  json.member("margin_requirement_long", "100").member("margin_requirement_short", "100");
  json.key("attributes").array();
  if (instrument.fractionable) json.value("fractional_eh_enabled");
  json.end().end();
}

void Writer::position(JsonText& json, const std::string& symbol) const {
  const Instrument& instrument = exchange.instruments().at(symbol);
  const Holding& holding = exchange.holdings().at(symbol);
  const Decimal value = exchange.market_value(symbol);
  const Decimal gain = minus(value, holding.cost);
  const Decimal gain_fraction = holding.cost.is_zero() ? Decimal() : over(gain, holding.cost);
  json.object();
  json.member("asset_id", uuid(seed, Named::asset, asset_number(symbol)));
  json.member("symbol", symbol).member("exchange", instrument.exchange).member("asset_class", "us_equity");
  json.member("asset_marginable", true);
  decimal(json, "qty", holding.quantity);
  decimal(json, "qty_available", minus(holding.quantity, exchange.held_for_orders(symbol)));
  decimal(json, "avg_entry_price", over(holding.cost, holding.quantity));
  json.member("side", "long");
  decimal(json, "market_value", value);
  decimal(json, "cost_basis", holding.cost);
  decimal(json, "unrealized_pl", gain);
  decimal(json, "unrealized_plpc", gain_fraction);
  json.member("unrealized_intraday_pl", "0").member("unrealized_intraday_plpc", "0");
  decimal(json, "current_price", instrument.price);
  decimal(json, "lastday_price", instrument.price);
  json.member("change_today", "0");
  json.end();
}

void Writer::order(JsonText& json, const ExchangeOrder& order) const {
  const OrderRequest& request = order.request;
  const bool limited = request.type == OrderType::limit;
  json.object();
  json.member("id", uuid(seed, Named::order, order.number)).member("client_order_id", request.client_id);
  json.member("created_at", rfc3339(order.submitted_at)).member("updated_at", rfc3339(order.updated_at));
  json.member("submitted_at", rfc3339(order.submitted_at));
  maybe(json, "filled_at", order.filled_at);
  maybe(json, "expired_at", order.expired_at);
  maybe(json, "canceled_at", order.cancelled_at);
  maybe(json, "failed_at", order.failed_at);
  maybe(json, "replaced_at", order.replaced_at);
  for (const auto& [name, number] : {std::pair{"replaced_by", order.replaced_by}, {"replaces", order.replaces}}) {
    json.key(name);
    number == 0 ? json.null() : json.value(uuid(seed, Named::order, number));
  }
  json.member("asset_id", uuid(seed, Named::asset, asset_number(request.symbol)));
  json.member("symbol", request.symbol).member("asset_class", "us_equity");
  maybe(json, "notional", request.notional);
  maybe(json, "qty", request.notional ? std::nullopt : std::optional(request.quantity));
  decimal(json, "filled_qty", order.filled);
  maybe(json, "filled_avg_price", order.average_price());
  json.member("order_class", "").member("order_type", limited ? "limit" : "market");
  json.member("type", limited ? "limit" : "market").member("side", name_of(request.side));
  json.member("time_in_force", time_in_force_text(request.time_in_force));
  maybe(json, "limit_price", request.limit);
  json.key("stop_price").null().member("status", status_text(order.status));
  json.member("extended_hours", request.extended_hours);
  for (const char* name : {"legs", "trail_percent", "trail_price", "hwm", "subtag", "source"}) json.key(name).null();
  json.member("position_intent", request.side == Side::buy ? "buy_to_open" : "sell_to_close");
  if (order.expires_at) json.member("expires_at", rfc3339(*order.expires_at));
  json.end();
}

std::string Writer::fill_id(const Execution& execution) const {
  return activity_id(execution.at, uuid(seed, Named::client_order, 1'000'000 + execution.number));
}

std::string Writer::event_id(const AccountEvent& event) const {
  return activity_id(event.at, uuid(seed, Named::client_order, 2'000'000 + event.number));
}

void Writer::fill(JsonText& json, const Execution& execution) const {
  json.object().member("id", fill_id(execution)).member("activity_type", "FILL");
  json.member("transaction_time", rfc3339(execution.at));
  json.member("type", execution.quantity_left.is_zero() ? "fill" : "partial_fill");
  decimal(json, "price", execution.price);
  decimal(json, "qty", execution.quantity);
  json.member("side", name_of(execution.side)).member("symbol", execution.symbol);
  decimal(json, "leaves_qty", execution.quantity_left);
  // What was traded outside of the interface has an order too, which its lists do not show.
  json.member("order_id",
              uuid(seed, Named::order, execution.order == 0 ? 0xFFFFFFFFU + execution.number : execution.order));
  decimal(json, "cum_qty", execution.quantity_in_all);
  json.member("order_status", status_text(execution.status_after)).end();
}

void Writer::event(JsonText& json, const AccountEvent& event) const {
  constexpr std::array<const char*, 3> types{"SPLIT", "DIV", "CSD"};
  const char* type = types[static_cast<std::size_t>(event.kind)];
  if (event.kind == AccountEvent::Kind::transfer && event.amount.is_negative()) type = "CSW";
  json.object().member("id", event_id(event)).member("activity_type", type);
  json.member("date", event.at.utc_date().to_string()).member("created_at", rfc3339(event.at));
  decimal(json, "net_amount", event.amount);
  if (!event.symbol.empty()) {
    json.member("symbol", event.symbol);
    decimal(json, "qty", event.quantity);
    if (event.kind == AccountEvent::Kind::dividend) decimal(json, "per_share_amount", event.per_share);
  }
  json.member("status", "executed").member("currency", "USD").end();
}

WireAnswer json_answer(int status, std::string body) {
  return {status, {{"Content-Type", "application/json; charset=UTF-8"}}, std::move(body)};
}

WireAnswer error_answer(int status, std::int64_t code, std::string_view message) {
  JsonText json;
  return json_answer(status, json.object().member("code", code).key("message").value(message).end().str());
}

WireAnswer refusal_answer(const Refusal& refusal, const OrderRequest& request) {
  JsonText json;
  switch (refusal.why) {
    case Refusal::Why::buying_power:
      json.object().member("buying_power", refusal.available.to_string()).member("code", 40'310'000);
      json.member("cost_basis", refusal.wanted.to_string()).member("message", refusal.text).end();
      return json_answer(403, json.str());
    case Refusal::Why::quantity_available:
      json.object().member("available", refusal.available.to_string()).member("code", 40'310'000);
      json.member("existing_qty", refusal.existing.to_string()).member("held_for_orders", refusal.held.to_string());
      json.member("message", refusal.text).member("symbol", request.symbol).end();
      return json_answer(403, json.str());
    case Refusal::Why::blocked:
      return error_answer(403, 40'310'000, refusal.text);
    case Refusal::Why::not_found:
      return error_answer(404, 40'410'000, refusal.text);
    case Refusal::Why::duplicate_client_id:
    case Refusal::Why::bad_quantity:
      return error_answer(422, 40'010'001, refusal.text);
    default:
      break;
  }
  return error_answer(422, 42'210'000, refusal.text);
}

}  // namespace rebalancer::laboratory::alpaca
