#include "app/config.hpp"

#include <doctest/doctest.h>

#include "app/config_support.hpp"

using namespace rebalancer;
using namespace rebalancer::app;
using rebalancer::app::test::load;
using rebalancer::app::test::minimal;
using rebalancer::app::test::problems_of;

namespace {

Decimal dollars(const char* text) { return Decimal::parse(text).value(); }

constexpr char contract_sample[] = R"(mode: paper                      # dry_run | paper | live
portfolio:
  id: default
  tickers: [SPY, QQQ, VTI, VXUS, BND]
  classes: {BND: bond}           # equity unless said otherwise; bond, cash, or a label of your own
  investor: {age: 35}            # or birth_date
provider: {use: csv, path: prices.csv}          # or a list: the first that answers wins
store: {use: sqlite, path: data/rebalancer.db}
strategy: {use: max_sharpe, risk_free: 0.02, lookback_days: 252, glide_path: true}
constraints: {min_weight: 0, max_weight: 0.4, groups: ["tech <= 25%"]}
rebalance: {threshold: 5%, to: target, cash_buffer: $250, min_trade: $100}
broker: {use: paper, cash: $100000}
limits: {order_max: $50000, turnover_per_day: 50%}
schedule: {at: "16:30", zone: America/New_York, calendar: XNYS}   # or at: close-20m
http: {bind: 127.0.0.1, ports: {fetcher: 8080, optimizer: 8081, executor: 8082, scheduler: 8083, analytics: 8084, websocket: 8085}}
plugins: {directories: [plugins]}
log: {level: info, format: json}
)";

}  // namespace

TEST_CASE("the shape users were promised loads, value by value") {
  const auto config = load(contract_sample);
  REQUIRE(config);
  CHECK(config->mode == Mode::paper);
  CHECK(config->portfolio.id == "default");
  REQUIRE(config->portfolio.tickers.size() == 5);
  CHECK(config->portfolio.tickers[3].str() == "VXUS");
  CHECK(config->optimizer.classes.at(Symbol::parse("BND").value()) == "bond");
  CHECK(config->portfolio.age_years == 35.0);
  CHECK(config->optimizer.age_years == 35.0);
  REQUIRE(config->providers.size() == 1);
  CHECK(config->providers[0].use == "csv");
  CHECK(config->providers[0].settings_json == R"({"path":"prices.csv"})");
  CHECK(config->store_path == "data/rebalancer.db");
  CHECK(config->store.settings_json == "{}");
  CHECK(config->strategy.use == "max_sharpe");
  CHECK(config->strategy.settings_json == "{}");
  CHECK(config->optimizer.risk_free_rate == 0.02);
  CHECK(config->optimizer.glide_path);
  CHECK(config->optimizer.weight_max == 0.4);
  REQUIRE(config->optimizer.class_limits.size() == 1);
  CHECK(config->optimizer.class_limits[0].label == "tech");
  CHECK(config->optimizer.class_limits[0].upper == 0.25);
  CHECK(config->rebalance.absolute_band_fraction == 0.05);
  CHECK(config->rebalance.cash_buffer == dollars("250"));
  CHECK(config->rebalance.trade_value_min == dollars("100"));
  CHECK(config->broker.settings_json == R"({"cash":"$100000"})");
  CHECK(config->limits.order_value_max == dollars("50000"));
  CHECK(config->limits.turnover_per_day_fraction == 0.5);
  CHECK(config->schedule.at == DayTime{DayTime::Anchor::midnight, 16 * 60 + 30});
  CHECK(config->http.ports.websocket == 8085);
  CHECK(config->log.format == LogFormat::json);
  // No ticker is of class tech: true, harmless, and said.
  REQUIRE(config->notices.size() == 1);
  CHECK(config->notices[0] == "config.yaml:10:56: constraints.groups[0] is about tech, a class that no ticker has");
}

