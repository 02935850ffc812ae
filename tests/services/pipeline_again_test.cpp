// A run that did not get all it planned leaves the rest to another run of the same session.
#include "services/pipeline.hpp"
#include "support/pipeline_scene.hpp"

using namespace rebalancer;
using test::PipelineScene;
using test::symbol;

TEST_CASE("what did not fill in time is planned again on what is held then, in a decision of its own") {
  PipelineScene scene;
  scene.broker.fills_at_once = false;
  scene.broker.parts = {0.5};
  const RunReport first = scene.run();
  CHECK(first.outcome == RunOutcome::traded);
  CHECK(first.left_undone);

  scene.broker.fills_at_once = true;
  const RunReport second = scene.run();
  CHECK(second.as_of == first.as_of);
  CHECK(second.outcome == RunOutcome::traded);
  CHECK_FALSE(second.left_undone);
  CHECK(second.drift_after->largest_fraction < 0.02);
  // Nothing is bought twice: both runs together are what one would have been.
  PipelineScene other;
  static_cast<void>(other.run());
  CHECK(scene.broker.shares == other.broker.shares);
  CHECK(scene.broker.cash == other.broker.cash);

  other.settings.symbols = scene.settings.symbols = {symbol("AAA")};
  const RunReport third = scene.run();
  CHECK(third.outcome == RunOutcome::held);
  CHECK(third.reason == "session 2026-06-30 was already rebalanced by run " + second.id.substr(0, 8));
  CHECK(scene.broker.count("submit") == 0);
  scene.check_decisions();
}

TEST_CASE("an order that the broker refused, or whose outcome is not known, is not planned again") {
  for (const bool refused : {true, false}) {
    CAPTURE(refused);
    PipelineScene scene;
    scene.broker.submit_faults = {test::FakeBroker::Fault::none,
                                  refused ? test::FakeBroker::Fault::refused : test::FakeBroker::Fault::conflict};
    const RunReport first = scene.run();
    CHECK_FALSE(first.left_undone);
    CHECK(first.ambiguous == !refused);
    const RunReport second = scene.run();
    CHECK(second.outcome == RunOutcome::held);
    CHECK(scene.broker.count("submit") == 0);
  }
}

TEST_CASE("an order that went out and that the broker never had is not planned again") {
  PipelineScene scene;
  // Nothing arrives, and whatever is tried stays unanswered until it is given up.
  scene.broker.submit_faults.assign(20, test::FakeBroker::Fault::lost_before);
  scene.broker.can.dedupe = BrokerCapabilities::Dedupe::none;
  scene.broker.can.lookup = BrokerCapabilities::Lookup::by_client_id;
  const RunReport first = scene.run();
  CHECK(scene.broker.held().empty());
  CHECK_FALSE(first.ambiguous);
  CHECK_FALSE(first.left_undone);
  scene.broker.submit_faults.clear();
  CHECK(scene.run().outcome == RunOutcome::held);
  CHECK(scene.broker.held().empty());
}

TEST_CASE("the limits of the day hold for all runs of a session together") {
  PipelineScene scene;
  scene.settings.limits.orders_per_day_max = 2;
  scene.broker.fills_at_once = false;
  CHECK(scene.run().left_undone);
  const RunReport second = scene.run();
  REQUIRE(second.hold.has_value());
  CHECK(second.hold->stage == Stage::check);
  CHECK(scene.broker.count("submit") == 0);
}
