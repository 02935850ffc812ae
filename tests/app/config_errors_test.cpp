// Bad configurations, each with the very words a person gets to read.
#include <doctest/doctest.h>

#include "app/config_support.hpp"

using namespace rebalancer::app;
using rebalancer::app::test::load;
using rebalancer::app::test::minimal;
using rebalancer::app::test::problems_of;

namespace {

// Problems of a good configuration of two lines with these lines after it: they start at line 3.
std::string after(const std::string& lines) { return problems_of(minimal + lines); }

}  // namespace

TEST_CASE("a key nobody knows") {
  CHECK(after("rebalance: {threshhold: 5%}") ==
        "config.yaml:3:13: rebalance has no key \"threshhold\"; did you mean \"threshold\"?");
  CHECK(after("rebalence: {threshold: 5%}") ==
        "config.yaml:3:1: the configuration has no key \"rebalence\"; did you mean \"rebalance\"?");
  CHECK(after("rebalance: {max_weight: 5%}") ==
        "config.yaml:3:13: rebalance has no key \"max_weight\"; did you mean constraints.max_weight?");
  CHECK(after("http:\n  ports:\n    fetchr: 8080") ==
        "config.yaml:5:5: http.ports has no key \"fetchr\"; did you mean \"fetcher\"?");
  CHECK(after("log: {volume: 3}") == "config.yaml:3:7: log has no key \"volume\"; it has level, format");
  CHECK(after("store: {use: sqlite, file: x.db}") == "config.yaml:3:22: store has no key \"file\"; it has use, path");
  CHECK(after("store: {paht: x.db}") == "config.yaml:3:9: store has no key \"paht\"; did you mean \"path\"?");
}

TEST_CASE("a value that breaks its rule") {
  CHECK(after("mode: papr") ==
        "config.yaml:3:7: mode is \"papr\", must be one of dry_run, paper, live; did you mean \"paper\"?");
  CHECK(after("rebalance: {threshold: 5}") ==
        "config.yaml:3:24: rebalance.threshold is \"5\", must be a fraction: did you mean 5%?");
  CHECK(after("rebalance: {threshold: 500%}") ==
        "config.yaml:3:24: rebalance.threshold is \"500%\", must be between 0% and 100%");
  CHECK(after("rebalance: {threshold: -1%}") ==
        "config.yaml:3:24: rebalance.threshold is \"-1%\", must be between 0% and 100%");
  CHECK(after("rebalance: {threshold: often}") ==
        "config.yaml:3:24: rebalance.threshold is \"often\", must be a fraction such as 5%, 25bp or 0.05");
  CHECK(after("rebalance: {to: middle}") ==
        "config.yaml:3:17: rebalance.to is \"middle\", must be one of target, edge, drifted");
  CHECK(after("rebalance: {buy_only: maybe}") ==
        "config.yaml:3:23: rebalance.buy_only is \"maybe\", must be true or false");
  CHECK(after("rebalance: {cash_buffer: -250}") ==
        "config.yaml:3:26: rebalance.cash_buffer is \"-250\", must not be negative");
  CHECK(after("rebalance: {cash_buffer: 250 EUR}") ==
        "config.yaml:3:26: rebalance.cash_buffer is \"250 EUR\", must be in dollars, such as $250 or 250 USD");
  CHECK(after("rebalance: {min_trade: \"$1,00\"}") ==
        "config.yaml:3:24: rebalance.min_trade is \"$1,00\", must be an amount such as $250 or 1000.50, with at most "
        "nine "
        "places");
  CHECK(
      after("rebalance: {min_trade: 1e3}") ==
      "config.yaml:3:24: rebalance.min_trade is \"1e3\", must be an amount such as $250 or 1000.50, with at most nine "
      "places");
  CHECK(after("strategy: {lookback_days: 25.5}") ==
        "config.yaml:3:27: strategy.lookback_days is \"25.5\", must be a whole number");
  CHECK(after("strategy: {lookback_days: 7}") ==
        "config.yaml:3:27: strategy.lookback_days is \"7\", must be between 20 and 10000");
  CHECK(after("strategy: {risk_model: ledoit_wolff}") ==
        "config.yaml:3:24: strategy.risk_model is \"ledoit_wolff\", must be one of sample, ledoit_wolf, "
        "ledoit_wolf_identity, ledoit_wolf_single_factor, oas, ewma, semicovariance, single_index; did you mean "
        "\"ledoit_wolf\"?");
  CHECK(after("strategy: {risk_free: nan}") ==
        "config.yaml:3:23: strategy.risk_free is \"nan\", must be a fraction such as 5%, 25bp or 0.05");
  CHECK(after("constraints: {groups: [\"tech < 25%\"]}") ==
        "config.yaml:3:24: constraints.groups[0] is \"tech < 25%\", must read like \"tech <= 25%\" or \"5% <= gold <= "
        "15%\"");
  CHECK(
      after("constraints: {groups: [\"equity <= 25\"]}") ==
      "config.yaml:3:24: constraints.groups[0] is \"equity <= 25\", has \"25\", which must be a fraction: did you mean "
      "25%?");
  CHECK(after("constraints: {groups: [\"30% <= equity <= 20%\"]}") ==
        "config.yaml:3:24: constraints.groups[0] is \"30% <= equity <= 20%\", must not ask for more than it allows");
  CHECK(after("constraints: {bounds: {SPY: 40%..10%}}") ==
        "config.yaml:3:29: constraints.bounds.SPY is \"40%..10%\", must not start above where it ends");
  CHECK(after("constraints: {bounds: {SPY: lots}}") ==
        "config.yaml:3:29: constraints.bounds.SPY is \"lots\", must be a range such as 10%..40%, ..40%, 10%.. or 20%");
  CHECK(after("quality: {gap: panic}") ==
        "config.yaml:3:16: quality.gap is \"panic\", must be one of ignore, warning, stop");
  CHECK(after("schedule: {at: 4pm}") ==
        "config.yaml:3:16: schedule.at is \"4pm\", must be a time of day such as 16:30, or close-20m, close, open+15m");
  CHECK(
      after("schedule: {at: 24:30}") ==
      "config.yaml:3:16: schedule.at is \"24:30\", must be a time of day such as 16:30, or close-20m, close, open+15m");
  CHECK(after("schedule: {zone: Mars/Olympus}") ==
        "config.yaml:3:18: schedule.zone is \"Mars/Olympus\", must be a time zone such as America/New_York");
  CHECK(after("schedule: {calendar: NYSE}") ==
        "config.yaml:3:22: schedule.calendar is \"NYSE\", must be one of XNYS, 24x7");
  CHECK(after("http: {bind: localhost}") ==
        "config.yaml:3:14: http.bind is \"localhost\", must be an address such as 127.0.0.1 or ::1");
  CHECK(after("http: {ports: {fetcher: 99999}}") ==
        "config.yaml:3:25: http.ports.fetcher is \"99999\", must be between 0 and 65535");
  CHECK(after("http: {ports: {fetcher: 010}}") ==
        "config.yaml:3:25: http.ports.fetcher is \"010\", must be a whole number");
  CHECK(after("strategy: {use: \"max sharpe\"}") ==
        "config.yaml:3:17: strategy.use is \"max sharpe\", must be a name of letters, digits, _ and -");
}

