// Cash while orders are in doubt.
#include "services/execution.hpp"

#include <doctest/doctest.h>

#include "support/execution_scene.hpp"

using namespace rebalancer;
using test::ExecutionScene;

TEST_CASE("a buy whose cancellation nobody confirmed keeps its cash: the next one is not sent on it") {
  ExecutionScene scene;
  scene.broker.cancels = false;
  scene.broker.before_submit = [&](const Order& order) {
    if (order.client_id != scene.id(1)) return;
    // It stays open, and there is cash for it or for the one after it, not for both.
    scene.broker.fills_at_once = false;
    scene.broker.cash = test::decimal("10600");
  };
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->ambiguous);
  CHECK(summary->orders[1].report.state == OrderState::unknown);
  CHECK(scene.broker.count("submit " + scene.id(2)) == 0);
  CHECK(summary->orders[2].report.state == OrderState::cancelled);
}
