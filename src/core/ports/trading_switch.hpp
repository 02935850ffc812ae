// The kill switch: three states that outlive the process, changed by people, read just before every order.
#pragma once
#include <memory>

#include "core/portfolio/trading_state.hpp"

namespace rebalancer {

class TradingSwitch {
 public:
  // What the sender of an order holds from its look at the state until the order has left: while it lives, no change
  // of state completes (but see `set`).
  struct Pass {
    TradingStateRecord record;
    std::shared_ptr<void> held;
  };

  virtual ~TradingSwitch() = default;
  // Never fails: a state that cannot be read is halted, with the reason why.
  [[nodiscard]] virtual TradingStateRecord read() = 0;
  [[nodiscard]] virtual Pass pass() = 0;
  // Durable when it returns: an order whose pass is taken afterwards sees it. It waits for passes that are held, but
  // never longer than 50 ms: whoever holds one longer is waiting for a broker, and its order left before.
  // Errors: unavailable when it cannot be written.
  [[nodiscard]] virtual Result<void> set(const TradingStateRecord& record) = 0;
};

}  // namespace rebalancer
