#include "tidy/bans.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace rebalancer::tidy {
namespace {

constexpr std::size_t lines_max = 450;

// In two pieces, so that this file does not break its own rule.
const std::array unfinished{std::string("TO") + "DO", std::string("FIX") + "ME", std::string("X") + "XX"};
const std::string machine_path = std::string("/wo") + "rk/";

// A line that declares or defines one of these may say double.
constexpr std::array conversions{"from_double", "to_double"};

bool mentions(std::string_view line, std::string_view word) { return !find_token(line, word).empty(); }

}  // namespace

const std::vector<Ban>& bans() {
  static const std::vector<Ban> all{
      {"clock read: take a Clock",
       {"system_clock::now", "steady_clock::now", "high_resolution_clock::now", "utc_clock::now", "std::time(",
        "time(nullptr)", "time(NULL)", "gettimeofday", "clock_gettime", "localtime", "localtime_r"},
       {"src/", "tests/"},
       {{"src/adapters/system/", "the Clock is implemented here"},
        {"tests/support/process.hpp", "a program that hangs is killed after real seconds"},
        {"tests/plugins/providers/simulated_test.cpp", "measures the speed it claims"}}},
      {"randomness: take a Random",
       {"rand(", "srand(", "rand_r(", "drand48(", "random_device", "mt19937", "mt19937_64", "minstd_rand",
        "default_random_engine", "arc4random", "getrandom(", "RAND_bytes"},
       {"src/", "tests/"},
       {}},
      {"sleep",
       {"sleep_for", "sleep_until", "usleep(", "nanosleep(", "clock_nanosleep(", "sleep("},
       {"src/", "tests/"},
       {}},
      {"output: return it, or tell Events",
       {"std::cout", "std::cerr", "std::clog", "std::wcout", "printf(", "fprintf(", "vprintf(", "puts(", "fputs(",
        "putchar(", "fmt::print"},
       {"src/"},
       {{"src/app/", "the command line is where words leave the program"}}},
      {"logging: tell Events",
       {"spdlog", "syslog("},
       {"src/"},
       {{"src/adapters/system/", "the log is implemented here"}}},
      {"environment: configuration reaches a part through app",
       {"getenv(", "secure_getenv(", "environ"},
       {"src/sdk/", "src/core/", "src/services/", "src/plugins/", "src/adapters/", "src/runtime/", "src/http/"},
       {{"src/adapters/plugin_host/probe.cpp", "the child inherits the environment, unread"}}},
      {"coroutine outside http/, runtime/ and adapters/https/",
       {"co_await", "co_return", "co_yield", "co_spawn"},
       {
           "src/sdk/",
           "src/core/",
           "src/services/",
           "src/plugins/",
           "src/app/",
           "src/adapters/plugin_host/",
           "src/adapters/sqlite/",
           "src/adapters/system/",
       },
       {}},
      {"throw: return a Result", {"throw"}, {"src/core/", "src/services/"}, {}},
  };
  return all;
}

std::vector<Finding> check_ban(const Ban& ban, const SourceFile& file) {
  std::vector<Finding> findings;
  const auto counts = [&file](std::string_view folder) { return is_under(file.path, folder); };
  if (!is_code(file) || std::ranges::none_of(ban.folders, counts)) return findings;
  for (const std::string_view token : ban.tokens) {
    for (const std::size_t at : find_token(file.code, token)) {
      findings.push_back({file.path, line_at(file.code, at), std::string(token) + " (" + std::string(ban.name) + ")"});
    }
  }
  return findings;
}

const std::vector<std::string_view>& order_type_files() {
  static const std::vector<std::string_view> files{
      "src/core/base/decimal.hpp",    "src/core/base/money.hpp",   "src/core/portfolio/order.",
      "src/core/portfolio/position.", "src/core/ports/broker.hpp", "src/core/ports/broker_capabilities.hpp",
      "src/core/ports/run_store.hpp", "src/services/executor.",    "src/services/gate.",
      "src/services/order_desk",      "src/plugins/brokers/"};
  return files;
}

std::vector<Finding> check_order_types(const SourceFile& file) {
  std::vector<Finding> findings;
  const auto names_it = [&file](std::string_view prefix) { return is_under(file.path, prefix); };
  if (std::ranges::none_of(order_type_files(), names_it)) return findings;
  const auto lines = lines_of(file.code);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool conversion = std::ranges::any_of(conversions, [&](auto word) { return mentions(lines[i], word); });
    if (!conversion && (mentions(lines[i], "double") || mentions(lines[i], "float"))) {
      findings.push_back({file.path, i + 1, "floating point in an order type"});
    }
  }
  return findings;
}

std::vector<Finding> check_text(const SourceFile& file) {
  std::vector<Finding> findings;
  const auto add = [&](std::size_t line, std::string what) { findings.push_back({file.path, line, std::move(what)}); };
  const auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (line.find('\t') != std::string_view::npos) add(i + 1, "tab");
    if (line.ends_with(' ')) add(i + 1, "trailing space");
    if (line.ends_with('\r')) add(i + 1, "carriage return");
    if (line.find(machine_path) != std::string_view::npos) add(i + 1, "path of one machine");
    for (const std::string& word : unfinished) {
      if (mentions(line, word)) add(i + 1, "unfinished: " + word);
    }
  }
  if (!file.text.empty() && !file.text.ends_with('\n')) add(lines.size(), "no line end at the end");
  if (file.text.ends_with("\n\n")) add(lines.size(), "empty line at the end");
  if (is_code(file) && lines.size() > lines_max) {
    add(0, std::to_string(lines.size()) + " lines, must be at most " + std::to_string(lines_max));
  }
  if (file.path.ends_with(".hpp") && find_token(file.code, "#pragma once").empty()) add(0, "no #pragma once");
  if (is_header(file) && file.code.find("\nusing namespace") != std::string::npos)
    add(0, "using namespace in a header");
  return findings;
}

}  // namespace rebalancer::tidy
