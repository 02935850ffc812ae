// Who may include whom: the dependency table of docs/architecture.md, as data.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tidy/source_tree.hpp"

namespace rebalancer::tidy {

// What the files below `folder` may include; the longest matching folder is the one that counts.
struct DependencyRow {
  std::string_view folder;                  // from the root of the tree
  std::vector<std::string_view> house;      // prefixes below src/; "." is the file's own folder
  std::vector<std::string_view> libraries;  // prefixes of <...>; "posix" is the system's C interface; "*" is anything
  std::vector<std::string_view> banned_standard;  // standard headers that do not belong here
};
[[nodiscard]] const std::vector<DependencyRow>& dependency_table();

// Libraries so heavy to compile that they stay out of headers.
[[nodiscard]] const std::vector<std::string_view>& heavy_libraries();

// Breaches in one file. `paths` are the files of the tree: a quoted name must be one of them.
[[nodiscard]] std::vector<Finding> check_includes(const SourceFile& file, const std::set<std::string>& paths);

}  // namespace rebalancer::tidy
