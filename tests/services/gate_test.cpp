#include "services/gate.hpp"

#include <doctest/doctest.h>

#include "support/execution_scene.hpp"
#include "support/memory_live_arming.hpp"

using namespace rebalancer;
using test::ExecutionScene;
using Fault = test::FakeBroker::Fault;
using Dedupe = BrokerCapabilities::Dedupe;
using Lookup = BrokerCapabilities::Lookup;

namespace {

// The scene's first order, or another one of its plan, as it would be sent.
Order order_of(const ExecutionScene& scene, std::size_t place) {
  const PlannedOrder& planned = scene.plan.orders[place];
  return Order::make(scene.id(place), planned.symbol, planned.side, planned.quantity, planned.limit).value();
}

OrderToJudge judged(const ExecutionScene& scene, const Order& order) {
  return {order, scene.prices.at(order.symbol), 0};
}

void set_wide_limits(ExecutionScene& scene) {
  scene.gate->set_limits(
      OrderLimits({}, scene.rules, scene.broker.can, {scene.book_before, Decimal::whole(20'000), Decimal(), 0, {}}));
}

}  // namespace

TEST_CASE("no limits set: every order is refused") {
  ExecutionScene scene;
  for (std::size_t place = 0; place < 3; ++place) {
    const Order order = order_of(scene, place);
    const auto pass = scene.gate->admit(judged(scene, order));
    REQUIRE_FALSE(pass.has_value());
    CHECK(pass.error().code == ErrorCode::rejected);
    CHECK(pass.error().message == "no limits are set, so no order may be sent");
  }
  CHECK(scene.broker.calls.empty());
  CHECK(scene.trading_switch.held() == 0);
}

TEST_CASE("the trading state is held from the pass to the broker's answer, and no longer") {
  ExecutionScene scene;
  set_wide_limits(scene);
  const Order order = order_of(scene, 0);
  auto pass = scene.gate->admit(judged(scene, order));
  REQUIRE(pass);
  CHECK(pass->order().client_id == order.client_id);
  CHECK(scene.trading_switch.held() == 1);
  scene.broker.before_submit = [&](const Order&) { CHECK(scene.trading_switch.held() == 1); };
  CHECK(scene.gate->submit(order, *std::move(pass)));
  pass = fail(ErrorCode::internal, "used");
  CHECK(scene.trading_switch.held() == 0);
  CHECK(scene.broker.count("submit") == 1);
}

TEST_CASE("halted lets nothing through, reducing only sells; a refusal names state, time and reason") {
  ExecutionScene scene;
  set_wide_limits(scene);
  const Order sell = order_of(scene, 0);
  const Order buy = order_of(scene, 1);
  scene.trading_switch.set_state(TradingState::reducing, "too warm");
  CHECK(scene.gate->admit(judged(scene, sell)));
  CHECK(scene.gate->admit(judged(scene, buy)).error().message ==
        "trading is reduced to sells by command at " + Instant::from_seconds(1'795'000'000).to_string() + ": too warm");
  scene.trading_switch.set_state(TradingState::halted, "broker looks wrong");
  for (const Order& order : {sell, buy}) {
    const auto pass = scene.gate->admit(judged(scene, order));
    REQUIRE_FALSE(pass.has_value());
    CHECK(pass.error().code == ErrorCode::rejected);
    CHECK(pass.error().message == describe(scene.trading_switch.state));
  }
  scene.trading_switch.set_state(TradingState::active);
  CHECK(scene.gate->admit(judged(scene, buy)));
}

TEST_CASE("a pass of another order sends nothing") {
  ExecutionScene scene;
  set_wide_limits(scene);
  const Order sell = order_of(scene, 0);
  const Order buy = order_of(scene, 1);
  auto pass = scene.gate->admit(judged(scene, sell));
  REQUIRE(pass);
  const auto refused = scene.gate->submit(buy, *std::move(pass));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::internal);
  CHECK(scene.broker.calls.empty());
}

TEST_CASE("a pass is for the order it was given for, whatever else has the same id") {
  ExecutionScene scene;
  set_wide_limits(scene);
  const Order small = order_of(scene, 1);
  Order large = small;
  large.quantity = Quantity(Decimal::whole(1'000'000));
  auto pass = scene.gate->admit(judged(scene, small));
  REQUIRE(pass);
  CHECK_FALSE(scene.gate->submit(large, *std::move(pass)).has_value());
  CHECK(scene.broker.calls.empty());
}

TEST_CASE("an admitted order that is given back counts towards no limit") {
  ExecutionScene scene;
  TradeLimits one;
  one.orders_per_day_max = 1;
  scene.gate->set_limits(
      OrderLimits(one, scene.rules, scene.broker.can, {scene.book_before, Decimal::whole(20'000), Decimal(), 0, {}}));
  const Order sell = order_of(scene, 0);
  const Order buy = order_of(scene, 1);
  auto pass = scene.gate->admit(judged(scene, sell));
  REQUIRE(pass);
  CHECK_FALSE(scene.gate->admit(judged(scene, buy)).has_value());
  scene.gate->give_back(*std::move(pass));
  CHECK(scene.gate->admit(judged(scene, buy)));
}

TEST_CASE("an order over a limit is left out with the reason, and the run goes on") {
  ExecutionScene scene;
  scene.limits.order_value_max = Decimal::whole(6000);  // CCC is worth nearly 10,000
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->refused);
  CHECK_FALSE(summary->ambiguous);
  for (const ExecutedOrder& order : summary->orders) {
    if (order.planned.symbol != test::symbol("CCC")) {
      CHECK(order.report.state == OrderState::filled);
      continue;
    }
    CHECK(order.report.state == OrderState::cancelled);
    CHECK(order.report.reason.starts_with("not sent: buy "));
    CHECK(order.report.reason.find("limits.order_max is 6000 USD") != std::string::npos);
  }
  CHECK(scene.broker.count("submit") == 2);
  CHECK(scene.events.count("order_left_out") == 1);
  CHECK(scene.store.open_orders().value().empty());
  scene.check_truth();
}

TEST_CASE("what was sent this session before counts towards the limits of the day") {
  ExecutionScene scene;
  scene.limits.orders_per_day_max = 2;
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->refused);
  CHECK(scene.broker.count("submit") == 2);
  CHECK(summary->orders[2].report.reason.find("orders today would be 3, limits.orders_per_day is 2") !=
        std::string::npos);
  scene.check_truth();
}

TEST_CASE("reducing sells, and leaves the buys out") {
  ExecutionScene scene;
  scene.trading_switch.set_state(TradingState::reducing, "too warm");
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->refused);
  CHECK(summary->orders[0].report.state == OrderState::filled);
  for (const std::size_t place : {1U, 2U}) {
    CHECK(summary->orders[place].report.reason == "not sent: " + describe(scene.trading_switch.state));
    CHECK(scene.journaled(place).state == OrderState::cancelled);
  }
  CHECK(scene.broker.count("submit") == 1);
  scene.check_truth();
}

TEST_CASE("a halt between two orders stops the second, and cancels what is open") {
  for (const bool fills : {true, false}) {
    ExecutionScene scene;
    scene.broker.fills_at_once = fills;
    scene.broker.before_submit = [&](const Order&) {
      scene.trading_switch.set_state(TradingState::halted, "broker looks wrong");
    };
    const auto summary = scene.execute();
    REQUIRE(summary);
    CHECK(summary->refused);
    CHECK(scene.broker.count("submit") == 1);
    CHECK(scene.journaled(0).state == (fills ? OrderState::filled : OrderState::cancelled));
    if (!fills) CHECK(scene.journaled(0).report.reason == "cancelled: " + describe(scene.trading_switch.state));
    // Without the sell's cash one of the buys is not even tried.
    for (const std::size_t place : {fills ? 1U : 2U, 2U}) {
      CHECK(summary->orders[place].report.reason == "not sent: " + describe(scene.trading_switch.state));
    }
    CHECK(scene.clock.waited() < std::chrono::seconds(5));
    CHECK(scene.store.open_orders().value().empty());
    scene.check_truth();
  }
}

TEST_CASE("halted after a reply was lost: nothing is sent again, and what became of the first copy is looked up") {
  for (const Dedupe dedupe : {Dedupe::permanent, Dedupe::none}) {
    for (const Fault fault : {Fault::lost_before, Fault::lost_after}) {
      ExecutionScene scene;
      scene.broker.can.dedupe = dedupe;
      scene.broker.submit_faults = {fault};
      scene.broker.lookup_lag_calls = 3;
      scene.broker.before_submit = [&](const Order&) {
        scene.trading_switch.set_state(TradingState::halted, "broker looks wrong");
      };
      const auto summary = scene.execute();
      REQUIRE(summary);
      const bool arrived = fault == Fault::lost_after;
      CHECK(scene.broker.count("submit") == 1);
      CHECK(summary->refused);
      CHECK_FALSE(summary->ambiguous);
      CHECK(scene.journaled(0).state == (arrived ? OrderState::filled : OrderState::cancelled));
      if (!arrived) {
        CHECK(scene.journaled(0).report.reason == "it never reached the broker");
        CHECK(scene.clock.waited() >= scene.lookup_lag());
        CHECK(scene.events.count("order_not_sent_again") == 1);
      }
      scene.check_truth();
    }
  }
}

TEST_CASE("halted after a reply was lost, at a broker that cannot tell: it stays unknown") {
  ExecutionScene scene;
  scene.broker.can.lookup = Lookup::by_tag;
  scene.broker.submit_faults = {Fault::lost_before};
  scene.broker.before_submit = [&](const Order&) { scene.trading_switch.set_state(TradingState::halted); };
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->ambiguous);
  CHECK(scene.journaled(0).state == OrderState::unknown);
  CHECK(scene.broker.count("submit") == 1);
  scene.check_truth();
}

TEST_CASE("a broker that is too busy is waited for, longer each time, and not for ever") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::busy, Fault::busy};
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->orders[0].report.state == OrderState::filled);
  CHECK(scene.broker.count("submit " + scene.id(0)) == 3);
  CHECK(scene.clock.waited() == 3 * scene.settings.poll_interval);
  CHECK(scene.broker.count("find") == 0);
  scene.check_truth();

  ExecutionScene full;
  // 0.25 + 0.5 + 1 + 2 + 4 s, then 5 s each: as often as fits into the time there is.
  full.settings.room_timeout = std::chrono::seconds(10);
  full.broker.submit_faults.assign(7, Fault::busy);
  const auto tired = full.execute();
  REQUIRE(tired);
  CHECK_FALSE(tired->ambiguous);
  CHECK(tired->orders[0].report.state == OrderState::cancelled);
  CHECK(tired->orders[0].report.reason == "not taken for 10 s: 429");
  CHECK(full.broker.count("submit " + full.id(0)) == 7);
  CHECK(full.broker.count("submit") > 7);  // the others go their way
  full.check_truth();

  ExecutionScene away;
  away.broker.submit_faults.assign(1'000, Fault::busy);
  const auto idle = away.execute();
  REQUIRE(idle);
  CHECK(away.clock.waited() < away.settings.room_timeout + std::chrono::seconds(10));
  CHECK(idle->orders[2].report.reason == "not taken, nor the one before it: 429");
  CHECK(away.broker.count("submit " + away.id(2)) == 1);
  away.check_truth();
}

TEST_CASE("halted while a busy broker is waited for: the order is left out") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::busy};
  scene.broker.before_submit = [&](const Order&) { scene.trading_switch.set_state(TradingState::halted, "enough"); };
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->refused);
  CHECK_FALSE(summary->ambiguous);
  CHECK(scene.broker.count("submit") == 1);
  CHECK(summary->orders[0].report.state == OrderState::cancelled);
  CHECK(summary->orders[0].report.reason == "not sent: " + describe(scene.trading_switch.state));
  scene.check_truth();
}

