// Each buy as soon as its cash is there: what an account, an open order and an order in doubt leave for it.
#include "services/execution.hpp"

#include <doctest/doctest.h>

#include "support/execution_scene.hpp"

using namespace rebalancer;
using test::ExecutionScene;
using Fault = test::FakeBroker::Fault;

TEST_CASE("a buy whose cancellation nobody confirmed keeps its cash: the next one is not sent on it") {
  ExecutionScene scene;
  scene.broker.cancels = false;
  scene.broker.before_submit = [&](const Order& order) {
    if (order.client_id != scene.id(1)) return;
    // It stays open, and there is cash for it or for the one after it, not for both.
    scene.broker.fills_at_once = false;
    scene.broker.cash = test::decimal("10600");
    scene.clock.advance(std::chrono::seconds(2));
  };
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->ambiguous);
  CHECK(summary->orders[1].report.state == OrderState::unknown);
  CHECK(scene.broker.count("submit " + scene.id(2)) == 0);
  CHECK(summary->orders[2].report.state == OrderState::cancelled);
}

TEST_CASE("each buy is released as its own cash arrives, while the sell is still working") {
  ExecutionScene scene;
  // A quarter stays cash, so an eighth after the other is sold, and one buy after the other becomes possible.
  scene.book_before = test::book("3000", {{"AAA", "170"}});
  scene.target = test::weights({{"AAA", 0.25}, {"BBB", 0.25}, {"CCC", 0.25}}, 0.25);
  scene.make_plan();
  scene.broker.calls.clear();
  scene.broker.parts.assign(8, 0.125);
  std::vector<Decimal> sold;  // when each buy is sent
  scene.broker.before_submit = [&](const Order& order) {
    scene.broker.fills_at_once = order.side == Side::buy;
    if (order.side == Side::buy) sold.push_back(scene.broker.held().front().report.filled.decimal());
  };
  const auto summary = scene.execute();
  REQUIRE(summary);
  for (const ExecutedOrder& order : summary->orders) CHECK(order.report.state == OrderState::filled);
  REQUIRE(sold.size() == 2);
  const Decimal all = scene.plan.orders[0].quantity.decimal();
  CHECK(sold[0].is_positive());
  CHECK(sold[0] < sold[1]);
  CHECK(sold[1] < all);
  scene.check_truth();
}

TEST_CASE("a broker that fills faster than it tells is not waited for: the cash that is there is enough") {
  ExecutionScene scene;
  scene.broker.answers_before_filling = true;
  scene.book_before = test::book("20000", {{"AAA", "100"}});
  scene.make_plan();
  const auto summary = scene.execute();
  REQUIRE(summary);
  for (const ExecutedOrder& order : summary->orders) CHECK(order.report.state == OrderState::filled);
  CHECK(scene.clock.waited().count() == 0);
  scene.check_truth();
}

TEST_CASE("a broker whose books do not show yet what a buy took does not make the next one possible") {
  ExecutionScene scene;
  // Nothing is sold: there is cash for one of the two buys, and the books go on showing all of it.
  scene.broker.cash_shown = scene.broker.cash;
  scene.broker.submit_faults = {Fault::refused};
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->orders[0].report.state == OrderState::rejected);
  CHECK(scene.broker.count("submit") == 2);
  CHECK(summary->orders[1].report.state != summary->orders[2].report.state);
  CHECK(scene.broker.cash >= scene.rules.cash_buffer);
}

TEST_CASE("proceeds that the broker does not let be spent yet buy nothing: the buy is left out, and told why") {
  ExecutionScene scene;
  scene.broker.buying_power = test::decimal("6000");
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(scene.broker.count("submit") == 2);
  for (const ExecutedOrder& order : summary->orders) {
    const bool too_much = order.planned.symbol == test::symbol("CCC");
    CHECK(order.report.state == (too_much ? OrderState::cancelled : OrderState::filled));
    if (too_much) CHECK(order.report.reason.find("the broker lets 6000 be spent now") != std::string::npos);
  }
  CHECK_FALSE(summary->refused);
  // Proceeds may come a moment later, but not for each order anew.
  CHECK(scene.clock.waited() <= scene.settings.cash_timeout + scene.settings.poll_interval);
  scene.check_truth();
}

TEST_CASE(
    "an account that cannot be read is asked again for a while, once, and nothing is bought on what is not known") {
  ExecutionScene scene;
  scene.broker.before_submit = [&](const Order&) { scene.broker.account_faults.assign(1000, ErrorCode::unavailable); };
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(scene.broker.count("submit") == 1);
  CHECK(summary->orders[1].report.reason == "not sent: the cash is not known: account: scripted");
  CHECK(summary->orders[2].report.reason == summary->orders[1].report.reason);
  CHECK(scene.clock.waited() <= scene.settings.cash_timeout + scene.settings.poll_interval);
}

TEST_CASE("one look at the account is enough for the buys it pays for together, for a moment") {
  const auto looks = [](bool slow) {
    ExecutionScene scene;
    scene.target = test::weights({{"AAA", 0.25}, {"BBB", 0.25}, {"CCC", 0.25}}, 0.25);
    scene.make_plan();
    scene.broker.before_submit = [&](const Order&) {
      if (slow) scene.clock.advance(std::chrono::seconds(2));
    };
    scene.broker.calls.clear();
    const auto summary = scene.execute();
    REQUIRE(summary);
    for (const ExecutedOrder& order : summary->orders) CHECK(order.report.state == OrderState::filled);
    scene.check_truth();
    return scene.broker.count("account");
  };
  CHECK(looks(true) == looks(false) + 1);
}

TEST_CASE("an order that only waits is asked for less and less often, one that fills at once again") {
  ExecutionScene scene;
  scene.broker.fills_at_once = false;  // and nothing fills
  const auto summary = scene.execute();
  REQUIRE(summary);
  const auto looks = scene.broker.count("find " + scene.id(0));
  const auto every_interval = static_cast<std::size_t>(scene.settings.fill_timeout / scene.settings.poll_interval);
  CHECK(looks < every_interval / 6);
  CHECK(looks > every_interval / 10);
  CHECK(summary->orders[0].report.reason == "cancelled: not filled within 60 s");
  scene.check_truth();
}
