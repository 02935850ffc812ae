// Lists, cancels and fills of the built plugin.
#include <doctest/doctest.h>

#include "scene.hpp"

namespace rebalancer::test {

TEST_CASE("open orders: ours and those of others, which keep their references to themselves") {
  TwsScene scene;
  TwsOrder own, other, again, foreign;
  other.reference = again.reference = "swing";
  other.client_id = again.client_id = "3";
  other.perm_id = "1";
  again.perm_id = "2";
  foreign.account = "DU9999999";
  foreign.perm_id = "3";
  scene.open({own, other, again, foreign});
  CHECK(scene.open_orders() == RB_OK);
  REQUIRE(scene.reports.size() == 3);
  CHECK(scene.reports[0].client_id == "rb-1");
  CHECK(scene.reports[1].client_id == "swing");
  CHECK(scene.reports[2].client_id.empty());
}

TEST_CASE("a cancel is asked for, or refused with the reason") {
  TwsScene scene;
  TwsOrder order;
  scene.open({order});
  scene.server.on("4", [&](const auto& to, const TwsFields&) {
    to.send(tws_order_status(tws_with_status(order, "PendingCancel")));
  });
  CHECK(scene.cancel() == RB_OK);
  CHECK(scene.server.requests("4") == std::vector<TwsFields>{{"4", "1", "101", ""}});
  scene.server.on("4", [](const auto& to, const TwsFields&) {
    to.send(tws_error("101", "10148", "OrderId 101 that needs to be cancelled cannot be cancelled, state: Filled."));
  });
  CHECK(scene.cancel() == RB_REJECTED);
  CHECK(scene.failed_with("state: Filled. (10148)"));
  order.client_id = "3";
  scene.open({order});
  CHECK(scene.cancel() == RB_REJECTED);
  CHECK(scene.failed_with("it was placed by API client 3, and this is 7"));
  scene.open({});
  scene.completed({tws_completed_order(tws_with_status(order, "Cancelled"), "Cancelled by Trader")});
  CHECK(scene.cancel() == RB_REJECTED);
  CHECK(scene.cancel("rb-9") == RB_NOT_FOUND);
}

TEST_CASE("fills that are not all told are not told") {
  TwsScene scene;
  TwsOrder order;
  const auto execution = tws_execution(order, "-1", "a.01", "100", "10");
  scene.executions({execution});
  CHECK(scene.fills() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("a commission is not told yet"));
  scene.executions({execution, tws_commission("a.01", "1", "EUR")});
  CHECK(scene.fills() == RB_CONFLICT);
  CHECK(scene.failed_with("the commission of execution a.01 is in EUR"));
  scene.silent("7");
  CHECK(scene.fills() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("did not come to their end"));
}

}  // namespace rebalancer::test
