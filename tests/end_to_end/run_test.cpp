#include <algorithm>
#include <arpa/inet.h>
#include <cmath>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <set>
#include <sstream>
#include <sys/socket.h>
#include <thread>

#include <doctest/doctest.h>

#include "core/base/time.hpp"
#include "end_to_end/rebalancer_process.hpp"
#include "support/reference.hpp"

using namespace rebalancer::test;

TEST_CASE("the shipped configuration runs offline, trades once, and says what is simulated") {
  const TemporaryDirectory directory;
  std::filesystem::copy_file(std::filesystem::path(REBALANCER_SOURCE_DIR) / "config.yaml",
                             directory.file("config.yaml"));
  const auto first = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json"});
  REQUIRE_MESSAGE(first.exit_code == 0, first.err);
  const auto report = json_of(first);
  CHECK(text_at(report, "/mode") == "paper");
  CHECK(text_at(report, "/data_source").find("simulated") != std::string::npos);
  CHECK(text_at(report, "/as_of") == "2026-11-20");
  CHECK(text_at(report, "/outcome") == "traded");
  CHECK(text_at(report, "/decision").size() == 32);
  CHECK(at(report, "/proof/rules").as_array().size() >= 5);
  double sum = 0;
  for (const auto& [symbol, weight] : at(report, "/weights").as_object()) sum += weight.to_number<double>();
  CHECK(std::abs(sum - 1) < 1e-9);
  // Age 35: 85 % equities; of the rest 80 % bonds, and cash that stays cash.
  CHECK(std::abs(number_at(report, "/weights/BND") - 0.12) < 1e-9);
  CHECK(std::abs(number_at(report, "/weights/cash") - 0.03) < 1e-9);
  CHECK(number_at(report, "/drift_after/largest") < number_at(report, "/drift_before/largest"));
  for (const auto& order : at(report, "/orders").as_array()) {
    CHECK(text_at(order, "/state") == "filled");
    CHECK(text_at(order, "/filled") == text_at(order, "/quantity"));
    CHECK(!text_at(order, "/reason").empty());
    CHECK(text_at(order, "/id").find(text_at(report, "/decision")) != std::string::npos);
  }

  const auto positions = json_of(run_binary(directory, {"positions", "--as-of", "2026-11-20", "--json"}));
  const auto again = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json"});
  CHECK(again.exit_code == 0);
  const auto second = json_of(again);
  CHECK(text_at(second, "/outcome") != "traded");
  CHECK(!text_at(second, "/reason").empty());
  CHECK(json_of(run_binary(directory, {"positions", "--as-of", "2026-11-20", "--json"})) == positions);

  const auto runs = json_of(run_binary(directory, {"history", "--json"}));
  CHECK(at(runs, "/runs").as_array().size() == 2);
}

TEST_CASE("the report for people fits 80 columns and names mode, data, proof, run and what to type next") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  const auto run = run_binary(directory, {"run", "--as-of", "2026-11-20"});
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  for (const char* part :
       {"PAPER", "SIMULATED PRICES", "fetch", "optimize", "BUY", "Proof", "Next", "traded", "run "}) {
    CHECK_MESSAGE(run.out.find(part) != std::string::npos, part, run.out);
  }
  std::size_t start = 0;
  while (start < run.out.size()) {
    const auto end = run.out.find('\n', start);
    const std::string line = run.out.substr(start, end - start);
    const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    CHECK_MESSAGE(columns <= 80, line);
    start = end + 1;
  }
  CHECK(run.out.find('\x1b') == std::string::npos);
}

TEST_CASE("the session's rule holds even when the target moved: one session, one rebalance") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-20"}).exit_code == 0);
  const auto other = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json", "--set",
                                            "portfolio.investor.age=70", "--set", "rebalance.threshold=1%"});
  CHECK(other.exit_code == 0);
  const auto report = json_of(other);
  CHECK(text_at(report, "/outcome") == "held");
  CHECK(text_at(report, "/reason").find("already rebalanced") != std::string::npos);
  const auto next = json_of(run_binary(directory, {"run", "--as-of", "2026-11-23", "--json", "--set",
                                                   "portfolio.investor.age=70", "--set", "rebalance.threshold=1%"}));
  CHECK(text_at(next, "/outcome") == (text_at(next, "/as_of") == "2026-11-23" ? "traded" : "held"));
}