TEST_CASE("real money leaves only while it is armed, and every order counts, once, at its highest price") {
  ExecutionScene scene;
  scene.broker.can.simulated = false;
  test::MemoryLiveArming arming;
  scene.gate.emplace(Live::enter(scene.broker, "fake", "fake").value(), scene.trading_switch, arming);
  set_wide_limits(scene);
  const Order order = order_of(scene, 1);
  CHECK(scene.gate->armed().error().message == "live trading is not armed");
  const auto refused = scene.gate->admit(judged(scene, order));
  CHECK(refused.error().message == "live trading is not armed");

  arming.arming = Arming{{}, {}, Decimal::whole(20'000), "fake", {}};
  CHECK(scene.gate->armed().has_value());
  for (int copy = 0; copy < 2; ++copy) {
    auto pass = scene.gate->admit(judged(scene, order));
    REQUIRE(pass.has_value());
    CHECK(scene.gate->submit(order, *std::move(pass)));
  }
  const Price price = std::max(order.limit.value_or(scene.prices.at(order.symbol)), scene.prices.at(order.symbol));
  CHECK(arming.arming->sent == multiply(order.quantity.decimal(), price.decimal(), Rounding::ceiling).value());
  CHECK(scene.trading_switch.held() == 0);

  arming.arming->value_max = add(arming.arming->sent, Decimal::from_billionths(1)).value();
  const auto beyond = scene.gate->admit(judged(scene, order_of(scene, 2)));
  REQUIRE_FALSE(beyond.has_value());
  CHECK(beyond.error().code == ErrorCode::rejected);
  CHECK(scene.gate->admit(judged(scene, order)).has_value());  // counted already
  arming.fault = Error{ErrorCode::unavailable, "the disk is full"};
  CHECK(scene.gate->admit(judged(scene, order)).error().message == "the disk is full");
}
