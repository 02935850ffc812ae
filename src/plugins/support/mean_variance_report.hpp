// What the mean-variance strategies tell beside the weights.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "core/base/json_text.hpp"
#include "core/quant/sensitivity.hpp"
#include "plugins/support/mean_variance.hpp"
#include "plugins/support/position_search.hpp"

namespace rebalancer::plugin_support {

// How much the objective would improve per unit by which a binding constraint gave way.
struct Binding {
  std::string constraint;
  double price;
};

struct MeanVarianceReport {
  double objective = 0;
  // Turns a multiplier of 1/2 w'Sw - lambda return into the objective's units.
  double price_factor = 1;
  // Beside the problem's own: the price of a target.
  std::vector<Binding> binding = {};
  // The optimum for other expected returns; empty: they play no part.
  std::function<Result<LayeredSolution>(const MeanVarianceProblem&)> resolve = {};
  std::function<void(JsonText&)> members = {};  // of the strategy's own, written into the report
  PositionSearch positions = {};
};

namespace detail {

inline std::vector<Binding> binding_of(const Setup& setup, const LayeredSolution& answer,
                                       const MeanVarianceReport& told) {
  const MeanVarianceProblem& problem = setup.problem;
  const MeanVarianceSolution& solution = answer.solution;
  std::vector<Binding> out = told.binding;
  // Less than this is the rounding of a constraint that touches without pressing.
  const double least = 1e-14 * std::max(1e-300, variances_of(problem).maxCoeff()) * (1 + answer.tracking_price);
  const auto add = [&](std::string name, double price) {
    if (std::abs(price) > least) out.push_back({std::move(name), std::abs(price) * told.price_factor});
  };
  for (std::size_t g = 0; g < problem.limits.size(); ++g) {
    add(problem.limits[g].name, solution.limit_prices(static_cast<Eigen::Index>(g)));
  }
  for (std::size_t i = 0; i < problem.names.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double price = solution.bound_prices(row);
    add(price > 0 ? fmt::format("{} >= {}", problem.names[i], problem.lower(row))
                  : fmt::format("{} <= {}", problem.names[i], problem.upper(row)),
        price);
  }
  if (problem.trading) {
    add(fmt::format("turnover_max {}", problem.trading->turnover_max), solution.turnover_price);
  }
  add(fmt::format("gross_max {}", problem.gross_max), solution.gross_price);
  if (setup.layers.tracking) {
    // 1/2 e^2 has the slope e.
    const double limit = setup.layers.tracking->maximum;
    add(fmt::format("tracking_error_max {}", limit), answer.tracking_price * limit);
  }
  std::stable_sort(out.begin(), out.end(), [](const Binding& a, const Binding& b) { return a.price > b.price; });
  return out;
}

inline void write_sources(JsonText& json, const Setup& setup) {
  const MeanVarianceProblem& problem = setup.problem;
  json.key("estimates").object();
  json.member("risk_model", setup.estimates.risk_model).member("shrinkage", setup.estimates.shrinkage);
  json.member("expected_returns", setup.estimates.expected_returns).member("days", setup.estimates.days);
  json.member("days_dropped", setup.estimates.days_dropped);
  json.member("periods_per_year", setup.periods_per_year).member("risk_free_rate", setup.risk_free_rate);
  json.key("symbols").object();
  const Eigen::VectorXd variance = variances_of(problem);
  for (std::size_t i = 0; i < problem.names.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    json.key(problem.names[i]).object().member("expected_return", setup.estimates.mean(row));
    json.member("volatility", std::sqrt(variance(row))).end();
  }
  json.end().end();
}

inline void write_trade(JsonText& json, const Setup& setup, const Eigen::VectorXd& weights) {
  if (!setup.current) return;
  const Eigen::VectorXd trades = weights - *setup.current;
  json.key("trade").object().member("turnover", trades.cwiseAbs().sum());
  json.member("cost", setup.cost_rate * trades.cwiseAbs().sum() + setup.cost_quadratic * trades.squaredNorm()).end();
}

inline void write_sensitivity(JsonText& json, const Setup& setup, const Eigen::VectorXd& weights,
                              const MeanVarianceReport& told) {
  if (!told.resolve || setup.estimates.standard_error.size() != setup.problem.mean.size()) return;
  MeanVarianceProblem moved = setup.problem;
  const auto resolve = [&](const Eigen::VectorXd& mean) -> Result<Eigen::VectorXd> {
    moved.mean = mean;
    Result<LayeredSolution> found = told.resolve(moved);
    if (!found) return fail(found.error());
    return std::move(found->solution.weights);
  };
  const Eigen::VectorXd& error = setup.estimates.standard_error;
  const Sensitivity told_by = sensitivity_to_returns(setup.problem.mean, error, weights, resolve,
                                                     sensitivity_assets_max(setup.problem.mean.size()));
  json.key("sensitivity").object();
  json.member("if", "one expected return is one standard error higher").member("symbols_tried", told_by.assets);
  if (told_by.most >= 0) {
    json.member("most_symbol", setup.problem.names[static_cast<std::size_t>(told_by.most)]);
    json.member("most_moved", told_by.distance_max).member("moved", told_by.distance_mean_square_root);
    json.member("most_standard_error", error(told_by.most));
  }
  json.end();
}

}  // namespace detail

// Fills weights and report.
inline void deliver(const Setup& setup, const LayeredSolution& answer, const MeanVarianceReport& told,
                    std::span<double> weights, sdk::Strategy::Report& report) {
  const Eigen::VectorXd& chosen = answer.solution.weights;
  std::copy(chosen.begin(), chosen.end(), weights.begin());
  const OptimalityProof proof = prove(setup.problem, setup.layers, answer);
  report.objective = told.objective;
  report.kkt_residual = proof.kkt_residual;
  report.duality_gap = proof.duality_gap;
  report.max_violation = proof.max_violation;

  const double earned = setup.estimates.mean.dot(chosen), risk = volatility(setup.problem, chosen);
  JsonText json;
  json.object();
  detail::write_sources(json, setup);
  json.member("expected_return", earned).member("volatility", risk).key("sharpe_ratio");
  risk > 0 ? json.value((earned - setup.risk_free_rate) / risk) : json.null();
  json.member("lambda", answer.solution.lambda).member("effective_positions", 1 / chosen.squaredNorm());
  detail::write_trade(json, setup, chosen);
  if (setup.layers.tracking) {
    json.member("tracking_error", tracking_error(setup.problem, *setup.layers.tracking, chosen));
  }
  told.positions.write(json);
  if (told.members) told.members(json);
  json.key("binding").array();
  for (const Binding& binding : detail::binding_of(setup, answer, told)) {
    json.object().member("constraint", binding.constraint).member("price", binding.price).end();
  }
  json.end();
  detail::write_sensitivity(json, setup, chosen, told);
  json.key("certificate").object().member("kkt_residual", proof.kkt_residual);
  json.member("duality_gap", proof.duality_gap).member("max_violation", proof.max_violation).end().end();
  report.json = json.str();
}

}  // namespace rebalancer::plugin_support
