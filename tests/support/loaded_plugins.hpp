// Plugins through the real loader: found, read, probed in a child, loaded, matched. Needs the target plugin_prober.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>

#include "adapters/plugin_host/plugin_host.hpp"
#include "support/fake_clock.hpp"
#include "support/recording_events.hpp"

namespace rebalancer::test {

inline std::filesystem::path built(const std::string& relative) {
  return std::filesystem::path(REBALANCER_BINARY_DIR) / relative;
}

inline PluginHostSettings probed(std::vector<std::filesystem::path> files) {
  PluginHostSettings settings;
  settings.files = std::move(files);
  settings.prober = built("bin/plugin_prober");
  return settings;
}

// One file and what its instances need; they must not outlive it.
class LoadedPlugins {
 public:
  explicit LoadedPlugins(std::vector<std::filesystem::path> files) : host(PluginHost::load(probed(std::move(files)))) {}

  [[nodiscard]] InstanceOptions options() {
    InstanceOptions options;
    options.clock = &clock;
    options.events = &events;
    return options;
  }
  [[nodiscard]] static boost::json::value json(std::string_view text) { return boost::json::parse(text); }

  PluginHost host;
  FakeClock clock;
  RecordingEvents events;
};

}  // namespace rebalancer::test
