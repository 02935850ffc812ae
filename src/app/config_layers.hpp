// The layers above the file: the environment and --set.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "app/config_node.hpp"
#include "app/environment.hpp"

namespace rebalancer::app {

// One value on its way into the tree.
struct Overlay {
  std::string path;  // "broker.api_key", "provider.0.path"
  std::string text;
  Origin origin;
  bool secret = false;
};

// What a key will be worth when all layers are in; empty when nobody says.
using Peek = std::function<std::string(std::string_view path)>;

// The familiar short names (TICKERS, USER_AGE, ...) as overlays, and a notice for every one that has no effect.
[[nodiscard]] std::vector<Overlay> familiar_overlays(const Environment& environment, const Peek& peek,
                                                     std::vector<std::string>& notices);
// All familiar names, for the documentation: name and what it sets.
struct FamiliarName {
  std::string name;
  std::string effect;  // "portfolio.tickers", or why it has none
};
[[nodiscard]] std::vector<FamiliarName> familiar_names();

// REBALANCER_<SECTION>_<KEY>. A name that is no key is a problem.
[[nodiscard]] std::vector<Overlay> environment_overlays(const Environment& environment, std::vector<Problem>& problems);

// Writes the overlays into the tree, in order. When one changes the "use" of a plugin section, the file's keys that
// were the other plugin's own no longer apply, and a notice says so.
void apply(const std::vector<Overlay>& overlays, ConfigNode& root, std::vector<std::string>& notices,
           std::vector<Problem>& problems);

}  // namespace rebalancer::app
