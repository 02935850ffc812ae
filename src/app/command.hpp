// The shape of the command table. Parsing, --help, completion and "did you mean" all come from it.
//
// To add a command: write src/app/commands/<name>.cpp with one function that returns its Command, declare the function
// in commands.hpp and put it in the list of commands.cpp. For example:
//
//   Command fetch_command() {
//     return {.name = "fetch",
//             .summary = "get the prices that are missing",
//             .options = {{.name = "as-of", .placeholder = "DATE", .type = ValueType::date, .help = "last day
//             wanted"}}, .run = [](Context& context, const ParsedArguments& arguments) -> int { ... }};
//   }
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace rebalancer::app {

struct Context;
class ParsedArguments;

enum class ValueType {
  flag,  // takes no value
  text,
  file,  // a path, completed as one
  integer,
  number,
  fraction,     // "5%", "25bp" or 0.05
  money,        // "$250", "250 USD" or 250
  date,         // 2026-11-23
  assignments,  // NAME=value,NAME=value
};

struct Option {
  std::string name = {};         // without the dashes
  std::string placeholder = {};  // "DATE"; empty for a flag
  ValueType type = ValueType::flag;
  std::string help = {};                  // lower case, no full stop
  std::string default_text = {};          // what holds when the option is absent; empty: nothing
  std::vector<std::string> choices = {};  // the only values allowed, when there are any
  std::optional<double> minimum = {};     // for integer, number and fraction
  std::optional<double> maximum = {};
  bool repeatable = false;
  bool required = false;
};

struct Positional {
  std::string name = {};  // "RUN"
  std::string help = {};
  ValueType type = ValueType::text;
  std::vector<std::string> choices = {};
  bool required = true;
};

struct Command {
  std::string name = {};
  std::string summary = {};  // one line of the command list
  std::string details = {};  // paragraphs for the command's own help, wrapped when printed
  std::vector<Option> options = {};
  std::vector<Positional> positionals = {};
  std::vector<Command> subcommands = {};
  // Returns an exit code; null for a command that only has subcommands.
  int (*run)(Context& context, const ParsedArguments& arguments) = nullptr;
};

}  // namespace rebalancer::app
