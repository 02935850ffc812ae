// What the strategies share: the contract's problem as ours, errors as failures.
#pragma once
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "core/quant/estimates.hpp"
#include "core/quant/layered_problem.hpp"
#include "plugins/support/failure.hpp"

namespace rebalancer::plugin_support {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw failure(result.error());
  return *std::move(result);
}

struct Setup {
  Estimates estimates;
  MeanVarianceProblem problem;
  double periods_per_year;
  double risk_free_rate;
  Layers layers;                           // tracking error, quadratic cost
  std::optional<Eigen::VectorXd> current;  // weights held now, when known
  double cost_rate = 0, cost_quadratic = 0;
};

// How an objective counts what trading costs.
enum class CostUnit {
  of_return,    // return - cost_rate sum |w - held| - cost_quadratic sum (w - held)^2
  of_variance,  // w'Sw   + cost_rate sum |w - held| + cost_quadratic sum (w - held)^2
};

// The shape in which a covariance may come: whoever reads its entries needs them all, N x N of them.
enum class RiskShape { dense, dense_or_factors };

namespace detail {

inline Eigen::VectorXd vector_of(const double* values, std::size_t count) {
  return Eigen::Map<const Eigen::VectorXd>(values, static_cast<Eigen::Index>(count));
}

inline EstimateOptions options_of(const rb_problem& raw) {
  EstimateOptions options{sdk::view(raw.risk_model),
                          sdk::view(raw.expected_returns),
                          raw.periods_per_year,
                          raw.risk_free_rate,
                          raw.ewma_decay,
                          {}};
  if (raw.benchmark != nullptr) options.market = {raw.benchmark, static_cast<std::size_t>(raw.prices->rows)};
  return options;
}

// The estimates of the symbols and, as one more column, of the benchmark: only so do their covariances belong together.
inline Estimates estimate_with_benchmark(const PriceView& view, const rb_problem& raw) {
  Eigen::MatrixXd values(view.values.rows(), view.values.cols() + 1);
  values << view.values, Eigen::Map<const Eigen::VectorXd>(raw.benchmark, view.values.rows());
  PriceView extended{{values.data(), values.rows(), values.cols()}, view.symbols};
  extended.symbols.push_back("the benchmark");
  return value_of(estimate(extended, options_of(raw)));
}

inline void set_trading(Setup& setup, const rb_problem& raw, CostUnit unit) {
  const auto count = setup.problem.mean.size();
  if (raw.current != nullptr) setup.current = vector_of(raw.current, static_cast<std::size_t>(count));
  setup.cost_rate = raw.cost_rate;
  setup.cost_quadratic = raw.cost_quadratic;
  for (const auto& [name, cost] : {std::pair{"cost_rate", raw.cost_rate}, {"cost_quadratic", raw.cost_quadratic}}) {
    if (!(cost >= 0) || !std::isfinite(cost)) {
      throw sdk::Failure(RB_INVALID, fmt::format("{} is {}, must be a number of at least 0", name, cost));
    }
  }
  const bool limited = raw.turnover_max < std::numeric_limits<double>::infinity();
  if (!setup.current) {
    // Nothing held that is known of: what is bought costs the same whatever it is, and there is nothing to keep.
    if (!limited) return;
    throw sdk::Failure(RB_INVALID, fmt::format("turnover_max is {:.10g}, which needs the weights held now: none are "
                                               "known",
                                               raw.turnover_max));
  }
  const bool of_return = unit == CostUnit::of_return;
  if (raw.cost_rate > 0 || limited) {
    Trading trading;
    trading.held = *setup.current;
    trading.turnover_max = raw.turnover_max;
    // The solver's objective is half the variance.
    Eigen::VectorXd& cost = of_return ? trading.return_cost : trading.variance_cost;
    if (raw.cost_rate > 0) cost = Eigen::VectorXd::Constant(count, of_return ? raw.cost_rate : 0.5 * raw.cost_rate);
    setup.problem.trading = std::move(trading);
  }
  if (raw.cost_quadratic > 0) {
    setup.layers.held = *setup.current;
    (of_return ? setup.layers.return_cost_quadratic : setup.layers.variance_cost_quadratic) =
        of_return ? raw.cost_quadratic : 0.5 * raw.cost_quadratic;
  }
}

}  // namespace detail

inline PriceView prices_of(const sdk::Problem& asked) {
  const rb_frame& prices = asked.prices();
  PriceView view{{prices.values, static_cast<Eigen::Index>(prices.rows), static_cast<Eigen::Index>(prices.cols)}, {}};
  for (const rb_str& symbol : asked.symbols()) view.symbols.push_back(sdk::view(symbol));
  return view;
}

// Everything the contract's problem says, except the rules about positions. Throws Failure for prices that cannot be
// used, for a limit on turnover without the weights held now, and for a tracking error without a benchmark.
inline Setup setup_of(const sdk::Problem& asked, CostUnit unit = CostUnit::of_return,
                      RiskShape shape = RiskShape::dense) {
  const rb_problem& raw = asked.raw();
  const PriceView view = prices_of(asked);
  const auto cols = static_cast<Eigen::Index>(view.symbols.size());
  const bool tracked = raw.tracking_error_max < std::numeric_limits<double>::infinity();
  if (tracked && raw.benchmark == nullptr) {
    throw sdk::Failure(RB_INVALID, fmt::format("tracking_error_max is {:.10g}, which needs a benchmark: there is none",
                                               raw.tracking_error_max));
  }
  EstimateOptions options = detail::options_of(raw);
  options.allow_factors = shape == RiskShape::dense_or_factors;
  Setup out{tracked ? detail::estimate_with_benchmark(view, raw) : value_of(estimate(view, options)),
            {},
            raw.periods_per_year,
            raw.risk_free_rate,
            {},
            {}};
  if (tracked) {
    Estimates& estimates = out.estimates;
    out.layers.tracking = TrackingError{estimates.covariance.col(cols).head(cols), estimates.covariance(cols, cols),
                                        raw.tracking_error_max};
    estimates.mean.conservativeResize(cols);
    estimates.standard_error.conservativeResize(cols);
    estimates.covariance = estimates.covariance.topLeftCorner(cols, cols).eval();
  }
  out.problem.mean = out.estimates.mean;
  out.problem.covariance = out.estimates.covariance;
  out.problem.factors = out.estimates.factors;
  out.problem.lower = detail::vector_of(asked.lower().data(), asked.lower().size());
  out.problem.upper = detail::vector_of(asked.upper().data(), asked.upper().size());
  out.problem.names.assign(view.symbols.begin(), view.symbols.end());
  for (const rb_group& group : asked.groups()) {
    out.problem.limits.push_back({std::string(sdk::view(group.name)),
                                  detail::vector_of(group.coefficients, asked.symbols().size()), group.lower,
                                  group.upper});
  }
  out.problem.gross_max = raw.gross_max;
  detail::set_trading(out, raw, unit);
  return out;
}

}  // namespace rebalancer::plugin_support
