#include "core/quant/scenario_certificate.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {
namespace {

constexpr double at_kink_within = 1e-12;  // of a weight

struct Support {  // risk(w) >= slope'w + constant
  Eigen::VectorXd slope;
  double constant = 0;
  double breach = 0;  // of the conditions that make this true, as a share
};

double above(double value) { return std::max(value, 0.0); }

// At most `price` of each period, one in all; a drawdown's exposure grows by what begins at a peak and shrinks by what
// ends in a trough, so that it can nowhere shrink by more than the tail's share there.
Support support_of(const ScenarioProblem& problem, const ScenarioSolution& solution, ScenarioRisk risk,
                   double parameter) {
  const Eigen::Index periods = problem.returns.rows();
  const Eigen::VectorXd& exposure = solution.exposure;
  Support out;
  out.slope = Eigen::VectorXd::Zero(problem.returns.cols());
  for (Eigen::Index j = 0; j < problem.returns.cols(); ++j) {
    long double sum = 0;
    for (Eigen::Index t = 0; t < periods; ++t) {
      sum -= static_cast<long double>(exposure(t)) * static_cast<long double>(problem.returns(t, j));
    }
    out.slope(j) = static_cast<double>(sum);
  }
  const double count = static_cast<double>(periods);
  for (Eigen::Index t = 0; t < periods; ++t) out.breach = std::max(out.breach, -exposure(t));
  if (risk == ScenarioRisk::semivariance) {
    for (Eigen::Index t = 0; t < periods; ++t) {
      out.constant += parameter * exposure(t) - count / 4 * exposure(t) * exposure(t);
    }
    return out;
  }
  const double price = risk == ScenarioRisk::max_drawdown ? 1 : 1 / ((1 - parameter) * count);
  double sum = 0;
  for (Eigen::Index t = 0; t < periods; ++t) {
    const double share = solution.tail(t);
    sum += share;
    out.breach = std::max({out.breach, -share, share / price - 1});
    if (risk == ScenarioRisk::conditional_value_at_risk) {
      out.breach = std::max(out.breach, std::abs(share - exposure(t)));
    } else {
      const double next = t + 1 < periods ? exposure(t + 1) : 0;
      out.breach = std::max(out.breach, exposure(t) - next - share);
    }
  }
  out.breach = std::max(out.breach, std::abs(sum - 1));
  return out;
}

// From above, whatever the level.
double risk_of(const ScenarioProblem& problem, const ScenarioSolution& solution, ScenarioRisk risk, double parameter) {
  const Eigen::Index periods = problem.returns.rows();
  const double count = static_cast<double>(periods);
  double total = 0, earned = 0, peak = 0, deepest = 0;
  for (Eigen::Index t = 0; t < periods; ++t) {
    double gain = 0;
    for (Eigen::Index j = 0; j < problem.returns.cols(); ++j) gain += problem.returns(t, j) * solution.weights(j);
    earned += gain;
    peak = std::max(peak, earned);
    const double fall = peak - earned;
    deepest = std::max(deepest, fall);
    if (risk == ScenarioRisk::semivariance) total += above(parameter - gain) * above(parameter - gain);
    if (risk == ScenarioRisk::conditional_value_at_risk) total += above(-gain - solution.level);
    if (risk == ScenarioRisk::conditional_drawdown_at_risk) total += above(fall - solution.level);
  }
  if (risk == ScenarioRisk::max_drawdown) return deepest;
  if (risk == ScenarioRisk::semivariance) return total / count;
  return solution.level + total / ((1 - parameter) * count);
}

// What one asset's returns come to in the risk's unit: where the optimum is no risk at all, there is no other measure.
double typical_risk(const ScenarioProblem& problem, ScenarioRisk risk) {
  double most = 0;
  for (Eigen::Index j = 0; j < problem.returns.cols(); ++j) {
    const auto returns = problem.returns.col(j).array();
    most = std::max(most, risk == ScenarioRisk::semivariance ? returns.square().mean() : returns.abs().mean());
  }
  return most;
}

double violation_of(const ScenarioProblem& problem, const Eigen::VectorXd& weights) {
  double worst = std::abs(weights.sum() - 1), gross = 0, turnover = 0;
  for (Eigen::Index j = 0; j < weights.size(); ++j) {
    worst = std::max({worst, problem.lower(j) - weights(j), weights(j) - problem.upper(j)});
    gross += std::abs(weights(j));
    if (problem.held.size() > 0) turnover += std::abs(weights(j) - problem.held(j));
  }
  for (const LinearLimit& limit : problem.limits) {
    const double value = limit.coefficients.dot(weights);
    worst = std::max({worst, limit.lower - value, value - limit.upper});
  }
  return std::max({worst, gross - problem.gross_max, turnover - problem.turnover_max});
}

}  // namespace

OptimalityProof prove(const ScenarioProblem& problem, const ScenarioSolution& solution, ScenarioRisk risk,
                      double parameter) {
  const Eigen::VectorXd& weights = solution.weights;
  const Support support = support_of(problem, solution, risk, parameter);
  const double turnover_price = std::abs(solution.turnover_price), gross_price = std::abs(solution.gross_price);
  double objective = risk_of(problem, solution, risk, parameter), residual = 0;

  double bound = support.constant + solution.budget_price;
  for (std::size_t g = 0; g < problem.limits.size(); ++g) {
    const double price = solution.limit_prices(static_cast<Eigen::Index>(g));
    if (price != 0) bound += price * (price > 0 ? problem.limits[g].lower : problem.limits[g].upper);
  }
  if (turnover_price > 0) bound -= turnover_price * problem.turnover_max;
  if (gross_price > 0) bound -= gross_price * problem.gross_max;

  double scale = std::max(std::abs(objective), typical_risk(problem, risk));
  for (Eigen::Index j = 0; j < weights.size(); ++j) {
    double force = support.slope(j) - solution.budget_price;
    for (std::size_t g = 0; g < problem.limits.size(); ++g) {
      force -= solution.limit_prices(static_cast<Eigen::Index>(g)) * problem.limits[g].coefficients(j);
    }
    const bool holds = problem.held.size() > 0;
    const double held = holds ? problem.held(j) : 0;
    const double cost = holds && problem.trade_cost.size() > 0 ? problem.trade_cost(j) : 0;
    const double trade = holds ? cost + turnover_price : 0;
    objective += cost * std::abs(weights(j) - held);
    const auto value_at = [&](double weight) {
      return force * weight + trade * std::abs(weight - held) + gross_price * std::abs(weight);
    };
    double least = std::min(value_at(problem.lower(j)), value_at(problem.upper(j)));
    for (const double kink : {held, 0.0}) {
      if (kink > problem.lower(j) && kink < problem.upper(j)) least = std::min(least, value_at(kink));
    }
    bound += least;
    // What is left must lie between the slopes of the kinks that the weight stands on.
    double low = force - solution.bound_prices(j), high = low;
    const auto kink_at = [&](double place, double slope) {
      low += weights(j) > place + at_kink_within ? slope : -slope;
      high += weights(j) < place - at_kink_within ? -slope : slope;
    };
    kink_at(held, trade);
    kink_at(0, gross_price);
    residual = std::max({residual, low, -high});
    scale = std::max(scale, std::abs(support.slope(j)));
  }
  OptimalityProof proof;
  proof.max_violation = violation_of(problem, weights);
  if (scale > 0) {
    proof.duality_gap = std::abs(objective - bound) / scale;
    proof.kkt_residual = residual / scale;
  }
  proof.kkt_residual = std::max(proof.kkt_residual, support.breach);
  return proof;
}

}  // namespace rebalancer
