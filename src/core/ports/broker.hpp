#pragma once
#include <string_view>
#include <vector>

#include "core/portfolio/order.hpp"
#include "core/portfolio/position.hpp"
#include "core/ports/broker_capabilities.hpp"

namespace rebalancer {

struct Account {
  std::string id;
  Money cash;
  Money equity;  // the broker's own figure; zero when it gives none
  Money buying_power;
};

// Synchronous; called by one thread at a time. Errors: unavailable, timeout (outcome unknown), rejected, not_found.
class Broker {
 public:
  virtual ~Broker() = default;
  [[nodiscard]] virtual Result<BrokerCapabilities> capabilities() = 0;
  [[nodiscard]] virtual Result<Account> account() = 0;
  [[nodiscard]] virtual Result<std::vector<Position>> positions() = 0;
  // Idempotent by client id where capabilities say so. A report with state rejected is an answer, not an error.
  [[nodiscard]] virtual Result<OrderReport> submit(const Order& order) = 0;
  [[nodiscard]] virtual Result<OrderReport> find_order(std::string_view client_id) = 0;
  [[nodiscard]] virtual Result<std::vector<OrderReport>> open_orders() = 0;
  [[nodiscard]] virtual Result<void> cancel(std::string_view client_id) = 0;
  [[nodiscard]] virtual Result<std::vector<Fill>> fills(std::string_view client_id) = 0;
  // The prices a simulated broker fills at. Others answer ok and ignore it.
  [[nodiscard]] virtual Result<void> set_marks(const PriceList& prices, Date session) = 0;
};

}  // namespace rebalancer
