// Where plugins are looked for: the folder that came with this executable, and those the configuration names.
#pragma once
#include <filesystem>
#include <vector>

#include "adapters/plugin_host/plugin_host.hpp"

namespace rebalancer::app {

// The folder beside this executable, in a build tree or an installation.
[[nodiscard]] std::filesystem::path own_plugin_folder();

// Loads own_plugin_folder() and `others`, each folder once, however it is spelled. Folders of `others` that do not
// exist are left out: the sample configuration names one that a user may never make.
[[nodiscard]] PluginHost load_plugins(const std::vector<std::filesystem::path>& others,
                                      const std::vector<std::filesystem::path>& files = {});

}  // namespace rebalancer::app
