// What became of an order: found by what it is, proved absent, sent once more, and followed to its end.
#include <doctest/doctest.h>

#include "plugins/brokers/trading212/scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

TEST_CASE("trading212: a partial fill that the history showed is read anew until the order has ended") {
  Scene scene;
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  const std::string part = fill_json("901", "1", "80", "0"), rest = fill_json("902", "1.5", "80", "0");
  scene.usual["GET orders"] = {200, "[" + order_json("77", "PARTIALLY_FILLED", "1") + "]"};
  scene.usual["GET history/orders"] = {200, page_json(item_json(order_json("77", "PARTIALLY_FILLED", "1"), part))};
  REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
  CHECK(scene.reports.at(0).state == RB_PARTIAL);
  CHECK(scene.reports.at(0).filled == one);
  scene.usual["GET orders"] = {200, "[]"};
  scene.plugin->now += 20 * second;
  // The history is late: the row still says what it said.
  REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
  CHECK(scene.reports.at(0).state == RB_PARTIAL);
  SUBCASE("filled") {
    const std::string done = order_json("77", "FILLED", "2.5");
    scene.usual["GET history/orders"] = {200, page_json(item_json(done, rest) + "," + item_json(done, part))};
    scene.plugin->now += 20 * second;
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).state == RB_FILLED);
    CHECK(scene.reports.at(0).filled == 5 * one / 2);
    // Ended is ended: nothing is read for it again but the pending ones.
    const std::size_t read = scene.count("GET history/orders");
    scene.plugin->now += 20 * second;
    REQUIRE(scene.find() == RB_OK);
    CHECK(scene.count("GET history/orders") == read);
  }
  SUBCASE("cancelled with a part") {
    scene.usual["GET history/orders"] = {200, page_json(item_json(order_json("77", "PARTIALLY_FILLED", "1"), part) +
                                                        "," + item_json(order_json("77", "CANCELLED", "1")))};
    scene.plugin->now += 20 * second;
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).state == RB_CANCELLED);
    CHECK(scene.reports.at(0).filled == one);
  }
}

TEST_CASE("trading212: what the history does not say of the quantity filled is what the fills say") {
  const auto row = [](std::string_view status) {
    return fmt::format(R"({{"id":77,"ticker":"VUSAl_EQ","side":"BUY","status":"{}","quantity":2.5}})", status);
  };
  const std::string part = fill_json("901", "1", "80", "0"), rest = fill_json("902", "1.5", "80", "0");
  Scene scene;
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  SUBCASE("cancelled") {
    scene.usual["GET history/orders"] = {200, page_json(item_json(row("CANCELLED"), part))};
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).state == RB_CANCELLED);
    CHECK(scene.reports.at(0).filled == one);
  }
  SUBCASE("filled") {
    scene.usual["GET history/orders"] = {
        200, page_json(item_json(row("FILLED"), part) + "," + item_json(row("FILLED"), rest))};
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).state == RB_FILLED);
    CHECK(scene.reports.at(0).filled == 5 * one / 2);
  }
  SUBCASE("filled, and a fill is not there yet") {
    scene.usual["GET history/orders"] = {200, page_json(item_json(row("FILLED"), part))};
    CHECK(scene.find() == RB_UNAVAILABLE);
    CHECK_MESSAGE(scene.says("2.5 are filled, the history shows 1 of them so far"), scene.plugin->failure);
  }
}

