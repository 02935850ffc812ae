// Secrets: fetched by ${NAME} and file:PATH, and kept out of everything that is printed.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_node.hpp"
#include "app/environment.hpp"

namespace rebalancer::app {

// Replaces "${NAME}" inside texts of the file and of --set, and "file:PATH" as a whole value of any layer, by what they
// stand for, and marks those texts secret; so does it with texts under names such as api_key or password, and with
// URLs that carry a password. Relative paths start at `directory`.
void fetch_secrets(ConfigNode& root, const Environment& environment, const std::filesystem::path& directory,
                   std::vector<Problem>& problems);

// Every secret text of the tree, longest first.
[[nodiscard]] std::vector<std::string> secrets_of(const ConfigNode& root);

[[nodiscard]] std::string redacted(std::string_view text, const std::vector<std::string>& secrets);

}  // namespace rebalancer::app
