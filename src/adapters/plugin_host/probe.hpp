#pragma once
#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace rebalancer {

// Loads the files in a child process, which a static initializer may crash or hang without harm to us. One child for
// all of them; a new one goes on after a file that killed its child. Returns one refusal per file, empty: it loads.
[[nodiscard]] std::vector<std::string> probe_in_child(std::span<const std::string> files,
                                                      const std::filesystem::path& prober,
                                                      std::chrono::milliseconds limit_per_file);

}  // namespace rebalancer
