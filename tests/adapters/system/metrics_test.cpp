#include "adapters/system/metrics.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <thread>

#include <doctest/doctest.h>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::system;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

Symbol symbol(std::string_view text) { return Symbol::parse(text).value(); }
Money usd(std::string_view amount) { return Money(Decimal::parse(amount).value(), Currency::usd()); }

bool has_line(const Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.text()).find("\n" + line + "\n") != std::string::npos;
}
bool names(const Metrics& metrics, const std::string& text) { return metrics.text().find(text) != std::string::npos; }

PortfolioFigures two_funds() {
  PortfolioFigures figures;
  figures.portfolio = "main";
  figures.value = usd("100000.25");
  figures.cash = usd("2500");
  figures.symbols = {{symbol("SPY"), 0.5, 0.625, -0.125}, {symbol("BRK.B"), 0.25, std::nullopt, std::nullopt}};
  figures.largest_drift_fraction = 0.125;
  figures.seen_at = Instant::from_seconds(1'795'419'000);
  return figures;
}

void fill(Metrics& metrics) {
  metrics.build_info("0.1.0", "c56149a", "g++ \"12\"\\");
  metrics.mode("paper");
  metrics.http_exchange("executor", "/orders/{id}", "GET", 200, microseconds(70));
  metrics.http_exchange("executor", "none", "OTHER", 400, microseconds(5));
  metrics.http_connections(3, 1, 12);
  metrics.provider_call("yahoo", "ok", milliseconds(120));
  metrics.provider_call("yahoo", "exhausted", milliseconds(3));
  metrics.broker_call("alpaca", "submit", "timeout", milliseconds(30'000));
  metrics.stage_finished("fetch", "ok", 0.25);
  RunFigures run{"paper", "traded"};
  run.portfolio = two_funds();
  run.orders = {{OrderState::filled, 4}, {OrderState::rejected, 1}};
  run.succeeded_at = Instant::from_seconds(1'795'419'010);
  metrics.run_finished(run);
  metrics.job_succeeded("fetch", Instant::from_seconds(1'795'419'001));
  metrics.reconciled(2, Instant::from_nanoseconds(1'795'419'002'000'000'000));
  metrics.orders_open(OpenOrders{{{OrderState::unknown, 1}, {OrderState::acknowledged, 2}}, 1});
  metrics.data_ages({{symbol("SPY"), std::chrono::hours(15)}});
  metrics.trading_state(TradingState::reducing);
  metrics.ready("broker", true);
  metrics.ready("clock", false);
  metrics.queue("jobs", 2, 1);
  metrics.next_run(Instant::from_seconds(1'795'450'000));
  metrics.turn_ended("done");
}

// Where a program lies, of those the shell would find; empty when there is none.
std::filesystem::path program(const std::string& name) {
  std::istringstream folders(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (std::filesystem::exists(std::filesystem::path(folder) / name)) return std::filesystem::path(folder) / name;
  }
  return {};
}

}  // namespace

TEST_CASE("what nobody told is absent, but the process is always told of") {
  const Secrets secrets;
  const Metrics metrics(secrets);
  CHECK_FALSE(names(metrics, "rebalancer_"));
  CHECK(names(metrics, "\nprocess_resident_memory_bytes "));
  CHECK(names(metrics, "# TYPE process_cpu_seconds_total counter\n"));
  CHECK(names(metrics, "\nprocess_open_fds "));
}

TEST_CASE("what was told is shown under its name, in base units") {
  const Secrets secrets;
  Metrics metrics(secrets);
  fill(metrics);
  for (const std::string line : {
           R"(rebalancer_build_info{commit="c56149a",compiler="g++ \"12\"\\",version="0.1.0"} 1)",
           R"(rebalancer_mode_info{mode="paper"} 1)",
           R"(rebalancer_http_requests_total{method="GET",route="/orders/{id}",status="200",surface="executor"} 1)",
           R"(rebalancer_http_request_duration_seconds_bucket{route="/orders/{id}",surface="executor",le="5e-05"} 0)",
           R"(rebalancer_http_request_duration_seconds_bucket{route="/orders/{id}",surface="executor",le="0.0001"} 1)",
           R"(rebalancer_http_request_duration_seconds_count{route="/orders/{id}",surface="executor"} 1)",
           "rebalancer_http_connections 3",
           "rebalancer_http_connections_accepted_total 12",
           "rebalancer_http_connections_evicted_total 1",
           R"(rebalancer_provider_requests_total{outcome="exhausted",provider="yahoo"} 1)",
           R"(rebalancer_provider_request_duration_seconds_count{provider="yahoo"} 2)",
           R"(rebalancer_broker_requests_total{broker="alpaca",operation="submit",outcome="timeout"} 1)",
           R"(rebalancer_broker_request_duration_seconds_sum{broker="alpaca",operation="submit"} 30)",
           R"(rebalancer_pipeline_stage_duration_seconds_sum{stage="fetch"} 0.25)",
           R"(rebalancer_pipeline_stages_total{outcome="ok",stage="fetch"} 1)",
           R"(rebalancer_pipeline_runs_total{mode="paper",outcome="traded"} 1)",
           R"(rebalancer_orders_total{state="filled"} 4)",
           R"(rebalancer_last_success_timestamp_seconds{task="rebalance"} 1795419010)",
           R"(rebalancer_last_success_timestamp_seconds{task="fetch"} 1795419001)",
           R"(rebalancer_portfolio_value{currency="USD",portfolio="main"} 100000.25)",
           R"(rebalancer_portfolio_cash{currency="USD",portfolio="main"} 2500)",
           R"(rebalancer_portfolio_last_seen_timestamp_seconds{portfolio="main"} 1795419000)",
           R"(rebalancer_weight_ratio{kind="actual",symbol="SPY"} 0.5)",
           R"(rebalancer_weight_ratio{kind="target",symbol="SPY"} 0.625)",
           R"(rebalancer_drift_ratio{symbol="SPY"} -0.125)",
           "rebalancer_drift_largest_ratio 0.125",
           R"(rebalancer_open_orders{state="unknown"} 1)",
           R"(rebalancer_open_orders{state="parked"} 0)",
           "rebalancer_orders_ambiguous 1",
           "rebalancer_reconciliation_gaps 2",
           "rebalancer_reconciliation_timestamp_seconds 1795419002",
           R"(rebalancer_data_age_seconds{symbol="SPY"} 54000)",
           R"(rebalancer_trading_state{state="reducing"} 1)",
           R"(rebalancer_trading_state{state="halted"} 0)",
           R"(rebalancer_ready{check="broker"} 1)",
           R"(rebalancer_ready{check="clock"} 0)",
           R"(rebalancer_queue_length{queue="jobs"} 2)",
           R"(rebalancer_queue_at_work{queue="jobs"} 1)",
           "rebalancer_schedule_next_timestamp_seconds 1795450000",
           R"(rebalancer_schedule_turns_total{outcome="done"} 1)",
       }) {
    CHECK_MESSAGE(has_line(metrics, line), line);
  }
}

TEST_CASE("what is no longer known is no longer shown, and never as zero") {
  const Secrets secrets;
  Metrics metrics(secrets);
  fill(metrics);
  PortfolioFigures later = two_funds();
  later.symbols = {{symbol("AGG"), 0.3, std::numeric_limits<double>::quiet_NaN(), std::nullopt}};
  later.value.reset();
  later.largest_drift_fraction.reset();
  metrics.portfolio_seen(later);
  CHECK(has_line(metrics, R"(rebalancer_weight_ratio{kind="actual",symbol="AGG"} 0.3)"));
  CHECK_FALSE(names(metrics, "kind=\"target\""));
  CHECK_FALSE(names(metrics, "rebalancer_weight_ratio{kind=\"actual\",symbol=\"SPY\"}"));
  CHECK_FALSE(names(metrics, "rebalancer_drift"));
  CHECK_FALSE(names(metrics, "rebalancer_portfolio_value"));

  metrics.orders_open(std::nullopt);
  metrics.trading_state(std::nullopt);
  metrics.next_run(std::nullopt);
  metrics.data_ages({});
  CHECK_FALSE(names(metrics, "rebalancer_open_orders{"));
  CHECK_FALSE(names(metrics, "rebalancer_orders_ambiguous"));
  CHECK_FALSE(names(metrics, "rebalancer_trading_state"));
  CHECK_FALSE(names(metrics, "rebalancer_schedule_next"));
  CHECK_FALSE(names(metrics, "rebalancer_data_age"));
  metrics.mode("live");
  CHECK_FALSE(names(metrics, "mode_info{mode=\"paper\"}"));
}

TEST_CASE("a run that saw no portfolio is counted and leaves what was last seen") {
  const Secrets secrets;
  Metrics metrics(secrets);
  fill(metrics);
  metrics.run_finished({"paper", "held"});
  CHECK(has_line(metrics, R"(rebalancer_pipeline_runs_total{mode="paper",outcome="held"} 1)"));
  CHECK(has_line(metrics, R"(rebalancer_portfolio_cash{currency="USD",portfolio="main"} 2500)"));
  CHECK(has_line(metrics, R"(rebalancer_last_success_timestamp_seconds{task="rebalance"} 1795419010)"));
}

TEST_CASE("connections are counted on, also when the server began anew") {
  const Secrets secrets;
  Metrics metrics(secrets);
  metrics.http_connections(1, 0, 10);
  metrics.http_connections(1, 2, 15);
  metrics.http_connections(1, 0, 4);
  CHECK(has_line(metrics, "rebalancer_http_connections_accepted_total 19"));
  CHECK(has_line(metrics, "rebalancer_http_connections_evicted_total 2"));
}

TEST_CASE("a label is short, valid UTF-8 and on its line, whatever it is made of") {
  const Secrets secrets;
  Metrics metrics(secrets);
  metrics.provider_call("a\nb\"\xff", "ok", milliseconds(1));
  metrics.provider_call(std::string(100'000, 'x'), "ok", milliseconds(1));
  CHECK(names(metrics, R"(provider="a\nb\"?")"));
  CHECK(metrics.text().size() < 20'000);
}

TEST_CASE("several threads may count while others read") {
  const Secrets secrets;
  Metrics metrics(secrets);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&metrics] {
        for (int i = 0; i < 500; ++i) {
          metrics.http_exchange("executor", "/status", "GET", 200, microseconds(10));
          metrics.provider_call("csv", "ok", milliseconds(1));
          metrics.portfolio_seen(i % 2 == 0 ? two_funds() : PortfolioFigures{"main"});
        }
      });
    }
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 50; ++i) CHECK(names(metrics, "process_threads"));
    });
  }
  CHECK(has_line(
      metrics, R"(rebalancer_http_requests_total{method="GET",route="/status",status="200",surface="executor"} 1500)"));
  CHECK(
      has_line(metrics, R"(rebalancer_http_request_duration_seconds_count{route="/status",surface="executor"} 1500)"));
  CHECK(has_line(metrics, R"(rebalancer_provider_requests_total{outcome="ok",provider="csv"} 1500)"));
}

TEST_CASE("promtool has nothing to say against it") {
  const std::filesystem::path promtool = program("promtool");
  if (promtool.empty()) {
    std::cerr << "SKIPPED: promtool is not installed\n";
    return;
  }
  const Secrets secrets;
  Metrics metrics(secrets);
  fill(metrics);
  const test::TemporaryDirectory folder;
  std::ofstream(folder.file("metrics").string()) << metrics.text();
  const auto judged =
      test::run_process({"/bin/sh", "-c", promtool.string() + " check metrics < metrics"}, folder.path());
  CHECK(judged.exit_code == 0);
  CHECK(judged.out == "");
  CHECK(judged.err == "");
}
