// What "config show" and "config schema" print.
#pragma once
#include <string>

#include "app/config.hpp"

namespace rebalancer::app {

// The configuration in force as YAML that could be a config.yaml again, secrets as ***. With `origins`, every line ends
// with where its value came from.
[[nodiscard]] std::string config_yaml(const Config& config, bool origins);
// The same as JSON: {"mode": "paper", "portfolio": {...}, ...}, money as decimal strings. Two configurations that mean
// the same give the same text, secrets left out: it can be digested and sealed.
[[nodiscard]] std::string config_json(const Config& config);
// {"mode": "default", "portfolio.tickers": "config.yaml:3:12", ...}
[[nodiscard]] std::string origins_json(const Config& config);

// JSON Schema (draft 2020-12) of config.yaml, for editors.
[[nodiscard]] std::string config_json_schema();
// docs/configuration.md
[[nodiscard]] std::string config_markdown();

}  // namespace rebalancer::app
