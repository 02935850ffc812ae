// A plugin as people see it in JSON.
#pragma once
#include "adapters/plugin_host/plugin_host.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {

// {"file", "kind", "name", "version", "summary", "status": "ok" or "refused", "reason"}
void write_plugin(JsonText& json, const PluginInfo& plugin);

}  // namespace rebalancer::app
