// The familiar environment names.
#include <algorithm>
#include <sstream>

#include <doctest/doctest.h>

#include "app/config_keys.hpp"
#include "app/config_layers.hpp"
#include "app/config_support.hpp"

using namespace rebalancer;
using namespace rebalancer::app;
using rebalancer::app::test::load;
using rebalancer::app::test::minimal;
using rebalancer::app::test::problems_of;
using rebalancer::app::test::Variables;

namespace {

constexpr char promised[] =
    "TICKERS STORAGE_TYPE STORAGE_PATH BACKFILL_DAYS LOOKBACK_DAYS MAX_MISSING_DAYS PRICE_CHANGE_THRESHOLD USER_AGE "
    "RISK_FREE_RATE OPTIMIZATION_METHOD MIN_WEIGHT MAX_WEIGHT SAFE_PORTFOLIO_BONDS BROKER_TYPE ALPACA_API_KEY "
    "ALPACA_SECRET_KEY ALPACA_BASE_URL IB_HOST IB_PORT IB_CLIENT_ID T212_API_KEY T212_API_SECRET T212_DEMO "
    "REBALANCE_THRESHOLD REBALANCE_ABSOLUTE_THRESHOLD DRY_RUN ORDER_TYPE ORDER_TIMEOUT MAX_POSITION_SIZE "
    "TRADING_HOURS_ONLY EXECUTION_TIME TIMEZONE RETRY_ATTEMPTS RETRY_DELAY ANALYTICS_DB_URL REDIS_URL LOG_LEVEL "
    "LOG_FORMAT ENABLE_ENCRYPTION USE_ENCRYPTED_CREDENTIALS ANALYTICS_JWT_SECRET";

bool has_notice(const Config& config, const std::string& wanted) {
  return std::find(config.notices.begin(), config.notices.end(), wanted) != config.notices.end();
}

}  // namespace

TEST_CASE("every familiar name promised is known, and none is ignored in silence") {
  const std::vector<FamiliarName> known = familiar_names();
  std::istringstream names{std::string(promised)};
  std::size_t count = 0;
  for (std::string name; names >> name; ++count) {
    CAPTURE(name);
    CHECK(std::any_of(known.begin(), known.end(), [&](const FamiliarName& row) { return row.name == name; }));
    if (name == "BROKER_TYPE" || name == "STORAGE_TYPE" || name == "OPTIMIZATION_METHOD") continue;
    // A value no key accepts: either it is a problem, or there is a notice that it has no effect.
    const auto config = load(minimal, {{name, "?"}});
    if (!config) {
      CHECK(config.error()[0].place == "environment " + name);
    } else {
      CHECK(std::any_of(config->notices.begin(), config->notices.end(),
                        [&](const std::string& notice) { return notice.find(name) != std::string::npos; }));
    }
  }
  CHECK(count == 41);
}

