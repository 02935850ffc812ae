// Arguments, one per line, against a table with an option of every type.
#include <cmath>

#include "app/command_line.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

using namespace app;

const std::vector<Command>& table() {
  static const std::vector<Command> commands{
      {.name = "plan",
       .options = {{.name = "as-of", .placeholder = "DATE", .type = ValueType::date},
                   {.name = "cash", .placeholder = "MONEY", .type = ValueType::money},
                   {.name = "band", .placeholder = "SHARE", .type = ValueType::fraction, .maximum = 0.5},
                   {.name = "count", .placeholder = "N", .type = ValueType::integer, .minimum = 1, .maximum = 9},
                   {.name = "ratio", .placeholder = "X", .type = ValueType::number},
                   {.name = "weights", .placeholder = "A=1,B=2", .type = ValueType::assignments},
                   {.name = "format", .placeholder = "FORMAT", .type = ValueType::text, .choices = {"csv", "json"}},
                   {.name = "note", .placeholder = "TEXT", .type = ValueType::text, .repeatable = true},
                   {.name = "force"}},
       .positionals = {{.name = "RUN", .required = false}}},
      {.name = "config",
       .subcommands = {{.name = "show", .options = {{.name = "origin"}}},
                       {.name = "set", .positionals = {{.name = "KEY"}, {.name = "VALUE", .required = false}}}}}};
  return commands;
}

void check_values(const ParsedArguments& arguments) {
  if (arguments.command_path != "plan") return;
  if (const auto date = arguments.date("as-of")) expect(Date::parse(date->to_string()) == *date, "a date is a date");
  if (const auto cash = arguments.money("cash")) expect(!cash->is_negative(), "an amount is not negative");
  if (const auto band = arguments.number("band")) expect(*band >= 0 && *band <= 0.5, "a fraction keeps its range");
  if (const auto count = arguments.integer("count")) expect(*count >= 1 && *count <= 9, "a number keeps its range");
  if (const auto ratio = arguments.number("ratio")) expect(std::isfinite(*ratio), "a number is finite");
  if (const auto format = arguments.text("format")) expect(*format == "csv" || *format == "json", "a choice is one");
  for (const std::string& note : arguments.all("note")) expect(!note.empty(), "a text is not empty");
  (void)arguments.assignments("weights");
  (void)arguments.has("force");
  (void)arguments.positional("RUN");
}

void check(std::string_view input) {
  std::vector<std::string> arguments;
  for (std::string_view rest = input; !rest.empty();) arguments.emplace_back(take_line(rest));
  const auto parsed = parse_command_line(table(), arguments);
  if (!parsed) {
    expect(!parsed.error().message.empty(), "a mistake is explained");
    return expect(parsed.error().message.size() <= input.size() + 1000, "a message is bounded", parsed.error().message);
  }
  for (const auto& [key, value] : parsed->global.settings) expect(!key.empty(), "a setting has a key", value);
  const Command* found = find_command(table(), parsed->command_path);
  expect(found == parsed->command || parsed->command == nullptr, "a command is found by its path",
         parsed->command_path);
  if (!parsed->global.help) check_values(*parsed);
}

const Target target("command_line", check);

}  // namespace
}  // namespace rebalancer::fuzz
