#include <dlfcn.h>

#include <doctest/doctest.h>

#include <rebalancer/conformance.hpp>

#include "support/temporary_directory.hpp"

using namespace rebalancer::sdk::conformance;
using rebalancer::test::TemporaryDirectory;

namespace {

const rb_plugin& plugin_of(const std::string& relative) {
  const std::string file = std::string(REBALANCER_BINARY_DIR) + "/" + relative + ".so";
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed, as in the program
  REQUIRE_MESSAGE(library != nullptr, dlerror());
  const void* plugin = dlsym(library, RB_PLUGIN_SYMBOL);
  REQUIRE(plugin != nullptr);
  return *static_cast<const rb_plugin*>(plugin);
}

std::vector<std::string> wrong(const std::string& name, const std::string& what) {
  return check(plugin_of("bad_plugins/" + name), {.config_json = "{\"wrong\": \"" + what + "\"}"});
}
std::string joined(const std::vector<std::string>& findings) {
  std::string text;
  for (const std::string& finding : findings) text += finding + "\n";
  return text;
}
bool finds(const std::string& name, const std::string& what, const std::string& sentence) {
  for (const std::string& finding : wrong(name, what)) {
    if (finding.find(sentence) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the plugins we ship keep the contract") {
  const TemporaryDirectory folder;
  CHECK(joined(check(plugin_of("plugins/equal_weight"))) == "");
  CHECK(joined(check(plugin_of("plugins/max_sharpe"))) == "");
  CHECK(joined(check(plugin_of("plugins/min_variance"))) == "");
  CHECK(joined(check(plugin_of("plugins/fixed"), {.config_json = R"({"weights": {"SPY": 0.6, "BND": 0.4}})",
                                                  .refused_configs = {R"({"weights": {"SPY": 0.6}})"},
                                                  .symbols = {"SPY", "BND"}})) == "");
  CHECK(joined(check(plugin_of("plugins/simulated"))) == "");
  const std::string prices =
      folder.write("prices.csv", "date,SPY,BND\n2025-01-02,500,70\n2025-01-03,501,71\n").string();
  CHECK(joined(check(plugin_of("plugins/csv"), {.config_json = R"({"path": ")" + prices + "\"}"})) == "");
  CHECK(joined(check(plugin_of("plugins/paper"),
                     {.config_json = R"({"cash": "100000", "path": ")" + (folder.path() / "paper.db").string() +
                                     R"(", "commission": "0", "order_value_min": "0",
                                                           "cost_rate": 0, "slippage": 0, "fill_fraction": 1})"})) ==
        "");
  CHECK(joined(check(plugin_of("plugins/csv_store"),
                     {.config_json = R"({"path": ")" + (folder.path() / "facts").string() + "\"}"})) == "");
  // Without a network it says so, which is no breach.
  CHECK(joined(check(plugin_of("plugins/yahoo"), {.config_json = R"({"timeout": 15000})"})) == "");
}

TEST_CASE("our strategies keep limits on the whole book, or refuse them") {
  const std::pair<const char*, const char*> strategies[] = {
      {"equal_weight", "{}"},
      {"max_sharpe", "{}"},
      {"min_variance", "{}"},
      {"efficient_return", R"({"target_return": 0.05})"},
      {"efficient_risk", R"({"target_volatility": 0.2})"},
      {"max_utility", R"({"risk_aversion": 2.5})"},
      {"max_diversification", "{}"},
      {"min_cvar", R"({"confidence": 0.95})"},
      {"min_cdar", R"({"confidence": 0.95})"},
      {"min_max_drawdown", "{}"},
      {"min_semivariance", R"({"benchmark": 0})"},
      {"risk_parity", "{}"},
      {"hrp", R"({"linkage": "single"})"},
      {"inverse_volatility", "{}"},
      {"inverse_variance", "{}"},
      {"momentum", R"({"lookback_days": 252, "skip_days": 21, "count": 5, "weighting": "equal"})"}};
  for (const auto& [name, config] : strategies) {
    CAPTURE(name);
    CHECK(joined(check(plugin_of(std::string("plugins/") + name), {.config_json = config, .with_book_limits = true})) ==
          "");
  }
  CHECK(joined(check(plugin_of("plugins/fixed"), {.config_json = R"({"weights": {"SPY": 0.6, "BND": 0.4}})",
                                                  .symbols = {"SPY", "BND"},
                                                  .with_book_limits = true})) == "");
  // A strategy that looks at none of them is found out, one finding for each limit it breaks.
  const auto careless = joined(check(plugin_of("bad_plugins/bad_strategy"),
                                     {.config_json = R"({"wrong": "nothing"})", .with_book_limits = true}));
  for (const char* sentence : {"5 symbols, turnover_max 0.2: the weights trade 1.2",
                               "5 symbols, position_min 0.3, positions_max 3: the least position is 0.2",
                               "5 symbols, position_min 0.3, positions_max 3: 5 positions"}) {
    CHECK_MESSAGE(careless.find(sentence) != std::string::npos, careless);
  }
}

TEST_CASE("a plugin that does nothing wrong is not accused") { CHECK(joined(wrong("bad_provider", "nothing")) == ""); }

TEST_CASE("broken promises of a strategy are found") {
  CHECK(finds("bad_strategy", "nan", "a weight is not a finite number"));
  CHECK(finds("bad_strategy", "sum_3", "weights sum to 3, must sum to 1"));
  CHECK(finds("bad_strategy", "short_position", "is outside its bounds 0 to 1"));
  CHECK(finds("bad_strategy", "silent", "on_allocation was called 0 times"));
  CHECK(finds("bad_strategy", "twice", "on_allocation was called 2 times"));
  CHECK(finds("bad_strategy", "no_reason", "returned code 4 without a reason"));
  CHECK(finds("bad_strategy", "unknown_code", "returned 99, no rb_code"));
  CHECK(finds("bad_strategy", "report", "the report is no JSON object"));
  CHECK(finds("raw_throw", "", "threw across the contract"));
}

TEST_CASE("broken promises of a provider are found") {
  CHECK(finds("bad_provider", "descending", "does not ascend"));
  CHECK(finds("bad_provider", "outside", "was not asked for"));
  CHECK(finds("bad_provider", "infinite", "is infinite"));
  CHECK(finds("bad_provider", "silent", "0 tables for SPY"));
  CHECK(finds("bad_provider", "twice", "2 tables for SPY"));
  CHECK(finds("bad_provider", "unasked", "which nobody asked for"));
}

TEST_CASE("broken promises of a broker are found") {
  CHECK(finds("bad_broker", "increment", "quantity increment must be positive"));
  CHECK(finds("bad_broker", "embedded", "capabilities: embedded but not simulated"));
  CHECK_FALSE(finds("bad_broker", "all_of_1_1", "embedded"));
  CHECK(finds("bad_broker", "no_account", "account gave 0 accounts"));
  CHECK(finds("bad_broker", "position_twice", "two positions in SPY"));
  CHECK(finds("bad_broker", "nothing", "find_order of an unknown id must not be RB_OK"));
  CHECK(finds("bad_broker", "nothing", "the positions stayed as they were"));
  CHECK(finds("bad_broker", "overfill", "more than ordered"));
  CHECK(finds("bad_broker", "no_report", "submit must give one report"));
  CHECK(finds("bad_broker", "other_id", "submit reports on another client id"));
}

TEST_CASE("broken promises of a store are found") {
  CHECK(finds("bad_store", "count", "stored 6 facts, must be 5"));
  CHECK(finds("bad_store", "nothing", "is not what was written"));
  CHECK(finds("bad_store", "silent", "must be one table"));
}

TEST_CASE("an incomplete description is found") {
  CHECK(joined(check(plugin_of("bad_plugins/wrong_magic"))) == "magic must be RB_MAGIC\n");
  CHECK(joined(check(plugin_of("bad_plugins/unknown_kind"))) == "kind must be one of rb_kind\n");
  CHECK(joined(check(plugin_of("bad_plugins/missing_function"))) == "a function of api is null\n");
  CHECK(joined(check(plugin_of("bad_plugins/short_api"))) == "api is too short for its kind\n");
  CHECK(check(plugin_of("bad_plugins/null_instance")).front() == "create gave nothing, without a reason");
}
