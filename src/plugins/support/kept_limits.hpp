// For strategies whose weights are given, not searched for: they either keep every limit or say which one they break.
#pragma once
#include <span>
#include <string>

#include <fmt/format.h>

#include <rebalancer/plugin.hpp>

namespace rebalancer::plugin_support {

// Throws Failure RB_CONFLICT naming the first limit that `weights` break. `title` leads the sentence: "the equal
// weight".
inline void require_limits(const sdk::Problem& problem, std::span<const double> weights, std::string_view title) {
  constexpr double tolerance = 1e-9;
  const auto refuse = [&](std::string_view of, double value, std::string_view rule, double limit) {
    throw sdk::Failure(RB_CONFLICT,
                       fmt::format("{} of {} is {:.10g}, must be {} {:.10g}", title, of, value, rule, limit));
  };
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::string_view symbol = sdk::view(problem.symbols()[i]);
    if (weights[i] < problem.lower()[i] - tolerance) refuse(symbol, weights[i], "at least", problem.lower()[i]);
    if (weights[i] > problem.upper()[i] + tolerance) refuse(symbol, weights[i], "at most", problem.upper()[i]);
  }
  for (const rb_group& group : problem.groups()) {
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += group.coefficients[i] * weights[i];
    const std::string name = "\"" + std::string(sdk::view(group.name)) + "\"";
    if (sum < group.lower - tolerance) refuse(name, sum, "at least", group.lower);
    if (sum > group.upper + tolerance) refuse(name, sum, "at most", group.upper);
  }
}

}  // namespace rebalancer::plugin_support