TEST_CASE("symbols") {
  CHECK(problems_of("portfolio: {tickers: [spy, BND]}\nprovider: {use: simulated}") ==
        "config.yaml:1:23: portfolio.tickers[0] is \"spy\", must be a symbol: 1 to 16 of A-Z 0-9 . - ^ =; did you mean "
        "\"SPY\"?");
  CHECK(problems_of("portfolio: {tickers: [SPY, BND, SPY]}\nprovider: {use: simulated}") ==
        "config.yaml:1:33: portfolio.tickers names SPY twice");
  CHECK(problems_of("portfolio: {tickers: []}\nprovider: {use: simulated}") ==
        "config.yaml:1:22: portfolio.tickers is an empty list, must name at least one symbol");
  CHECK(problems_of("portfolio: {id: x}\nprovider: {use: simulated}") ==
        "config.yaml:1:1: portfolio.tickers is missing: the symbols money may be put into, such as [SPY, BND]");
  CHECK(problems_of("portfolio: {tickers: [SPY, BND], classes: {BDN: bond}}\nprovider: {use: simulated}") ==
        "config.yaml:1:49: portfolio.classes names BDN, which is not in portfolio.tickers; did you mean BND?");
  CHECK(problems_of("portfolio: {tickers: [SPY, [BND]]}\nprovider: {use: simulated}") ==
        "config.yaml:1:28: portfolio.tickers[1] is a list, must be one value");
}

