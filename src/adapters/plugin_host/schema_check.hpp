// What Schema::check gives back; apart from schema.hpp because it needs all of Boost.JSON.
#pragma once
#include <boost/json/value.hpp>

#include "adapters/plugin_host/schema.hpp"

namespace rebalancer {

struct SchemaCheck {
  // With defaults filled in and formats resolved: fractions are numbers, money decimal strings, durations
  // milliseconds, paths absolute. Of no use when there are findings.
  boost::json::value value;
  std::vector<SchemaFinding> findings;
  // Texts under `"secret": true`: nobody may print them.
  std::vector<std::string> secrets;

  [[nodiscard]] bool ok() const { return findings.empty(); }
};

}  // namespace rebalancer
