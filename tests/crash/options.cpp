#include "options.hpp"

#include <array>
#include <charconv>

namespace rebalancer::crash {
namespace {

using Dedupe = BrokerCapabilities::Dedupe;
using Lookup = BrokerCapabilities::Lookup;

constexpr std::array modes{Mode::kill, Mode::power, Mode::error};
constexpr std::array dedupes{Dedupe::none, Dedupe::window, Dedupe::permanent};
constexpr std::array lookups{Lookup::none, Lookup::by_tag, Lookup::by_client_id};

template <class Value, std::size_t size>
Result<Value> named(const std::array<Value, size>& values, std::string_view option, std::string_view name) {
  for (const Value value : values) {
    if (name_of(value) == name) return value;
  }
  return fail(ErrorCode::invalid, "{} is \"{}\", which is none of its values", option, name);
}

Result<std::uint64_t> number(std::string_view option, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return fail(ErrorCode::invalid, "{} is \"{}\", must be a number", option, text);
}

template <class Target, class Value>
Result<void> take(Target& target, Result<Value> value) {
  if (!value) return fail(value.error());
  target = static_cast<Value>(*value);
  return {};
}

Result<void> set(Options& options, std::string_view name, std::string_view value) {
  if (name == "--mode") return take(options.wishes.mode, named(modes, name, value));
  if (name == "--dedupe") return take(options.wishes.dedupe, named(dedupes, name, value));
  if (name == "--lookup") return take(options.wishes.lookup, named(lookups, name, value));
  if (name == "--trials") return take(options.trials, number(name, value));
  if (name == "--seed") return take(options.seed, number(name, value));
  if (name == "--stride") return take(options.stride, number(name, value));
  if (name == "--jobs") return take(options.jobs, number(name, value));
  if (name == "--faults") {
    auto percent = number(name, value);
    if (!percent) return fail(percent.error());
    options.wishes.fault_percent = static_cast<int>(*percent);
    return {};
  }
  return fail(ErrorCode::invalid, "{} is no option\n{}", name, usage());
}

}  // namespace

std::string_view name_of(Dedupe dedupe) {
  switch (dedupe) {
    case Dedupe::none:
      return "none";
    case Dedupe::window:
      return "window";
    case Dedupe::permanent:
      return "permanent";
  }
  return "none";
}

std::string_view name_of(Lookup lookup) {
  switch (lookup) {
    case Lookup::none:
      return "none";
    case Lookup::by_tag:
      return "by_tag";
    case Lookup::by_client_id:
      return "by_client_id";
  }
  return "none";
}

std::string usage() {
  return "crash_trials [--mode kill|power|error] [--trials N] [--seed S] [--dedupe none|window|permanent]\n"
         "             [--lookup none|by_tag|by_client_id] [--faults PERCENT] [--stride N] [--jobs J] "
         "[--until-caught]\n"
         "             [--show] [--tell] [--json] [--progress]";
}

std::string title_of(const Wishes& wishes) {
  std::string title(name_of(wishes.mode));
  if (wishes.dedupe) title += fmt::format(" {}", name_of(*wishes.dedupe));
  if (wishes.lookup) title += fmt::format("/{}", name_of(*wishes.lookup));
  if (wishes.fault_percent) title += fmt::format(" {} %", *wishes.fault_percent);
  return title;
}

std::string command_for(const Options& options, std::uint64_t seed) {
  std::string command =
      fmt::format("{} --mode {} --trials 1 --seed {}", options.program, name_of(options.wishes.mode), seed);
  if (options.wishes.dedupe) command += fmt::format(" --dedupe {}", name_of(*options.wishes.dedupe));
  if (options.wishes.lookup) command += fmt::format(" --lookup {}", name_of(*options.wishes.lookup));
  if (options.wishes.fault_percent) command += fmt::format(" --faults {}", *options.wishes.fault_percent);
  return command;
}

Result<Options> parse_options(std::span<char* const> arguments) {
  Options options;
  options.program = arguments.front();
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--json") {
      options.json = true;
    } else if (name == "--progress") {
      options.progress = true;
    } else if (name == "--show") {
      options.show = true;
    } else if (name == "--tell") {
      options.tell = true;
    } else if (name == "--until-caught") {
      options.until_caught = true;
    } else if (i + 1 == arguments.size()) {
      return fail(ErrorCode::invalid, "{} has no value\n{}", name, usage());
    } else if (auto done = set(options, name, arguments[++i]); !done) {
      return fail(done.error());
    }
  }
  if (options.jobs == 0 || options.stride == 0) return fail(ErrorCode::invalid, "--jobs and --stride must be positive");
  return options;
}

}  // namespace rebalancer::crash
