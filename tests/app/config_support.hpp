// Configurations out of texts.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/config.hpp"

namespace rebalancer::app::test {

using Variables = std::map<std::string, std::string, std::less<>>;
using Settings = std::vector<std::pair<std::string, std::string>>;

inline constexpr char minimal[] = "portfolio: {tickers: [SPY, BND]}\nprovider: {use: simulated}\n";

inline tl::expected<Config, std::vector<Problem>> load(std::string text, Variables variables = {},
                                                       Settings settings = {}) {
  return load_config(
      {.text = std::move(text), .environment = Environment(std::move(variables)), .settings = std::move(settings)});
}

// The problems as lines "config.yaml:1:2: message"; "good" when there are none.
inline std::string problems_of(std::string text, Variables variables = {}, Settings settings = {}) {
  const auto config = load(std::move(text), std::move(variables), std::move(settings));
  if (config) return "good";
  std::string lines;
  for (const Problem& problem : config.error()) {
    lines += (lines.empty() ? "" : "\n") + (problem.place.empty() ? "" : problem.place + ": ") + problem.message;
  }
  return lines;
}

}  // namespace rebalancer::app::test
