#include "core/quant/estimates.hpp"

#include <cmath>
#include <new>

#include "core/quant/covariance.hpp"
#include "core/quant/market_model.hpp"
#include "core/quant/shrinkage.hpp"

namespace rebalancer {
namespace {

constexpr std::string_view risk_models =
    "sample, ledoit_wolf, ledoit_wolf_identity, ledoit_wolf_single_factor, oas, ewma, semicovariance, "
    "single_index";
constexpr std::string_view return_models = "arithmetic, geometric, ewma, capm";
constexpr double ewma_span_days = 500;
constexpr double semicovariance_benchmark = 0.02;  // per year

struct PriceFrameColumns {
  Eigen::MatrixXd values;
  PriceView view;
  PriceFrameColumns(const PriceView& prices, std::span<const double> market)
      : values(prices.values.rows(), prices.values.cols() + 1), view{{nullptr, 0, 0}, prices.symbols} {
    values.leftCols(prices.values.cols()) = prices.values;
    values.col(prices.values.cols()) = Eigen::Map<const Eigen::VectorXd>(market.data(), values.rows());
    view.symbols.push_back("the benchmark");
    new (&view.values) Eigen::Map<const Eigen::MatrixXd>(values.data(), values.rows(), values.cols());
  }
  PriceFrameColumns(const PriceFrameColumns&) = delete;
  PriceFrameColumns& operator=(const PriceFrameColumns&) = delete;
};

}  // namespace

Result<Estimates> estimate(const PriceView& prices, const EstimateOptions& options) {
  const double periods_per_year = options.periods_per_year;
  if (!(periods_per_year > 0) || !std::isfinite(periods_per_year)) {
    return fail(ErrorCode::invalid, "periods per year is {}, must be a positive number", periods_per_year);
  }
  const bool of_market = options.risk_model == "single_index" || options.expected_returns == "capm";
  if (of_market && options.market.empty()) {
    return fail(
        ErrorCode::invalid,
        "{} needs the market's prices: name a benchmark (portfolio.benchmark, or --benchmark with a price file)",
        options.risk_model == "single_index" ? "risk model single_index" : "expected returns capm");
  }
  if (!(options.ewma_decay > 0 && options.ewma_decay < 1)) {
    return fail(ErrorCode::invalid, "the decay of ewma is {}, must be between 0 and 1", options.ewma_decay);
  }
  // The market is one more column of the prices, so that its returns run between the same days.
  std::optional<PriceFrameColumns> with_market;
  if (of_market) {
    if (static_cast<Eigen::Index>(options.market.size()) != prices.values.rows()) {
      return fail(ErrorCode::invalid, "the market has {} prices, the symbols have {} days", options.market.size(),
                  prices.values.rows());
    }
    with_market.emplace(prices, options.market);
  }
  const PriceView& used = with_market ? with_market->view : prices;
  Result<Eigen::MatrixXd> all = simple_returns(used);
  if (!all) return fail(all.error());
  const Eigen::Index count = prices.values.cols();
  const Eigen::VectorXd market = of_market ? Eigen::VectorXd(all->col(count)) : Eigen::VectorXd();
  if (of_market) all->conservativeResize(Eigen::NoChange, count);
  const Eigen::MatrixXd& returns = *all;
  Estimates out;
  out.risk_model = options.risk_model;
  out.expected_returns = options.expected_returns;
  out.days = returns.rows();
  out.days_dropped = prices.values.rows() - static_cast<Eigen::Index>(complete_rows(used).size());
  out.standard_error = standard_error_of_mean(returns, periods_per_year);

  if (options.expected_returns == "arithmetic") {
    out.mean = arithmetic_mean(returns, periods_per_year);
  } else if (options.expected_returns == "geometric") {
    out.mean = geometric_mean(returns, periods_per_year);
  } else if (options.expected_returns == "ewma") {
    out.mean = exponential_mean(returns, periods_per_year, ewma_span_days);
  } else if (options.expected_returns == "capm") {
    const Result<Eigen::VectorXd> mean = capm_mean(returns, market, periods_per_year, options.risk_free_rate);
    if (!mean) return fail(mean.error());
    out.mean = *mean;
  } else {
    return fail(ErrorCode::invalid, "expected returns '{}' is not known; there are {}", options.expected_returns,
                return_models);
  }

  const auto shrunk = [&](ShrunkCovariance result) {
    out.covariance = std::move(result.covariance);
    out.shrinkage = result.intensity;
  };
  const std::string_view risk_model = options.risk_model;
  if (risk_model == "sample") {
    out.covariance = sample_covariance(returns, periods_per_year);
  } else if (risk_model == "ledoit_wolf") {
    shrunk(shrink_to_constant_correlation(returns, periods_per_year));
  } else if (risk_model == "ledoit_wolf_identity") {
    shrunk(shrink_to_identity(returns, periods_per_year));
  } else if (risk_model == "ledoit_wolf_single_factor") {
    shrunk(shrink_to_single_factor(returns, periods_per_year));
  } else if (risk_model == "oas") {
    shrunk(shrink_oracle_approximating(returns, periods_per_year));
  } else if (risk_model == "ewma") {
    out.covariance = ewma_covariance(returns, periods_per_year, options.ewma_decay);
  } else if (risk_model == "semicovariance") {
    const double benchmark = std::expm1(std::log1p(semicovariance_benchmark) / periods_per_year);
    out.covariance = semicovariance(returns, periods_per_year, benchmark);
  } else if (risk_model == "single_index") {
    const Result<FactorCovariance> model = single_index_model(returns, market, periods_per_year);
    if (!model) return fail(model.error());
    out.covariance = dense(*model);
  } else {
    return fail(ErrorCode::invalid, "risk model '{}' is not known; there are {}", risk_model, risk_models);
  }
  if (!out.mean.allFinite() || !out.covariance.allFinite()) {
    return fail(ErrorCode::invalid, "the {} estimates of these prices are too large to be numbers", risk_model);
  }
  return out;
}

Result<Estimates> estimate(const PriceFrame& frame, const EstimateOptions& options) {
  return estimate(view_of(frame), options);
}

Result<Estimates> estimate(const PriceView& prices, std::string_view risk_model, std::string_view expected_returns,
                           double periods_per_year) {
  EstimateOptions options;
  options.risk_model = risk_model;
  options.expected_returns = expected_returns;
  options.periods_per_year = periods_per_year;
  return estimate(prices, options);
}

Result<Estimates> estimate(const PriceFrame& frame, std::string_view risk_model, std::string_view expected_returns,
                           double periods_per_year) {
  return estimate(view_of(frame), risk_model, expected_returns, periods_per_year);
}

}  // namespace rebalancer
