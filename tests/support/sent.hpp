// An order on its way to a broker under test: through a real gate, since nothing else reaches submit, with limits that
// let everything through.
#pragma once
#include "services/gate.hpp"
#include "support/memory_trading_switch.hpp"

namespace rebalancer::test {

// Says of itself what a gate wants to hear; the broker inside gets nothing but the order.
class SimulatedFront final : public Broker {
 public:
  SimulatedFront(Broker& inner, const Order& order) : inner_(inner) {
    can.simulated = true;
    can.quantity_increment = can.price_increment = Decimal::from_billionths(1);
    can.limit_orders = order.limit.has_value();
  }
  BrokerCapabilities can;

  Result<BrokerCapabilities> capabilities() override { return can; }
  Result<Account> account() override {
    const Money none(Decimal(), Currency::usd());
    return Account{"front", none, none, none};
  }
  Result<std::vector<Position>> positions() override { return inner_.positions(); }
  Result<OrderReport> find_order(std::string_view client_id) override { return inner_.find_order(client_id); }
  Result<std::vector<OrderReport>> open_orders() override { return inner_.open_orders(); }
  Result<std::vector<Fill>> fills(std::string_view client_id) override { return inner_.fills(client_id); }
  Result<OrderReport> submit(const Order& order, const GatePass& pass) override { return inner_.submit(order, pass); }
  Result<void> cancel(std::string_view client_id) override { return inner_.cancel(client_id); }
  Result<void> set_marks(const PriceList& prices, Date session) override { return inner_.set_marks(prices, session); }

 private:
  Broker& inner_;
};

inline Result<OrderReport> sent(Broker& broker, const Order& order) {
  SimulatedFront front(broker, order);
  MemoryTradingSwitch open;
  auto mode = Paper::enter(front, "under test");
  if (!mode) return fail(mode.error());
  Gate gate(*mode, open);
  const Price reference = order.limit ? *order.limit : Price::make(Decimal::whole(1)).value();
  // Whatever is sold is held.
  OrderFacts facts{{{{order.symbol, order.quantity}}, Money(Decimal(), Currency::usd())}, Decimal::whole(1), {}, 0, {}};
  gate.set_limits(OrderLimits(TradeLimits(), RebalanceRules(), front.can, std::move(facts)));
  auto pass = gate.admit({order, reference, 0});
  if (!pass) return fail(pass.error());
  return gate.submit(order, *std::move(pass));
}

}  // namespace rebalancer::test
