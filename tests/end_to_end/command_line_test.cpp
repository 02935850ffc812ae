// What a shell sees: exit codes, the two streams, JSON errors.
#include <doctest/doctest.h>

#include "end_to_end/rebalancer_process.hpp"

using namespace rebalancer::test;

TEST_CASE("version is one line, and one document with --json") {
  const TemporaryDirectory directory;
  const auto plain = run_binary(directory, {"version"});
  CHECK(plain.exit_code == 0);
  CHECK(plain.out.starts_with("rebalancer "));
  CHECK(std::count(plain.out.begin(), plain.out.end(), '\n') == 1);
  CHECK(plain.err == "");
  const auto json = json_of(run_binary(directory, {"--json", "version"}));
  for (const char* key : {"/version", "/commit", "/compiler"}) CHECK_FALSE(text_at(json, key).empty());
  CHECK(at(json, "/plugin_abi/major").is_int64());
}

TEST_CASE("a usage error is exit code 2, a sentence on stderr, and a document with --json") {
  const TemporaryDirectory directory;
  const auto plain = run_binary(directory, {"versoin"});
  CHECK(plain.exit_code == 2);
  CHECK(plain.out == "");
  CHECK(plain.err == "error: \"versoin\" is not a command; did you mean \"version\"?\n");
  const auto result = run_binary(directory, {"versoin", "--json"});
  CHECK(result.exit_code == 2);
  const auto json = json_of(result);
  CHECK(text_at(json, "/error/code") == "usage");
  CHECK(number_at(json, "/error/exit_code") == 2);
  CHECK(text_at(json, "/error/message") == "\"versoin\" is not a command; did you mean \"version\"?");
}

TEST_CASE("no command at all is exit code 2 and shows the way") {
  const TemporaryDirectory directory;
  const auto result = run_binary(directory, {});
  CHECK(result.exit_code == 2);
  CHECK(result.err.find("commands:") != std::string::npos);
}

TEST_CASE("a bad configuration is exit code 3 with every place, for people and for programs") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", "mode: papr\nportfolio: {tickers: [spy]}\nprovider: {use: simulated}\n");
  const auto plain = run_binary(directory, {"config", "check"});
  CHECK(plain.exit_code == 3);
  CHECK(plain.out == "");
  CHECK(plain.err ==
        "config.yaml:1:7: mode is \"papr\", must be one of dry_run, paper, live; did you mean \"paper\"?\n"
        "config.yaml:2:23: portfolio.tickers[0] is \"spy\", must be a symbol: 1 to 16 of A-Z 0-9 . - ^ =; did you mean "
        "\"SPY\"?\n"
        "error: the configuration has 2 problems\n");
  const auto json = json_of(run_binary(directory, {"config", "check", "--json"}));
  CHECK(text_at(json, "/error/code") == "configuration");
  CHECK(text_at(json, "/error/errors/1/file") == "config.yaml");
  CHECK(number_at(json, "/error/errors/1/line") == 2);
  CHECK(number_at(json, "/error/errors/1/column") == 23);
}

TEST_CASE("a plugin's own key is checked against its schema, at its place") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config("broker:\n  use: paper\n  csah: $5\n"));
  const auto result = run_binary(directory, {"config", "check"});
  CHECK(result.exit_code == 3);
  CHECK(result.err.find("config.yaml:9:9: broker.csah") != std::string::npos);
  CHECK(result.err.find("\"cash\"") != std::string::npos);
  const auto host = run_binary(directory, {"config", "check", "--set", "strategy.risk_fre=1%"});
  CHECK(host.exit_code == 3);
  CHECK(host.err.find(
            "--set strategy.risk_fre: strategy.risk_fre: unknown key \"risk_fre\", did you mean \"risk_free\"?") !=
        std::string::npos);
}

TEST_CASE("a plugin that does not exist is exit code 78, with the nearest name") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  const auto result = run_binary(directory, {"config", "check", "--set", "strategy.use=max_sharp"});
  CHECK(result.exit_code == 78);
  CHECK(result.err.find("--set strategy.use: ") != std::string::npos);
  CHECK(result.err.find("max_sharpe") != std::string::npos);
}

TEST_CASE("config show tells the origin of each value, and never a secret") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  const auto result = run_binary(directory, {"config", "show", "--origin", "--set", "log.level=debug"},
                                 {"USER_AGE=50", "REBALANCER_BROKER_API_KEY=canary"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("environment USER_AGE") != std::string::npos);
  CHECK(result.out.find("--set log.level") != std::string::npos);
  CHECK(result.out.find("config.yaml:2:3") != std::string::npos);
  CHECK(result.out.find("***") != std::string::npos);
  CHECK((result.out + result.err).find("canary") == std::string::npos);
  const auto json = json_of(run_binary(directory, {"config", "show", "--json", "--origin"}, {"USER_AGE=50"}));
  CHECK(number_at(json, "/values/portfolio/investor/age") == 50);
  CHECK(text_at(json, "/origins/portfolio.investor.age") == "environment USER_AGE");
}

TEST_CASE("the doctor finds a sound machine sound, changes nothing, and names what is wrong otherwise") {
  const TemporaryDirectory directory;
  directory.write(
      "config.yaml",
      sample_config(
          "http: {ports: {fetcher: 0, optimizer: 0, executor: 0, scheduler: 0, analytics: 0, websocket: 0}}\n"));
  auto result = run_binary(directory, {"doctor", "--json"});
  CHECK(result.exit_code == 0);
  CHECK(at(json_of(result), "/ok").as_bool());
  CHECK_FALSE(std::filesystem::exists(directory.path() / "data"));
  result = run_binary(directory, {"doctor", "--set", "strategy.use=nothing"});
  CHECK(result.exit_code == 78);
  CHECK(result.out.find("FAIL  plugins") != std::string::npos);
  result = run_binary(directory, {"doctor", "--set", "mode=x", "--json"});
  CHECK(result.exit_code == 3);
  CHECK_FALSE(at(json_of(result), "/ok").as_bool());
}

TEST_CASE("a full disk behind stdout is no success") {
  const TemporaryDirectory directory;
  const auto result =
      run_process({"/bin/sh", "-c", std::string(REBALANCER_BINARY) + " version > /dev/full"}, directory.path());
  CHECK(result.exit_code == 1);
  CHECK(result.err == "error: stdout cannot be written\n");
}

TEST_CASE("nothing is coloured that does not go to a terminal") {
  const TemporaryDirectory directory;
  const auto result = run_binary(directory, {"versoin"}, {"TERM=xterm-256color"});
  CHECK((result.out + result.err).find('\x1b') == std::string::npos);
}
