#include "core/quant/estimates.hpp"

#include <cmath>
#include <vector>

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

bool needs_market(const EstimateOptions& options) {
  return options.risk_model == "single_index" || options.expected_returns == "capm";
}

Result<void> check(const PriceView& prices, const EstimateOptions& options) {
  if (!(options.periods_per_year > 0) || !std::isfinite(options.periods_per_year)) {
    return fail(ErrorCode::invalid, "periods per year is {}, must be a positive number", options.periods_per_year);
  }
  if (!std::isfinite(options.risk_free_rate)) {
    return fail(ErrorCode::invalid, "the risk-free rate is {}, must be a number", options.risk_free_rate);
  }
  if (needs_market(options) && options.market.empty()) {
    return fail(
        ErrorCode::invalid,
        "{} needs the market's prices: name a benchmark (portfolio.benchmark, or --benchmark with a price file)",
        options.risk_model == "single_index" ? "risk model single_index" : "expected returns capm");
  }
  if (needs_market(options) && static_cast<Eigen::Index>(options.market.size()) != prices.values.rows()) {
    return fail(ErrorCode::invalid, "the market has {} prices, the symbols have {} days", options.market.size(),
                prices.values.rows());
  }
  if (!(options.ewma_decay > 0 && options.ewma_decay < 1)) {
    return fail(ErrorCode::invalid, "the decay of ewma is {}, must be between 0 and 1", options.ewma_decay);
  }
  if (options.missing != "complete" && options.missing != "pairwise") {
    return fail(ErrorCode::invalid, "missing is '{}', must be complete or pairwise", options.missing);
  }
  if (options.missing == "pairwise" && (options.risk_model != "sample" || options.expected_returns == "capm")) {
    return fail(ErrorCode::invalid,
                "missing pairwise works with the risk model sample and the expected returns arithmetic, geometric or "
                "ewma; asked are {} and {}",
                options.risk_model, options.expected_returns);
  }
  return {};
}

// Returns and what was left out for want of prices.
struct Sample {
  Eigen::MatrixXd returns;
  Eigen::VectorXd market;  // where it is needed
  Eigen::Index days = 0, days_dropped = 0;
  std::string shortest_symbol;
  Eigen::Index shortest_days = 0;
};

Result<Sample> complete_sample(const PriceView& prices, const EstimateOptions& options) {
  // The market is one more column of the prices, so that its returns run between the same days.
  const bool with_market = needs_market(options);
  Eigen::MatrixXd values;
  std::vector<std::string_view> symbols = prices.symbols;
  if (with_market) {
    values.resize(prices.values.rows(), prices.values.cols() + 1);
    values << prices.values, Eigen::Map<const Eigen::VectorXd>(options.market.data(), prices.values.rows());
    symbols.push_back("the benchmark");
  }
  const PriceView used{{with_market ? values.data() : prices.values.data(), prices.values.rows(),
                        prices.values.cols() + (with_market ? 1 : 0)},
                       std::move(symbols)};
  Result<Eigen::MatrixXd> returns = simple_returns(used);
  if (!returns) return fail(returns.error());
  Sample out;
  out.returns = std::move(*returns);
  out.days = out.returns.rows();
  out.days_dropped = used.values.rows() - out.days - 1;
  if (out.days_dropped > 0) {
    Eigen::Index scarce = 0;
    out.shortest_days = return_counts(used.values).minCoeff(&scarce);
    out.shortest_symbol = used.symbols[static_cast<std::size_t>(scarce)];
  }
  if (with_market) {
    out.market = out.returns.col(prices.values.cols());
    out.returns.conservativeResize(Eigen::NoChange, prices.values.cols());
  }
  return out;
}

Result<Sample> pairwise_sample(const PriceView& prices) {
  Result<Eigen::MatrixXd> returns = returns_with_gaps(prices);
  if (!returns) return fail(returns.error());
  Sample out;
  out.returns = std::move(*returns);
  Eigen::Index scarce = 0;
  const Eigen::VectorX<Eigen::Index> counts = return_counts(out.returns);
  out.days = counts.maxCoeff();
  out.shortest_days = counts.minCoeff(&scarce);
  if (out.shortest_days < out.returns.rows()) {
    out.shortest_symbol = prices.symbols[static_cast<std::size_t>(scarce)];
  }
  return out;
}