TEST_CASE("familiar names set their keys") {
  const auto config = load(minimal, {{"TICKERS", "spy, qqq,VTI"},
                                     {"STORAGE_PATH", "/var/lib/r"},
                                     {"LOOKBACK_DAYS", "504"},
                                     {"MAX_MISSING_DAYS", "3"},
                                     {"PRICE_CHANGE_THRESHOLD", "0.3"},
                                     {"USER_AGE", "50"},
                                     {"RISK_FREE_RATE", "0.03"},
                                     {"OPTIMIZATION_METHOD", "Min_Variance"},
                                     {"MIN_WEIGHT", "0.05"},
                                     {"MAX_WEIGHT", "0.6"},
                                     {"MAX_POSITION_SIZE", "0.5"},
                                     {"SAFE_PORTFOLIO_BONDS", "0.7"},
                                     {"BROKER_TYPE", "t212"},
                                     {"T212_API_KEY", "canary#: *"},
                                     {"T212_DEMO", "False"},
                                     {"REBALANCE_THRESHOLD", "0.04"},
                                     {"REBALANCE_ABSOLUTE_THRESHOLD", "100.0"},
                                     {"DRY_RUN", "true"},
                                     {"EXECUTION_TIME", "15:45"},
                                     {"TIMEZONE", "Europe/Berlin"},
                                     {"LOG_LEVEL", "WARN"},
                                     {"LOG_FORMAT", "JSON"}});
  REQUIRE(config);
  CHECK(config->portfolio.tickers.size() == 3);
  CHECK(config->portfolio.tickers[0].str() == "SPY");
  CHECK(config->store_path == "/var/lib/r/rebalancer.db");
  CHECK(config->lookback_days == 504);
  CHECK(config->quality.gap_sessions_max == 3);
  CHECK(config->quality.jump_fraction_max == 0.3);
  CHECK(config->optimizer.age_years == 50);
  CHECK(config->optimizer.risk_free_rate == 0.03);
  CHECK(config->strategy.use == "min_variance");
  CHECK(config->optimizer.weight_min == 0.05);
  CHECK(config->optimizer.weight_max == 0.5);  // the narrower of the two
  CHECK(config->optimizer.bonds_of_safe == 0.7);
  CHECK(config->broker.use == "trading212");
  CHECK(config->broker.settings_json == R"({"api_key":"canary#: *","demo":"false"})");
  CHECK(config->rebalance.absolute_band_fraction == 0.04);
  CHECK(config->rebalance.trade_value_min == Decimal::whole(100));
  CHECK(config->mode == Mode::dry_run);
  CHECK(config->schedule.at == DayTime{DayTime::Anchor::midnight, 15 * 60 + 45});
  CHECK(config->schedule.zone == "Europe/Berlin");
  CHECK(config->log.level == LogLevel::warning);
  CHECK(config->log.format == LogFormat::json);
  CHECK(config->locate("portfolio.tickers") == "environment TICKERS");
}

TEST_CASE("OPTIMIZATION_METHOD and BROKER_TYPE speak the names of both worlds") {
  for (const auto& [name, strategy] : test::Variables{{"sharpe", "max_sharpe"}, {"equal_weight", "equal_weight"}}) {
    const auto config = load(minimal, {{"OPTIMIZATION_METHOD", name}});
    REQUIRE(config);
    CHECK(config->strategy.use == strategy);
  }
  for (const auto& [name, broker] : test::Variables{
           {"alpaca", "alpaca"}, {"ib", "interactive_brokers"}, {"t212", "trading212"}, {"paper", "paper"}}) {
    const auto config = load(minimal, {{"BROKER_TYPE", name}});
    REQUIRE(config);
    CHECK(config->broker.use == broker);
  }
}

TEST_CASE("nothing in the environment undoes DRY_RUN=true") {
  for (const char* name : {"DRY_RUN", "REBALANCER_EXECUTOR_DRY_RUN"}) {
    auto config = load(minimal, {{name, "true"}, {"REBALANCER_MODE", "paper"}});
    REQUIRE(config);
    CHECK(config->mode == Mode::dry_run);
  }
}

TEST_CASE("DRY_RUN=false arms nothing") {
  auto config = load(minimal, {{"DRY_RUN", "false"}});
  REQUIRE(config);
  CHECK(config->mode == Mode::paper);
  config = load(std::string(minimal) + "mode: dry_run\n", {{"DRY_RUN", "false"}});
  REQUIRE(config);
  CHECK(config->mode == Mode::dry_run);
  CHECK(has_notice(*config, "DRY_RUN=false has no effect: mode is dry_run, say which of paper and live it is to be"));
  config = load(minimal, {{"DRY_RUN", "false"}, {"BROKER_TYPE", "alpaca"}});
  REQUIRE(config);
  CHECK(config->mode == Mode::dry_run);
  CHECK(has_notice(*config,
                   "DRY_RUN=false has no effect: mode is dry_run by default at broker alpaca, say which of paper and "
                   "live it is to be"));
  config = load(std::string(minimal) + "mode: paper\n", {{"DRY_RUN", "false"}, {"BROKER_TYPE", "alpaca"}});
  REQUIRE(config);
  CHECK(config->mode == Mode::paper);
  CHECK(std::none_of(config->notices.begin(), config->notices.end(),
                     [](const std::string& notice) { return notice.starts_with("DRY_RUN=false"); }));
  CHECK(problems_of(minimal, {{"DRY_RUN", "perhaps"}}) ==
        "environment DRY_RUN: mode is \"perhaps\", must be one of dry_run, paper, live");
}

TEST_CASE("credentials of another broker are said to have no effect, without showing them") {
  const auto config = load(minimal, {{"ALPACA_API_KEY", "canary"}});
  REQUIRE(config);
  CHECK(config->broker.settings_json == "{}");
  CHECK(has_notice(*config, "environment ALPACA_API_KEY has no effect: broker.use is paper"));
}

TEST_CASE("another plugin does not inherit the keys of the one in the file") {
  const std::string file =
      std::string(minimal) +
      "broker: {use: paper, cash: $100000}\nstrategy: {use: fixed, weights: {SPY: 1}, risk_free: 1%}\n";
  const auto config =
      load(file, {{"BROKER_TYPE", "alpaca"}, {"ALPACA_API_KEY", "k"}}, {{"strategy.use", "max_sharpe"}});
  REQUIRE(config);
  CHECK(config->broker.settings_json == R"({"api_key":"k"})");
  CHECK(config->strategy.settings_json == "{}");
  CHECK(config->optimizer.risk_free_rate == 0.01);  // the host's, so it stays
  CHECK(has_notice(*config, "broker.use is alpaca from environment BROKER_TYPE: cash of the file does not apply"));
  CHECK(has_notice(*config, "strategy.use is max_sharpe from --set strategy.use: weights of the file does not apply"));
  // The same plugin named again keeps them.
  const auto same = load(file, {{"BROKER_TYPE", "paper"}});
  REQUIRE(same);
  CHECK(same->broker.settings_json == R"({"cash":"$100000"})");
}

TEST_CASE("a variable of its own wins over a familiar one, and an empty one counts as unset") {
  auto config = load(minimal, {{"LOG_LEVEL", "debug"}, {"REBALANCER_LOG_LEVEL", "error"}});
  REQUIRE(config);
  CHECK(config->log.level == LogLevel::error);
  config = load(minimal, {{"TICKERS", ""}, {"REBALANCER_LOG_LEVEL", ""}});
  REQUIRE(config);
  CHECK(config->portfolio.tickers.size() == 2);
  CHECK(config->notices.empty());
}

TEST_CASE("every key has an environment name of its own, and no two share one") {
  std::vector<std::string> names;
  for (const KeyRow& row : key_table()) names.push_back(row.environment_name());
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(find_key("portfolio.investor.age")->environment_name() == "REBALANCER_PORTFOLIO_INVESTOR_AGE");
  // Each is really read: a value that no key accepts is a problem at that name.
  for (const KeyRow& row : key_table()) {
    CAPTURE(row.path);
    const std::string text = problems_of(minimal, {{row.environment_name(), "{[?"}});
    if (row.type == "a path") continue;  // any text is one
    CHECK(text.find("environment " + row.environment_name()) != std::string::npos);
  }
}
