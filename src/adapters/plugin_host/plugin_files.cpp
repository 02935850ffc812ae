#include "adapters/plugin_host/plugin_files.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include <fmt/format.h>

namespace rebalancer {
namespace {

namespace fs = std::filesystem;

bool anyone_may_write(const fs::file_status& status) {
  return (status.permissions() & fs::perms::others_write) != fs::perms::none;
}

PluginFile examined(const fs::path& file) {
  PluginFile found{file, {}, {}};
  const std::string name = file.filename().string();
  std::error_code error;
  found.real = fs::canonical(file, error);
  if (error) {
    found.refusal = fmt::format("{}: {}", name, error.message());
    return found;
  }
  const fs::file_status status = fs::status(found.real, error);
  const fs::file_status folder = fs::status(found.real.parent_path(), error);
  if (status.type() != fs::file_type::regular) {
    found.refusal = fmt::format("{}: not a regular file", name);
  } else if (anyone_may_write(status)) {
    found.refusal = fmt::format("{}: anyone may write to it; chmod o-w {}", name, found.real.string());
  } else if (anyone_may_write(folder)) {
    found.refusal =
        fmt::format("{}: anyone may write to its folder; chmod o-w {}", name, found.real.parent_path().string());
  }
  return found;
}

std::vector<fs::path> libraries_in(const fs::path& directory, std::error_code& error) {
  std::vector<fs::path> files;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".so") files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<PluginFile> find_plugin_files(const std::vector<fs::path>& directories,
                                          const std::vector<fs::path>& files) {
  std::vector<PluginFile> found;
  std::set<fs::path> seen;
  const auto add = [&](const fs::path& file) {
    PluginFile examined_file = examined(file);
    if (examined_file.real.empty() || seen.insert(examined_file.real).second) found.push_back(std::move(examined_file));
  };
  for (const fs::path& directory : directories) {
    std::error_code error;
    const std::vector<fs::path> libraries = libraries_in(directory, error);
    if (error)
      found.push_back({directory, {}, fmt::format("plugin folder {}: {}", directory.string(), error.message())});
    for (const fs::path& file : libraries) add(file);
  }
  for (const fs::path& file : files) add(file);
  return found;
}

}  // namespace rebalancer
