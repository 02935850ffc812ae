#include "trial.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <set>

#include <fmt/format.h>

#include "adapters/sqlite/run_store.hpp"
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

// Ids of what the journal does not know the end of.
std::set<std::string> doubtful_orders(const std::filesystem::path& journal) {
  std::set<std::string> ids;
  if (!std::filesystem::exists(journal)) return ids;
  const auto store = sqlite::SqliteRunStore::open(journal.string());
  const Result<std::vector<OrderRecord>> open = store ? (*store)->open_orders() : fail(store.error());
  if (!open) return {"the journal cannot be read"};
  for (const OrderRecord& record : *open) ids.insert(record.order.client_id);
  return ids;
}

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
  // Kills are for runs; a look afterwards is ours.
  const auto live = [&](const std::vector<std::string>& command) {
    const bool may_die = command.front() == "run";
    std::vector<std::string> arguments{settings.binary.string(), "--config", "config.yaml"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    auto ended = test::run_process(arguments, settings.folder, {"LAB_KEY=LAB"}, life_max,
                                   [&](pid_t started_as) { child = may_die ? started_as : 0; });
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
  const auto run_once = [&](const std::vector<std::string>& command) {
    last = live(command);
    child = 0;
    codes.push_back(last.exit_code);
    ++result.lives;
  };
  if (settings.scenario && !settings.scenario->overnight.empty()) {
    // A run, the night, a run before the new day has a close, and one with it.
    const std::string_view overnight = settings.scenario->overnight;
    const SceneDay day_before = first_day(now);
    const std::vector<std::string> run_before{"run", "--as-of", day_before.session.to_string()};
    write_prices(scene, day_before, settings.folder);
    run_once(run_before);
    broker.add_faults(laboratory::FaultScript::parse(overnight).value());
    run_once(run_before);
    write_prices(scene, next_day(broker.truth(), overnight, now), settings.folder);
    run_once({"run"});
    ended = true;
  }
  while (result.lives < lives_max && !ended) {
    if (result.lives > 0) pass_time();
    run_once({"run"});
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
    test::ProcessResult compared = live({"reconcile"});
    // A fault of the script may strike this look too; it says so, and the next one tells.
    for (int again = 0; again < 3 && compared.exit_code == broker_failed; ++again) compared = live({"reconcile"});
    if (compared.exit_code != human_needed && compared.out.find("moved") == std::string::npos) {
      result.violations.push_back(fmt::format("unsaid: journal and broker differ, and reconcile ends with {}: {}",
                                              compared.exit_code, compared.out));
    }
  }
  if (result.parked || settings.scenario) {
    // Blocked means blocked: another run sends nothing, unless what was in doubt is known by then. A question of its
    // own may follow.
    const WireLaws asked_so_far = wire_laws;
    const std::set<std::string> doubtful = doubtful_orders(journal);
    const std::size_t before = broker.truth().orders().size();
    const test::ProcessResult again = live({"run"});
    const std::size_t after = broker.truth().orders().size();
    const std::set<std::string> still = doubtful_orders(journal);
    const bool answered =
        !doubtful.empty() && std::ranges::none_of(doubtful, [&](const std::string& id) { return still.contains(id); });
    if (result.parked && again.exit_code == human_needed && after != before && !answered) {
      result.violations.emplace_back("not blocked: a run that needs a human sent an order");
    }
    if (settings.scenario) {
      const auto broken =
          broken_promises(settings.scenario->name,
                          {truth, asked_so_far, codes, words, broker.account_id(), again.exit_code, after - before});
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
