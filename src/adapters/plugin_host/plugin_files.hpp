#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace rebalancer {

struct PluginFile {
  std::filesystem::path file;  // as found
  std::filesystem::path real;  // symlinks resolved; what gets loaded
  std::string refusal;         // empty: go on
};

// "*.so" of each folder, sorted by name, then `files`. The same real file found twice counts once. A folder that is not
// there, and whatever others may write to, is refused.
[[nodiscard]] std::vector<PluginFile> find_plugin_files(const std::vector<std::filesystem::path>& directories,
                                                        const std::vector<std::filesystem::path>& files);

}  // namespace rebalancer
