// What a command works with: the streams, the terminal, the environment, the configuration.
#pragma once
#include <ostream>
#include <string_view>

#include "app/command_line.hpp"
#include "app/environment.hpp"
#include "app/problem.hpp"
#include "app/terminal.hpp"
#include "core/base/error.hpp"

namespace rebalancer::app {

struct Context {
  std::ostream& out;  // data
  std::ostream& err;  // talk
  Terminal terminal;
  Environment environment;
  GlobalOptions global;

  // Says what is wrong: on stderr in words and, with --json, as {"error": ...} on stdout. Returns the exit code, so
  // that a command ends with `return context.report(Area::provider, prices.error());`.
  int report(const Failure& failure);
  int report(Area area, const Error& error);
  // A line of talk on stderr; nothing with --quiet.
  void note(std::string_view line);
};

}  // namespace rebalancer::app
