#include "app/config.hpp"

#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/config_show.hpp"
#include "app/context.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

int run_check(Context& context, const ParsedArguments&) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  if (auto checked = (*application)->check_plugins(); !checked) return context.report(checked.error());
  const Config& config = (*application)->config();
  if (context.global.json) {
    JsonText json;
    json.object().member("ok", true).member("file", config.file.string()).key("notices").array();
    for (const std::string& notice : config.notices) json.value(notice);
    context.out << json.end().end().str() << '\n';
  } else {
    context.out << fmt::format("{} is good: {}, {} tickers, {} strategy, {} broker\n", config.file.string(),
                               name_of(config.mode), config.portfolio.tickers.size(), config.strategy.use,
                               config.broker.use);
  }
  return static_cast<int>(ExitCode::ok);
}

int run_show(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  const Config& config = (*application)->config();
  if (!context.global.json) {
    context.out << config_yaml(config, arguments.has("origin"));
  } else if (arguments.has("origin")) {
    JsonText json;
    json.object().key("values").raw(config_json(config)).key("origins").raw(origins_json(config));
    context.out << json.end().str() << '\n';
  } else {
    context.out << config_json(config) << '\n';
  }
  return static_cast<int>(ExitCode::ok);
}

int run_schema(Context& context, const ParsedArguments& arguments) {
  context.out << (arguments.has("markdown") ? config_markdown() : config_json_schema() + "\n");
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command config_command() {
  return {.name = "config",
          .summary = "check and show the configuration",
          .subcommands = {
              {.name = "check",
               .summary = "say everything that is wrong, with line and column",
               .details = "Also checks the plugins' own keys against their schemas. Exit code 3 when something is "
                          "wrong, 78 when a plugin that is named will not load.",
               .run = &run_check},
              {.name = "show",
               .summary = "print the configuration in force, secrets as ***",
               .options = {{.name = "origin", .help = "say where each value came from"}},
               .run = &run_show},
              {.name = "schema",
               .summary = "print a JSON Schema of config.yaml, for editors",
               .options = {{.name = "markdown", .help = "print docs/configuration.md instead"}},
               .run = &run_schema},
          }};
}

}  // namespace rebalancer::app