TEST_CASE("what nobody wrote has its default") {
  const auto config = load(minimal);
  REQUIRE(config);
  const Config defaults;
  CHECK(config->mode == Mode::paper);
  CHECK(config->broker.use == defaults.broker.use);
  CHECK(config->rebalance.absolute_band_fraction == 0.05);
  CHECK(config->limits.order_value_max == std::nullopt);
  CHECK(config->limits.order_quantity_max == std::nullopt);
  CHECK(config->limits.position_max_fraction == std::nullopt);
  CHECK(config->limits.orders_per_day_max == 1000);
  CHECK(config->limits.price_age_sessions_max == 1);
  CHECK(config->live.account == std::nullopt);
  CHECK(config->journal_path == "data/journal.db");
  CHECK(config->notices.empty());
}

TEST_CASE("units in values") {
  const auto config = load(std::string(minimal) + R"(
strategy: {risk_free: 25bp}
constraints: {max_weight: 60 %, bounds: {SPY: 10%..60%, BND: "..0.5"}, groups: ["5% <= equity <= 95%", "equity>=10%"]}
rebalance: {threshold: 0.05, cash_buffer: 1000.10, min_trade: "$1,250.000000001"}
limits: {order_max: 100000 USD, turnover_per_day: 150%, quantity_max: 12.000000001, position_max: 33.5%,
         orders_per_day: 5, price_age_sessions_max: 0}
schedule: {at: close-20m}
)");
  REQUIRE(config);
  CHECK(config->optimizer.risk_free_rate == 0.0025);
  CHECK(config->optimizer.weight_max == 0.6);
  CHECK(config->optimizer.bounds.at(Symbol::parse("SPY").value()) == std::pair(0.1, 0.6));
  CHECK(config->optimizer.bounds.at(Symbol::parse("BND").value()) == std::pair(0.0, 0.5));
  CHECK(config->optimizer.class_limits[0].lower == 0.05);
  CHECK(config->optimizer.class_limits[0].upper == 0.95);
  CHECK(config->optimizer.class_limits[1].lower == 0.1);
  CHECK(config->rebalance.cash_buffer == dollars("1000.1"));
  CHECK(config->rebalance.trade_value_min == dollars("1250.000000001"));
  CHECK(config->limits.order_value_max == dollars("100000"));
  CHECK(config->limits.turnover_per_day_fraction == 1.5);
  CHECK(config->limits.order_quantity_max == dollars("12.000000001"));
  CHECK(config->limits.position_max_fraction == 0.335);
  CHECK(config->limits.orders_per_day_max == 5);
  CHECK(config->limits.price_age_sessions_max == 0);
  CHECK(config->schedule.at == DayTime{DayTime::Anchor::close, -20});
}

TEST_CASE("when nobody says the mode, only the paper broker gets orders") {
  const auto mode_of = [](const std::string& more, const test::Variables& variables = {},
                          const test::Settings& settings = {}) {
    const auto config = load(minimal + more, variables, settings);
    REQUIRE(config);
    return config->mode;
  };
  CHECK(mode_of("") == Mode::paper);
  CHECK(mode_of("broker: {use: paper, cash: $5}\n") == Mode::paper);
  CHECK(mode_of("broker: {use: alpaca}\n") == Mode::dry_run);
  CHECK(mode_of("", {{"BROKER_TYPE", "ib"}}) == Mode::dry_run);
  CHECK(mode_of("broker: {use: alpaca}\n", {}, {{"broker.use", "paper"}}) == Mode::paper);
  // What is written wins; whether that broker is simulated it says itself, when it is asked.
  CHECK(mode_of("mode: paper\nbroker: {use: alpaca}\n") == Mode::paper);
  CHECK(mode_of("mode: dry_run\n") == Mode::dry_run);
  CHECK(default_mode("paper") == Config{}.mode);
  CHECK(Config{}.broker.use == "paper");
}