TEST_CASE("a dry run plans and sends nothing") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  const auto dry = run_binary(directory, {"run", "--as-of", "2026-11-20", "--dry-run", "--json"});
  REQUIRE(dry.exit_code == 0);
  const auto report = json_of(dry);
  CHECK(text_at(report, "/mode") == "dry_run");
  CHECK(text_at(report, "/outcome") == "held");
  CHECK(!at(report, "/orders").as_array().empty());
  for (const auto& order : at(report, "/orders").as_array()) CHECK(text_at(order, "/state") == "intent");
  CHECK(at(json_of(run_binary(directory, {"positions", "--as-of", "2026-11-20", "--json"})), "/positions")
            .as_array()
            .empty());
  const auto plan = run_binary(directory, {"plan", "--as-of", "2026-11-20", "--detailed-exitcode"});
  CHECK(plan.exit_code == 10);
}

TEST_CASE("prices that are too old hold the run with exit code 4 and the reason") {
  const TemporaryDirectory directory;
  std::string csv = "date,AAA,BBB\n";
  for (int day = 0; day < 59; ++day) {
    const std::string date = rebalancer::Date::make(2024, 1, 1)->plus_days(day).to_string();
    csv += date + "," + std::to_string(100 + day % 3) + "," + std::to_string(50 + day % 5) + "\n";
  }
  directory.write("prices.csv", csv);
  directory.write("config.yaml",
                  "portfolio: {tickers: [AAA, BBB]}\nprovider: {use: csv, path: prices.csv}\n"
                  "strategy: {use: equal_weight, lookback_days: 20}\nquality: {history_sessions_min: 20}\n");
  const auto good = run_binary(directory, {"run", "--as-of", "2024-02-28", "--json"});
  CHECK_MESSAGE(good.exit_code == 0, good.err);
  const auto stale = run_binary(directory, {"run", "--as-of", "2024-03-15", "--json"});
  CHECK(stale.exit_code == 4);
  const auto report = json_of(stale);
  CHECK(text_at(report, "/outcome") == "held");
  CHECK(text_at(report, "/hold/stage") == "fetch");
  CHECK(text_at(report, "/reason").find("AAA") != std::string::npos);
}

TEST_CASE("constraints nothing satisfies hold the run with exit code 5") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config("constraints: {groups: [\"equity <= 10%\"]}\n"));
  const auto run = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json"});
  CHECK(run.exit_code == 5);
  CHECK(text_at(json_of(run), "/outcome") == "held");
  CHECK(at(json_of(run), "/orders").as_array().empty());
}

TEST_CASE("without a network yahoo says so and the run holds") {
  const TemporaryDirectory directory;
  directory.write("config.yaml",
                  "portfolio: {tickers: [SPY, BND]}\nprovider: {use: yahoo, base_url: \"http://127.0.0.1:1\"}\n"
                  "strategy: {use: equal_weight}\n");
  const auto run = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json"});
  CHECK(run.exit_code == 4);
  CHECK(text_at(json_of(run), "/reason").find("yahoo: cannot reach 127.0.0.1") != std::string::npos);
}

TEST_CASE("a configured plugin that is not there ends the program with 78 and one sentence") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config() + "broker: {use: papr}\n");
  const auto run = run_binary(directory, {"run"});
  CHECK(run.exit_code == 78);
  CHECK(run.err.find("papr") != std::string::npos);
  CHECK(run.err.find("paper") != std::string::npos);
}

TEST_CASE("a plugin's own key that is wrong is an error with its place") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config() + "broker:\n  use: paper\n  csah: 5\n");
  const auto run = run_binary(directory, {"run", "--json"});
  CHECK(run.exit_code == 3);
  CHECK_MESSAGE(run.err.find("config.yaml:9:") != std::string::npos, run.err);
  CHECK(run.err.find("cash") != std::string::npos);
  CHECK(number_at(json_of(run), "/error/exit_code") == 3);
}

TEST_CASE("a bad plugin in the folder is listed with its reason and disturbs nobody") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  directory.write("plugins/broken.so", "this is a text");
  const auto list = run_binary(directory, {"plugins", "list", "--json"});
  CHECK(list.exit_code == 0);
  bool seen = false;
  const auto listed = json_of(list);
  for (const auto& plugin : at(listed, "/plugins").as_array()) {
    if (text_at(plugin, "/file").find("broken.so") == std::string::npos) continue;
    seen = true;
    CHECK(text_at(plugin, "/status") == "refused");
    CHECK(text_at(plugin, "/reason") == "broken.so: not a shared library");
  }
  CHECK(seen);
  CHECK(run_binary(directory, {"run", "--as-of", "2026-11-20"}).exit_code == 0);
  CHECK(run_binary(directory, {"plugins", "check", "plugins/broken.so"}).exit_code == 78);
}

TEST_CASE("usage errors exit with 2 and name the nearest word") {
  const TemporaryDirectory directory;
  const auto typo = run_binary(directory, {"optimise"});
  CHECK(typo.exit_code == 2);
  CHECK(typo.err.find("optimize") != std::string::npos);
  CHECK(run_binary(directory, {"run", "--as-of", "yesterday"}).exit_code == 2);
}

