// Alpaca's JSON as values: orders, fills, movements. Every function throws BadAnswer for what it cannot understand.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/base/decimal.hpp"
#include "plugins/support/broker_json.hpp"

namespace alpaca {

using rebalancer::Decimal;
using rebalancer::Instant;
using rebalancer::plugin_support::Fields;
using rebalancer::plugin_support::Json;

// Trading API v2, schema Order.
struct WireOrder {
  std::string id, client_id, symbol, side, status, replaced_by, order_class;
  std::optional<Decimal> quantity;  // none for an order by value
  std::optional<Decimal> limit;
  Decimal filled;
  std::optional<Decimal> average_price;
  Instant submitted_at;
};
[[nodiscard]] WireOrder order_from(const Json& json);

// As rb_order_state. `known` is false for a status that the documents do not have: it counts as open.
struct State {
  std::int32_t state;
  bool known;
};
[[nodiscard]] State state_of(const WireOrder& order);

// An activity of type FILL.
struct WireFill {
  std::string id, order_id, symbol, side;
  Decimal quantity, price;
  Instant at;
};
[[nodiscard]] WireFill fill_from(const Json& json);

// An activity of any other type. Canceled ones are left out.
struct WireMovement {
  std::string id, type, symbol, text;
  Decimal cash, quantity;
  Instant at;
};
[[nodiscard]] std::optional<WireMovement> movement_from(const Json& json);

// {"code":40310000,"message":"insufficient buying power"} as "insufficient buying power (code 40310000)"; empty when
// the body is nothing of the kind.
struct WireError {
  std::int64_t code = 0;
  std::string message;
};
[[nodiscard]] WireError error_from(std::string_view body);

// "0.5", as the API wants numbers: without exponent, without needless zeros.
[[nodiscard]] std::string wire_decimal(std::int64_t billionths);

}  // namespace alpaca
