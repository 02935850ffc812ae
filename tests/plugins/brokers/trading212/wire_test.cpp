// Figures and rows as the server writes them.
#include <doctest/doctest.h>

#include "plugins/brokers/trading212/scene.hpp"

using namespace rebalancer::test;

TEST_CASE("trading212: taxes are paid, with a sign or without") {
  for (const char* tax : {"-0.5", "0.5"}) {
    CAPTURE(tax);
    Scene scene;
    REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
    scene.usual["GET history/orders"] = {
        200, page_json(item_json(order_json("77", "FILLED", "2.5"), fill_json("901", "2.5", "80.05", tax)))};
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).fee == 500'000'000);
  }
}

TEST_CASE("trading212: figures of a double are rounded, quantities are exact") {
  Scene scene;
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  scene.usual["GET history/orders"] = {
      200, page_json(item_json(order_json("77", "FILLED", "2.5"),
                               fill_json("901", "2.5", "70.1234567891", "-0.10000000000000142")))};
  REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
  CHECK(scene.reports.at(0).average_price == 70'123'456'789);
  CHECK(scene.reports.at(0).fee == 100'000'000);

  struct Case {
    const char* free;
    const char* reserved;
    rb_decimal cash;
  };
  for (const Case& one_case :
       {Case{"500.00000000000006", "0.1", 500'100'000'000},
        Case{"499.99999999999994", "5.684341886080802E-14", 500'000'000'000},
        Case{"1.23456789012345E7", "0", 12'345'678'901'234'500},
        Case{"1.2345678901234567E7", "0", 12'345'678'901'234'567}, Case{"-5.684341886080802e-14", "-0.0", 0},
        Case{"-0.00000000051", "0", -1}, Case{"0.05E+2", "1e-9", 5'000'000'001}}) {
    CAPTURE(one_case.free);
    scene.plugin->now += 10 * second;
    scene.usual["GET account/summary"] = {
        200, fmt::format(R"({{"id":22123456,"currency":"GBP","totalValue":1500.5000000000002,)"
                         R"("cash":{{"availableToTrade":{},"reservedForOrders":{}}}}})",
                         one_case.free, one_case.reserved)};
    rb_account account{};
    const auto take = [](void* ctx, const rb_account* told) { *static_cast<rb_account*>(ctx) = *told; };
    REQUIRE_MESSAGE(scene.api().account(scene.plugin->instance(), take, &account) == RB_OK, scene.plugin->failure);
    CHECK(account.cash == one_case.cash);
    CHECK(account.equity == 1'500'500'000'000);
  }
  for (const char* nonsense : {"1e400", "\"many\"", "true", "null", "99999999999"}) {
    CAPTURE(nonsense);
    scene.plugin->now += 10 * second;
    scene.usual["GET account/summary"] = {
        200, fmt::format(R"({{"id":22123456,"currency":"GBP","cash":{{"availableToTrade":{}}}}})", nonsense)};
    const auto ignore = [](void*, const rb_account*) {};
    CHECK(scene.api().account(scene.plugin->instance(), ignore, nullptr) == RB_UNAVAILABLE);
    CHECK_MESSAGE(scene.says("availableToTrade"), scene.plugin->failure);
  }
  scene.usual["GET positions"] = {200, "[" + position_json("VODl_EQ", "GB00BH4HKS39", "3.00000000000000006") + "]"};
  const auto ignore = [](void*, const rb_position*) {};
  CHECK(scene.api().positions(scene.plugin->instance(), ignore, nullptr) == RB_UNAVAILABLE);
}

TEST_CASE("trading212: odd rows of the history stop nothing but what they concern") {
  Scene scene;
  const std::string split = order_json("60", "FILLED", "2.5", "2.5", "VUSAl_EQ", "2026-03-02T15:00:00Z", "SYSTEM");
  const std::string rows =
      R"({"fill":{"id":1,"type":"STOCK_DIVIDENDS"}},{"order":null,"fill":null},)" +
      item_json(split, R"({"id":2,"type":"STOCK_SPLIT","quantity":"?","price":0,"filledAt":"never"})") + "," +
      item_json(R"({"id":61,"ticker":"VUSAl_EQ","quantity":2.5})", "null") + ",";
  scene.usual["GET history/orders"] = {200, page_json(rows + item_json(order_json("62", "CANCELLED")))};
  REQUIRE_MESSAGE(scene.submit_answered({-1, ""}) == RB_TIMEOUT, scene.plugin->failure);
  CHECK(scene.count("POST") == 1);
  scene.plugin->now += 20 * second;
  SUBCASE("those that were there before are not it") {
    CHECK(scene.find() == RB_NOT_FOUND);
    CHECK_MESSAGE(scene.says("shows no such order"), scene.plugin->failure);
  }
  SUBCASE("a corporate action is not it") {
    const std::string late = item_json(order_json("63", "FILLED", "2.5"), R"({"id":3,"type":"FOP","quantity":2.5})");
    scene.usual["GET history/orders"] = {200, page_json(rows + late)};
    CHECK(scene.find() == RB_NOT_FOUND);
  }
  SUBCASE("one that came since could be it") {
    scene.usual["GET history/orders"] = {
        200, page_json(rows + item_json(R"({"id":64,"ticker":"VUSAl_EQ","quantity":2.5})", "null"))};
    CHECK(scene.find() == RB_UNAVAILABLE);
    CHECK_MESSAGE(scene.says("order 64: status is missing"), scene.plugin->failure);
  }
  SUBCASE("its own fills are counted without the others") {
    const std::string done = order_json("65", "FILLED", "2.5");
    scene.usual["GET history/orders"] = {200, page_json(rows + item_json(done, fill_json("5", "2.5", "80", "0")) + "," +
                                                        item_json(done, R"({"id":6,"type":"SPIN_OFF","quantity":1})"))};
    scene.usual["GET orders"] = {200, "[" + order_json("65") + "]"};
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    scene.usual["GET orders"] = {200, "[]"};
    scene.plugin->now += 20 * second;
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).state == RB_FILLED);
    CHECK(scene.reports.at(0).filled == 5 * one / 2);
  }
}

TEST_CASE("trading212: a pending order that cannot be read stops orders of its own instrument only") {
  const std::string other = R"({"id":50,"ticker":"VODl_EQ","quantity":"?"})";
  const std::string same = R"({"id":51,"ticker":"VUSAl_EQ","status":"NEW","quantity":"?"})";
  const std::string nobodys = R"({"id":52,"status":"NEW"})";
  for (const std::string& row : {other, same, nobodys}) {
    CAPTURE(row);
    Scene scene;
    scene.usual["GET orders"] = {200, "[" + row + "]"};
    const bool good = row == other;
    CHECK(scene.submit_answered({200, order_json()}) == (good ? RB_OK : RB_REJECTED));
    CHECK(scene.count("POST") == (good ? 1 : 0));
    if (!good) {
      CHECK_MESSAGE(scene.says("not sent: the answer cannot be understood"), scene.plugin->failure);
      continue;
    }
    scene.plugin->now += 20 * second;
    scene.usual["GET orders"] = {200, "[" + row + "," + order_json() + "]"};
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    scene.reports.clear();
    REQUIRE(scene.api().open_orders(scene.plugin->instance(), &Scene::take, &scene.reports) == RB_OK);
    REQUIRE(scene.reports.size() == 2);
    CHECK(scene.reports[0].client_id == "trading212-50");
    CHECK(scene.reports[0].state == RB_OPEN);
    CHECK(scene.plugin->logs.back().second.find("order 50 cannot be understood") != std::string::npos);
    // One without an id could be ours.
    scene.plugin->now += 20 * second;
    scene.usual["GET orders"] = {200, R"([{"ticker":"VODl_EQ"}])"};
    CHECK(scene.api().open_orders(scene.plugin->instance(), &Scene::take, &scene.reports) == RB_UNAVAILABLE);
  }
}
