#include "app/help.hpp"

#include "app/commands.hpp"
#include "app/context.hpp"
#include "core/base/json_text.hpp"
#include "core/base/nearest.hpp"

namespace rebalancer::app {
namespace {

std::string exit_codes_json() {
  JsonText json;
  json.object().key("exit_codes").array();
  for (const ExitCodeRow& row : exit_code_table()) {
    json.object().member("exit_code", static_cast<int>(row.code)).member("name", row.name);
    json.member("meaning", row.meaning).end();
  }
  return json.end().end().str();
}

int run(Context& context, const ParsedArguments& arguments) {
  const std::string first = arguments.positional("TOPIC").value_or("");
  const std::string second = arguments.positional("COMMAND").value_or("");
  std::string text;
  if (first.empty()) {
    text = help_overview(commands());
  } else if (first == "exit-codes") {
    if (context.global.json) {
      context.out << exit_codes_json() << '\n';
      return static_cast<int>(ExitCode::ok);
    }
    text = help_exit_codes();
  } else {
    const std::string path = second.empty() ? first : first + " " + second;
    const Command* command = find_command(commands(), path);
    if (command == nullptr) {
      std::vector<std::string> names{"exit-codes"};
      for (const Command& row : commands()) names.push_back(row.name);
      const auto nearest = nearest_name(first, names);
      return context.report(Failure{
          .exit_code = ExitCode::usage,
          .message = fmt::format("there is no help on \"{}\"{}", path,
                                 nearest && second.empty() ? fmt::format("; did you mean \"{}\"?", *nearest) : "")});
    }
    text = help_for(*command, path);
  }
  if (context.global.json) {
    JsonText json;
    context.out << json.object().member("help", text).end().str() << '\n';
  } else {
    context.out << text;
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command help_command() {
  return {.name = "help",
          .summary = "explain a command, or the exit codes",
          .positionals = {{.name = "TOPIC", .help = "a command, or exit-codes", .required = false},
                          {.name = "COMMAND", .help = "its subcommand", .required = false}},
          .run = &run};
}

}  // namespace rebalancer::app
