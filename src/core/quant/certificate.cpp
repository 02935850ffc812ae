#include "core/quant/certificate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace rebalancer {
namespace {

// S w and the sum of the sizes of its terms, the latter bounded from above where factors are given.
struct Risk {
  std::vector<double> force, terms;
};

void count_column(Risk& risk, const double* column, double weight) {
  const std::size_t count = risk.force.size();
  double* force = risk.force.data();
  double* terms = risk.terms.data();
  for (std::size_t i = 0; i < count; ++i) {
    const double term = column[i] * weight;
    force[i] += term;
    terms[i] += std::abs(term);
  }
}

Risk risk_of(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  const auto count = static_cast<std::size_t>(weights.size());
  Risk risk{std::vector<double>(count), std::vector<double>(count)};
  if (!problem.factors) {
    for (Eigen::Index k = 0; k < weights.size(); ++k) {
      if (weights(k) != 0) count_column(risk, problem.covariance.col(k).data(), weights(k));
    }
    return risk;
  }
  const FactorCovariance& factors = *problem.factors;
  for (Eigen::Index k = 0; k < factors.loadings.cols(); ++k) {
    count_column(risk, factors.loadings.col(k).data(), factors.loadings.col(k).dot(weights));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double term = factors.specific_variance(static_cast<Eigen::Index>(i)) * weights(static_cast<Eigen::Index>(i));
    risk.force[i] += term;
    risk.terms[i] += std::abs(term);
  }
  return risk;
}

double at(const Eigen::VectorXd& values, Eigen::Index index) { return values.size() == 0 ? 0.0 : values(index); }

// What one weight costs beside its gradient: trade_price |w - held| + size_price |w|, both prices not negative.
struct Bend {
  double held = 0, trade_price = 0, size_price = 0;
  [[nodiscard]] double at(double weight) const {
    return trade_price * std::abs(weight - held) + size_price * std::abs(weight);
  }
  // Slopes to the left and to the right of a weight, which stands on a kink when it is this near to it.
  static constexpr double near = 1e-12;
  [[nodiscard]] double slope(double weight, double side) const {
    const auto sign = [&](double distance) { return std::abs(distance) <= near ? side : distance < 0 ? -1.0 : 1.0; };
    return trade_price * sign(weight - held) + size_price * sign(weight);
  }
};

}  // namespace

OptimalityProof prove(const MeanVarianceProblem& problem, const MeanVarianceSolution& solution) {
  const auto count = static_cast<std::size_t>(problem.mean.size());
  const double lambda = solution.lambda;
  const bool traded = problem.trading.has_value();
  OptimalityProof proof;

  const Risk risk = risk_of(problem, solution.weights);
  // What each weight would still gain, once the budget and the limits have been paid for.
  std::vector<double> reduced(count);
  double variance_max = 0;
  for (Eigen::Index i = 0; i < problem.mean.size(); ++i) {
    variance_max = std::max(variance_max, problem.factors ? problem.factors->specific_variance(i) +
                                                                problem.factors->loadings.row(i).squaredNorm()
                                                          : std::abs(problem.covariance(i, i)));
  }
  // The sizes that rounding is measured against: terms before they cancel.
  const double floor = 1e-6 * variance_max;
  double gradient_scale = floor, objective_scale = floor, sum = 0, gross = 0, turnover = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double weight = solution.weights(row), pull = at(problem.pull, row);
    const double terms = std::abs(lambda * problem.mean(row)) + std::abs(pull) + risk.terms[i];
    gradient_scale = std::max(gradient_scale, terms);
    objective_scale += std::abs(weight) * terms;
    reduced[i] = risk.force[i] - lambda * problem.mean(row) - pull - solution.budget_price;
    sum += weight;
    gross += std::abs(weight);
    if (traded) turnover += std::abs(weight - problem.trading->held(row));
  }
  proof.max_violation = std::abs(sum - 1);
  // How far the objective lies above the bound that the prices prove, term by term; a limit without a price costs
  // nothing.
  double gap = solution.budget_price * (sum - 1);
  const auto settle = [&](double price, double distance) {
    if (price == 0) return;
    gap += std::abs(price) * distance;
    proof.kkt_residual = std::max(proof.kkt_residual, std::min(std::abs(price), std::abs(price * distance)));
  };
  for (std::size_t g = 0; g < problem.limits.size(); ++g) {
    const LinearLimit& limit = problem.limits[g];
    const double price = solution.limit_prices(static_cast<Eigen::Index>(g));
    double value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      value += limit.coefficients(row) * solution.weights(row);
      reduced[i] -= limit.coefficients(row) * price;
    }
    proof.max_violation = std::max({proof.max_violation, limit.lower - value, value - limit.upper});
    settle(price, price > 0 ? value - limit.lower : limit.upper - value);
  }
  if (std::isfinite(problem.gross_max)) {
    proof.max_violation = std::max(proof.max_violation, gross - problem.gross_max);
    settle(solution.gross_price, problem.gross_max - gross);
  }
  if (traded && std::isfinite(problem.trading->turnover_max)) {
    proof.max_violation = std::max(proof.max_violation, turnover - problem.trading->turnover_max);
    settle(solution.turnover_price, problem.trading->turnover_max - turnover);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double weight = solution.weights(row), lower = problem.lower(row), upper = problem.upper(row);
    proof.max_violation = std::max({proof.max_violation, lower - weight, weight - upper});
    Bend bend;
    bend.size_price = std::abs(solution.gross_price);
    if (traded) {
      bend.held = problem.trading->held(row);
      bend.trade_price = at(problem.trading->variance_cost, row) + lambda * at(problem.trading->return_cost, row) +
                         std::abs(solution.turnover_price);
    }
    const auto value = [&](double w) { return reduced[i] * w + bend.at(w); };
    double least = std::min(value(lower), value(upper));
    for (const double kink : std::array{bend.held, 0.0}) {
      if (kink > lower && kink < upper) least = std::min(least, value(kink));
    }
    gap += value(weight) - least;
    // A bound may explain a gradient only where the weight stands on it.
    const double left = reduced[i] + bend.slope(weight, -1), right = reduced[i] + bend.slope(weight, 1);
    double unexplained = 0;
    if (right < 0 && upper - weight > 1e-12) unexplained = -right;
    if (left > 0 && weight - lower > 1e-12) unexplained = std::max(unexplained, left);
    proof.kkt_residual = std::max(proof.kkt_residual, unexplained);
  }
  // All zero: nothing moves and nothing is expected, so nothing is left to explain.
  if (gradient_scale > 0) proof.kkt_residual /= gradient_scale;
  proof.duality_gap = objective_scale > 0 ? std::max(0.0, gap / objective_scale) : 0.0;
  proof.max_violation = std::max(0.0, proof.max_violation);
  return proof;
}

}  // namespace rebalancer
