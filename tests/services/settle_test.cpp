// What a run finds that an earlier one left behind, and execution under random misfortune.
#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "support/execution_scene.hpp"

using namespace rebalancer;
using test::ExecutionScene;
using Fault = test::FakeBroker::Fault;
using Dedupe = BrokerCapabilities::Dedupe;
using Lookup = BrokerCapabilities::Lookup;

namespace {

// Stops the journal, as a kill does, at the write given; what is in the store then is what a new process finds.
void run_until_write(ExecutionScene& scene, int writes) {
  scene.store.writes_left = writes;
  static_cast<void>(scene.execute());
  scene.store.writes_left.reset();
}

}  // namespace

TEST_CASE("intents of an interrupted run are cancelled, not sent") {
  ExecutionScene scene;
  run_until_write(scene, 1);
  CHECK(scene.store.open_orders().value().size() == 3);
  const auto settled = scene.settle();
  REQUIRE(settled);
  CHECK(settled->settled.size() == 3);
  CHECK(scene.broker.count("submit") == 0);
  CHECK(scene.journaled(0).report.reason == "not sent: its run was interrupted");
}

TEST_CASE("an order that was about to be sent when the run died, and that never arrived, is not sent now") {
  for (const std::uint32_t lag : {0U, 60U}) {
    ExecutionScene scene;
    scene.broker.can.lookup_lag_s = lag;
    scene.broker.submit_faults = {Fault::lost_before};
    run_until_write(scene, 2);
    CHECK(scene.journaled(0).state == OrderState::sending);
    const auto submits = scene.broker.count("submit");
    const auto settled = scene.settle();
    REQUIRE(settled);
    CHECK(settled->ambiguous.empty());
    CHECK(scene.broker.count("submit") == submits);
    CHECK(scene.journaled(0).state == OrderState::cancelled);
    CHECK(scene.journaled(0).report.reason == "it never reached the broker");
    // It is asked for as long as its look-up may lag.
    CHECK((scene.clock.waited() >= std::chrono::seconds(60)) == (lag == 60));
    scene.check_truth();
  }
}

TEST_CASE("an order that did arrive is found, with its fills") {
  ExecutionScene scene;
  run_until_write(scene, 2);
  CHECK(scene.journaled(0).state == OrderState::sending);
  REQUIRE(scene.broker.accepted(scene.id(0)) == 1);
  REQUIRE(scene.settle());
  CHECK(scene.journaled(0).state == OrderState::filled);
  CHECK(scene.store.fills_of(scene.id(0)).value().size() == 1);
  scene.check_truth();
}

TEST_CASE("an order still working is cancelled") {
  ExecutionScene scene;
  scene.broker.fills_at_once = false;
  run_until_write(scene, 3);
  CHECK(scene.journaled(0).state == OrderState::acknowledged);
  REQUIRE(scene.settle());
  CHECK(scene.journaled(0).state == OrderState::cancelled);
  CHECK(scene.broker.count("cancel " + scene.id(0)) == 1);
  scene.check_truth();
}

TEST_CASE("what a broker cannot tell stays ambiguous, however often it is settled") {
  ExecutionScene scene;
  scene.broker.can.lookup = Lookup::none;
  scene.broker.can.dedupe = Dedupe::none;
  scene.broker.submit_faults = {Fault::lost_after};
  REQUIRE(scene.execute());
  for (int i = 0; i < 3; ++i) {
    const auto settled = scene.settle();
    REQUIRE(settled);
    CHECK(settled->ambiguous.size() == 1);
  }
  CHECK(scene.journaled(0).state == OrderState::parked);
  CHECK(scene.broker.count("submit") == 1);
}

TEST_CASE("a stop ends settling with an error, so that nobody plans on a doubtful book") {
  ExecutionScene scene;
  run_until_write(scene, 1);
  std::stop_source stop;
  stop.request_stop();
  CHECK(scene.settle(stop.get_token()).error().code == ErrorCode::unavailable);
}

