// laboratory_trials BINARY [--trials N] [--seed N] [--jobs N] [--broker NAME] [--only SEED] [--keep]
//   [--until-broken] [--scenario NAME | --scenarios]
// Seeded runs over brokers, fault scripts and kills, through real sockets. Ends with 1 when a law was broken.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "trial.hpp"

namespace {

using namespace rebalancer;

struct Options {
  std::filesystem::path binary;
  std::uint64_t trials = 500, seed = 1, jobs = 4;
  std::optional<laboratory::BrokerKind> broker;
  std::optional<std::uint64_t> only;
  bool keep = false;
  std::vector<laboratory::Scenario> scenarios;  // in place of accounts
  bool until_broken = false;                    // no further account is begun after that
};

[[noreturn]] void usage(const std::string& why) {
  std::cerr << why
            << "\nusage: laboratory_trials BINARY [--trials N] [--seed N] [--jobs N] [--broker NAME] [--only SEED] "
               "[--keep] [--until-broken] [--scenario NAME | --scenarios]\n";
  std::exit(2);
}

Options options_from(int count, char** words) {
  if (count < 2) usage("the program to try is missing");
  Options options;
  options.binary = std::filesystem::absolute(words[1]);
  if (!std::filesystem::exists(options.binary)) usage(options.binary.string() + " is not there");
  for (int i = 2; i < count; ++i) {
    const std::string name = words[i];
    if (name == "--keep") {
      options.keep = true;
      continue;
    }
    if (name == "--until-broken") {
      options.until_broken = true;
      continue;
    }
    if (name == "--scenarios") {
      options.scenarios.assign(laboratory::scenarios().begin(), laboratory::scenarios().end());
      continue;
    }
    if (i + 1 == count) usage(name + " needs a value");
    const std::string value = words[++i];
    if (name == "--scenario") {
      const auto scenario = laboratory::scenario_named(value);
      if (!scenario) usage(scenario.error().message);
      options.scenarios.push_back(*scenario);
      continue;
    }
    if (name == "--broker") {
      const auto broker = laboratory::broker_kind_named(value);
      if (!broker) usage(broker.error().message);
      options.broker = *broker;
      continue;
    }
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (problem != std::errc() || end != value.data() + value.size() || number == 0) {
      usage(fmt::format("{} is \"{}\", must be a number above 0", name, value));
    }
    if (name == "--trials") {
      options.trials = number;
    } else if (name == "--seed") {
      options.seed = number;
    } else if (name == "--jobs") {
      options.jobs = std::min<std::uint64_t>(number, 64);
    } else if (name == "--only") {
      options.only = number;
    } else {
      usage(name + " is not known");
    }
  }
  return options;
}

struct Totals {
  std::uint64_t trials = 0, lives = 0, kills = 0, faults = 0, orders = 0, parked = 0, broken = 0;
};

void tell(const trials::TrialResult& result) {
  std::cout << fmt::format("BROKEN  {} seed {}  faults \"{}\"  kills at {}  {} lives, exit code {}\n", result.broker,
                           result.seed, result.script, fmt::join(result.kills, ", "), result.lives,
                           result.last_exit_code);
  for (const std::string& violation : result.violations) std::cout << "    " << violation << '\n';
  if (!result.last_words.empty()) std::cout << "    it said: " << result.last_words << '\n';
}

void tell_scenario(const laboratory::Scenario& scenario, const trials::TrialResult& result) {
  std::cout << fmt::format("{:<22} {:<20} {:>2} lives {:>3} orders  exit code {}  {}\n", scenario.name, result.broker,
                           result.lives, result.orders, result.last_exit_code,
                           result.violations.empty() ? "holds" : "BROKEN: " + std::string(scenario.must_hold));
}

}  // namespace

int main(int count, char** words) {
  const Options options = options_from(count, words);
  const std::vector<laboratory::BrokerKind> brokers =
      options.broker ? std::vector{*options.broker} : std::vector{laboratory::BrokerKind::alpaca};
  const auto folder = std::filesystem::temp_directory_path() /
                      fmt::format("rebalancer-laboratory-{}", static_cast<unsigned long>(::getpid()));
  const bool plays = !options.scenarios.empty();
  const std::uint64_t first = plays ? 1 : options.only.value_or(options.seed);
  const std::uint64_t last = plays ? options.scenarios.size() : options.only ? first : first + options.trials - 1;
  std::atomic<std::uint64_t> next = first;
  std::mutex mutex;
  Totals totals;
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed <= last; seed = next++) {
      trials::TrialSettings settings;
      settings.binary = options.binary;
      settings.folder = folder / std::to_string(seed);
      settings.broker = brokers[seed % brokers.size()];
      settings.seed = seed;
      settings.keep = options.keep;
      if (plays) settings.scenario = options.scenarios[seed - 1];
      const trials::TrialResult result = trials::run_trial(settings);
      const std::lock_guard lock(mutex);
      ++totals.trials;
      totals.lives += static_cast<std::uint64_t>(result.lives);
      totals.kills += static_cast<std::uint64_t>(result.kills_struck);
      totals.faults += result.faults_struck;
      totals.orders += result.orders;
      totals.parked += result.parked ? 1 : 0;
      if (plays) tell_scenario(*settings.scenario, result);
      if (!result.violations.empty()) {
        ++totals.broken;
        if (options.until_broken) next = last + 1;
        tell(result);
      } else if (options.only) {
        std::cout << fmt::format("seed {}: faults \"{}\", {} lives, {} orders, exit code {}\n", seed, result.script,
                                 result.lives, result.orders, result.last_exit_code);
      }
      if (totals.trials % 100 == 0) {
        std::cout << fmt::format("{} trials, {} broken\n", totals.trials, totals.broken) << std::flush;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::uint64_t i = 0; i < options.jobs; ++i) workers.emplace_back(work);
  }
  if (options.keep) {
    std::cout << "kept in " << folder.string() << '\n';
  } else {
    std::filesystem::remove_all(folder);
  }
  std::cout << fmt::format(
      "{} trials: {} lives, {} kills, {} faults struck, {} orders; {} ended with a question for a human; {} broke a "
      "law\n",
      totals.trials, totals.lives, totals.kills, totals.faults, totals.orders, totals.parked, totals.broken);
  return totals.broken == 0 ? 0 : 1;
}
