#include "core/quant/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rebalancer {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// A series that never moves has rounding for a deviation; that is none.
std::optional<double> deviation_of(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const double mean = mean_of(values);
  double squares = 0, largest = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
    largest = std::max(largest, std::abs(value));
  }
  const double deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return deviation <= 1e-14 * largest ? 0.0 : deviation;
}

}  // namespace

double total_return(std::span<const double> returns) {
  double wealth = 1;
  for (const double value : returns) wealth *= 1 + value;
  return wealth - 1;
}

std::optional<double> annual_growth(std::span<const double> returns, double periods_per_year) {
  const double wealth = 1 + total_return(returns);
  if (returns.empty() || !(wealth > 0)) return std::nullopt;
  return std::pow(wealth, periods_per_year / static_cast<double>(returns.size())) - 1;
}

std::optional<double> annual_volatility(std::span<const double> returns, double periods_per_year) {
  const std::optional<double> deviation = deviation_of(returns);
  if (!deviation) return std::nullopt;
  return *deviation * std::sqrt(periods_per_year);
}

double rate_per_period(double per_year, double periods_per_year) {
  return std::expm1(std::log1p(per_year) / periods_per_year);
}

std::optional<double> sharpe_ratio(std::span<const double> returns, double risk_free_per_period,
                                   double periods_per_year) {
  const std::optional<double> deviation = deviation_of(returns);
  if (!deviation || *deviation == 0) return std::nullopt;
  return (mean_of(returns) - risk_free_per_period) / *deviation * std::sqrt(periods_per_year);
}

std::optional<double> sortino_ratio(std::span<const double> returns, double minimum_per_period,
                                    double periods_per_year) {
  if (returns.empty()) return std::nullopt;
  double squares = 0;
  for (const double value : returns) {
    const double shortfall = std::min(value - minimum_per_period, 0.0);
    squares += shortfall * shortfall;
  }
  if (squares == 0) return std::nullopt;
  const double downside = std::sqrt(squares / static_cast<double>(returns.size()));
  return (mean_of(returns) - minimum_per_period) / downside * std::sqrt(periods_per_year);
}

std::optional<Drawdown> max_drawdown(std::span<const double> returns) {
  std::vector<double> wealth{1.0};
  for (const double value : returns) wealth.push_back(wealth.back() * (1 + value));
  Drawdown worst;
  std::size_t peak = 0;
  for (std::size_t t = 1; t < wealth.size(); ++t) {
    if (wealth[t] >= wealth[peak]) peak = t;
    const double depth = wealth[t] / wealth[peak] - 1;
    if (depth < worst.depth) worst = {depth, peak, t, std::nullopt};
  }
  if (worst.depth == 0) return std::nullopt;
  for (std::size_t t = worst.trough + 1; t < wealth.size() && !worst.recovery; ++t) {
    if (wealth[t] >= wealth[worst.peak]) worst.recovery = t;
  }
  return worst;
}

std::optional<double> calmar_ratio(std::span<const double> returns, double periods_per_year) {
  const std::optional<Drawdown> drawdown = max_drawdown(returns);
  const std::optional<double> growth = annual_growth(returns, periods_per_year);
  if (!drawdown || !growth) return std::nullopt;
  return *growth / -drawdown->depth;
}

}  // namespace rebalancer
