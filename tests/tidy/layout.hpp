// Which files there are: plugin folders, test folders, sources that nobody builds.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tidy/bans.hpp"
#include "tidy/source_tree.hpp"

namespace rebalancer::tidy {

// A tree is its files; lookups are by path from the root.
[[nodiscard]] std::set<std::string> paths_of(const std::vector<SourceFile>& files);

// Each src/plugins/<kind>s/<name>/ has <name>.cpp, schema.json, sample.yaml, README.md and its line in CMakeLists.txt;
// the code registers that name, the README shows the sample, the sample's keys are the schema's.
[[nodiscard]] std::vector<Finding> check_plugins(const std::vector<SourceFile>& files);

// tests/<folder>/<file>_test.cpp tests src/<folder>/<file>; a longer name, <file>_<claim>_test.cpp, is one of several.
[[nodiscard]] std::vector<Finding> check_mirror(const std::set<std::string>& paths);

// Sources that compile_commands.json does not name.
[[nodiscard]] std::vector<Finding> check_built(const std::set<std::string>& paths, std::string_view compile_commands,
                                               const std::string& root);

}  // namespace rebalancer::tidy
