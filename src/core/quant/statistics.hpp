// Figures about one series of returns per period. Each returns nothing where it has no meaning; the caller says why.
#pragma once
#include <optional>
#include <span>
#include <vector>

namespace rebalancer {

// Wealth 1 at the start compounds to 1 + total_return.
[[nodiscard]] double total_return(std::span<const double> returns);
// (1 + total_return)^(periods_per_year / T) - 1. None when everything is lost, or with no return.
[[nodiscard]] std::optional<double> annual_growth(std::span<const double> returns, double periods_per_year);
// Sample standard deviation (T - 1) times sqrt(periods_per_year). None with fewer than two returns.
[[nodiscard]] std::optional<double> annual_volatility(std::span<const double> returns, double periods_per_year);
// The rate per period that compounds to `per_year`.
[[nodiscard]] double rate_per_period(double per_year, double periods_per_year);
// Mean excess over sample standard deviation of the excess, times sqrt(periods_per_year). None with zero volatility.
[[nodiscard]] std::optional<double> sharpe_ratio(std::span<const double> returns, double risk_free_per_period,
                                                 double periods_per_year);
// Mean excess over downside deviation, which divides by all T, times sqrt(periods_per_year). None with no downside.
[[nodiscard]] std::optional<double> sortino_ratio(std::span<const double> returns, double minimum_per_period,
                                                  double periods_per_year);

// Positions count wealth points: 0 is the base date, t follows the t-th return.
struct Drawdown {
  double depth = 0;  // negative, a fraction of the peak
  std::size_t peak = 0, trough = 0;
  std::optional<std::size_t> recovery;  // the first point at or above the peak again
};
// The deepest one, the first of equals; none when wealth never falls below its peak.
[[nodiscard]] std::optional<Drawdown> max_drawdown(std::span<const double> returns);

// annual_growth / |depth of max_drawdown|.
[[nodiscard]] std::optional<double> calmar_ratio(std::span<const double> returns, double periods_per_year);

}  // namespace rebalancer
