#include "adapters/system/metered_broker.hpp"

#include <doctest/doctest.h>

#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"

using namespace rebalancer;
using namespace rebalancer::system;

namespace {

// Takes its time, and remembers the pass it was shown.
class SlowBroker final : public Broker {
 public:
  SlowBroker(test::FakeClock& clock, test::FakeBroker& told, const GatePass*& shown)
      : clock_(clock), told_(told), shown_(shown) {}
  Result<BrokerCapabilities> capabilities() override { return slow().capabilities(); }
  Result<Account> account() override { return slow().account(); }
  Result<std::vector<Position>> positions() override { return slow().positions(); }
  Result<OrderReport> find_order(std::string_view client_id) override { return slow().find_order(client_id); }
  Result<std::vector<OrderReport>> open_orders() override { return slow().open_orders(); }
  Result<std::vector<Fill>> fills(std::string_view client_id) override { return slow().fills(client_id); }
  Result<OrderReport> submit(const Order& order, const GatePass& pass) override {
    shown_ = &pass;
    auto report = slow().submit(order, pass);
    if (report && order.client_id == "refused") report->state = OrderState::rejected;
    return report;
  }
  Result<void> cancel(std::string_view client_id) override { return slow().cancel(client_id); }
  Result<void> set_marks(const PriceList& prices, Date session) override { return slow().set_marks(prices, session); }

 private:
  test::FakeBroker& slow() {
    clock_.advance(std::chrono::milliseconds(250));
    return told_;
  }
  test::FakeClock& clock_;
  test::FakeBroker& told_;
  const GatePass*& shown_;
};

struct Scene {
  Secrets secrets;
  Metrics metrics{secrets};
  test::FakeClock clock;
  test::FakeBroker told;
  const GatePass* shown = nullptr;
  MeteredBroker broker{"paper", std::make_unique<SlowBroker>(clock, told, shown), clock, metrics};

  Scene() { told.can.lookup = BrokerCapabilities::Lookup::by_client_id; }

  // Only the gate makes passes, and nothing here looks into one: an address will do.
  std::max_align_t place{};
  const GatePass& pass = *reinterpret_cast<const GatePass*>(&place);

  [[nodiscard]] bool counted(const std::string& operation, const std::string& outcome, int times) const {
    return metrics.text().find("rebalancer_broker_requests_total{broker=\"paper\",operation=\"" + operation +
                               "\",outcome=\"" + outcome + "\"} " + std::to_string(times) + "\n") != std::string::npos;
  }
};

Order order(const std::string& client_id) {
  return Order::make(client_id, Symbol::parse("SPY").value(), Side::buy, Quantity(Decimal::whole(2)), std::nullopt)
      .value();
}

}  // namespace

TEST_CASE("every call to a metered broker is passed on, counted and timed") {
  Scene scene;
  const PriceList prices{{Symbol::parse("SPY").value(), Price::make(Decimal::whole(500)).value()}};
  scene.told.cash = Decimal::whole(10'000);
  CHECK(scene.broker.set_marks(prices, Date::from_days(20'000)).has_value());
  CHECK(scene.told.marks == prices);
  CHECK(scene.broker.capabilities().has_value());
  CHECK(scene.broker.account()->cash.amount() == scene.told.cash);
  const auto sent = scene.broker.submit(order("rb-1"), scene.pass);
  REQUIRE(sent.has_value());
  CHECK(sent->state == OrderState::filled);
  CHECK(scene.broker.positions()->size() == 1);
  const auto found = scene.broker.find_order("rb-1");
  REQUIRE(found.has_value());
  CHECK(found->broker_id == sent->broker_id);
  CHECK(scene.broker.fills("rb-1")->size() == 1);
  CHECK(scene.broker.open_orders()->empty());
  CHECK(scene.broker.cancel("rb-1").has_value());

  for (const char* operation : {"set_marks", "capabilities", "account", "submit", "positions", "find_order", "fills",
                                "open_orders", "cancel"}) {
    CHECK_MESSAGE(scene.counted(operation, "ok", 1), operation);
    const std::string sum = "rebalancer_broker_request_duration_seconds_sum{broker=\"paper\",operation=\"";
    CHECK_MESSAGE(scene.metrics.text().find(sum + operation + "\"} 0.25\n") != std::string::npos, operation);
  }
}

TEST_CASE("the pass that lets an order through reaches the broker as it is") {
  Scene scene;
  scene.told.fills_at_once = false;
  CHECK(scene.broker.submit(order("rb-1"), scene.pass).has_value());
  CHECK(scene.shown == &scene.pass);
}

TEST_CASE("errors are handed on and counted by their code, an order the broker refuses as rejected") {
  Scene scene;
  scene.told.fills_at_once = false;
  scene.told.submit_faults = {test::FakeBroker::Fault::lost_after};
  CHECK(scene.broker.submit(order("rb-1"), scene.pass).error() == Error{ErrorCode::timeout, "no answer"});
  CHECK(scene.counted("submit", "timeout", 1));
  const auto refused = scene.broker.submit(order("refused"), scene.pass);
  REQUIRE(refused.has_value());
  CHECK(refused->state == OrderState::rejected);
  CHECK(scene.counted("submit", "rejected", 1));
  scene.told.account_faults = {ErrorCode::unavailable};
  CHECK(scene.broker.account().error().code == ErrorCode::unavailable);
  CHECK(scene.counted("account", "unavailable", 1));
  CHECK(scene.broker.find_order("nobody's").error().code == ErrorCode::not_found);
  CHECK(scene.counted("find_order", "not_found", 1));
}