Result<Eigen::VectorXd> mean_of(const Sample& sample, const EstimateOptions& options) {
  const double per_year = options.periods_per_year;
  if (options.expected_returns == "arithmetic") return arithmetic_mean(sample.returns, per_year);
  if (options.expected_returns == "geometric") return geometric_mean(sample.returns, per_year);
  if (options.expected_returns == "ewma") return exponential_mean(sample.returns, per_year, ewma_span_days);
  if (options.expected_returns == "capm") {
    return capm_mean(sample.returns, sample.market, per_year, options.risk_free_rate);
  }
  return fail(ErrorCode::invalid, "expected returns '{}' is not known; there are {}", options.expected_returns,
              return_models);
}

Result<void> set_risk(Estimates& out, const Sample& sample, const PriceView& prices, const EstimateOptions& options) {
  const double per_year = options.periods_per_year;
  const Eigen::MatrixXd& returns = sample.returns;
  const auto shrunk = [&out](ShrunkCovariance result) {
    out.covariance = std::move(result.covariance);
    out.shrinkage = result.intensity;
  };
  const std::string_view risk_model = options.risk_model;
  if (risk_model == "sample" && options.missing == "pairwise") {
    Result<Eigen::MatrixXd> covariance = pairwise_covariance(returns, prices.symbols, per_year);
    if (!covariance) return fail(covariance.error());
    out.covariance = std::move(*covariance);
  } else if (risk_model == "sample" && options.allow_factors && returns.rows() < returns.cols()) {
    const double scale = std::sqrt(per_year / static_cast<double>(returns.rows() - 1));
    out.factors = FactorCovariance{centered(returns).transpose() * scale, Eigen::VectorXd::Zero(returns.cols())};
  } else if (risk_model == "sample") {
    out.covariance = sample_covariance(returns, per_year);
  } else if (risk_model == "ledoit_wolf") {
    shrunk(shrink_to_constant_correlation(returns, per_year));
  } else if (risk_model == "ledoit_wolf_identity") {
    shrunk(shrink_to_identity(returns, per_year));
  } else if (risk_model == "ledoit_wolf_single_factor") {
    shrunk(shrink_to_single_factor(returns, per_year));
  } else if (risk_model == "oas") {
    shrunk(shrink_oracle_approximating(returns, per_year));
  } else if (risk_model == "ewma") {
    out.covariance = ewma_covariance(returns, per_year, options.ewma_decay);
  } else if (risk_model == "semicovariance") {
    out.covariance = semicovariance(returns, per_year, std::expm1(std::log1p(semicovariance_benchmark) / per_year));
  } else if (risk_model == "single_index") {
    Result<FactorCovariance> model = single_index_model(returns, sample.market, per_year);
    if (!model) return fail(model.error());
    if (options.allow_factors) {
      out.factors = std::move(*model);
    } else {
      out.covariance = dense(*model);
    }
  } else {
    return fail(ErrorCode::invalid, "risk model '{}' is not known; there are {}", risk_model, risk_models);
  }
  return {};
}

bool all_finite(const Estimates& estimates) {
  return estimates.mean.allFinite() && estimates.standard_error.allFinite() && estimates.covariance.allFinite() &&
         (!estimates.factors ||
          (estimates.factors->loadings.allFinite() && estimates.factors->specific_variance.allFinite()));
}

}  // namespace

Result<Estimates> estimate(const PriceView& prices, const EstimateOptions& options) {
  if (const Result<void> usable = check(prices, options); !usable) return fail(usable.error());
  Result<Sample> sample = options.missing == "pairwise" ? pairwise_sample(prices) : complete_sample(prices, options);
  if (!sample) return fail(sample.error());
  Result<Eigen::VectorXd> mean = mean_of(*sample, options);
  if (!mean) return fail(mean.error());
  Estimates out;
  out.mean = std::move(*mean);
  out.risk_model = options.risk_model;
  out.expected_returns = options.expected_returns;
  out.days = sample->days;
  out.days_dropped = sample->days_dropped;
  out.shortest_symbol = std::move(sample->shortest_symbol);
  out.shortest_days = sample->shortest_days;
  out.standard_error = standard_error_of_mean(sample->returns, options.periods_per_year);
  if (const Result<void> set = set_risk(out, *sample, prices, options); !set) return fail(set.error());
  if (!all_finite(out)) {
    return fail(ErrorCode::invalid, "the {} estimates of these prices are too large to be numbers", out.risk_model);
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
