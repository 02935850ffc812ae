#include "core/quant/risk_parity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Cholesky>

#include "core/quant/inverse_risk.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

constexpr double wanted_error = 1e-14;
constexpr double good_error = 1e-13;
constexpr double error_max = 1e-6;
constexpr int sweeps_max = 200;
constexpr int newton_steps_max = 200;
// A portfolio whose volatility is less than this share of its largest position's: hardly more than the rounding of the
// covariance is left of their risk.
constexpr double hedge_share = 1e-5;
constexpr double least_budget = 1e-12;       // of the largest
constexpr double more_than_rounding = 1e-9;  // of a variance below zero, as a share of the positions' variances

double dot(const Eigen::MatrixXd& covariance, Eigen::Index column, const Eigen::VectorXd& values) {
  return kernels::dot(covariance.col(column).data(), values.data(), static_cast<std::size_t>(values.size()));
}

// Largest relative error of a contribution; at the optimum y'Sy is the sum of the budgets, 1.
double error_of(const Eigen::VectorXd& contributions, const Eigen::VectorXd& budgets) {
  return ((contributions - budgets).array() / budgets.array()).abs().maxCoeff();
}

Eigen::VectorXd force_of(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& y) {
  Eigen::VectorXd out(y.size());
  for (Eigen::Index i = 0; i < y.size(); ++i) out(i) = dot(covariance, i, y);
  return out;
}

Eigen::VectorXd contributions_of(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& y) {
  return y.cwiseProduct(force_of(covariance, y));
}

// At the optimum y'Sy is one. Far above it, either y has yet to come down, or it hedges itself.
bool is_hedge(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& y) {
  const double largest = y.cwiseProduct(covariance.diagonal().cwiseSqrt()).maxCoeff();
  if (largest * hedge_share < 1) return false;
  return !(contributions_of(covariance, y).sum() > hedge_share * hedge_share * largest * largest);
}

// Each y_i in turn to the positive root of S_ii y^2 + (rest) y - b_i = 0, its optimum given the others. Returns the
// largest relative error met on the way.
double sweep(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets, Eigen::VectorXd& y) {
  double worst = 0;
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    const double variance = covariance(i, i), budget = budgets(i), force = dot(covariance, i, y);
    worst = std::max(worst, std::abs(y(i) * force - budget) / budget);
    const double rest = force - variance * y(i);
    const double root = std::sqrt(rest * rest + 4 * variance * budget);
    y(i) = rest > 0 ? 2 * budget / (rest + root) : (root - rest) / (2 * variance);
  }
  return worst;
}

// While a sweep takes off enough: a Newton step costs as much as very many of them.
int sweep_down(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets, Eigen::VectorXd& y) {
  constexpr double slow = 0.7;
  constexpr int patience = 5;
  double best = std::numeric_limits<double>::infinity();
  int idle = 0;
  for (int sweeps = 1; sweeps <= sweeps_max; ++sweeps) {
    const double error = sweep(covariance, budgets, y);
    if (error <= wanted_error || is_hedge(covariance, y)) return sweeps;
    idle = error < slow * best ? 0 : idle + 1;
    best = std::min(best, error);
    if (idle >= (best <= good_error ? 1 : patience)) return sweeps;
  }
  return sweeps_max;
}

Error not_semidefinite() {
  return {ErrorCode::invalid, "the covariance is not positive semidefinite: some portfolio has a negative variance"};
}

// Of a y that hedges itself.
Error explain_hedge(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& y,
                    const std::vector<std::string>& names) {
  const Eigen::VectorXd risk = y.cwiseProduct(covariance.diagonal().cwiseSqrt());
  if (contributions_of(covariance, y).sum() < -more_than_rounding * risk.squaredNorm()) return not_semidefinite();
  constexpr std::size_t listed_max = 5;
  std::string listed;
  std::size_t count = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (risk(static_cast<Eigen::Index>(i)) < 1e-3 * risk.maxCoeff()) continue;
    if (++count <= listed_max) listed += (count > 1 ? ", " : "") + names[i];
  }
  if (count > listed_max) listed += fmt::format(" and {} more", count - listed_max);
  return {
      ErrorCode::invalid,
      fmt::format("a long-only portfolio of {} has no volatility to speak of, less than {} of its parts': there is no "
                  "risk to divide among them",
                  listed, hedge_share)};
}

