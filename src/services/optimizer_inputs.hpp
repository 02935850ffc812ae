// What the optimizer's settings mean for given prices: who carries which label, the benchmark's prices, the estimates.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/quant/estimates.hpp"
#include "services/optimizer.hpp"

namespace rebalancer {

struct WeightBounds {
  double lower, upper;
};

// Of the whole portfolio: the symbol's own, or those of every symbol.
[[nodiscard]] WeightBounds weight_bounds_of(const OptimizerSettings& settings, const Symbol& symbol);

// The class of a symbol: equity unless said otherwise.
[[nodiscard]] std::string class_of(const OptimizerSettings& settings, const Symbol& symbol);

// "tech + energy" as {"tech", "energy"}.
[[nodiscard]] std::vector<std::string> terms_of(const std::string& label);

// Whether a symbol is what a limit is about: it carries one of the terms, which are symbols, classes and labels with or
// without their kind. A symbol that carries two of them counts once.
[[nodiscard]] bool carries(const OptimizerSettings& settings, const Symbol& symbol, const std::string& label);

// Every term there is: symbols, their classes, their labels with and without kind. Sorted.
[[nodiscard]] std::vector<std::string> labels_of(const OptimizerSettings& settings, const std::vector<Symbol>& symbols);

// Whether a limit is about terms that nobody carries and that are no slip of a name there is: true, harmless, and left
// out: "tech <= 25%" in a portfolio without tech.
[[nodiscard]] bool limits_nobody(const OptimizerSettings& settings, const std::vector<Symbol>& symbols,
                                 const ClassLimit& limit);

// What a label over `symbols` cannot mean: nullopt when it is clear. A term that no symbol carries, naming the nearest
// that there is; a label that two kinds have with different symbols, which has to be written with its kind.
[[nodiscard]] std::optional<std::string> unclear_label(const OptimizerSettings& settings,
                                                       const std::vector<Symbol>& symbols, const std::string& label);

// As written, or else in words.
[[nodiscard]] std::string text_of(const ClassLimit& limit);

// Errors: invalid for what makes no sense, conflict for settings that contradict each other.
[[nodiscard]] Result<void> check_settings(const PriceFrame& prices, const OptimizerSettings& settings);

// The benchmark's prices, one per row: given, or of its weights brought back every day. NaN where one is missing; empty
// without a benchmark.
[[nodiscard]] std::vector<double> benchmark_prices_of(const PriceFrame& prices, const OptimizerSettings& settings);

// Errors: those of estimate.
[[nodiscard]] Result<Estimates> estimates_of(const PriceFrame& prices, const OptimizerSettings& settings);

}  // namespace rebalancer