TEST_CASE("trading212: absence is told by a look, and the position must be what it was") {
  Scene scene;
  scene.usual["GET positions"] = {200, "[" + position_json("VUSAl_EQ", "IE00B3XXRP09", "10") + "]"};
  REQUIRE(scene.submit_answered({504, ""}) == RB_TIMEOUT);
  scene.plugin->now += 10 * second;
  CHECK(scene.find() == RB_NOT_FOUND);
  CHECK(scene.says("shows no such order, and the position is as it was before"));
  const std::size_t before = scene.asked.size();
  CHECK(scene.find() == RB_NOT_FOUND);  // looked for just now: the limits are for all orders
  CHECK(scene.asked.size() == before);
  scene.plugin->now += 15 * second;
  SUBCASE("too early to send it again") {
    CHECK(scene.submit() == RB_TIMEOUT);
    CHECK(scene.says("shows no such order"));
  }
  SUBCASE("changed") {
    scene.usual["GET positions"] = {200, "[" + position_json("VUSAl_EQ", "IE00B3XXRP09", "12.5") + "]"};
    CHECK(scene.find() == RB_UNAVAILABLE);
    scene.plugin->now += 15 * second;
    CHECK(scene.find() == RB_CONFLICT);
    CHECK(scene.says("holds 12.5 of VUSAl_EQ and held 10 before"));
    CHECK(scene.submit() == RB_CONFLICT);
    // Back again, it has to be absent for the whole time once more.
    scene.usual["GET positions"] = {200, "[" + position_json("VUSAl_EQ", "IE00B3XXRP09", "10") + "]"};
    scene.plugin->now += 15 * second;
    CHECK(scene.find() == RB_NOT_FOUND);
    CHECK(scene.submit() == RB_TIMEOUT);
  }
  SUBCASE("a look that failed proves nothing") {
    scene.usual["GET history/orders"] = {503, ""};
    CHECK(scene.find() == RB_UNAVAILABLE);
    scene.plugin->now += 60 * second;
    CHECK(scene.submit() == RB_TIMEOUT);
  }
  SUBCASE("it comes late") {
    scene.usual["GET orders"] = {200, "[" + order_json() + "]"};
    CHECK(scene.find() == RB_OK);
  }
  SUBCASE("two could be it") {
    scene.usual["GET orders"] = {200, "[" + order_json() + "," + order_json("79") + "]"};
    CHECK(scene.find() == RB_CONFLICT);
    CHECK(scene.says("77, 79"));
  }
  CHECK(scene.count("POST") == 1);
}

TEST_CASE("trading212: what is proved absent goes out once more under the same id, and once only") {
  Scene scene;
  REQUIRE(scene.submit_answered({504, ""}) == RB_TIMEOUT);
  CHECK(scene.find() == RB_NOT_FOUND);
  scene.plugin->now += 30 * second;
  SUBCASE("after a look of its own") {
    REQUIRE_MESSAGE(scene.submit_answered({200, order_json()}) == RB_OK, scene.plugin->failure);
    CHECK(scene.count("GET history/orders") == 3);
    CHECK(scene.bodies.at(scene.bodies.size() - 1).find(R"("quantity":2.5,"limitPrice":80.1,)") != std::string::npos);
    CHECK(scene.find() == RB_UNAVAILABLE);  // taken as 77, and shown nowhere yet
    CHECK(scene.count("POST") == 2);
  }
  SUBCASE("after the look that was made just before, when the limits allow no other") {
    scene.usual["GET orders"] = {200, "[]", "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1772463635\r\n"};
    CHECK(scene.find() == RB_NOT_FOUND);
    CHECK(scene.submit_answered({200, order_json()}) == RB_OK);
    CHECK(scene.count("GET history/orders") == 3);
  }
  SUBCASE("it is there after all") {
    scene.usual["GET orders"] = {200, "[" + order_json() + "]"};
    CHECK(scene.submit() == RB_OK);
    CHECK(scene.count("POST") == 1);
  }
  SUBCASE("another order under its id") {
    CHECK(scene.submit("VUSA", 2 * one) == RB_CONFLICT);
    CHECK(scene.count("POST") == 1);
  }
  SUBCASE("the second answer is lost as well") {
    CHECK(scene.submit_answered({504, ""}) == RB_TIMEOUT);
    CHECK(scene.count("POST") == 2);
    scene.begin();
    CHECK(scene.find() == RB_NOT_FOUND);
    CHECK(scene.submit() == RB_TIMEOUT);
    scene.plugin->now += 30 * second;
    CHECK(scene.submit() == RB_CONFLICT);
    CHECK_MESSAGE(scene.says("it was sent twice and is not sent again"), scene.plugin->failure);
    scene.plugin->now += 30 * second;
    scene.usual["GET orders"] = {200, "[" + order_json() + "," + order_json("78") + "]"};
    CHECK(scene.find() == RB_CONFLICT);
    CHECK(scene.count("POST") == 2);
  }
  SUBCASE("the second one is surely not taken: the first is what it was") {
    for (const Answer& told : {Answer{429, ""}, Answer{0, ""}}) {
      CHECK(scene.submit_answered(told) == RB_EXHAUSTED);
      CHECK(scene.find() == RB_NOT_FOUND);
    }
    scene.plugin->now += 20 * second;
    CHECK(scene.submit_answered({200, order_json()}) == RB_OK);
    CHECK(scene.count("POST") == 4);
  }
  SUBCASE("the second one is refused") {
    CHECK(scene.submit_answered({400, R"({"code":"InsufficientFreeForStocksBuy"})"}) == RB_REJECTED);
    CHECK(scene.find() == RB_OK);
    CHECK(scene.reports.at(0).state == RB_ORDER_REJECTED);
    CHECK(scene.submit() == RB_REJECTED);
    CHECK(scene.count("POST") == 2);
  }
}

