// plugins list, check, schema; and the child's side of the probe.
#include <filesystem>

#include "adapters/plugin_host/plugin_host.hpp"
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/plugin_folders.hpp"
#include "app/plugin_json.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

// The folders of the configuration when there is one; a broken configuration must not hide the plugins.
PluginHost configured_plugins(Context& context) {
  auto config = load_config({.file = context.global.config_file,
                             .file_given = context.global.config_file_given,
                             .environment = context.environment,
                             .settings = context.global.settings});
  std::vector<std::filesystem::path> folders;
  if (config) {
    for (const auto& folder : config->plugin_directories) {
      folders.push_back(folder.is_absolute() ? folder : config->directory / folder);
    }
  } else {
    folders.emplace_back("plugins");
  }
  return load_plugins(folders);
}

int list(Context& context, const ParsedArguments&) {
  const PluginHost host = configured_plugins(context);
  if (context.global.json) {
    JsonText json;
    json.object().key("plugins").array();
    for (const PluginInfo& plugin : host.plugins()) write_plugin(json, plugin);
    context.out << json.end().end().str() << '\n';
    return 0;
  }
  for (const PluginKind kind :
       {PluginKind::provider, PluginKind::broker, PluginKind::strategy, PluginKind::analytic, PluginKind::store}) {
    for (const PluginInfo& plugin : host.plugins()) {
      if (!plugin.usable() || plugin.kind != kind) continue;
      context.out << fmt::format("{:<9} {:<20} {:<7} {}\n", name_of(kind), plugin.name, plugin.version,
                                 shortened(plugin.summary, std::max(20, context.terminal.width - 39)));
    }
  }
  for (const PluginInfo& plugin : host.plugins()) {
    if (!plugin.usable())
      context.out << context.terminal.out_paint(Color::red, "refused") << "   " << plugin.refusal << '\n';
  }
  return 0;
}

int check(Context& context, const ParsedArguments& arguments) {
  const std::filesystem::path file = std::filesystem::absolute(*arguments.positional("FILE"));
  const PluginHost host = PluginHost::load({.directories = {}, .files = {file}, .prober = {}});
  if (host.plugins().size() != 1) {
    return context.report({.exit_code = ExitCode::plugin, .message = file.string() + ": no such file"});
  }
  const PluginInfo& plugin = host.plugins().front();
  if (!plugin.usable()) return context.report({.exit_code = ExitCode::plugin, .message = plugin.refusal});
  if (context.global.json) {
    JsonText json;
    write_plugin(json, plugin);
    context.out << json.str() << '\n';
  } else {
    context.out << fmt::format("{}: ok, {} {} {}: {}\n", plugin.file.filename().string(), name_of(*plugin.kind),
                               plugin.name, plugin.version, plugin.summary);
  }
  return 0;
}

int schema(Context& context, const ParsedArguments& arguments) {
  const std::string name = *arguments.positional("NAME");
  const PluginHost host = configured_plugins(context);
  std::optional<Error> missing;
  bool found = false;
  for (const PluginKind kind :
       {PluginKind::strategy, PluginKind::provider, PluginKind::broker, PluginKind::analytic, PluginKind::store}) {
    auto plugin = host.find(kind, name);
    if (!plugin) {
      // The most telling refusal: one that knows a similar name, or why the file was refused.
      const bool telling =
          plugin.error().code == ErrorCode::invalid || plugin.error().message.find("did you mean") != std::string::npos;
      if (!missing || telling) missing = plugin.error();
      continue;
    }
    found = true;
    if (context.global.json) {
      context.out << (*plugin)->schema_text << '\n';
      return 0;
    }
    auto yaml = schema_as_yaml((*plugin)->schema_text);
    if (!yaml) return context.report(Area::plugin, yaml.error());
    context.out << fmt::format("# {} {} {}: {}\n", name_of(kind), name, (*plugin)->version, (*plugin)->summary)
                << *yaml;
  }
  if (!found) return context.report(Area::command_line, *missing);
  return 0;
}

}  // namespace

Command plugins_command() {
  return {.name = "plugins",
          .summary = "what is plugged in",
          .subcommands = {{.name = "list", .summary = "every plugin found, and why one was refused", .run = &list},
                          {.name = "check",
                           .summary = "load one file and say whether it would be accepted",
                           .positionals = {{.name = "FILE", .help = "a shared library", .type = ValueType::file}},
                           .run = &check},
                          {.name = "schema",
                           .summary = "a plugin's options, as commented YAML",
                           .positionals = {{.name = "NAME", .help = "a plugin's name"}},
                           .run = &schema}}};
}

}  // namespace rebalancer::app
