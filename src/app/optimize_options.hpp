// What the commands that compute from a price file are told about estimates, constraints and the benchmark.
#pragma once
#include <string>
#include <vector>

#include "adapters/plugin_host/plugin_host.hpp"
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "services/optimizer.hpp"

namespace rebalancer::app {

// --risk-model, --expected-returns, --risk-free, --min-weight, --max-weight, --from and --to; and what they say, the
// days excepted.
void append_price_options(std::vector<Option>& options);
[[nodiscard]] OptimizerSettings read_price_settings(const ParsedArguments& arguments);

// --bounds A=10%..40%, --group "tech <= 25%", --label tech=AAPL,MSFT. Errors: invalid, naming the option.
[[nodiscard]] Result<void> read_limits(const ParsedArguments& arguments, OptimizerSettings& settings);

// Estimates that need a market want --benchmark. Errors: invalid, naming both.
[[nodiscard]] Result<void> check_market(const ParsedArguments& arguments);

// That, and the options of `optimize` that mean nothing without another one. Errors: invalid, naming both.
[[nodiscard]] Result<void> check_companions(const ParsedArguments& arguments);

// The one symbol of --benchmark's price file, on the days of the prices; empty without it. Errors: the provider's;
// invalid for another number of symbols, and for a day without a price.
[[nodiscard]] Result<std::vector<double>> read_benchmark(const ParsedArguments& arguments, const PluginHost& plugins,
                                                         const PriceFrame& prices, const InstanceOptions& instance);

}  // namespace rebalancer::app