TEST_CASE("the wrong kind of thing") {
  CHECK(after("rebalance: {threshold: [5%]}") ==
        "config.yaml:3:24: rebalance.threshold is a list, must be a fraction from 0% to 100%, or none, such as 5%");
  CHECK(after("rebalance: 5%") == "config.yaml:3:12: rebalance is \"5%\", must be a map");
  CHECK(after("broker: paper") == "config.yaml:3:9: broker is \"paper\", must be a map such as {use: NAME}");
  CHECK(after("constraints:\nlog: {level: info}") ==
        "config.yaml:3:1: constraints is empty: give it keys, or delete the line");
  CHECK(after("strategy:\n  risk_free:\n") ==
        "config.yaml:4:3: strategy.risk_free has no value: give it one, or delete the line");
  CHECK(after("strategy:\n  risk_free: \"  \"\n") ==
        "config.yaml:4:14: strategy.risk_free has no value: give it one, or delete the line");
  CHECK(
      problems_of("portfolio: {tickers: SPY}\nprovider: {use: simulated}") ==
      "config.yaml:1:22: portfolio.tickers is \"SPY\", must be a list of symbols, such as [SPY, QQQ, VTI, VXUS, BND]");
  CHECK(problems_of("portfolio: {tickers: [SPY]}\nprovider: simulated") ==
        "config.yaml:2:11: provider is \"simulated\", must be a map such as {use: csv, path: prices.csv}");
  CHECK(problems_of("portfolio: {tickers: [SPY]}\nprovider: []") ==
        "config.yaml:2:11: provider is an empty list, must name at least one");
  CHECK(problems_of("portfolio: {tickers: [SPY]}\nprovider: [{path: x.csv}]") ==
        "config.yaml:2:12: provider[0].use is missing: the name of a provider plugin");
  CHECK(problems_of("portfolio: {tickers: [SPY]}") ==
        "config.yaml: provider is missing: say where prices come from, such as provider: {use: csv, path: prices.csv}");
  CHECK(problems_of("just words") == "config.yaml: the configuration is \"just words\", must be a map");
}

TEST_CASE("what is not YAML, or more than we take of it") {
  CHECK(problems_of("mode: [paper\nportfolio: x") == "config.yaml:2:10: not YAML: end of sequence flow not found");
  CHECK(problems_of("portfolio:\n\ttickers: [SPY]\n") ==
        "config.yaml:2:9: not YAML: illegal map value; the line starts with a tab, YAML wants blanks");
  CHECK(problems_of("broker: {api_key: ${KEY}}") ==
        "config.yaml:1:20: not YAML: end of map flow not found; write \"${NAME}\" in quotes");
  CHECK(after("mode: paper\nmode: live") == "config.yaml:4:1: the key mode is given twice, first at config.yaml:3:1");
  CHECK(after("broker: {use: paper, cash: $1, cash: $2}") ==
        "config.yaml:3:32: the key cash is given twice, first at config.yaml:3:22");
  CHECK(after("log: {<<: {level: info}}") == "config.yaml:3:7: merge keys (<<) are not supported: write the keys out");
  CHECK(after("log: {level: !!binary info}") ==
        "config.yaml:3:14: the tag tag:yaml.org,2002:binary has no meaning here");
  CHECK(after("---\nmode: live") == "config.yaml:4:1: a second document starts here, there must be one");
  CHECK(after("log: &l {level: *l}") == "config.yaml:3:17: an alias inside the very thing it stands for");
  CHECK(after("? [a, b]\n: c") == "config.yaml:3:3: a key is a list, must be a word");
}

TEST_CASE("contradictions") {
  CHECK(after("constraints: {min_weight: 60%}") ==
        "config.yaml:3:27: the minimum weights of 2 tickers sum to 120%, must be at most 100%");
  CHECK(after("constraints: {max_weight: 40%}") ==
        "config.yaml:3:27: the maximum weights of 2 tickers sum to 80%, must be at least 100%");
  CHECK(after("constraints: {min_weight: 50%, max_weight: 40%}") ==
        "config.yaml:3:27: constraints.min_weight is 50%, must be at most constraints.max_weight, 40%");
  CHECK(after("constraints: {bounds: {SPY: 70%.., BND: 40%..}}") ==
        "config.yaml:3:15: the minimum weights of 2 tickers sum to 110%, must be at most 100%");
  CHECK(after("constraints: {bounds: {QQQ: 10%..}}") ==
        "config.yaml:3:29: constraints.bounds names QQQ, which is not in portfolio.tickers");
  CHECK(after("constraints: {groups: [\"gold >= 5%\"]}") ==
        "config.yaml:3:24: constraints.groups[0] is \"gold >= 5%\": no symbol is of class gold; there is BND, SPY, "
        "equity");
  CHECK(after("strategy: {glide_path: true}") ==
        "config.yaml:3:24: strategy.glide_path needs portfolio.investor.age or portfolio.investor.birth_date");
  CHECK(problems_of(
            "portfolio: {tickers: [SPY], investor: {age: 35, birth_date: 1990-01-01}}\nprovider: {use: simulated}") ==
        "config.yaml:1:61: portfolio.investor has both age and birth_date, must have one of them");
  CHECK(after("http: {ports: {fetcher: 8081}}") ==
        "config.yaml:3:25: http.ports.fetcher and http.ports.optimizer are both 8081, must differ");
  CHECK(after("limits: {order_max: $50}\nrebalance: {min_trade: $100}") ==
        "config.yaml:3:21: limits.order_max is $50, must be at least rebalance.min_trade, $100");
  CHECK(after("strategy: {lookback_days: 25}") ==
        "config.yaml: quality.history_sessions_min is 30, must be at most strategy.lookback_days, 25");
  CHECK(after("rebalance: {threshold: 5%, absolute_threshold: 4%}") ==
        "config.yaml:3:28: rebalance.absolute_threshold is another name of rebalance.threshold, which is there too");
  CHECK(after("mode: live") ==
        "config.yaml:2:17: mode is live but provider is simulated: its prices are made up\n"
        "config.yaml:3:7: mode is live but broker.use is paper: name a real broker, or say mode: paper\n"
        "config.yaml:3:7: mode is live, which needs live.account: the id of the account that may be traded");
}

