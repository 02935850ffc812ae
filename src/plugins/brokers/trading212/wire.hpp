// Trading 212's JSON as values. Every function throws BadAnswer for what it cannot understand.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.hpp"
#include "plugins/support/broker_json.hpp"

namespace trading212 {

using rebalancer::Decimal;
using rebalancer::Instant;
using rebalancer::plugin_support::Fields;
using rebalancer::plugin_support::Json;

struct WireOrder {
  std::string id, ticker, status, initiated_from;
  std::optional<Decimal> quantity;  // signed: negative sells; none for an order by value
  Decimal filled;                   // without sign
  bool says_filled = false;         // whether the row told `filled`
  std::optional<Instant> created_at;
  std::string trouble;  // why the row cannot be understood; `id` and `ticker` are told as far as they can be read
};
[[nodiscard]] WireOrder order_from(const Json& json);
// As a row of a list: one that cannot be understood has `trouble`, so that it stops only what it may concern.
[[nodiscard]] WireOrder order_row_from(const Json& json);

// As rb_order_state. `known` is false for a status that the documents do not have: it counts as open.
struct State {
  std::int32_t state;
  bool known;
};
[[nodiscard]] State state_of(const WireOrder& order);
// Nothing more happens to an order of this state.
[[nodiscard]] bool is_final(const WireOrder& order);

struct WireFill {
  std::string id;
  Decimal quantity;  // without sign
  Decimal price;     // in the instrument's currency, pence for GBX
  Decimal fee;       // all taxes and fees, positive: paid
  std::string fee_currency;
  Instant at;
};

// One row of the history: an order, with one of its fills if it has any. What cannot be understood is `order.trouble`.
struct WireItem {
  WireOrder order;
  std::optional<WireFill> fill;
  bool traded = true;  // false: a split, a spin-off or the like, which nobody ordered
};
// None for a row without an order.
[[nodiscard]] std::optional<WireItem> item_from(const Json& json);

struct WirePosition {
  std::string ticker, isin, currency;
  Decimal quantity, in_pies;
};
[[nodiscard]] WirePosition position_from(const Json& json);

struct WireMovement {
  std::string id, kind, text, currency;
  Decimal cash;
  Instant at;
};
[[nodiscard]] WireMovement dividend_from(const Json& json);
[[nodiscard]] WireMovement transaction_from(const Json& json);

struct WireInstrument {
  std::string ticker, short_name, isin, currency, name;
};
// All that have a ticker and a currency: some rows of the real list lack an ISIN or a short name.
[[nodiscard]] std::vector<WireInstrument> instruments_from(const Json& json);

// To the nearest billionth: money and prices are computed there as doubles, 500.00000000000006 or 5.7e-14 too.
[[nodiscard]] Decimal rounded(const Json& json, std::string_view name, const std::string& what);

// An id that is a number or a text.
[[nodiscard]] std::string id_of(const Json& json, std::string_view name, std::string_view what);

// What an error says, in any of the shapes the API has: {type,title,status,detail}, {code,clarification},
// {code,message}. Empty when the body is none of these.
[[nodiscard]] std::string error_text(std::string_view body);

}  // namespace trading212
