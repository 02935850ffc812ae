// Something wrong, with its place, in the form both people and --json get to see.
#pragma once
#include <string>
#include <vector>

#include "app/exit_codes.hpp"

namespace rebalancer::app {

struct Problem {
  std::string message;
  std::string place = {};  // "config.yaml:12:3", "environment TICKERS", "--set mode"; empty: nowhere in particular
  std::string file = {};   // set with line and column when the place is in a file
  int line = 0;            // from 1
  int column = 0;
};

// Why a command did not do what it was asked.
struct Failure {
  ExitCode exit_code = ExitCode::internal;
  std::string message;                 // one sentence
  std::vector<Problem> problems = {};  // all of them, when there are several or they have places
};

[[nodiscard]] inline tl::unexpected<Failure> failed(Area area, const Error& error) {
  return tl::unexpected(Failure{.exit_code = exit_code_for(area, error.code), .message = error.message});
}

}  // namespace rebalancer::app
