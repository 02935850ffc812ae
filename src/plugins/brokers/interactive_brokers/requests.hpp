// What is said to TWS and IB Gateway: payloads, without the length before them. All throw WireError for a text that
// cannot be a field.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fields.hpp"

namespace interactive_brokers {

// A stock for the day, at the market without a limit.
struct PlaceOrder {
  std::int32_t order_id = 0;
  std::int64_t con_id = 0;
  std::string symbol, currency;
  bool buy = true;
  Decimal quantity;
  std::optional<Decimal> limit;
  std::string account, reference;
};

// Goes before the first frame, without a length.
constexpr std::string_view opening{"API\0", 4};
[[nodiscard]] std::string versions_request(int least, int most);
[[nodiscard]] std::string start_request(std::int32_t client_id);
[[nodiscard]] std::string order_ids_request();
[[nodiscard]] std::string place_order_request(const PlaceOrder& order, int version);
[[nodiscard]] std::string cancel_order_request(std::int32_t order_id, int version);
[[nodiscard]] std::string all_open_orders_request();
[[nodiscard]] std::string completed_orders_request();
// Of all API clients.
[[nodiscard]] std::string executions_request(std::int32_t request, std::string_view account, int version);
[[nodiscard]] std::string stock_details_request(std::int32_t request, std::string_view symbol,
                                                std::string_view currency, int version);
[[nodiscard]] std::string positions_request();
[[nodiscard]] std::string positions_cancel_request();
[[nodiscard]] std::string account_summary_request(std::int32_t request, std::string_view tags);
[[nodiscard]] std::string account_summary_cancel_request(std::int32_t request);

}  // namespace interactive_brokers
