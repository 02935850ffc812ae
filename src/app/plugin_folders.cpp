#include "app/plugin_folders.hpp"

#include <algorithm>

#include "app/build_info.hpp"

namespace rebalancer::app {

namespace fs = std::filesystem;

fs::path own_plugin_folder() {
  std::error_code failed;
  const fs::path executable = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return {};
  for (const char* relative : {"../plugins", installed_plugins_from_bin}) {
    const fs::path folder = fs::weakly_canonical(executable.parent_path() / relative, failed);
    if (fs::is_directory(folder, failed)) return folder;
  }
  return {};
}

PluginHost load_plugins(const std::vector<fs::path>& others, const std::vector<fs::path>& files) {
  PluginHostSettings settings;
  settings.files = files;
  std::vector<fs::path> folders{own_plugin_folder()};
  folders.insert(folders.end(), others.begin(), others.end());
  for (const fs::path& folder : folders) {
    std::error_code failed;
    if (folder.empty() || !fs::exists(folder, failed)) continue;
    const fs::path canonical = fs::weakly_canonical(folder, failed);
    const auto& known = settings.directories;
    if (std::find(known.begin(), known.end(), canonical) == known.end()) settings.directories.push_back(canonical);
  }
  return PluginHost::load(settings);
}

}  // namespace rebalancer::app
