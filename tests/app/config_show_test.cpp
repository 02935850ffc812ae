#include "app/config_show.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include "app/config_keys.hpp"
#include "app/config_support.hpp"

using namespace rebalancer::app;
using rebalancer::app::test::load;
using rebalancer::app::test::minimal;

namespace {

std::string text_of(const std::string& file) {
  std::ifstream stream(std::string(REBALANCER_SOURCE_DIR) + "/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("what is shown loads again as the same configuration") {
  const auto config = load(std::string(minimal) + R"(
provider_: 1
)");
  REQUIRE_FALSE(config);
  const auto first = load(R"(mode: dry_run
portfolio: {id: a-b, tickers: [SPY, BND, "^GSPC"], classes: {BND: bond}, investor: {birth_date: 1990-02-28}}
provider: [{use: csv, path: "a b.csv"}, {use: simulated, seed: 7}]
store: {use: parquet, path: x, depth: {a: [1, "2: 3"]}}
strategy: {use: fixed, risk_free: 0.33333, weights: {SPY: 0.5, BND: 50%}, glide_path: yes}
constraints: {bounds: {SPY: ..40%}, groups: ["5% <= bond <= 95%"]}
rebalance: {relative_threshold: 12.5%, cash_buffer: "$0.000000001", untouchable: [BND]}
schedule: {at: open+30m}
limits: {order_max: 5000, quantity_max: 0.25, position_max: 33.3%, orders_per_day: 7}
live: {account: 007}
)");
  REQUIRE(first);
  const std::string shown = config_yaml(*first, false);
  CAPTURE(shown);
  const auto second = load(shown);
  REQUIRE(second);
  CHECK(config_yaml(*second, false) == shown);
  CHECK(config_json(*second) == config_json(*first));
  const auto annotated = load(config_yaml(*first, true));  // origins are comments
  REQUIRE(annotated);
  CHECK(config_json(*annotated) == config_json(*first));
  CHECK_NOTHROW((void)boost::json::parse(config_json(*first)));
}

TEST_CASE("origins name the layer") {
  const auto config = load(std::string(minimal) + "rebalance: {absolute_threshold: 4%}\n", {{"USER_AGE", "40"}},
                           {{"log.level", "error"}});
  REQUIRE(config);
  const auto origins = boost::json::parse(origins_json(*config));
  CHECK(origins.at("mode").as_string() == "default, broker.use is paper");
  CHECK(origins.at("journal.path").as_string() == "default");
  CHECK(origins.at("portfolio.tickers").as_string() == "config.yaml:1:13");
  CHECK(origins.at("portfolio.investor.age").as_string() == "environment USER_AGE");
  CHECK(origins.at("log.level").as_string() == "--set log.level");
  CHECK(origins.at("provider.use").as_string() == "config.yaml:2:17");
  CHECK(origins.at("rebalance.threshold").as_string() == "config.yaml:3:33");
  CHECK(config_yaml(*config, true).find("  level: error") != std::string::npos);
  CHECK(config_yaml(*config, true).find("# environment USER_AGE\n") != std::string::npos);
}

TEST_CASE("the origin of the default mode is the broker, and what is shown keeps the mode") {
  const std::string elsewhere = std::string(minimal) + "broker: {use: alpaca}\n";
  const auto config = load(elsewhere);
  REQUIRE(config);
  const std::string shown = config_yaml(*config, true);
  CHECK(shown.starts_with("mode: dry_run                               # default, broker.use is alpaca\n"));
  const auto again = load(shown);
  REQUIRE(again);
  CHECK(again->mode == Mode::dry_run);
  const auto written = load(elsewhere + "mode: paper\n");
  REQUIRE(written);
  CHECK(boost::json::parse(origins_json(*written)).at("mode").as_string() == "config.yaml:4:7");
}

TEST_CASE("the schema is JSON, knows every key and forbids others") {
  const auto schema = boost::json::parse(config_json_schema());
  std::set<std::string> known;
  const std::function<void(const boost::json::value&, const std::string&)> walk = [&](const boost::json::value& node,
                                                                                      const std::string& path) {
    for (const auto& [name, property] : node.at("properties").as_object()) {
      const std::string full = path.empty() ? std::string(name) : path + "." + std::string(name);
      if (property.as_object().contains("properties")) {
        if (!find_section(full)->plugin) CHECK_FALSE(property.at("additionalProperties").as_bool());
        walk(property, full);
      } else {
        known.insert(full);
      }
    }
  };
  walk(schema, "");
  for (const KeyRow& row : key_table()) {
    CAPTURE(row.path);
    if (row.path == "provider.use") {
      CHECK(known.contains("provider"));
    } else {
      CHECK(known.contains(row.path));
    }
  }
  CHECK(schema.at("$defs").at("provider").at("properties").as_object().contains("use"));
}

TEST_CASE("docs/configuration.md is the key table's (else: rebalancer config schema --markdown)") {
  CHECK(text_of("docs/configuration.md") == config_markdown());
}

TEST_CASE("the shipped config.yaml is good, says nothing, and has every key in it") {
  const std::string text = text_of("config.yaml");
  const auto config = load(text);
  REQUIRE(config);
  CHECK(config->notices.empty());
  CHECK(config->mode == Mode::paper);
  CHECK(config->providers.at(0).use == "simulated");
  CHECK(config->broker.use == "paper");
  CHECK(config->optimizer.glide_path);
  CHECK(config->optimizer.age_years == 35);
  CHECK(config->rebalance.absolute_band_fraction == 0.05);
  CHECK(config->portfolio.tickers.size() == 5);
  // Uncommenting the examples gives every key that is not set already.
  for (const KeyRow& row : key_table()) {
    CAPTURE(row.path);
    const std::string name = row.path.substr(row.path.rfind('.') + 1);
    const bool set =
        config->locate(row.path).find(':') != std::string::npos && text.find(name + ":") != std::string::npos;
    const bool commented = text.find("# " + name + ": ") != std::string::npos;
    CHECK((set || commented));
  }
}

TEST_CASE("where the shipped config.yaml calls nothing special, it shows the default") {
  const auto shipped = load(text_of("config.yaml"));
  REQUIRE(shipped);
  const Config defaults;
  const std::set<std::string> other{"portfolio.tickers",   "portfolio.classes",      "portfolio.investor.age",
                                    "strategy.glide_path", "constraints.max_weight", "rebalance.cash_buffer",
                                    "rebalance.min_trade"};
  for (const KeyRow& row : key_table()) {
    if (row.yaml == nullptr) continue;
    CAPTURE(row.path);
    CHECK((row.yaml(*shipped) == row.yaml(defaults)) == !other.contains(row.path));
  }
}

TEST_CASE("every example of the table is a value the key accepts") {
  for (const KeyRow& row : key_table()) {
    if (row.example.empty() || row.read == nullptr) continue;
    CAPTURE(row.path);
    std::vector<Problem> problems;
    Complaints complaints(problems);
    Config config;
    const ConfigNode node = read_yaml(row.example, {}, problems);
    row.read(config, node, row.path, complaints);
    CHECK(problems.empty());
  }
}
