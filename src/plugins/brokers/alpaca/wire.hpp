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
[[nodiscard]] bool is_open(const State& state);

// An activity of type FILL.
struct WireFill {
  std::string id, order_id, symbol, side;
  Decimal quantity, price;
  Instant at;
};
[[nodiscard]] WireFill fill_from(const Json& json);

// Zeros of no fills. Errors: invalid, when the figures are out of range.
struct FillSum {
  Decimal quantity, average_price;
};
[[nodiscard]] rebalancer::Result<FillSum> sum_of(const std::vector<WireFill>& fills);

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
// Alpaca's own "there is none", such as 40410000. Another server's page says nothing about orders and symbols.
[[nodiscard]] bool says_there_is_none(const WireError& error);
// The keys are wrong, or of the other kind of account: 401, and the 403 that has no more to say.
[[nodiscard]] bool says_wrong_keys(int status, const WireError& error);

// "0.5", as the API wants numbers: without exponent, without needless zeros.
[[nodiscard]] std::string wire_decimal(std::int64_t billionths);
// "2026-03-02T15:00:00.123456789Z".
[[nodiscard]] std::string wire_instant(Instant instant);
// "2026-03-02T15:00:00Z", the second it lies in: lists of activities take no fraction.
[[nodiscard]] std::string wire_second(Instant instant);

}  // namespace alpaca