TEST_CASE("mode live names the account it may trade") {
  const std::string real = "portfolio: {tickers: [SPY]}\nprovider: {use: yahoo}\nbroker: {use: alpaca}\nmode: live\n";
  CHECK(problems_of(real) ==
        "config.yaml:4:7: mode is live, which needs live.account: the id of the account that may be traded");
  const auto config = load(real + "live: {account: 0123-ab}\n");
  REQUIRE(config);
  CHECK(config->mode == Mode::live);
  CHECK(config->live.account == "0123-ab");
  CHECK(load(real, {{"REBALANCER_LIVE_ACCOUNT", "U1"}}).value().live.account == "U1");
  // An account alone arms nothing.
  CHECK(load(std::string(minimal) + "live: {account: U1}\nbroker: {use: alpaca}\n").value().mode == Mode::dry_run);
  CHECK(problems_of(minimal, {}, {{"mode", "live"}, {"broker.use", "alpaca"}, {"provider.use", "yahoo"}}) ==
        "--set mode: mode is live, which needs live.account: the id of the account that may be traded");
}

TEST_CASE("a relative threshold alone is not narrowed by the default of the absolute one") {
  auto config = load(std::string(minimal) + "rebalance: {relative_threshold: 25%}\n");
  REQUIRE(config);
  CHECK(config->rebalance.absolute_band_fraction == std::nullopt);
  CHECK(config->rebalance.relative_band_fraction == 0.25);
  config = load(std::string(minimal) + "rebalance: {relative_threshold: 25%, absolute_threshold: 4%}\n");
  REQUIRE(config);
  CHECK(config->rebalance.absolute_band_fraction == 0.04);
  config = load(std::string(minimal) + "rebalance: {threshold: none}\n");
  REQUIRE(config);
  CHECK(config->rebalance.absolute_band_fraction == std::nullopt);
}

TEST_CASE("providers may be a list, each with its own keys and place") {
  const auto config = load(
      "portfolio: {tickers: [SPY]}\nprovider:\n  - use: yahoo\n  - use: csv\n    path: p.csv\n    depth: {a: [1, "
      "~]}\n");
  REQUIRE(config);
  REQUIRE(config->providers.size() == 2);
  CHECK(config->providers[1].path == "provider[1]");
  CHECK(config->providers[1].settings_json == R"({"path":"p.csv","depth":{"a":["1",null]}})");
  CHECK(config->locate("provider[1].path") == "config.yaml:5:11");
  CHECK(config->locate("provider[1].nothing") == "config.yaml:4:5");
  CHECK(config->locate("provider[0].use") == "config.yaml:3:10");
  const Problem problem = config->problem_at("provider[1].path", "is not there");
  CHECK(problem.place == "config.yaml:5:11");
  CHECK(problem.line == 5);
  CHECK(problem.column == 11);
}

TEST_CASE("a symbol with a dot has its own place") {
  const auto config = load(
      "portfolio: {tickers: [SPY, BRK.B]}\nprovider: {use: simulated}\nconstraints: {bounds: {SPY: ..50%, BRK.B: "
      "10%..60%}}\n");
  REQUIRE(config);
  CHECK(config->locate("constraints.bounds.BRK.B") == "config.yaml:3:43");
}

TEST_CASE("anchors and aliases work") {
  const auto config =
      load("portfolio: {tickers: &all [SPY, BND]}\nprovider: {use: simulated}\nrebalance: {untouchable: *all}\n");
  REQUIRE(config);
  CHECK(config->rebalance.untouchable.size() == 2);
}

TEST_CASE("environment wins over the file, --set over both, and each value knows its origin") {
  const std::string file = std::string(minimal) + "rebalance: {threshold: 5%}\nlog: {level: debug}\n";
  const auto config = load(file, {{"REBALANCER_REBALANCE_THRESHOLD", "4%"}, {"REBALANCER_LOG_LEVEL", "error"}},
                           {{"rebalance.threshold", "3%"}});
  REQUIRE(config);
  CHECK(config->rebalance.absolute_band_fraction == 0.03);
  CHECK(config->log.level == LogLevel::error);
  CHECK(config->locate("rebalance.threshold") == "--set rebalance.threshold");
  CHECK(config->locate("log.level") == "environment REBALANCER_LOG_LEVEL");
  CHECK(config->locate("portfolio.tickers") == "config.yaml:1:13");
  CHECK(config->locate("mode") == "config.yaml");
}

TEST_CASE("a higher layer replaces a value given by its other name") {
  const auto config =
      load(std::string(minimal) + "rebalance: {absolute_threshold: 5%}\n", {}, {{"rebalance.threshold", "2%"}});
  REQUIRE(config);
  CHECK(config->rebalance.absolute_band_fraction == 0.02);
}

