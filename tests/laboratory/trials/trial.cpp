#include "trial.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>

#include <fmt/format.h>

#include "adapters/system/system_clock.hpp"
#include "judge.hpp"
#include "scenario_checks.hpp"
#include "scene.hpp"
#include "support/process.hpp"
#include "wire_laws.hpp"

namespace rebalancer::trials {
namespace {

constexpr int lives_max = 12;
constexpr std::chrono::seconds life_max{60};
constexpr std::chrono::hours between_runs{6};
constexpr int broker_failed = 7, human_needed = 8;

}  // namespace

TrialResult run_trial(const TrialSettings& settings) {
  const Instant now = system::SystemClock().now();
  Scene scene = settings.scenario ? scene_of(*settings.scenario, now) : draw_scene(settings.broker, settings.seed, now);
  const laboratory::BrokerKind kind = scene.laboratory.broker;
  TrialResult result;
  result.seed = settings.seed;
  result.broker = name_of(kind);
  result.script = scene.laboratory.faults.to_string();
  result.kills = scene.kills;

  std::atomic<pid_t> child = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<int> struck = 0;
  scene.laboratory.tell = [&](std::string_view line) {
    const std::uint64_t number = ++requests;
    const bool restarts = scene.dies_with_gateway && line.find("  restart@") != std::string_view::npos;
    if (!restarts && std::ranges::find(scene.kills, number) == scene.kills.end()) return;
    // The request was carried out, its answer not sent.
    if (const pid_t running = child.load(); running > 0 && ::kill(running, SIGKILL) == 0) ++struck;
  };
  WireLaws wire_laws(kind);
  scene.laboratory.watch = [&](laboratory::RequestKind asked, std::string_view request, int status) {
    wire_laws.saw(asked, request, status);
  };
  auto started = laboratory::Laboratory::start(scene.laboratory);
  if (!started) {
    result.violations.push_back("start: the laboratory does not: " + started.error().message);
    return result;
  }
  laboratory::Laboratory& broker = **started;
  write_scene(scene, kind, broker.url(), settings.folder, now);

  std::string words;
  const auto live = [&](const std::vector<std::string>& command) {
    std::vector<std::string> arguments{settings.binary.string(), "--config", "config.yaml"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    auto ended = test::run_process(arguments, settings.folder, {"LAB_KEY=LAB"}, life_max,
                                   [&child](pid_t started_as) { child = started_as; });
    words += ended.out + ended.err;
    return ended;
  };
  const auto pass_time = [&] {
    if (settings.scenario) broker.change([](laboratory::Exchange& exchange) { exchange.advance(between_runs); });
  };
  if (!scene.live_account.empty()) static_cast<void>(live({"arm", "--for", "1h", "--max-value", "$100000"}));
  test::ProcessResult last;
  std::vector<int> codes;
  bool ended = false;
  while (result.lives < lives_max && !ended) {
    if (result.lives > 0) pass_time();
    last = live({"run"});
    child = 0;
    codes.push_back(last.exit_code);
    ++result.lives;
    ended = last.exit_code != 128 + SIGKILL && last.exit_code != broker_failed;
    // Another account stays another one.
    if (last.exit_code == broker_failed && !scene.live_account.empty()) break;
    // A question for a human is asked again: the faults may be over, and what was in doubt is known then.
    if (last.exit_code == human_needed && result.lives < lives_max)
      ended = codes.size() > 2 && codes[codes.size() - 2] == human_needed;
  }
  result.kills_struck = struck;
  result.last_exit_code = last.exit_code;
  result.last_words = last.err;
  const bool refused = !scene.live_account.empty() && last.exit_code == broker_failed;
  if (!ended && !refused) {
    result.violations.push_back(
        fmt::format("endless: it came to no end in {} lives; the last exit code is {}", lives_max, last.exit_code));
  }
  result.parked = last.exit_code == human_needed;
  if (last.exit_code != 0 && last.exit_code != 6 && last.exit_code != human_needed && !refused) {
    result.violations.push_back(fmt::format("exit code: the last one is {}", last.exit_code));
  }

  const laboratory::Exchange truth = broker.truth();
  const std::filesystem::path journal = settings.folder / "data" / "journal.db";
  Verdict verdict = judge(truth, journal, scene, result.parked);
  result.violations.insert(result.violations.end(), verdict.violations.begin(), verdict.violations.end());
  if (!verdict.agrees) {
    // Then somebody must be told, now and before the next run.
    const test::ProcessResult compared = live({"reconcile"});
    if (compared.exit_code != human_needed && compared.out.find("moved") == std::string::npos) {
      result.violations.push_back(fmt::format("unsaid: journal and broker differ, and reconcile ends with {}: {}",
                                              compared.exit_code, compared.out));
    }
  }
  if (result.parked || settings.scenario) {
    // Blocked means blocked: another run sends nothing.
    const std::size_t before = broker.truth().orders().size();
    const test::ProcessResult again = live({"run"});
    const std::size_t after = broker.truth().orders().size();
    if (again.exit_code == human_needed && after != before) {
      result.violations.emplace_back("not blocked: a run that needs a human sent an order");
    }
    if (settings.scenario) {
      const auto broken = broken_promises(settings.scenario->name, {truth, wire_laws, codes, words, broker.account_id(),
                                                                    again.exit_code, after - before});
      result.violations.insert(result.violations.end(), broken.begin(), broken.end());
    }
  }
  const std::vector<std::string>& asked = wire_laws.violations();
  result.violations.insert(result.violations.end(), asked.begin(), asked.end());
  result.orders = truth.orders().size();
  result.faults_struck = broker.struck().size();
  if (!settings.keep) std::filesystem::remove_all(settings.folder);
  return result;
}

}  // namespace rebalancer::trials
