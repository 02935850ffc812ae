// What TWS and IB Gateway say, as values: decoded by the negotiated server version, 157 to 200, whose layouts are
// known. A message that is not needed is `Other`. All decoding throws WireError; a message is read to its last field,
// so that one that is laid out otherwise than its version has it is refused instead of misread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fields.hpp"

namespace interactive_brokers {

// Below: fields that are needed are missing. Above: binary ids and bodies.
constexpr int version_min = 157;
constexpr int version_max = 200;

struct Contract {
  std::int64_t con_id = 0;
  std::string symbol, security_type, exchange, currency, local_symbol;
};

struct OrderStatus {
  std::int32_t order_id = 0;
  std::string status;
  Decimal filled;
  std::optional<Decimal> average_price;
  std::int64_t perm_id = 0;
  std::int32_t client_id = 0;
  std::string why_held;
};

struct ErrorMessage {
  std::int64_t id = -1;  // of an order or a request; -1: of none
  std::int32_t code = 0;
  std::string text;
};

struct OpenOrder {
  std::int32_t order_id = 0;
  Contract contract;
  std::string action;
  Decimal quantity;
  std::string type, account, reference;
  std::int32_t client_id = 0;
  std::int64_t perm_id = 0;
  std::string status, warning;
};

// An order that is done. Has no order id; its quantity may be 0 when it was filled.
struct CompletedOrder {
  Contract contract;
  std::string action;
  Decimal quantity;
  std::string type, account, reference;
  std::int64_t perm_id = 0;
  std::string status;
  std::optional<Decimal> filled;
  std::string completed_status;  // "Filled Size: 100", "Cancelled by Trader"
};

struct NextValidId {
  std::int64_t id = 0;
};

struct ManagedAccounts {
  std::vector<std::string> accounts;
};

struct ContractDetails {
  std::int32_t request = 0;
  Contract contract;
  std::optional<Decimal> tick_min, size_min, size_increment;
  std::int64_t price_magnifier = 1;
  std::string order_types, primary_exchange, time_zone, liquid_hours;
};

struct Execution {
  std::int32_t order_id = 0;
  Contract contract;
  std::string id, time, account, side;
  Decimal quantity, price;
  std::int64_t perm_id = 0;
  std::int32_t client_id = 0;
  std::string reference;
};

struct Commission {
  std::string execution_id;
  std::optional<Decimal> amount;
  std::string currency;
};

struct PositionMessage {
  std::string account;
  Contract contract;
  Decimal quantity;
};

struct AccountValue {
  std::int32_t request = 0;
  std::string account, tag, value, currency;
};

// The end of a list; `request` is 0 for lists that are not asked for by a number.
struct ListEnd {
  int message_id = 0;
  std::int32_t request = 0;
};

struct Other {
  int message_id = 0;
};

// One that could not be decoded, and why.
struct Damaged {
  int message_id = 0;
  std::string why;
};

using Message =
    std::variant<OrderStatus, ErrorMessage, OpenOrder, CompletedOrder, NextValidId, ManagedAccounts, ContractDetails,
                 Execution, Commission, PositionMessage, AccountValue, ListEnd, Other, Damaged>;

// The first answer of a server.
struct Greeting {
  int version = 0;
  std::string connected_at;  // "20260413 21:27:03 Central European Standard Time"
};

[[nodiscard]] Greeting greeting_from(std::string_view payload);
[[nodiscard]] Message message_from(std::string_view payload, int version);

// conId, symbol, secType, expiry, strike, right, multiplier, exchange, currency, localSymbol, tradingClass
[[nodiscard]] Contract contract_from(FieldReader& fields);
// orders.cpp: the two long ones.
[[nodiscard]] OpenOrder open_order_from(FieldReader& fields, int version);
[[nodiscard]] CompletedOrder completed_order_from(FieldReader& fields, int version);

}  // namespace interactive_brokers
