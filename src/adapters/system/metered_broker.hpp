// A broker whose calls are counted and timed; a pass of the gate goes through it as it is.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "adapters/system/metrics.hpp"
#include "core/base/clock.hpp"
#include "core/ports/broker.hpp"

namespace rebalancer::system {

class MeteredBroker final : public Broker {
 public:
  // `label` is its name in the metrics, the plugin's. Clock and metrics outlive it.
  MeteredBroker(std::string label, std::unique_ptr<Broker> metered, const Clock& clock, Metrics& metrics)
      : label_(std::move(label)), metered_(std::move(metered)), clock_(clock), metrics_(metrics) {}

  [[nodiscard]] Result<BrokerCapabilities> capabilities() override;
  [[nodiscard]] Result<Account> account() override;
  [[nodiscard]] Result<std::vector<Position>> positions() override;
  [[nodiscard]] Result<OrderReport> find_order(std::string_view client_id) override;
  [[nodiscard]] Result<std::vector<OrderReport>> open_orders() override;
  [[nodiscard]] Result<std::vector<Fill>> fills(std::string_view client_id) override;
  [[nodiscard]] Result<std::optional<std::vector<AccountMovement>>> movements(Instant from) override;
  // A report with state rejected is counted as "rejected": the broker said no.
  [[nodiscard]] Result<OrderReport> submit(const Order& order, const GatePass& pass) override;
  [[nodiscard]] Result<void> cancel(std::string_view client_id) override;
  [[nodiscard]] Result<void> set_marks(const PriceList& prices, Date session) override;

 private:
  template <class Call>
  auto timed(std::string_view operation, Call&& call);

  std::string label_;
  std::unique_ptr<Broker> metered_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace rebalancer::system
