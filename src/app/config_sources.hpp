// Where the values of a Config came from: behind Config::locate and "config show".
#pragma once
#include <string>
#include <vector>

#include "app/config_node.hpp"

namespace rebalancer::app {

struct ConfigSources {
  ConfigNode root;                   // all layers in one tree
  std::vector<std::string> secrets;  // longest first
};

}  // namespace rebalancer::app
