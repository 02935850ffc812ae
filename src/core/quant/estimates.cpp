#include "core/quant/estimates.hpp"

#include <cmath>

#include "core/quant/covariance.hpp"
#include "core/quant/shrinkage.hpp"

namespace rebalancer {
namespace {

constexpr std::string_view risk_models =
    "sample, ledoit_wolf, ledoit_wolf_identity, ledoit_wolf_single_factor, oas, ewma, semicovariance";
constexpr std::string_view return_models = "arithmetic, geometric, ewma";
constexpr double ewma_decay = 0.94;
constexpr double ewma_span_days = 500;
constexpr double semicovariance_benchmark = 0.02;  // per year

}  // namespace

Result<Estimates> estimate(const PriceView& prices, std::string_view risk_model, std::string_view expected_returns,
                           double periods_per_year) {
  if (!(periods_per_year > 0) || !std::isfinite(periods_per_year)) {
    return fail(ErrorCode::invalid, "periods per year is {}, must be a positive number", periods_per_year);
  }
  const Result<Eigen::MatrixXd> returns = simple_returns(prices);
  if (!returns) return fail(returns.error());
  Estimates out;
  out.risk_model = risk_model;
  out.expected_returns = expected_returns;
  out.days = returns->rows();

  if (expected_returns == "arithmetic") {
    out.mean = arithmetic_mean(*returns, periods_per_year);
  } else if (expected_returns == "geometric") {
    out.mean = geometric_mean(*returns, periods_per_year);
  } else if (expected_returns == "ewma") {
    out.mean = exponential_mean(*returns, periods_per_year, ewma_span_days);
  } else {
    return fail(ErrorCode::invalid, "expected returns '{}' is not known; there are {}", expected_returns,
                return_models);
  }

  const auto shrunk = [&](ShrunkCovariance result) {
    out.covariance = std::move(result.covariance);
    out.shrinkage = result.intensity;
  };
  if (risk_model == "sample") {
    out.covariance = sample_covariance(*returns, periods_per_year);
  } else if (risk_model == "ledoit_wolf") {
    shrunk(shrink_to_constant_correlation(*returns, periods_per_year));
  } else if (risk_model == "ledoit_wolf_identity") {
    shrunk(shrink_to_identity(*returns, periods_per_year));
  } else if (risk_model == "ledoit_wolf_single_factor") {
    shrunk(shrink_to_single_factor(*returns, periods_per_year));
  } else if (risk_model == "oas") {
    shrunk(shrink_oracle_approximating(*returns, periods_per_year));
  } else if (risk_model == "ewma") {
    out.covariance = ewma_covariance(*returns, periods_per_year, ewma_decay);
  } else if (risk_model == "semicovariance") {
    const double benchmark = std::expm1(std::log1p(semicovariance_benchmark) / periods_per_year);
    out.covariance = semicovariance(*returns, periods_per_year, benchmark);
  } else {
    return fail(ErrorCode::invalid, "risk model '{}' is not known; there are {}", risk_model, risk_models);
  }
  if (!out.mean.allFinite() || !out.covariance.allFinite()) {
    return fail(ErrorCode::invalid, "the {} estimates of these prices are too large to be numbers", risk_model);
  }
  return out;
}

Result<Estimates> estimate(const PriceFrame& frame, std::string_view risk_model, std::string_view expected_returns,
                           double periods_per_year) {
  return estimate(view_of(frame), risk_model, expected_returns, periods_per_year);
}

}  // namespace rebalancer
