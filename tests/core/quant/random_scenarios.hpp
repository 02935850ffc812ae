// Scenario problems of every awkward kind, the same for the same seed; and the slow way to their optimum.
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "core/base/random.hpp"
#include "core/quant/dense_simplex.hpp"
#include "core/quant/scenario_certificate.hpp"

namespace rebalancer::test {

enum class Market { ordinary, few_periods, twin_assets, twin_periods, integers, cash_like, constant, count };

// `grid`: of the market of integers; 64 makes them exact binary fractions, so that ties are ties.
inline ScenarioProblem random_scenarios(std::uint64_t seed, Eigen::Index count_max, Eigen::Index periods_max,
                                        double grid = 64) {
  Random random(seed);
  const auto below = [&](Eigen::Index bound) {
    return static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(bound)));
  };
  const auto market = static_cast<Market>(random.below(static_cast<std::uint64_t>(Market::count)));
  const Eigen::Index count = 1 + below(count_max);
  const Eigen::Index periods =
      market == Market::few_periods ? 1 + below(std::max<Eigen::Index>(count, 2)) : 2 + below(periods_max - 1);
  ScenarioProblem problem;
  problem.returns.resize(periods, count);
  for (Eigen::Index t = 0; t < periods; ++t) {
    const double common = random.normal();
    for (Eigen::Index j = 0; j < count; ++j) {
      problem.returns(t, j) = 0.01 * (0.05 + common + random.normal() * (1 + 0.2 * static_cast<double>(j)));
    }
  }
  if (market == Market::integers) problem.returns = (100 * problem.returns).array().round() / grid;
  if (market == Market::cash_like) problem.returns.col(0).setConstant(0.0001);
  if (market == Market::constant) problem.returns.setZero();
  for (Eigen::Index j = 1; market == Market::twin_assets && j < count; ++j) {
    if (random.below(2) == 0) problem.returns.col(j) = problem.returns.col(below(j)).eval();
  }
  for (Eigen::Index t = 1; market == Market::twin_periods && t < periods; ++t) {
    if (random.below(2) == 0) problem.returns.row(t) = problem.returns.row(below(t)).eval();
  }
  problem.lower = Eigen::VectorXd::Zero(count);
  problem.upper = Eigen::VectorXd::Ones(count);
  const double share = 1 / static_cast<double>(count);
  switch (random.below(5)) {
    case 0:
      for (Eigen::Index j = 0; j < count; ++j) {
        problem.lower(j) = 0.5 * share * random.uniform();
        problem.upper(j) = (1.1 + 2 * random.uniform()) * share;
        if (random.below(6) == 0) problem.upper(j) = problem.lower(j);
      }
      break;
    case 1:
      problem.lower.setConstant(-0.4);
      problem.upper.setConstant(0.9);
      break;
    case 2:
      problem.upper.setConstant(1.0 / static_cast<double>(1 + below(count)));
      break;
    default:
      break;
  }
  for (std::uint64_t g = random.below(3); g > 0; --g) {
    LinearLimit limit{"limit " + std::to_string(g), Eigen::VectorXd::Zero(count), -10, 10};
    for (Eigen::Index j = 0; j < count; ++j) limit.coefficients(j) = static_cast<double>(random.below(2));
    if (random.below(4) == 0) limit.coefficients(0) = random.normal();
    switch (random.below(4)) {
      case 0:
        limit.upper = random.uniform();
        break;
      case 1:
        limit.lower = 0.6 * random.uniform();
        break;
      case 2:
        limit.lower = limit.upper = 0.5;
        break;
      default:
        limit.lower = 0.1;
        limit.upper = 0.6;
    }
    problem.limits.push_back(limit);
  }
  if (random.below(2) == 0) {
    problem.held.resize(count);
    for (Eigen::Index j = 0; j < count; ++j) problem.held(j) = random.below(3) == 0 ? 0 : random.uniform();
    if (problem.held.sum() > 0) problem.held /= problem.held.sum();
    if (random.below(3) != 0) {
      problem.trade_cost = Eigen::VectorXd::Constant(count, 0.002 * random.uniform());
      if (random.below(3) == 0) problem.trade_cost(0) = 0;
    }
    if (random.below(3) != 0) problem.turnover_max = 1.5 * random.uniform();
  }
  if (random.below(3) == 0) problem.gross_max = 1 + 0.5 * random.uniform();
  for (Eigen::Index j = 0; j < count; ++j) problem.names.push_back("A" + std::to_string(j));
  return problem;
}

