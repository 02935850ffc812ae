// What the compute commands read: a price file through the csv provider, weights from the command line.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/plugin_host/plugin_host.hpp"
#include "core/market/bar.hpp"
#include "core/market/price_frame.hpp"
#include "core/portfolio/weights.hpp"

namespace rebalancer::app {

// Every symbol of the file, adjusted closes, cut to [from, to]. Errors: the provider's; not_found when nothing is left.
[[nodiscard]] Result<PriceFrame> read_price_file(const PluginHost& plugins, const std::string& file,
                                                 std::optional<Date> from, std::optional<Date> to,
                                                 const InstanceOptions& options);

// Every symbol of the file as bars, in the days [from, to]. Errors: the provider's.
[[nodiscard]] Result<std::vector<BarTable>> read_price_tables(const PluginHost& plugins, const std::string& file,
                                                              const InstanceOptions& options,
                                                              std::optional<Date> from = {},
                                                              std::optional<Date> to = {});

// {"SPY", "0.6"} pairs; they must sum to 1. Errors: invalid.
[[nodiscard]] Result<Weights> read_weights(const std::vector<std::pair<std::string, std::string>>& assignments);

}  // namespace rebalancer::app