TEST_CASE("a plan that an earlier process began goes on: what was sent is looked up, the rest is sent") {
  ExecutionScene scene;
  run_until_write(scene, 2);
  CHECK(scene.journaled(0).state == OrderState::sending);
  const auto resumed = scene.resume();
  REQUIRE(resumed);
  CHECK(scene.events.count("run_resumed") == 1);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(resumed->orders[i].report.state == OrderState::filled);
    CHECK(scene.broker.count("submit " + scene.id(i)) == 1);
  }
  scene.check_truth();
}

TEST_CASE("under random faults, capabilities and kills no order is doubled, lost or misreported") {
  const ExecutionScene fresh;
  constexpr int trials = 20'000;
  int ambiguous = 0;
  int killed = 0;
  int complete = 0;
  int resumed = 0;
  for (int trial = 0; trial < trials; ++trial) {
    Random random(static_cast<std::uint64_t>(trial) + 1);
    ExecutionScene scene;
    scene.broker.can.dedupe = static_cast<Dedupe>(random.below(3));
    scene.broker.can.dedupe_window_s = 600;
    scene.broker.can.lookup = static_cast<Lookup>(random.below(3));
    const double trouble = random.uniform() * 0.6;
    for (int i = 0; i < 12; ++i) {
      scene.broker.submit_faults.push_back(random.uniform() < trouble ? static_cast<Fault>(1 + random.below(8))
                                                                      : Fault::none);
    }
    scene.broker.lookup_lag_calls = static_cast<int>(random.below(4));
    if (random.below(3) == 0) {
      for (std::uint64_t i = random.below(4); i > 0; --i) scene.broker.lookup_faults.push_back(ErrorCode::unavailable);
    }
    if (random.below(3) == 0) {
      scene.broker.fills_at_once = false;
      for (std::uint64_t i = random.below(12); i > 0; --i) scene.broker.parts.push_back(0.1 + 0.9 * random.uniform());
    }
    scene.broker.cancels = random.below(10) != 0;
    if (random.below(2) == 0) scene.store.writes_left = static_cast<int>(random.below(14));

    CAPTURE(trial);
    const auto summary = scene.execute();
    scene.check_truth();
    const bool died = !summary || summary->journal_error;
    killed += died ? 1 : 0;
    if (!died && !summary->ambiguous) {
      ++complete;
      CHECK(scene.store.open_orders().value().empty());
    }
    // The next life.
    scene.store.writes_left.reset();
    scene.broker.submit_faults.clear();
    scene.broker.lookup_faults.clear();
    scene.broker.cancels = true;
    if (died && scene.store.plan_of(ExecutionScene::run_id).value() && random.below(2) == 0) {
      const auto gone_on = scene.resume();
      REQUIRE(gone_on);
      ++resumed;
      CHECK_FALSE(gone_on->journal_error.has_value());
      if (!gone_on->ambiguous) CHECK(scene.store.open_orders().value().empty());
      scene.check_truth();
    }
    const auto submits = scene.broker.count("submit");
    const auto settled = scene.settle();
    REQUIRE(settled);
    CHECK(scene.broker.count("submit") == submits);
    scene.check_truth();
    CHECK(scene.store.open_orders().value().size() == settled->ambiguous.size());
    for (std::size_t i = 0; i < scene.plan.orders.size() && i < scene.store.orders(3).value().size(); ++i) {
      const OrderRecord record = scene.journaled(i);
      Decimal told;
      const std::vector<Fill> fills = scene.store.fills_of(record.order.client_id).value();
      for (const Fill& fill : fills) told = add(told, fill.quantity.decimal()).value();
      if (is_terminal(record.state)) CHECK(told == record.report.filled.decimal());
    }
    ambiguous += settled->ambiguous.empty() ? 0 : 1;
    // With a look-up that knows every id nothing stays open, but an id taken by something else.
    if (scene.broker.can.lookup == Lookup::by_client_id) {
      for (const OrderReport& report : settled->ambiguous) CHECK(report.state == OrderState::parked);
    }
  }
  CHECK(complete > trials / 10);
  CHECK(killed > trials / 10);
  CHECK(ambiguous > trials / 100);
  CHECK(resumed > trials / 20);
  MESSAGE(trials << " trials: " << complete << " complete, " << killed << " killed, " << resumed << " resumed, "
                 << ambiguous << " left to a human");
}