TEST_CASE("limits and the account say what they want") {
  CHECK(after("limits: {quantity_max: 0}") ==
        "config.yaml:3:24: limits.quantity_max is \"0\", must be a positive number of shares such as 500 or 0.25");
  CHECK(after("limits: {quantity_max: $50}").find("must be a positive number of shares") != std::string::npos);
  CHECK(after("limits: {orders_per_day: 0}").find("limits.orders_per_day is \"0\", must be") != std::string::npos);
  CHECK(after("limits: {position_max: 40}").find("did you mean 40%?") != std::string::npos);
  CHECK(after("limits: {price_age_sessions_max: none}").find("must be a whole number") != std::string::npos);
  CHECK(after("limits: {order_value_max: $5}").find("limits has no key \"order_value_max\"") != std::string::npos);
  CHECK(after("live: {account: a b}") ==
        "config.yaml:3:17: live.account is \"a b\", must be an account id: letters, digits and . _ - : / @");
  CHECK(after("live: {}") == "good");
  CHECK(after("live: {acount: U1}") == "config.yaml:3:8: live has no key \"acount\"; did you mean \"account\"?");
  CHECK(after("mode: live\nlive: {account: a b}").find("needs live.account") == std::string::npos);
}

TEST_CASE("prices too old for an order are a notice, not an error") {
  const auto config = load(std::string(minimal) + "quality: {age_sessions_max: 3}\n");
  REQUIRE(config);
  REQUIRE(config->notices.size() == 1);
  CHECK(config->notices[0] ==
        "config.yaml:3:29: quality.age_sessions_max is 3, but no order is sent at a price that is more sessions behind "
        "than limits.price_age_sessions_max, 1");
}

TEST_CASE("all problems come at once, in the order of the file, and those of other layers after them") {
  CHECK(problems_of("mode: papr\nportfolio: {tickers: [spy]}\nprovider: {use: simulated}\nrebalance: {threshold: 5}\n"
                    "http: {ports: {fetcher: 8081}}\n",
                    {{"REBALANCER_LOG_LEVL", "info"}}, {{"log.format", "xml"}}) ==
        "config.yaml:1:7: mode is \"papr\", must be one of dry_run, paper, live; did you mean \"paper\"?\n"
        "config.yaml:2:23: portfolio.tickers[0] is \"spy\", must be a symbol: 1 to 16 of A-Z 0-9 . - ^ =; did you mean "
        "\"SPY\"?\n"
        "config.yaml:4:24: rebalance.threshold is \"5\", must be a fraction: did you mean 5%?\n"
        "config.yaml:5:25: http.ports.fetcher and http.ports.optimizer are both 8081, must differ\n"
        "environment REBALANCER_LOG_LEVL: REBALANCER_LOG_LEVL is not a key of the configuration; did you mean "
        "REBALANCER_LOG_LEVEL?\n"
        "--set log.format: log.format is \"xml\", must be one of auto, json, text");
}

TEST_CASE("problems of the upper layers name the layer") {
  CHECK(problems_of(minimal, {}, {{"rebalance.threshhold", "5%"}}) ==
        "--set rebalance.threshhold: rebalance has no key \"threshhold\"; did you mean \"threshold\"?");
  CHECK(
      problems_of(minimal, {{"REBALANCER_REBALANCE_THRESHOLD", "5"}}) ==
      "environment REBALANCER_REBALANCE_THRESHOLD: rebalance.threshold is \"5\", must be a fraction: did you mean 5%?");
  CHECK(problems_of(minimal, {{"USER_AGE", "old"}}) ==
        "environment USER_AGE: portfolio.investor.age is \"old\", must be a number");
  CHECK(problems_of(minimal, {}, {{"portfolio.tickers", "[SPY"}}).starts_with("--set portfolio.tickers: not YAML: "));
  CHECK(problems_of("portfolio: {tickers: [SPY]}\nprovider: [{use: csv}]", {}, {{"provider.path", "x"}}) ==
        "--set provider.path: provider is a list, so \"path\" must be a whole number");
  CHECK(problems_of(minimal, {}, {{"portfolio.classes", "BND"}}) ==
        "--set portfolio.classes: portfolio.classes is \"BND\", must be NAME=value,NAME=value");
}