// The least risk, written out as one linear program in weights, trades, sizes, drawdowns and excesses.
inline std::optional<double> slow_minimum(const ScenarioProblem& problem, ScenarioRisk risk, double confidence) {
  const Eigen::Index count = problem.lower.size(), periods = problem.returns.rows();
  DenseSimplex simplex;
  using Terms = std::vector<std::pair<int, long double>>;
  std::vector<int> weight;  // above its lower bound
  Terms budget, turnover, gross;
  for (Eigen::Index j = 0; j < count; ++j) {
    const int w = simplex.add_variable(0);
    weight.push_back(w);
    budget.emplace_back(w, 1);
    simplex.add_row({{w, -1}}, problem.lower(j) - problem.upper(j), true);
    if (problem.held.size() > 0) {
      const int trade = simplex.add_variable(problem.trade_cost.size() > 0 ? problem.trade_cost(j) : 0);
      simplex.add_row({{trade, 1}, {w, -1}}, problem.lower(j) - problem.held(j), true);
      simplex.add_row({{trade, 1}, {w, 1}}, problem.held(j) - problem.lower(j), true);
      turnover.emplace_back(trade, -1);
    }
    const int size = simplex.add_variable(0);
    simplex.add_row({{size, 1}, {w, -1}}, problem.lower(j), true);
    simplex.add_row({{size, 1}, {w, 1}}, -problem.lower(j), true);
    gross.emplace_back(size, -1);
  }
  simplex.add_row(budget, 1 - static_cast<long double>(problem.lower.sum()));
  if (std::isfinite(problem.turnover_max)) simplex.add_row(turnover, -problem.turnover_max, true);
  if (std::isfinite(problem.gross_max)) simplex.add_row(gross, -problem.gross_max, true);
  for (const LinearLimit& limit : problem.limits) {
    Terms up, down;
    for (Eigen::Index j = 0; j < count; ++j) {
      up.emplace_back(weight[static_cast<std::size_t>(j)], limit.coefficients(j));
      down.emplace_back(weight[static_cast<std::size_t>(j)], -limit.coefficients(j));
    }
    const double base = limit.coefficients.dot(problem.lower);
    simplex.add_row(up, limit.lower - base, true);
    simplex.add_row(down, base - limit.upper, true);
  }
  const int level_up = simplex.add_variable(1), level_down = simplex.add_variable(-1);
  int before = -1;
  for (Eigen::Index t = 0; t < periods; ++t) {
    Terms terms;  // of the loss, or of the drawdown: added to the one before
    long double base = 0;
    for (Eigen::Index j = 0; j < count; ++j) {
      terms.emplace_back(weight[static_cast<std::size_t>(j)], problem.returns(t, j));
      base -= static_cast<long double>(problem.returns(t, j)) * static_cast<long double>(problem.lower(j));
    }
    if (risk != ScenarioRisk::conditional_value_at_risk) {
      const int drawdown = simplex.add_variable(0);
      terms.emplace_back(drawdown, 1);
      if (before >= 0) terms.emplace_back(before, -1);
      simplex.add_row(terms, base, true);
      before = drawdown;
      terms = {{drawdown, -1}};
      base = 0;
    }
    terms.emplace_back(level_up, 1);
    terms.emplace_back(level_down, -1);
    if (risk != ScenarioRisk::max_drawdown) {
      terms.emplace_back(simplex.add_variable(1 / ((1 - confidence) * static_cast<double>(periods))), 1);
    }
    simplex.add_row(terms, base, true);
  }
  return simplex.minimum();
}

}  // namespace rebalancer::test
