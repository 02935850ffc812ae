// The values an exchange deals in: instruments, orders, executions, holdings. No wire, no broker's words.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"
#include "core/portfolio/order.hpp"

namespace rebalancer::laboratory {

struct Instrument {
  std::string symbol = {};
  std::string short_name = {};  // where the broker's symbol is not what people say; empty: it is
  std::string name = {};
  std::string isin = {};
  std::string exchange = "ARCA";
  std::string currency = "USD";  // of the price; GBX: pence
  Decimal price = {};
  // One unit of `currency` in the account's currency; 1 when they are the same.
  Decimal rate = Decimal::whole(1);
  Decimal fee_rate = {};  // of the value traded, taken in the account's currency
  bool tradable = true;
  bool fractionable = true;
};

struct Holding {
  Decimal quantity = {};
  Decimal cost = {};  // what was paid for it, in the account's currency
};

enum class OrderType { market, limit };
enum class TimeInForce { day, gtc, opg, cls, ioc, fok };

enum class OrderStatus {
  accepted,  // taken, not at the exchange yet
  working,
  partially_filled,
  pending_cancel,
  filled,
  cancelled,
  expired,
  rejected,
  replaced,
};
[[nodiscard]] bool is_done(OrderStatus status);
[[nodiscard]] std::string_view name_of(OrderStatus status);

struct OrderRequest {
  std::string client_id = {};  // empty: the broker gives one
  std::string symbol = {};
  Side side = Side::buy;
  Decimal quantity = {};                 // zero when there is a notional
  std::optional<Decimal> notional = {};  // in the account's currency
  OrderType type = OrderType::market;
  std::optional<Decimal> limit = {};
  TimeInForce time_in_force = TimeInForce::day;
  bool extended_hours = false;
};

struct ExchangeOrder {
  std::uint64_t number = 0;  // 1, 2, 3 ...
  OrderRequest request = {};
  OrderStatus status = OrderStatus::accepted;
  Decimal filled = {};
  Decimal filled_value = {};  // quantity times price, in the instrument's currency
  Decimal fee = {};
  std::string reason = {};
  Instant submitted_at = {};
  Instant updated_at = {};
  std::optional<Instant> filled_at = {};
  std::optional<Instant> cancelled_at = {};
  std::optional<Instant> expired_at = {};
  std::optional<Instant> failed_at = {};
  std::optional<Instant> replaced_at = {};
  std::uint64_t replaced_by = 0;
  std::uint64_t replaces = 0;
  std::uint64_t done_as = 0;  // the how manieth that was done; 0: it is open

  // What will happen to it: the exchange's plan, unknown to the client.
  std::vector<Decimal> pieces = {};  // still to fill, first at the back
  std::optional<Instant> next_fill_at = {};
  std::chrono::nanoseconds pause{};  // between two pieces
  std::optional<Instant> cancel_at = {};
  std::optional<Instant> reject_at = {};
  std::optional<Instant> expires_at = {};
  int hidden_lookups = 0;  // how many look-ups will not see it

  [[nodiscard]] Decimal remaining() const;
  // None until something filled. In the instrument's currency.
  [[nodiscard]] std::optional<Decimal> average_price() const;
};

struct Execution {
  std::uint64_t number = 0;
  std::uint64_t order = 0;  // 0: made outside of the interface
  std::string symbol = {};
  Side side = Side::buy;
  Decimal quantity = {};
  Decimal price = {};
  Decimal fee = {};
  Decimal cash_change = {};      // with its fee, in the account's currency
  Decimal quantity_in_all = {};  // of the order, this one included
  Decimal quantity_left = {};
  OrderStatus status_after = OrderStatus::filled;
  Instant at = {};
};

// What changed the account and was no trade.
struct AccountEvent {
  enum class Kind { split, dividend, transfer };
  std::uint64_t number = 0;
  Kind kind = Kind::transfer;
  std::string symbol = {};
  Decimal quantity = {};  // that the split added, or that the dividend was paid for
  Decimal amount = {};    // cash
  Decimal per_share = {};
  Instant at = {};
  bool is_told = true;  // by the broker's lists
};

// Why the exchange does not do what it was asked to; the broker puts it into its own words.
struct Refusal {
  enum class Why {
    unknown_symbol,
    not_tradable,
    not_fractionable,
    bad_quantity,
    bad_price,
    bad_time_in_force,
    below_minimum,
    duplicate_client_id,
    buying_power,
    quantity_available,
    blocked,
    not_found,
    not_open,
  };
  Why why = Why::bad_quantity;
  std::string text = {};
  Decimal wanted = {};
  Decimal available = {};
  Decimal existing = {};
  Decimal held = {};
};

template <class T>
using Outcome = tl::expected<T, Refusal>;

}  // namespace rebalancer::laboratory
