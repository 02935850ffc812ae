#include <rebalancer/plugin.h>

#include "app/build_info.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

int run(Context& context, const ParsedArguments&) {
  if (context.global.json) {
    JsonText json;
    json.object().member("version", build_version).member("commit", build_commit);
    json.member("compiler", build_compiler).member("build_type", build_type);
    json.key("plugin_abi").object().member("major", RB_ABI_MAJOR).member("minor", RB_ABI_MINOR).end();
    context.out << json.end().str() << '\n';
    return static_cast<int>(ExitCode::ok);
  }
  context.out << fmt::format("rebalancer {} ({}), {} {}, plugin ABI {}.{}\n", build_version, build_commit,
                             build_compiler, build_type, RB_ABI_MAJOR, RB_ABI_MINOR);
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command version_command() {
  return {.name = "version", .summary = "print version, commit, compiler and plugin ABI", .run = &run};
}

}  // namespace rebalancer::app