TEST_CASE("trading212: a refused order is told with its reason, one that was never looked at is not found") {
  struct Case {
    Answer answer;
    std::int32_t submitted, found;
  };
  for (const Case& one_case :
       {Case{{400, R"({"code":"SellingEquityNotOwned","clarification":"Not owned"})"}, RB_REJECTED, RB_OK},
        Case{{429, ""}, RB_EXHAUSTED, RB_NOT_FOUND}, Case{{0, ""}, RB_EXHAUSTED, RB_NOT_FOUND}}) {
    CAPTURE(one_case.answer.status);
    Scene scene;
    CHECK(scene.submit_answered(one_case.answer) == one_case.submitted);
    scene.begin();
    const std::size_t before = scene.count("GET orders");
    CHECK(scene.find() == one_case.found);
    CHECK(scene.count("GET orders") == before);
    CHECK(scene.reports.size() == (one_case.found == RB_OK ? 1 : 0));
    if (one_case.found != RB_OK) continue;
    CHECK(scene.reports[0].client_id == "rb-1");
    CHECK(scene.reports[0].state == RB_ORDER_REJECTED);
    CHECK_MESSAGE(scene.reports[0].reason.find("Not owned (SellingEquityNotOwned)") != std::string::npos,
                  scene.reports[0].reason);
    CHECK(scene.reports[0].filled == 0);
  }
}

TEST_CASE("trading212: an order that was replaced is for a person") {
  Scene scene;
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  scene.usual["GET history/orders"] = {200, page_json(item_json(order_json("77", "REPLACED")))};
  CHECK(scene.find() == RB_CONFLICT);
  CHECK_MESSAGE(scene.says("order 77 was replaced by another one"), scene.plugin->failure);
}

TEST_CASE("trading212: a pending order is named ours only when nothing else can be it") {
  Scene scene;
  REQUIRE(scene.submit_answered({504, ""}) == RB_TIMEOUT);
  const auto names = [&scene](const std::string& pending) {
    scene.usual["GET orders"] = {200, "[" + pending + "]"};
    scene.plugin->now += 20 * second;
    scene.reports.clear();
    REQUIRE(scene.api().open_orders(scene.plugin->instance(), &Scene::take, &scene.reports) == RB_OK);
    std::vector<std::string> told;
    for (const Report& report : scene.reports) told.push_back(report.client_id);
    return told;
  };
  using Names = std::vector<std::string>;
  CHECK(names(order_json()) == Names{"rb-1"});
  CHECK(names(order_json() + "," + order_json()) == Names{"rb-1"});
  CHECK(names(order_json() + "," + order_json("78")) == Names{"trading212-77", "trading212-78"});
  CHECK(names(order_json() + "," + order_json("78", "NEW", "0", "2.4")) == Names{"rb-1", "trading212-78"});
  // Another order of ours that is the same in everything.
  scene.usual["GET orders"] = {200, "[]"};
  scene.scripts["POST orders/limit"] = {{504, ""}};
  REQUIRE(scene.submit("VUSA", 5 * one / 2, 801 * one / 10, RB_BUY, "rb-2") == RB_TIMEOUT);
  CHECK(names(order_json()) == Names{"trading212-77"});
}