TEST_CASE("lists and maps come through the environment and --set in two spellings") {
  auto config =
      load(minimal, {{"REBALANCER_PORTFOLIO_TICKERS", "VTI, GLD"}, {"REBALANCER_PORTFOLIO_CLASSES", "GLD=gold"}});
  REQUIRE(config);
  CHECK(config->portfolio.tickers[1].str() == "GLD");
  CHECK(config->optimizer.classes.at(Symbol::parse("GLD").value()) == "gold");
  config = load(minimal, {}, {{"portfolio.tickers", "[VTI, GLD]"}, {"portfolio.classes", "{GLD: gold}"}});
  REQUIRE(config);
  CHECK(config->portfolio.tickers[0].str() == "VTI");
  CHECK(config->optimizer.classes.size() == 1);
  config = load(minimal, {{"REBALANCER_BROKER_CASH", "$5"}}, {{"provider", "{use: csv, path: a.csv}"}});
  REQUIRE(config);
  CHECK(config->broker.settings_json == R"({"cash":"$5"})");
  CHECK(config->providers[0].settings_json == R"({"path":"a.csv"})");
  config =
      load("portfolio: {tickers: [SPY]}\nprovider: [{use: csv, path: a.csv}]\n", {}, {{"provider.0.path", "b.csv"}});
  REQUIRE(config);
  CHECK(config->providers[0].settings_json == R"({"path":"b.csv"})");
}

TEST_CASE("without a file, environment and --set are enough") {
  const auto config =
      load_config({.file = "no/such/config.yaml",
                   .environment = Environment({{"TICKERS", "SPY,BND"}, {"REBALANCER_PROVIDER_USE", "simulated"}})});
  REQUIRE(config);
  CHECK(config->portfolio.tickers.size() == 2);
}

TEST_CASE("a file that --config names has to be there") {
  const auto config = load_config({.file = "no/such/config.yaml", .file_given = true});
  REQUIRE_FALSE(config);
  REQUIRE(config.error().size() == 1);
  CHECK(config.error()[0].place == "no/such/config.yaml");
  CHECK(config.error()[0].message == "the configuration file cannot be read");
}

TEST_CASE("paths start at the folder of the file") {
  auto config = load_config({.file = "etc/r/config.yaml", .text = minimal});
  REQUIRE(config);
  CHECK(config->directory / config->journal_path == "etc/r/data/journal.db");
  config = load(minimal);
  REQUIRE(config);
  CHECK(config->directory / config->journal_path == "data/journal.db");
}

TEST_CASE("an age or a birth date tells how old the investor is") {
  auto config = load(std::string(minimal) + "# ...\n", {}, {{"portfolio.investor.birth_date", "1990-06-30"}});
  REQUIRE(config);
  CHECK(config->age_on(Date::parse("2026-06-30").value()) == 36.0);
  config = load(minimal, {{"USER_AGE", "41"}});
  REQUIRE(config);
  CHECK(config->age_on(Date::parse("2026-06-30").value()) == 41.0);
  config = load(minimal);
  REQUIRE(config);
  CHECK(config->age_on(Date::parse("2026-06-30").value()) == std::nullopt);
}

TEST_CASE("an alias bomb, a deep nest and a huge file are refused quickly") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'k'; ++c) {
    bomb += fmt::format("{}: &{} [", c, c);
    for (int i = 0; i < 10; ++i) bomb += fmt::format("{}*{}", i == 0 ? "" : ",", static_cast<char>(c - 1));
    bomb += "]\n";
  }
  CHECK(problems_of(bomb) == "config.yaml:4:29: more than 10000 values, counting what aliases repeat");
  CHECK(problems_of(std::string(40, '[') + std::string(40, ']')) == "config.yaml:1:33: more than 32 levels");
  CHECK(problems_of("mode: " + std::string(100'000, '[')).ends_with(": more than 32 levels"));
  CHECK(problems_of("# " + std::string(1 << 20, 'x')) == "config.yaml: has 1048578 bytes, must be at most 1048576");
}
