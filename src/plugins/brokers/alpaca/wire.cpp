#include "wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <rebalancer/plugin.h>

namespace alpaca {
namespace {

namespace support = rebalancer::plugin_support;

constexpr std::array working{
    "new",       "accepted",   "pending_new",      "accepted_for_bidding", "held",           "stopped",
    "suspended", "calculated", "partially_filled", "done_for_day",         "pending_cancel", "pending_replace"};

// Without a time zone: "2021-05-10". What was booked then is told from the start of that day.
Instant day_or_instant(const Fields& fields, std::string_view name) {
  const std::string text = fields.text(name);
  if (text.size() == 10) {
    const auto day = rebalancer::Date::parse(text);
    if (!day) fields.wrong(name, "is no day: " + day.error().message);
    return Instant::from_seconds(std::int64_t{day->days()} * 86'400);
  }
  return fields.instant(name);
}

}  // namespace

WireOrder order_from(const Json& json) {
  const Fields fields(json, "an order");
  WireOrder order;
  order.id = fields.text("id");
  order.client_id = fields.text("client_order_id");
  const Fields named(json, fmt::format("order {}", order.id));
  order.symbol = named.text_or("symbol", "");
  order.side = named.text_or("side", "");
  order.status = named.text("status");
  order.replaced_by = named.text_or("replaced_by", "");
  order.order_class = named.text_or("order_class", "");
  order.quantity = named.optional_decimal("qty");
  order.limit = named.optional_decimal("limit_price");
  order.filled = named.decimal("filled_qty");
  order.average_price = named.rounded_decimal("filled_avg_price");
  order.submitted_at = named.instant(named.has("submitted_at") ? "submitted_at" : "created_at");
  if (order.filled.is_positive() && !order.average_price) named.wrong("filled_avg_price", "is missing");
  return order;
}

State state_of(const WireOrder& order) {
  const std::string& status = order.status;
  if (status == "filled") return {RB_FILLED, true};
  // What had traded before cannot be undone by it: then the rest has ended, as if cancelled.
  if (status == "rejected") return {order.filled.is_positive() ? RB_CANCELLED : RB_ORDER_REJECTED, true};
  // What was replaced has ended; the plugin goes on with what took its place.
  if (status == "canceled" || status == "expired" || status == "replaced") return {RB_CANCELLED, true};
  const bool known = std::find(working.begin(), working.end(), status) != working.end();
  return {order.filled.is_positive() ? RB_PARTIAL : RB_OPEN, known};
}

bool is_open(const State& state) { return state.state == RB_OPEN || state.state == RB_PARTIAL; }

WireFill fill_from(const Json& json) {
  const Fields fields(json, "an activity");
  WireFill fill;
  fill.id = fields.text("id");
  const Fields named(json, fmt::format("activity {}", fill.id));
  fill.order_id = named.text("order_id");
  fill.symbol = named.text("symbol");
  fill.side = named.text("side");
  fill.quantity = named.decimal("qty");
  fill.price = named.decimal("price");
  fill.at = named.instant("transaction_time");
  return fill;
}

rebalancer::Result<FillSum> sum_of(const std::vector<WireFill>& fills) {
  using rebalancer::Rounding;
  Decimal quantity, value;
  for (const WireFill& fill : fills) {
    const auto paid = multiply(fill.quantity, fill.price, Rounding::half_even);
    if (!paid) return rebalancer::fail(paid.error());
    const auto more = add(quantity, fill.quantity), worth = add(value, *paid);
    if (!more) return rebalancer::fail(more.error());
    if (!worth) return rebalancer::fail(worth.error());
    quantity = *more;
    value = *worth;
  }
  if (quantity.is_zero()) return FillSum{};
  const auto average = divide(value, quantity, Rounding::half_even);
  if (!average) return rebalancer::fail(average.error());
  return FillSum{quantity, *average};
}

std::optional<WireMovement> movement_from(const Json& json) {
  const Fields fields(json, "an activity");
  WireMovement movement;
  movement.id = fields.text("id");
  const Fields named(json, fmt::format("activity {}", movement.id));
  movement.type = named.text("activity_type");
  if (named.text_or("status", "executed") == "canceled") return std::nullopt;
  movement.symbol = named.text_or("symbol", "");
  movement.cash = named.optional_decimal("net_amount").value_or(Decimal());
  movement.at = day_or_instant(named, "date");
  // Of a dividend it is the number of shares that earned it, of these the shares that came or went.
  const bool moves_shares = movement.type == "SPLIT" || movement.type == "SPIN" || movement.type == "ACATS" ||
                            movement.type == "JNLS" || movement.type == "MA" || movement.type == "REORG" ||
                            movement.type == "NC" || movement.type == "FOPT";
  if (moves_shares) movement.quantity = named.optional_decimal("qty").value_or(Decimal());
  movement.text = named.text_or("description", "");
  return movement;
}

WireError error_from(std::string_view body) {
  WireError error;
  const auto json = Json::parse(body);
  if (!json || json->kind() != Json::Kind::object) return error;
  if (const Json* code = json->find("code"); code != nullptr && code->kind() == Json::Kind::number) {
    std::from_chars(code->text().data(), code->text().data() + code->text().size(), error.code);
  }
  if (const Json* message = json->find("message"); message != nullptr && message->kind() == Json::Kind::string) {
    error.message = message->text();
    if (error.code != 0) error.message += fmt::format(" (code {})", error.code);
  }
  return error;
}

bool says_there_is_none(const WireError& error) { return error.code >= 40'400'000 && error.code < 40'500'000; }

bool says_wrong_keys(int status, const WireError& error) {
  constexpr std::int64_t not_authorized = 40'110'000;
  return status == 401 || (status == 403 && (error.code == not_authorized || error.message.starts_with("forbidden")));
}

std::string wire_decimal(std::int64_t billionths) { return Decimal::from_billionths(billionths).to_string(); }

std::string wire_instant(Instant instant) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::int64_t fraction = (instant.nanoseconds() % second_ns + second_ns) % second_ns;
  std::string text = wire_second(instant);
  text.pop_back();
  return text + fmt::format(".{:09}Z", fraction);
}

std::string wire_second(Instant instant) {
  constexpr std::size_t size_to_seconds = 19;
  return instant.to_string().substr(0, size_to_seconds) + "Z";
}

}  // namespace alpaca
