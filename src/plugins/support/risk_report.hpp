// What the strategies share whose weights come from a rule about risk: their limits, and their report.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <rebalancer/plugin.hpp>

#include "core/base/json_text.hpp"
#include "core/quant/nearest_weights.hpp"
#include "plugins/support/mean_variance.hpp"

namespace rebalancer::plugin_support {

// Throws Failure RB_CONFLICT naming a setting that such weights cannot be moved to keep: what is nearest to them under
// it is not a convex question, or would be one about another risk than theirs.
[[noreturn]] inline void refuse_setting(std::string_view setting, double value, std::string_view strategy) {
  throw sdk::Failure(RB_CONFLICT, fmt::format("{} is {:.10g}, but {} cannot keep such a limit: take it away, or use "
                                              "another strategy",
                                              setting, value, strategy));
}

inline void refuse_tracking_error(const rb_problem& raw, std::string_view strategy) {
  if (raw.tracking_error_max < std::numeric_limits<double>::infinity()) {
    refuse_setting("tracking_error_max", raw.tracking_error_max, strategy);
  }
}

inline void refuse_settings(const rb_problem& raw, std::string_view strategy) {
  refuse_tracking_error(raw, strategy);
  if (raw.position_min > 0) refuse_setting("position_min", raw.position_min, strategy);
  if (raw.positions_max > 0) refuse_setting("positions_max", static_cast<double>(raw.positions_max), strategy);
}

// `wanted`, or the nearest weights to them that keep every bound and limit.
inline NearestWeights within_limits(const sdk::Problem& asked, const Setup& setup, const Eigen::VectorXd& wanted) {
  const rb_problem& raw = asked.raw();  // setup_of has seen that a limit on turnover comes with the weights held
  MeanVarianceProblem problem{
      {}, {}, setup.problem.lower, setup.problem.upper, setup.problem.limits, setup.problem.names};
  problem.gross_max = raw.gross_max;
  if (raw.turnover_max < std::numeric_limits<double>::infinity()) {
    problem.trading = Trading{Eigen::Map<const Eigen::VectorXd>(raw.current, wanted.size()), {}, {}, raw.turnover_max};
  }
  return value_of(nearest_weights(problem, wanted));
}

struct RiskReport {
  double objective = std::numeric_limits<double>::quiet_NaN();
  std::optional<OptimalityProof> proof;      // of the weights before they were moved
  const Eigen::VectorXd* budgets = nullptr;  // wanted shares of the risk
  std::function<void(JsonText&)> members;    // of the strategy's own, written into the report
};

namespace detail {

inline void write_estimates(JsonText& json, const Setup& setup) {
  const MeanVarianceProblem& problem = setup.problem;
  json.key("estimates").object();
  json.member("risk_model", setup.estimates.risk_model).member("shrinkage", setup.estimates.shrinkage);
  json.member("expected_returns", setup.estimates.expected_returns).member("days", setup.estimates.days);
  json.member("periods_per_year", setup.periods_per_year).member("risk_free_rate", setup.risk_free_rate);
  json.key("symbols").object();
  for (std::size_t i = 0; i < problem.names.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    json.key(problem.names[i]).object().member("expected_return", setup.estimates.mean(row));
    json.member("volatility", std::sqrt(setup.estimates.covariance(row, row))).end();
  }
  json.end().end();
}

inline void write_contributions(JsonText& json, const Setup& setup, const Eigen::VectorXd& weights,
                                const Eigen::VectorXd& force, double variance, const Eigen::VectorXd* budgets) {
  json.key("contributions").object();
  for (std::size_t i = 0; i < setup.problem.names.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    json.key(setup.problem.names[i]).object().key("of_risk");
    variance > 0 ? json.value(weights(row) * force(row) / variance) : json.null();
    if (budgets != nullptr) json.member("budget", (*budgets)(row));
    json.end();
  }
  json.end();
}

inline void write_proof(JsonText& json, std::string_view name, const OptimalityProof& proof) {
  json.key(name).object().member("kkt_residual", proof.kkt_residual);
  json.member("duality_gap", proof.duality_gap).member("max_violation", proof.max_violation).end();
}

// What held the weights back from the wanted ones; a price is how much half the squared distance to those would fall
// per unit by which the limit gave way.
inline void write_binding(JsonText& json, const Setup& setup, const NearestWeights& nearest) {
  constexpr double least_price = 1e-12;
  json.key("binding").array();
  const auto add = [&](const std::string& constraint, double price) {
    if (std::abs(price) <= least_price) return;
    json.object().member("constraint", constraint).member("price", std::abs(price)).end();
  };
  if (nearest.moved > 0) {
    const MeanVarianceProblem& problem = setup.problem;
    const MeanVarianceSolution& solution = nearest.solution;
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
    add("turnover_max", solution.turnover_price);
    add("gross_max", solution.gross_price);
  }
  json.end();
}

}  // namespace detail

// Fills weights and report; the certificate is of the nearest weights when these moved.
inline void deliver_risk(const Setup& setup, const NearestWeights& nearest, const RiskReport& told,
                         std::span<double> weights, sdk::Strategy::Report& report) {
  std::copy(nearest.weights.begin(), nearest.weights.end(), weights.begin());
  const bool moved = nearest.moved > 0;
  const std::optional<OptimalityProof> proof = moved ? nearest.proof : told.proof;
  report.objective = told.objective;
  if (proof) {
    report.kkt_residual = proof->kkt_residual;
    report.duality_gap = proof->duality_gap;
    report.max_violation = proof->max_violation;
  }
  const Eigen::VectorXd force = setup.estimates.covariance * nearest.weights;
  const double variance = nearest.weights.dot(force), risk = std::sqrt(std::max(0.0, variance));
  const double earned = setup.estimates.mean.dot(nearest.weights);
  JsonText json;
  json.object();
  detail::write_estimates(json, setup);
  if (told.members) told.members(json);
  json.member("expected_return", earned).member("volatility", risk).key("sharpe_ratio");
  risk > 0 ? json.value((earned - setup.risk_free_rate) / risk) : json.null();
  json.member("effective_positions", 1 / nearest.weights.squaredNorm());
  detail::write_contributions(json, setup, nearest.weights, force, variance, told.budgets);
  if (moved) json.member("moved_to_keep_limits", nearest.moved);
  detail::write_binding(json, setup, nearest);
  if (proof) detail::write_proof(json, "certificate", *proof);
  if (moved && told.proof) detail::write_proof(json, "certificate_before_limits", *told.proof);
  json.end();
  report.json = json.str();
}

// A strategy that is a rule from the covariance to weights, with no problem of its own.
template <class Rule>
void solve_by_rule(const sdk::Problem& asked, std::string_view name, const Rule& rule, std::span<double> weights,
                   sdk::Strategy::Report& report) {
  refuse_settings(asked.raw(), name);
  const Setup setup = setup_of(asked);
  const Eigen::VectorXd wanted = value_of(rule(setup.estimates.covariance, setup.problem.names));
  deliver_risk(setup, within_limits(asked, setup, wanted), {}, weights, report);
}

}  // namespace rebalancer::plugin_support
