#include "adapters/plugin_host/broker_answers.hpp"

#include <cstddef>

#include "adapters/plugin_host/instance.hpp"

namespace rebalancer {
namespace {

constexpr std::size_t id_size_max = 128;
constexpr std::size_t reason_size_max = 500;
constexpr std::uint32_t lookup_lag_max_s = 3600;

std::string text_of(rb_decimal value) { return Decimal::from_billionths(value).to_string(); }

Result<OrderState> state_from(std::int32_t state) {
  switch (state) {
    case RB_OPEN:
      return OrderState::acknowledged;
    case RB_PARTIAL:
      return OrderState::partial;
    case RB_FILLED:
      return OrderState::filled;
    case RB_CANCELLED:
      return OrderState::cancelled;
    case RB_ORDER_REJECTED:
      return OrderState::rejected;
    default:
      return fail(ErrorCode::internal, "unknown order state {}", state);
  }
}

// An id is compared and stored, so it must come through unchanged.
Result<std::string> id_from(rb_str text, std::string_view what) {
  auto id = exact_text(text, id_size_max);
  if (!id) return fail(ErrorCode::internal, "{} of {}", what, id.error().message);
  if (printable(text, id_size_max) != *id) return fail(ErrorCode::internal, "{} with unprintable characters", what);
  return id;
}

Result<void> check_fill_level(OrderState state, Decimal filled, const std::optional<Quantity>& ordered) {
  if (filled.is_negative())
    return fail(ErrorCode::internal, "filled quantity {}, must not be negative", filled.to_string());
  if (ordered && filled > ordered->decimal()) {
    return fail(ErrorCode::internal, "filled quantity {} of {} ordered", filled.to_string(), ordered->to_string());
  }
  const auto contradiction = [&](std::string_view rule) {
    return fail(ErrorCode::internal, "order state {} with {} filled, {}", name_of(state), filled.to_string(), rule);
  };
  switch (state) {
    case OrderState::acknowledged:
    case OrderState::rejected:
      if (!filled.is_zero()) return contradiction("must be 0");
      break;
    case OrderState::partial:
      if (filled.is_zero()) return contradiction("must be more than 0");
      break;
    case OrderState::filled:
      if (filled.is_zero() || (ordered && filled < ordered->decimal()))
        return contradiction("must be all that was ordered");
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

Result<BrokerCapabilities> capabilities_from(const rb_capabilities& told) {
  const auto decimal = [](rb_decimal value) { return Decimal::from_billionths(value); };
  BrokerCapabilities own;
  own.simulated = (told.flags & RB_SIMULATED) != 0;
  own.embedded = (told.flags & RB_EMBEDDED) != 0;
  own.lookup_lag_s = told.lookup_lag_s;
  // It is waited for after a lost answer, so it has a bound; milliseconds given by mistake pass it.
  if (told.lookup_lag_s > lookup_lag_max_s) {
    return fail(ErrorCode::internal, "lookup lag {} s, must be at most {}", told.lookup_lag_s, lookup_lag_max_s);
  }
  if (own.embedded && !own.simulated) return fail(ErrorCode::internal, "capabilities embedded but not simulated");
  own.market_orders = (told.flags & RB_MARKET_ORDERS) != 0;
  own.limit_orders = (told.flags & RB_LIMIT_ORDERS) != 0;
  if (!own.market_orders && !own.limit_orders) {
    return fail(ErrorCode::internal, "capabilities without market and without limit orders");
  }
  if (told.dedupe > RB_DEDUPE_PERMANENT) return fail(ErrorCode::internal, "unknown dedupe {}", told.dedupe);
  if (told.lookup > RB_LOOKUP_BY_CLIENT_ID) return fail(ErrorCode::internal, "unknown lookup {}", told.lookup);
  own.dedupe = static_cast<BrokerCapabilities::Dedupe>(told.dedupe);
  own.lookup = static_cast<BrokerCapabilities::Lookup>(told.lookup);
  own.dedupe_window_s = told.dedupe_window_s;
  own.quantity_increment = decimal(told.quantity_increment);
  own.price_increment = decimal(told.price_increment);
  own.order_value_min = decimal(told.order_value_min);
  own.commission_per_order = decimal(told.commission_per_order);
  own.cost_rate = decimal(told.cost_rate);
  for (const auto& [what, value] :
       {std::pair("quantity increment", own.quantity_increment), std::pair("price increment", own.price_increment)}) {
    if (!value.is_positive()) return fail(ErrorCode::internal, "{} {}, must be positive", what, value.to_string());
  }
  for (const auto& [what, value] :
       {std::pair("minimum order value", own.order_value_min), std::pair("commission", own.commission_per_order),
        std::pair("cost rate", own.cost_rate)}) {
    if (value.is_negative()) return fail(ErrorCode::internal, "{} {}, must not be negative", what, value.to_string());
  }
  if (own.cost_rate >= Decimal::whole(1)) {
    return fail(ErrorCode::internal, "cost rate {}, must be less than 1", own.cost_rate.to_string());
  }
  return own;
}

Result<Account> account_from(const rb_account* told) {
  if (told == nullptr || !REBALANCER_COVERS(*told, rb_account, buying_power)) {
    return fail(ErrorCode::internal, "an account without its figures");
  }
  auto id = id_from(told->id, "account id");
  if (!id) return fail(id.error());
  const auto currency = Currency::parse(printable(told->currency, 8));
  if (!currency) return fail(ErrorCode::internal, "an account: {}", currency.error().message);
  const auto money = [&](rb_decimal amount) { return Money(Decimal::from_billionths(amount), *currency); };
  return Account{*std::move(id), money(told->cash), money(told->equity), money(told->buying_power)};
}

Result<Position> position_from(const rb_position* told) {
  if (told == nullptr) return fail(ErrorCode::internal, "a position without its figures");
  auto symbol = Symbol::parse(printable(told->symbol, 40));
  if (!symbol) return fail(ErrorCode::internal, "a position: {}", symbol.error().message);
  return Position{*std::move(symbol), Quantity(Decimal::from_billionths(told->quantity))};
}

Result<OrderReport> report_from(const rb_order_report* told, const std::optional<Quantity>& ordered) {
  if (told == nullptr || !REBALANCER_COVERS(*told, rb_order_report, fee)) {
    return fail(ErrorCode::internal, "an order report without its figures");
  }
  auto client_id = id_from(told->client_id, "client id");
  if (!client_id) return fail(client_id.error());
  auto broker_id = id_from(told->broker_id, "broker id");
  if (!broker_id) return fail(broker_id.error());
  const auto state = state_from(told->state);
  if (!state) return fail(state.error());
  const Decimal filled = Decimal::from_billionths(told->filled);
  if (auto level = check_fill_level(*state, filled, ordered); !level) return fail(level.error());
  OrderReport report{*std::move(client_id), *std::move(broker_id), *state, Quantity(filled), {}, {}, {}, {}};
  if (told->average_price != 0 || filled.is_positive()) {
    const auto price = Price::make(Decimal::from_billionths(told->average_price));
    if (!price || filled.is_zero()) {
      return fail(ErrorCode::internal, "average price {} for {} filled", text_of(told->average_price),
                  filled.to_string());
    }
    report.average_price = *price;
  }
  report.fee = Decimal::from_billionths(told->fee);
  report.reason = printable(told->reason, reason_size_max);
  return report;
}

Result<Fill> fill_from(const rb_fill* told, Currency currency) {
  if (told == nullptr || !REBALANCER_COVERS(*told, rb_fill, at)) {
    return fail(ErrorCode::internal, "a fill without its figures");
  }
  auto id = id_from(told->id, "fill id");
  if (!id) return fail(id.error());
  if (id->empty()) return fail(ErrorCode::internal, "a fill without an id");
  auto client_id = id_from(told->client_id, "client id");
  if (!client_id) return fail(client_id.error());
  auto symbol = Symbol::parse(printable(told->symbol, 40));
  if (!symbol) return fail(ErrorCode::internal, "a fill: {}", symbol.error().message);
  if (told->side != RB_BUY && told->side != RB_SELL) return fail(ErrorCode::internal, "unknown side {}", told->side);
  const Decimal quantity = Decimal::from_billionths(told->quantity);
  if (!quantity.is_positive()) {
    return fail(ErrorCode::internal, "a fill of {} {}, must be positive", quantity.to_string(), *symbol);
  }
  const auto price = Price::make(Decimal::from_billionths(told->price));
  if (!price) return fail(ErrorCode::internal, "a fill at price {}, must be positive", text_of(told->price));
  return Fill{*std::move(id),
              *std::move(client_id),
              *std::move(symbol),
              told->side == RB_BUY ? Side::buy : Side::sell,
              Quantity(quantity),
              *price,
              Money(Decimal::from_billionths(told->fee), currency),
              Instant::from_nanoseconds(told->at)};
}

Result<AccountMovement> movement_from(const rb_movement* told, Currency currency) {
  if (told == nullptr || !REBALANCER_COVERS(*told, rb_movement, at)) {
    return fail(ErrorCode::internal, "a movement without its figures");
  }
  auto id = id_from(told->id, "movement id");
  if (!id) return fail(id.error());
  if (id->empty()) return fail(ErrorCode::internal, "a movement without an id");
  AccountMovement own{*std::move(id),
                      printable(told->kind, 40),
                      std::nullopt,
                      Money(Decimal::from_billionths(told->cash), currency),
                      Quantity(Decimal::from_billionths(told->quantity)),
                      Instant::from_nanoseconds(told->at),
                      printable(told->text, reason_size_max)};
  if (told->symbol.size > 0) {
    auto symbol = Symbol::parse(printable(told->symbol, 40));
    if (!symbol) return fail(ErrorCode::internal, "a movement: {}", symbol.error().message);
    own.symbol = *std::move(symbol);
  }
  if (!own.symbol && own.quantity != Quantity()) {
    return fail(ErrorCode::internal, "movement {} of {} shares of no symbol", own.id, own.quantity.to_string());
  }
  return own;
}

}  // namespace rebalancer
