#include "app/plugin_json.hpp"

namespace rebalancer::app {

void write_plugin(JsonText& json, const PluginInfo& plugin) {
  json.object().member("file", plugin.file.string());
  json.key("kind");
  if (plugin.kind) {
    json.value(name_of(*plugin.kind));
  } else {
    json.null();
  }
  json.member("name", plugin.name)
      .member("version", plugin.version)
      .member("summary", plugin.summary)
      .member("status", plugin.usable() ? "ok" : "refused")
      .member("reason", plugin.refusal)
      .end();
}

}  // namespace rebalancer::app
