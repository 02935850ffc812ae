// What the mean-variance strategies share: the contract's problem as ours, errors as failures, the report.
#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "core/base/json_text.hpp"
#include "core/quant/certificate.hpp"
#include "core/quant/estimates.hpp"
#include "core/quant/mean_variance.hpp"
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
};

inline Setup setup_of(const sdk::Problem& asked) {
  const rb_frame& prices = asked.prices();
  const rb_problem& raw = asked.raw();
  const auto rows = static_cast<Eigen::Index>(prices.rows), cols = static_cast<Eigen::Index>(prices.cols);
  PriceView view{{prices.values, rows, cols}, {}};
  for (const rb_str& symbol : asked.symbols()) view.symbols.push_back(sdk::view(symbol));
  Setup out{value_of(estimate(view, sdk::view(raw.risk_model), sdk::view(raw.expected_returns), raw.periods_per_year)),
            {},
            raw.periods_per_year,
            raw.risk_free_rate};
  const auto vector = [cols](const double* values) -> Eigen::VectorXd {
    return Eigen::Map<const Eigen::VectorXd>(values, cols);
  };
  out.problem.mean = out.estimates.mean;
  out.problem.covariance = out.estimates.covariance;
  out.problem.lower = vector(asked.lower().data());
  out.problem.upper = vector(asked.upper().data());
  out.problem.names.assign(view.symbols.begin(), view.symbols.end());
  for (const rb_group& group : asked.groups()) {
    out.problem.limits.push_back(
        {std::string(sdk::view(group.name)), vector(group.coefficients), group.lower, group.upper});
  }
  return out;
}

// How much the objective would improve per unit by which a binding constraint gave way.
struct Binding {
  std::string constraint;
  double price;
};

inline std::vector<Binding> binding_of(const MeanVarianceProblem& problem, const MeanVarianceSolution& solution,
                                       double price_factor) {
  std::vector<Binding> out;
  const auto add = [&](std::string_view name, double price, double lower, double upper, bool named) {
    // Less than this is the rounding of a constraint that touches without pressing.
    if (std::abs(price) <= 1e-14 * std::max(1e-300, problem.covariance.diagonal().maxCoeff())) return;
    const char* sign = price > 0 ? ">=" : "<=";
    out.push_back({named ? std::string(name) : fmt::format("{} {} {}", name, sign, price > 0 ? lower : upper),
                   std::abs(price) * price_factor});
  };
  for (std::size_t g = 0; g < problem.limits.size(); ++g) {
    const LinearLimit& limit = problem.limits[g];
    add(limit.name, solution.limit_prices(static_cast<Eigen::Index>(g)), limit.lower, limit.upper, true);
  }
  for (std::size_t i = 0; i < problem.names.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    add(problem.names[i], solution.bound_prices(row), problem.lower(row), problem.upper(row), false);
  }
  std::stable_sort(out.begin(), out.end(), [](const Binding& a, const Binding& b) { return a.price > b.price; });
  return out;
}

// Fills weights and report. `price_factor` turns a multiplier of 1/2 w'Sw - lambda mean'w into the objective's units.
inline void deliver(const Setup& setup, const MeanVarianceSolution& solution, double objective, double price_factor,
                    std::span<double> weights, sdk::Strategy::Report& report) {
  const MeanVarianceProblem& problem = setup.problem;
  std::copy(solution.weights.begin(), solution.weights.end(), weights.begin());
  const OptimalityProof proof = prove(problem, solution);
  report.objective = objective;
  report.kkt_residual = proof.kkt_residual;
  report.duality_gap = proof.duality_gap;
  report.max_violation = proof.max_violation;

  const double earned = expected_return(problem, solution.weights), risk = volatility(problem, solution.weights);
  JsonText json;
  json.object().key("estimates").object();
  json.member("risk_model", setup.estimates.risk_model).member("shrinkage", setup.estimates.shrinkage);
  json.member("expected_returns", setup.estimates.expected_returns).member("days", setup.estimates.days);
  json.member("periods_per_year", setup.periods_per_year).member("risk_free_rate", setup.risk_free_rate);
  json.key("symbols").object();
  for (std::size_t i = 0; i < problem.names.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    json.key(problem.names[i]).object().member("expected_return", problem.mean(row));
    json.member("volatility", std::sqrt(problem.covariance(row, row))).end();
  }
  json.end().end();
  json.member("expected_return", earned).member("volatility", risk);
  json.key("sharpe_ratio");
  risk > 0 ? json.value((earned - setup.risk_free_rate) / risk) : json.null();
  json.member("lambda", solution.lambda).member("effective_positions", 1 / solution.weights.squaredNorm());
  json.key("binding").array();
  for (const Binding& binding : binding_of(problem, solution, price_factor)) {
    json.object().member("constraint", binding.constraint).member("price", binding.price).end();
  }
  json.end().key("certificate").object().member("kkt_residual", proof.kkt_residual);
  json.member("duality_gap", proof.duality_gap).member("max_violation", proof.max_violation).end().end();
  report.json = json.str();
}

}  // namespace rebalancer::plugin_support