TEST_CASE("the pipeline runs on real prices: 20 stocks from 2014 to 2018") {
  const auto prices = reference_file("golden/data/dev20_prices.csv");
  if (!prices) return;
  const TemporaryDirectory directory;
  directory.write("config.yaml",
                  "portfolio:\n  tickers: [GOOG, AAPL, FB, BABA, AMZN, GE, AMD, WMT, BAC, GM, T, UAA, SHLD, XOM, RRC, "
                  "BBY, MA, PFE, JPM, SBUX]\n"
                  "provider: {use: csv, path: " +
                      std::filesystem::canonical(*prices).string() +
                      "}\n"
                      "strategy: {use: min_variance, lookback_days: 895}\nconstraints: {max_weight: 0.4}\n");
  const auto run = run_binary(directory, {"run", "--as-of", "2018-04-11", "--json"});
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  const auto report = json_of(run);
  CHECK(text_at(report, "/outcome") == "traded");
  CHECK(text_at(report, "/as_of") == "2018-04-11");
  // The whole history gives the reference's minimum variance portfolio.
  CHECK(std::abs(number_at(report, "/weights/T") - 0.28782236124551114) < 1e-9);
  CHECK(number_at(report, "/certificate/kkt_residual") < 1e-9);
  // Whole shares of stocks at up to 1,400 USD in 100,000 USD.
  CHECK(number_at(report, "/drift_after/largest") < 0.02);
  const auto again = json_of(run_binary(directory, {"run", "--as-of", "2018-04-11", "--json"}));
  CHECK(text_at(again, "/outcome") != "traded");
}

TEST_CASE("prices leave the store and enter another one unchanged") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  REQUIRE(run_binary(directory, {"fetch", "--as-of", "2026-11-20"}).exit_code == 0);
  const auto exported = run_binary(directory, {"data", "export"});
  REQUIRE(exported.exit_code == 0);
  directory.write("copy.csv", exported.out);
  const auto imported =
      json_of(run_binary(directory, {"data", "import", "copy.csv", "--set", "store.path=data/other.db", "--json"}));
  CHECK(number_at(imported, "/bars_new") == number_at(imported, "/bars"));
  CHECK(number_at(imported, "/symbols") == 5);
  CHECK(run_binary(directory, {"data", "export", "--set", "store.path=data/other.db"}).out == exported.out);
  const auto again =
      json_of(run_binary(directory, {"data", "import", "copy.csv", "--set", "store.path=data/other.db", "--json"}));
  CHECK(number_at(again, "/bars_new") == 0);
  CHECK(run_binary(directory, {"data", "import", "absent.csv"}).exit_code == 4);
}

TEST_CASE("log lines on stderr are JSON with a stable event name and the run's id") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  const auto run = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json"});
  const std::string id = text_at(json_of(run), "/decision");
  std::set<std::string> events;
  std::istringstream lines(run.err);
  for (std::string line; std::getline(lines, line);) {
    const auto entry = boost::json::parse(line);
    events.insert(text_at(entry, "/event"));
    CHECK(text_at(entry, "/run_id") == id);
  }
  for (const char* event : {"run_started", "stage_finished", "order_sent", "order_filled", "run_finished"}) {
    CHECK_MESSAGE(events.contains(event), event);
  }
}

TEST_CASE("a run that is told to stop ends with its report, in good order") {
  // The address answers to nobody: the fetch waits until it is told to stop.
  const TemporaryDirectory directory;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listener, 8) == 0);
  REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  directory.write("config.yaml",
                  "portfolio: {tickers: [SPY, BND]}\nstrategy: {use: equal_weight}\n"
                  "provider: {use: yahoo, base_url: \"http://127.0.0.1:" +
                      std::to_string(ntohs(address.sin_port)) + "\"}\n");
  // Once the binary has connected it is inside the fetch; then it gets its signal.
  std::thread stopper([&] {
    const int connected = accept(listener, nullptr, nullptr);
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream command(entry.path() / "cmdline");
      const std::string line((std::istreambuf_iterator<char>(command)), std::istreambuf_iterator<char>());
      const auto name = entry.path().filename().string();
      if (line.find("stop-me-please") != std::string::npos && line.find("rebalancer") != std::string::npos) {
        kill(static_cast<pid_t>(std::stoi(name)), SIGTERM);
      }
    }
    close(connected);
  });
  const auto run =
      run_binary(directory, {"run", "--as-of", "2026-11-20", "--json", "--set", "portfolio.id=stop-me-please"});
  stopper.join();
  close(listener);
  CHECK(run.exit_code == 4);
  CHECK(text_at(json_of(run), "/outcome") == "held");
}
