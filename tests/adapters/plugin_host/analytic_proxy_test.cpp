#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

TEST_CASE("an analytic answers with one JSON object, or with an error that says how not") {
  LoadedPlugins loaded({built("bad_plugins/bad_analytic.so")});
  auto created =
      loaded.host.create_analytic("bad_analytic", loaded.json(R"({"password": "hunter2"})"), loaded.options());
  REQUIRE(created);
  const auto prices = PriceFrame::make({Date::from_days(1)}, {*Symbol::parse("SPY")}, Eigen::MatrixXd::Ones(1, 1));
  REQUIRE(prices);
  CHECK((*created)->run(*prices, R"({"a": 1})") == R"({"a": 1})");
  CHECK((*created)->run(*prices, "[1]").error() ==
        Error{ErrorCode::internal, "bad_analytic returned an answer that is no JSON object"});
  CHECK((*created)->run(*prices, "{").error().message ==
        "bad_analytic returned an answer that is not JSON: incomplete JSON");

  // What it says goes to the log under its name, without the secret.
  REQUIRE_FALSE(loaded.events.events.empty());
  CHECK(loaded.events.events[0].name == "plugin_log");
  CHECK(loaded.events.events[0].level == EventLevel::warning);
  CHECK(loaded.events.events[0].message == "bad_analytic: asked with password (secret)");
  CHECK(loaded.events.events[0].fields.at("plugin") == "bad_analytic");
  REQUIRE_FALSE(loaded.events.progresses.empty());
  CHECK(loaded.events.progresses[0].what == "bad_analytic");
  CHECK(loaded.events.progresses[0].total == 2);
}
