// For strategies whose weights are given, not searched for: they either keep every limit or say which one they break.
#pragma once
#include <cmath>
#include <span>
#include <string>

#include <fmt/format.h>

#include <rebalancer/plugin.hpp>

namespace rebalancer::plugin_support {

// Limits on the weights together. A tracking error rests on estimates, which given weights have none of.
inline void require_book_limits(const sdk::Problem& problem, std::span<const double> weights, std::string_view title) {
  constexpr double tolerance = 1e-9;
  const auto refuse = [&](std::string_view what, double value, std::string_view setting, double limit) {
    throw sdk::Failure(RB_CONFLICT, fmt::format("{} {} {:.10g}, {} is {:.10g}", title, what, value, setting, limit));
  };
  if (std::isfinite(problem.tracking_error_max())) {
    throw sdk::Failure(RB_CONFLICT, fmt::format("tracking_error_max is {:.10g}, which {} cannot be held to",
                                                problem.tracking_error_max(), title));
  }
  if (std::isfinite(problem.turnover_max()) && problem.current().empty()) {
    throw sdk::Failure(RB_INVALID,
                       fmt::format("turnover_max is {:.10g}, which needs the weights held now: none are known",
                                   problem.turnover_max()));
  }
  double gross = 0, traded = 0;
  std::size_t held = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double size = std::abs(weights[i]);
    gross += size;
    if (!problem.current().empty()) traded += std::abs(weights[i] - problem.current()[i]);
    if (size <= tolerance) continue;
    ++held;
    if (size < problem.position_min() - tolerance) {
      refuse(fmt::format("of {} is", sdk::view(problem.symbols()[i])), weights[i], "position_min",
             problem.position_min());
    }
  }
  if (gross > problem.gross_max() + tolerance) refuse("has sizes that sum to", gross, "gross_max", problem.gross_max());
  if (traded > problem.turnover_max() + tolerance) refuse("trades", traded, "turnover_max", problem.turnover_max());
  if (problem.positions_max() > 0 && held > problem.positions_max()) {
    refuse("holds a number of positions of", static_cast<double>(held), "positions_max",
           static_cast<double>(problem.positions_max()));
  }
}

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
  require_book_limits(problem, weights, title);
}

}  // namespace rebalancer::plugin_support
