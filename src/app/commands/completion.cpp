#include "app/completion.hpp"

#include "app/commands.hpp"
#include "app/context.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

int run(Context& context, const ParsedArguments&) {
  const std::string script = bash_completion(commands());
  if (context.global.json) {
    JsonText json;
    json.object().member("shell", "bash").member("script", script);
    context.out << json.end().str() << '\n';
  } else {
    context.out << script;
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command completion_command() {
  return {.name = "completion",
          .summary = "print the completion script of a shell",
          .details = "source <(rebalancer completion bash)",
          .positionals = {{.name = "SHELL", .help = "bash", .choices = {"bash"}}},
          .run = &run};
}

}  // namespace rebalancer::app
