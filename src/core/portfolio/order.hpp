#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/money.hpp"
#include "core/base/time.hpp"
#include "core/market/symbol.hpp"

namespace rebalancer {

enum class Side { buy, sell };
[[nodiscard]] std::string_view name_of(Side side);

// Where an order is. `unknown` is left only by a positive answer of the broker, never by a timer.
enum class OrderState {
  intent,        // written down, nothing sent
  sending,       // the first byte may have left
  acknowledged,  // the broker has it
  unknown,       // sent, outcome not known
  partial,       // some of it filled, the rest is working
  filled,
  cancelled,
  rejected,
  parked,  // waits for a human
};
[[nodiscard]] std::string_view name_of(OrderState state);
[[nodiscard]] Result<OrderState> order_state_named(std::string_view name);
[[nodiscard]] bool is_terminal(OrderState state);
// The transition table; a state may always stay as it is.
[[nodiscard]] bool is_legal(OrderState from, OrderState to);

// A pure function of its inputs, so that a retry cannot buy twice: "rb-<decision>-<symbol>-b-1".
// `decision` is a run's id; its first 32 characters are used. `attempt` is 0 to 999'999'999. At most 64 characters.
[[nodiscard]] std::string client_order_id(std::string_view decision, const Symbol& symbol, Side side, int attempt);

// What is sent to a broker. Without a limit it is a market order.
struct Order {
  std::string client_id;
  Symbol symbol;
  Side side;
  Quantity quantity;
  std::optional<Price> limit;

  // Errors: invalid for an empty client id and a quantity that is not positive.
  [[nodiscard]] static Result<Order> make(std::string client_id, Symbol symbol, Side side, Quantity quantity,
                                          std::optional<Price> limit);
};

struct Fill {
  std::string id;         // the broker's, unique per account for ever
  std::string client_id;  // the order's
  Symbol symbol;
  Side side;
  Quantity quantity;
  Price price;
  Money fee;
  Instant at;
};

// What a broker says of one order.
struct OrderReport {
  std::string client_id;
  std::string broker_id;
  OrderState state = OrderState::unknown;
  Quantity filled;
  std::optional<Price> average_price;  // none until something filled
  Decimal fee;                         // in the account's currency, so far
  std::string reason;                  // why it was rejected or cancelled
  Instant at;                          // when we heard it, or wrote it
};

}  // namespace rebalancer
