// What the values have to satisfy together, once each is good by itself.
#pragma once
#include <set>

#include "app/config.hpp"
#include "app/config_keys.hpp"
#include "app/config_node.hpp"

namespace rebalancer::app {

// `bad_sections` (first parts of paths) have complaints already: what depends on them is not judged, since a value that
// could not be read contradicts nothing.
void check_rules(const Config& config, const ConfigNode& root, const std::set<std::string>& bad_sections,
                 Complaints& complaints, std::vector<std::string>& notices);

}  // namespace rebalancer::app
