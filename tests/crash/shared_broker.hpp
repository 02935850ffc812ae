// A broker that lives outside the process that dies: its books are in shared memory, its misfortunes come from the
// trial's seed, and it removes duplicates and finds orders only as far as its capabilities say.
#pragma once
#include <string>
#include <vector>

#include "core/ports/broker.hpp"
#include "world.hpp"

namespace rebalancer::crash {

class SharedBroker final : public Broker {
 public:
  SharedBroker(World& world, BrokerCapabilities capabilities) : world_(world), can_(capabilities) {}

  Result<BrokerCapabilities> capabilities() override { return can_; }
  Result<Account> account() override;
  Result<std::vector<Position>> positions() override;
  Result<OrderReport> submit(const Order& order, const GatePass& pass) override;
  Result<OrderReport> find_order(std::string_view client_id) override;
  Result<std::vector<OrderReport>> open_orders() override;
  Result<void> cancel(std::string_view client_id) override;
  Result<std::vector<Fill>> fills(std::string_view client_id) override;
  Result<void> set_marks(const PriceList&, Date) override { return {}; }

 private:
  enum class Fault {
    none,
    silent_before,
    silent_after,
    down_before,
    down_after,
    reset_before,
    reset_after,
    garbage_after,
    too_many,
    refused
  };
  [[nodiscard]] Fault draw_fault();
  [[nodiscard]] bool unlucky(int divisor);
  [[nodiscard]] Error silence();
  [[nodiscard]] Error misfortune();
  void arrive();  // of a request: time passes, orders fill
  [[nodiscard]] HeldOrder* held(std::string_view client_id);
  [[nodiscard]] bool is_visible(const HeldOrder& order) const { return order.visible_at <= world_.now; }
  [[nodiscard]] bool removes(const HeldOrder& first) const;
  HeldOrder& accept(const Order& order);
  [[nodiscard]] OrderReport report_of(const HeldOrder& order) const;

  World& world_;
  BrokerCapabilities can_;
};

// Everything that is due by now happens: parts fill, cancellations take effect.
void catch_up(World& world);
[[nodiscard]] std::vector<Fill> fills_of(const BrokerBooks& books, const HeldOrder& order);

}  // namespace rebalancer::crash