// Newton's method for y in ratios u = dy / y, whose matrix YSY + diag(b) is well scaled whatever the units, with a
// search along the step far from the optimum. Keeps the best y met.
Result<int> newton(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets,
                   const std::vector<std::string>& names, Eigen::VectorXd& y) {
  Eigen::VectorXd contributions = contributions_of(covariance, y), best = y;
  double best_error = error_of(contributions, budgets);
  int idle = 0, steps = 0;
  for (; steps < newton_steps_max && best_error > wanted_error && idle < 2; ++steps) {
    Eigen::MatrixXd matrix = y.asDiagonal() * covariance * y.asDiagonal();
    matrix.diagonal() += budgets;
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> cholesky(matrix);
    if (cholesky.info() != Eigen::Success) {
      // Only a negative variance can do that: of rounding, if the budgets are so small beside what the positions
      // cancel.
      const double scale = (y.array().square() * covariance.diagonal().array()).maxCoeff();
      if (budgets.minCoeff() > more_than_rounding * scale) return fail(not_semidefinite());
      break;
    }
    const Eigen::VectorXd missing = budgets - contributions;
    const Eigen::VectorXd step = cholesky.solve(missing);
    const double gain = missing.dot(step);  // of the objective's linear part; squared Newton decrement
    double length = std::min(1.0, 0.99 / std::max(1e-300, -step.minCoeff()));
    if (gain > 1e-12) {
      const Eigen::VectorXd moved = y.cwiseProduct(step);
      const double curvature = moved.dot(force_of(covariance, moved));
      const double slope = contributions.dot(step);
      const auto change = [&](double t) {
        return t * slope + 0.5 * t * t * curvature - budgets.dot((t * step.array()).log1p().matrix());
      };
      while (length > 1e-10 && !(change(length) <= -1e-4 * length * gain)) length /= 2;
    }
    y = y.array() * (1 + length * step.array());
    if (is_hedge(covariance, y)) return fail(explain_hedge(covariance, y, names));
    contributions = contributions_of(covariance, y);
    const double error = error_of(contributions, budgets);
    idle = gain > 1e-12 || error < 0.5 * best_error ? 0 : idle + 1;
    if (error < best_error) {
      best_error = error;
      best = y;
    }
  }
  y = best;
  return steps;
}

// How much larger than a contribution the terms are of which it is the sum: by this factor rounding shows.
double lost_digits(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets, const Eigen::VectorXd& y) {
  const Eigen::VectorXd terms = covariance.cwiseAbs() * y;
  return std::max(1.0, (y.array() * terms.array() / budgets.array()).maxCoeff());
}

Result<void> check(const Eigen::VectorXd& budgets, const std::vector<std::string>& names) {
  if (budgets.size() != static_cast<Eigen::Index>(names.size())) {
    return fail(ErrorCode::invalid, "there are {} risk budgets, must be one for each of the {} symbols", budgets.size(),
                names.size());
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double budget = budgets(static_cast<Eigen::Index>(i));
    if (!(budget > 0) || !std::isfinite(budget)) {
      return fail(ErrorCode::invalid, "risk budget of {} is {}, must be a positive number", names[i], budget);
    }
    if (budget < least_budget * budgets.maxCoeff()) {
      return fail(ErrorCode::invalid, "risk budget of {} is {}, must be at least {} of the largest, {}", names[i],
                  budget, least_budget, budgets.maxCoeff());
    }
  }
  return {};
}

}  // namespace

Result<RiskParity> risk_parity(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets,
                               const std::vector<std::string>& names) {
  if (auto usable = require_volatility(covariance, names); !usable) return fail(usable.error());
  if (auto usable = check(budgets, names); !usable) return fail(usable.error());
  RiskParity out;
  // First by the largest, so that the sum is a number.
  out.budgets = budgets / budgets.maxCoeff();
  out.budgets /= out.budgets.sum();

  // Right when nothing is correlated.
  Eigen::VectorXd y = (out.budgets.array() / covariance.diagonal().array()).sqrt();
  const double variance = contributions_of(covariance, y).sum();
  if (variance > 0) y /= std::sqrt(variance);
  out.sweeps = sweep_down(covariance, out.budgets, y);
  if (is_hedge(covariance, y)) return fail(explain_hedge(covariance, y, names));
  if (error_of(contributions_of(covariance, y), out.budgets) > good_error) {
    const Result<int> steps = newton(covariance, out.budgets, names, y);
    if (!steps) return fail(steps.error());
    out.newton_steps = *steps;
  }
  out.weights = y / y.sum();
  const Eigen::VectorXd contributions = contributions_of(covariance, out.weights);
  const double error = error_of(contributions / contributions.sum(), out.budgets);
  if (!(error <= good_error * lost_digits(covariance, out.budgets, y) && error <= error_max)) {
    return fail(ErrorCode::exhausted,
                "risk contributions differ from their budgets by a share of {:.3g}, must be at most {}: positions that "
                "cancel each other leave too few digits",
                error, error_max);
  }
  return out;
}

}  // namespace rebalancer
