// When the file is touched.
#include <fstream>

#include <doctest/doctest.h>

#include "plugins/brokers/trading212/scene.hpp"

using namespace rebalancer::test;

TEST_CASE("trading212: the ledger's file is made at first use, so checking a configuration leaves nothing behind") {
  Scene scene;
  CHECK_FALSE(std::filesystem::exists(scene.file));
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  CHECK(std::filesystem::exists(scene.file));
}

TEST_CASE("trading212: a file that is no ledger stops an order before it goes out, and is opened when it is one") {
  Scene scene;
  std::ofstream(scene.file) << std::string(2000, 'x');
  scene.begin();
  REQUIRE(scene.plugin->instance() != nullptr);
  CHECK(scene.submit() == RB_INVALID);
  CHECK_MESSAGE(scene.says("not a database"), scene.plugin->failure);
  CHECK(scene.count("POST") == 0);
  std::filesystem::remove(scene.file);
  CHECK(scene.submit_answered({200, order_json()}) == RB_OK);
}
