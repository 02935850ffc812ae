#include "app/main.hpp"

#include <exception>
#include <iostream>

#include "adapters/plugin_host/plugin_host.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/help.hpp"

namespace rebalancer::app {
namespace {

int dispatch(Context& context, const ParsedArguments& arguments) {
  if (arguments.command == nullptr) {
    (arguments.global.help ? context.out : context.err) << help_overview(commands());
    if (arguments.global.help) return static_cast<int>(ExitCode::ok);
    return context.report(Failure{.exit_code = ExitCode::usage, .message = "a command is missing"});
  }
  if (arguments.global.help) {
    context.out << help_for(*arguments.command, arguments.command_path);
    return static_cast<int>(ExitCode::ok);
  }
  // The last place an exception can reach: it is a mistake of ours, and it ends as one sentence, not as a crash.
  try {
    return arguments.command->run(context, arguments);
  } catch (const std::exception& exception) {
    return context.report(Failure{.exit_code = ExitCode::internal, .message = exception.what()});
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  // The child's side of a probe: not a command of the table, since only we start it.
  if (words.size() > 2 && words[0] == "plugins" && words[1] == "probe") {
    probe_main(std::span(words).subspan(2));
  }
  auto arguments = parse_command_line(commands(), words);
  Context context{
      .out = std::cout, .err = std::cerr, .terminal = {}, .environment = Environment::of_process(), .global = {}};
  int exit_code = 0;
  if (arguments) {
    context.global = arguments->global;
    context.terminal = Terminal::of_process(context.environment, context.global.no_color);
    exit_code = dispatch(context, *arguments);
  } else {
    context.global.json = arguments.error().json;
    context.terminal = Terminal::of_process(context.environment, arguments.error().no_color);
    exit_code = context.report(Failure{.exit_code = ExitCode::usage, .message = arguments.error().message});
  }
  std::cout.flush();
  if (!std::cout.good() && exit_code == 0) {
    std::cerr << "error: stdout cannot be written\n";
    exit_code = static_cast<int>(ExitCode::internal);
  }
  return exit_code;
}

}  // namespace rebalancer::app
