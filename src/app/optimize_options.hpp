// What `optimize --prices` is told about constraints and the benchmark.
#pragma once
#include <string>
#include <vector>

#include "adapters/plugin_host/plugin_host.hpp"
#include "app/command_line.hpp"
#include "services/optimizer.hpp"

namespace rebalancer::app {

// --bounds A=10%..40%, --group "tech <= 25%", --label tech=AAPL,MSFT. Errors: invalid, naming the option.
[[nodiscard]] Result<void> read_limits(const ParsedArguments& arguments, OptimizerSettings& settings);

// The one symbol of a price file, on the days of the prices. Errors: the provider's; invalid for another number of
// symbols, and for a day without a price.
[[nodiscard]] Result<std::vector<double>> read_benchmark(const PluginHost& plugins, const std::string& file,
                                                         const PriceFrame& prices, const InstanceOptions& instance);

}  // namespace rebalancer::app
