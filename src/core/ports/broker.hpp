#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "core/portfolio/account_movement.hpp"
#include "core/portfolio/order.hpp"
#include "core/portfolio/position.hpp"
#include "core/ports/broker_capabilities.hpp"

namespace rebalancer {

struct Account {
  std::string id;
  Money cash;
  Money equity;  // the broker's own figure; zero when it gives none
  // What a new buy may cost, as the broker counts it: what open buys and unsettled proceeds hold back is taken off
  // where its rules say so, and credit added.
  Money buying_power;
};

class GatePass;  // services/gate.hpp: only the gate makes one

// Looking at an account: all that a dry run gets. Synchronous; called by one thread at a time.
// Errors: unavailable, timeout (outcome unknown), rejected, not_found, exhausted (too many requests: surely not
// carried out).
class BrokerView {
 public:
  virtual ~BrokerView() = default;
  [[nodiscard]] virtual Result<BrokerCapabilities> capabilities() = 0;
  [[nodiscard]] virtual Result<Account> account() = 0;
  [[nodiscard]] virtual Result<std::vector<Position>> positions() = 0;
  [[nodiscard]] virtual Result<OrderReport> find_order(std::string_view client_id) = 0;
  [[nodiscard]] virtual Result<std::vector<OrderReport>> open_orders() = 0;
  [[nodiscard]] virtual Result<std::vector<Fill>> fills(std::string_view client_id) = 0;
  // What changed the account at `from` or later beside orders, oldest first. None: this broker cannot tell.
  [[nodiscard]] virtual Result<std::optional<std::vector<AccountMovement>>> movements(Instant from) {
    static_cast<void>(from);
    return std::optional<std::vector<AccountMovement>>();
  }
};

class Broker : public BrokerView {
 public:
  // Takes a pass, so that no order reaches a broker but through the gate. Idempotent by client id where capabilities
  // say so. A report with state rejected is an answer, not an error.
  [[nodiscard]] virtual Result<OrderReport> submit(const Order& order, const GatePass& pass) = 0;
  [[nodiscard]] virtual Result<void> cancel(std::string_view client_id) = 0;
  // The prices an embedded broker fills at. Others answer ok and ignore it.
  [[nodiscard]] virtual Result<void> set_marks(const PriceList& prices, Date session) = 0;
};

}  // namespace rebalancer
