// The configuration as the plugin uses it.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "client.hpp"

namespace trading212 {

// Both throw sdk::Failure RB_INVALID.
[[nodiscard]] ClientSettings settings_from(const rebalancer::sdk::Host& host);
// Symbol -> ticker or ISIN.
[[nodiscard]] std::map<std::string, std::string> chosen_from(std::string_view config_json);

}  // namespace trading212
