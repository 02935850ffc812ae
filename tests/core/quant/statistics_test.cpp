#include "core/quant/statistics.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/held_returns.hpp"

using namespace rebalancer;

namespace {
bool near(const std::optional<double>& value, double expected) {
  return value && std::abs(*value - expected) <= 1e-14 * (1 + std::abs(expected));
}
}  // namespace

TEST_CASE("figures of a short series agree with their definitions") {
  const std::vector<double> returns{0.10, -0.05, 0.02, -0.01};
  CHECK(near(total_return(returns), 1.1 * 0.95 * 1.02 * 0.99 - 1));
  CHECK(near(annual_growth(returns, 8), std::pow(1.1 * 0.95 * 1.02 * 0.99, 2) - 1));
  // Mean 0.015; squared deviations 0.007225, 0.004225, 0.000025, 0.000625.
  const double deviation = std::sqrt(0.0121 / 3);
  CHECK(near(annual_volatility(returns, 4), 2 * deviation));
  CHECK(near(sharpe_ratio(returns, 0.005, 4), 2 * 0.01 / deviation));
  CHECK(near(sortino_ratio(returns, 0.0, 4), 2 * 0.015 / std::sqrt((0.0025 + 0.0001) / 4)));
  CHECK(std::abs(rate_per_period(0.21, 2) - 0.1) < 1e-15);
}

TEST_CASE("the deepest drawdown knows its peak, trough and recovery") {
  const std::vector<double> returns{0.1, -0.2, -0.1, 0.5, -0.05, 0.2};
  const auto drawdown = max_drawdown(returns).value();
  CHECK(std::abs(drawdown.depth + 0.28) < 1e-15);
  CHECK(drawdown.peak == 1);
  CHECK(drawdown.trough == 3);
  REQUIRE(drawdown.recovery);
  CHECK(*drawdown.recovery == 4);
  CHECK(near(calmar_ratio(returns, 6), total_return(returns) / 0.28));
}

TEST_CASE("the base date counts as a peak, and a drawdown may be open still") {
  const auto drawdown = max_drawdown(std::vector<double>{-0.5, 0.2}).value();
  CHECK(drawdown.depth == -0.5);
  CHECK(drawdown.peak == 0);
  CHECK_FALSE(drawdown.recovery);
}

TEST_CASE("a figure without meaning is none") {
  const std::vector<double> flat{0.1, 0.1, 0.1};
  CHECK(near(annual_volatility(flat, 252), 0));
  CHECK_FALSE(sharpe_ratio(flat, 0.01, 252));
  CHECK_FALSE(sortino_ratio(flat, 0.01, 252));
  CHECK_FALSE(max_drawdown(flat));
  CHECK_FALSE(calmar_ratio(flat, 252));
  CHECK_FALSE(annual_growth(std::vector<double>{-1.0, 0.5}, 252));
  CHECK_FALSE(annual_volatility(std::vector<double>{0.1}, 252));
  CHECK_FALSE(annual_growth({}, 252));
  CHECK_FALSE(max_drawdown({}));
}

TEST_CASE("weights drift until the end of the month, or are reset every day") {
  Eigen::MatrixXd returns(3, 2);
  returns << 1.0, 0.0, 1.0, 0.0, 1.0, 0.0;
  const std::vector<Date> dates{Date::make(2026, 1, 29).value(), Date::make(2026, 1, 30).value(),
                                Date::make(2026, 2, 2).value()};
  const Eigen::Vector2d weights(0.5, 0.5);
  CHECK(held_returns(returns, dates, weights, Reset::daily) == std::vector<double>{0.5, 0.5, 0.5});
  const auto monthly = held_returns(returns, dates, weights, Reset::monthly);
  CHECK(std::abs(monthly[0] - 0.5) < 1e-15);
  CHECK(std::abs(monthly[1] - 2.0 / 3) < 1e-15);
  CHECK(std::abs(monthly[2] - 0.5) < 1e-15);
}
