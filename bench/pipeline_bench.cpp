// The whole pipeline in process, state durable on disk: 5 assets x 252 days, simulated prices, paper broker, a fresh
// book each time, so that every stage has all its work to do. Prints the median; docs/performance.md keeps the numbers.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "app/application.hpp"

namespace {

namespace fs = std::filesystem;
using rebalancer::app::Application;

constexpr char configuration[] =
    "portfolio: {tickers: [SPY, QQQ, VTI, VXUS, BND], classes: {BND: bond}, investor: {age: 35}}\n"
    "provider: {use: simulated}\n"
    "strategy: {use: max_sharpe, lookback_days: 252, glide_path: true}\n"
    "constraints: {max_weight: 40%}\n"
    "log: {level: error, format: json}\n";

void whole_pipeline(benchmark::State& state) {
  std::vector<double> run_seconds;
  std::vector<double> build_seconds;
  for (auto _ : state) {
    std::string pattern = (fs::current_path() / "pipeline-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) return state.SkipWithError("mkdtemp failed");
    const fs::path directory = pattern;
    std::ofstream(directory / "config.yaml") << configuration;
    std::ostringstream out;
    std::ostringstream err;
    rebalancer::app::Context context{.out = out, .err = err, .terminal = {}, .environment = {}, .global = {}};
    context.global.config_file = (directory / "config.yaml").string();
    context.global.config_file_given = true;

    const auto started = std::chrono::steady_clock::now();
    auto application = Application::build(context);
    if (!application) return state.SkipWithError(application.error().message.c_str());
    auto pipeline = (*application)->pipeline({}, Application::Purpose::as_configured);
    if (!pipeline) return state.SkipWithError(pipeline.error().message.c_str());
    const auto built = std::chrono::steady_clock::now();
    const auto report = (*pipeline)->run({.as_of = rebalancer::Date::make(2026, 11, 20).value()});
    const auto ended = std::chrono::steady_clock::now();
    if (report.outcome != rebalancer::RunOutcome::traded) return state.SkipWithError(report.reason.c_str());

    build_seconds.push_back(std::chrono::duration<double>(built - started).count());
    run_seconds.push_back(std::chrono::duration<double>(ended - built).count());
    state.SetIterationTime(run_seconds.back());
    pipeline->reset();
    application->reset();
    fs::remove_all(directory);
  }
  const auto median_ms = [](std::vector<double>& seconds) {
    std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
    return 1e3 * seconds[seconds.size() / 2];
  };
  state.counters["median_run_ms"] = median_ms(run_seconds);
  state.counters["median_build_ms"] = median_ms(build_seconds);
}
BENCHMARK(whole_pipeline)->UseManualTime()->Iterations(60)->Unit(benchmark::kMillisecond);

}  // namespace

// The plugin host probes with the executable it runs in.
int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() > 2 && words[0] == "plugins" && words[1] == "probe") {
    rebalancer::probe_main(std::span(words).subspan(2));
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
