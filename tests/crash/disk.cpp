#include "disk.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace rebalancer::crash {
namespace {

std::string folder_of(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

// True in `odds` of four cases.
bool survives(Random& random, unsigned odds) { return random.below(4) < odds; }

void put_bytes(std::string& content, std::int64_t at, std::string_view bytes) {
  const auto from = static_cast<std::size_t>(at);
  if (content.size() < from + bytes.size()) content.resize(from + bytes.size());
  content.replace(from, bytes.size(), bytes);
}

}  // namespace

Disk::Disk(std::filesystem::path folder) : folder_(std::move(folder)) { load(); }

void Disk::load() {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    auto node = std::make_shared<Node>();
    node->folder = entry.is_directory();
    node->path = entry.path().string();
    if (!node->folder) {
      std::ifstream in(entry.path(), std::ios::binary);
      node->safe.assign(std::istreambuf_iterator<char>(in), {});
    }
    names_.emplace(entry.path().string(), std::move(node));
  }
  safe_names_ = names_;
}

std::shared_ptr<Disk::Node> Disk::at(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

void Disk::rename_entries(const std::string& folder,
                          std::vector<std::pair<std::string, std::shared_ptr<Node>>> entries) {
  for (const auto& [name, node] : entries) {
    if (node) {
      names_[name] = node;
    } else {
      names_.erase(name);
    }
  }
  name_changes_.push_back({folder, std::move(entries)});
}

void Disk::opened(int descriptor, const std::string& path, bool emptied) {
  if (path == folder_.string()) {
    auto root = std::make_shared<Node>();
    root->folder = true;
    root->path = path;
    open_[descriptor] = root;
    return;
  }
  auto node = at(path);
  if (!node) {
    node = std::make_shared<Node>();
    rename_entries(folder_of(path), {{path, node}});
  } else if (emptied) {
    node->changes.push_back({true, 0, {}});
  }
  open_[descriptor] = node;
}

void Disk::wrote(int descriptor, std::int64_t offset, std::string_view bytes) {
  const auto found = open_.find(descriptor);
  if (found != open_.end()) found->second->changes.push_back({false, offset, std::string(bytes)});
}

void Disk::truncated(int descriptor, std::int64_t size) {
  const auto found = open_.find(descriptor);
  if (found != open_.end()) found->second->changes.push_back({true, size, {}});
}

void Disk::synced(int descriptor) {
  const auto found = open_.find(descriptor);
  if (found == open_.end()) return;
  Node& node = *found->second;
  if (!node.folder) {
    for (const Change& change : node.changes) {
      if (change.truncates) {
        node.safe.resize(static_cast<std::size_t>(change.at));
      } else {
        put_bytes(node.safe, change.at, change.bytes);
      }
    }
    node.changes.clear();
    return;
  }
  const auto here = [&](const NameChange& change) { return change.folder == node.path; };
  for (const NameChange& change : name_changes_) {
    if (!here(change)) continue;
    for (const auto& [name, entry] : change.entries) {
      if (entry) {
        safe_names_[name] = entry;
      } else {
        safe_names_.erase(name);
      }
    }
  }
  std::erase_if(name_changes_, here);
}

void Disk::made_folder(const std::string& path) {
  auto node = std::make_shared<Node>();
  node->folder = true;
  node->path = path;
  rename_entries(folder_of(path), {{path, node}});
}

void Disk::renamed(const std::string& from, const std::string& to) {
  rename_entries(folder_of(to), {{to, at(from)}, {from, nullptr}});
}

void Disk::linked(const std::string& from, const std::string& to) { rename_entries(folder_of(to), {{to, at(from)}}); }

void Disk::removed(const std::string& path) { rename_entries(folder_of(path), {{path, nullptr}}); }

Disk::Names Disk::surviving_names(Random& random) const {
  Names names = safe_names_;
  // Half the time in their order up to some point, as journaling file systems do it, else any of them.
  const bool ordered = random.below(2) == 0;
  const std::size_t point = random.below(name_changes_.size() + 1);
  const auto odds = static_cast<unsigned>(random.below(5));
  for (std::size_t i = 0; i < name_changes_.size(); ++i) {
    if (ordered ? i >= point : !survives(random, odds)) continue;
    for (const auto& [name, node] : name_changes_[i].entries) {
      if (node) {
        names[name] = node;
      } else {
        names.erase(name);
      }
    }
  }
  // What is in a folder that is gone is gone.
  for (auto entry = names.begin(); entry != names.end();) {
    const std::string folder = folder_of(entry->first);
    const bool reachable = folder == folder_.string() || names.contains(folder);
    entry = reachable ? std::next(entry) : names.erase(entry);
  }
  return names;
}

std::string Disk::surviving_content(const Node& node, Random& random, unsigned odds) {
  std::string content = node.safe;
  for (const Change& change : node.changes) {
    if (change.truncates) {
      if (survives(random, odds)) content.resize(static_cast<std::size_t>(change.at));
      continue;
    }
    const auto end = change.at + static_cast<std::int64_t>(change.bytes.size());
    for (std::int64_t from = change.at; from < end;) {
      const std::int64_t to = std::min(end, (from / sector + 1) * sector);
      if (survives(random, odds)) {
        const auto start = static_cast<std::size_t>(from - change.at);
        put_bytes(content, from, std::string_view(change.bytes).substr(start, static_cast<std::size_t>(to - from)));
      }
      from = to;
    }
  }
  return content;
}

void Disk::replace_all(const Names& names, const std::map<std::string, std::string>& contents) const {
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) std::filesystem::remove_all(entry.path());
  for (const auto& [name, node] : names) {
    if (node->folder) {
      std::filesystem::create_directory(name);
    } else {
      std::ofstream(name, std::ios::binary) << contents.at(name);
    }
  }
}

void Disk::cut(Random& random) const {
  const Names names = surviving_names(random);
  std::map<std::string, std::string> contents;
  std::map<const Node*, std::string> known;  // two names of one file have one content
  const auto odds = static_cast<unsigned>(random.below(5));
  for (const auto& [name, node] : names) {
    if (node->folder) continue;
    if (!known.contains(node.get())) known[node.get()] = surviving_content(*node, random, odds);
    contents[name] = known[node.get()];
  }
  replace_all(names, contents);
}

}  // namespace rebalancer::crash
