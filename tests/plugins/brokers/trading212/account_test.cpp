// What the account's summary is read for, and how often.
#include <doctest/doctest.h>

#include "plugins/brokers/trading212/scene.hpp"

using namespace rebalancer::test;

namespace {

std::int32_t read_account(Scene& scene) {
  const auto ignore = [](void*, const rb_account*) {};
  return scene.api().account(scene.plugin->instance(), ignore, nullptr);
}

std::string full_until(std::int64_t second_of_start) {
  return fmt::format("x-ratelimit-period: 5\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: {}\r\n",
                     1'772'463'600 + second_of_start);
}

}  // namespace

TEST_CASE("trading212: the summary serves for five seconds, unless something was sent or filled since") {
  Scene scene;
  scene.usual["GET account/summary"] = {200, account_json, full_until(5)};
  CHECK(read_account(scene) == RB_OK);
  scene.plugin->now += 4 * second;
  CHECK(read_account(scene) == RB_OK);
  CHECK(scene.count("GET account") == 1);
  scene.plugin->now += second;
  scene.usual["GET account/summary"] = {200, account_json};
  CHECK(read_account(scene) == RB_OK);
  CHECK(scene.count("GET account") == 2);
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  CHECK(read_account(scene) == RB_OK);
  CHECK(scene.count("GET account") == 3);
  SUBCASE("filled since") {
    scene.usual["GET history/orders"] = {
        200, page_json(item_json(order_json("77", "FILLED", "2.5"), fill_json("901", "2.5", "80.05", "-0.5")))};
    REQUIRE(scene.find() == RB_OK);
    CHECK(read_account(scene) == RB_OK);
    CHECK(scene.count("GET account") == 4);
    // The same fills once more are no news.
    REQUIRE(scene.find() == RB_OK);
    CHECK(read_account(scene) == RB_OK);
    CHECK(scene.count("GET account") == 4);
  }
  SUBCASE("what was filled after, by a clock that is behind ours") {
    scene.usual["GET history/orders"] = {
        200, page_json(item_json(order_json("77", "FILLED", "2.5"), fill_json("901", "2.5", "80.05", "-0.5")))};
    scene.plugin->now += 20 * second;
    scene.begin();
    CHECK(read_account(scene) == RB_OK);
    REQUIRE(scene.find() == RB_OK);
    CHECK(read_account(scene) == RB_OK);
    CHECK(scene.count("GET account") == 5);
  }
  SUBCASE("what was filled long before, seen for the first time") {
    scene.usual["GET history/orders"] = {
        200, page_json(item_json(order_json("77", "FILLED", "2.5"), fill_json("901", "2.5", "80.05", "-0.5")))};
    scene.plugin->now += 60 * second;
    scene.begin();
    CHECK(read_account(scene) == RB_OK);
    REQUIRE(scene.find() == RB_OK);
    CHECK(read_account(scene) == RB_OK);
    CHECK(scene.count("GET account") == 4);
  }
}
