// A disk that may lose what was not synced. It is told of every change to the files below one folder, and when the
// power goes it makes them what they might be afterwards: of the changes since a file's last fsync, and since a
// folder's for names, any subset survives. A write survives or not for each sector of its own.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"

namespace rebalancer::crash {

class Disk {
 public:
  static constexpr std::int64_t sector = 512;

  // What is there now is safe.
  explicit Disk(std::filesystem::path folder);

  void opened(int descriptor, const std::string& path, bool emptied);
  void closed(int descriptor) { open_.erase(descriptor); }
  void wrote(int descriptor, std::int64_t offset, std::string_view bytes);
  void truncated(int descriptor, std::int64_t size);
  void synced(int descriptor);
  void made_folder(const std::string& path);
  void renamed(const std::string& from, const std::string& to);
  void linked(const std::string& from, const std::string& to);
  void removed(const std::string& path);

  // The files are then as after the cut.
  void cut(Random& random) const;

 private:
  struct Change {
    bool truncates = false;
    std::int64_t at = 0;  // or the new size
    std::string bytes;
  };
  struct Node {
    bool folder = false;
    std::string path;  // of a folder
    std::string safe;  // what is certain to be in a file
    std::vector<Change> changes;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  struct NameChange {  // all of it survives, or none
    std::string folder;
    std::vector<std::pair<std::string, std::shared_ptr<Node>>> entries;  // null: the name is gone
  };

  void load();
  void rename_entries(const std::string& folder, std::vector<std::pair<std::string, std::shared_ptr<Node>>> entries);
  [[nodiscard]] std::shared_ptr<Node> at(const std::string& path) const;
  [[nodiscard]] Names surviving_names(Random& random) const;
  [[nodiscard]] static std::string surviving_content(const Node& node, Random& random, unsigned odds);
  void replace_all(const Names& names, const std::map<std::string, std::string>& contents) const;

  std::filesystem::path folder_;
  Names safe_names_, names_;
  std::vector<NameChange> name_changes_;
  std::map<int, std::shared_ptr<Node>> open_;
};

}  // namespace rebalancer::crash
