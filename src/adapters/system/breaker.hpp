// A broker that has failed again and again is left alone for a while: nothing hammers it, and no order goes into the
// dark.
#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/ports/broker.hpp"
#include "core/ports/events.hpp"

namespace rebalancer::system {

struct BreakerSettings {
  int faults_max = 5;  // calls in a row that brought no answer
  std::chrono::milliseconds open_first{30'000};
  std::chrono::milliseconds open_max{600'000};  // doubled with every probe that fails, up to this
};

// Closed: calls go through, and faults (unavailable, timeout) in a row are counted; any other answer, also a refusal or
// "too many requests", shows a broker that works. Open: nothing goes through; what is asked fails as unavailable, an
// order as exhausted, since it surely did not leave. When its time is over, the next call first asks for the account:
// an answer closes it, and the call goes on; a fault opens it again. A probe is never an order. Cancelling always goes
// through: it can only make the risk smaller.
class Breaker final : public Broker {
 public:
  // `name` is the broker's, for the sentences. Clock and events outlive it.
  Breaker(std::string name, std::unique_ptr<Broker> broker, Clock& clock, Events& events,
          BreakerSettings settings = {});

  [[nodiscard]] bool is_open() const;

  [[nodiscard]] Result<BrokerCapabilities> capabilities() override;
  [[nodiscard]] Result<Account> account() override;
  [[nodiscard]] Result<std::vector<Position>> positions() override;
  [[nodiscard]] Result<OrderReport> find_order(std::string_view client_id) override;
  [[nodiscard]] Result<std::vector<OrderReport>> open_orders() override;
  [[nodiscard]] Result<std::vector<Fill>> fills(std::string_view client_id) override;
  [[nodiscard]] Result<std::optional<std::vector<AccountMovement>>> movements(Instant from) override;
  [[nodiscard]] Result<OrderReport> submit(const Order& order, const GatePass& pass) override;
  [[nodiscard]] Result<void> cancel(std::string_view client_id) override;
  [[nodiscard]] Result<void> set_marks(const PriceList& prices, Date session) override;

 private:
  template <class Call>
  auto guarded(ErrorCode while_open, Call&& call) -> decltype(call());
  [[nodiscard]] Result<void> pass(ErrorCode while_open);
  void count(const Error* error);

  std::string name_;
  std::unique_ptr<Broker> broker_;
  Clock& clock_;
  Events& events_;
  BreakerSettings settings_;
  mutable std::mutex mutex_;
  int faults_ = 0;
  std::optional<std::chrono::nanoseconds> open_until_;  // monotonic; none: closed
  std::chrono::milliseconds open_for_;
  std::string last_fault_;
};

}  // namespace rebalancer::system
