#include "core/quant/scenario_problem.hpp"

#include <algorithm>
#include <cmath>

#include "core/quant/feasibility.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

constexpr double within = 1e-11;
constexpr double rounding = 1e-15;

std::size_t at(Eigen::Index index) { return static_cast<std::size_t>(index); }

std::string name_of(const ScenarioProblem& problem, Eigen::Index asset) {
  return at(asset) < problem.names.size() ? problem.names[at(asset)] : fmt::format("asset {}", asset + 1);
}

Result<void> check_trading(const ScenarioProblem& problem) {
  const Eigen::Index count = problem.lower.size();
  for (const auto& [values, what] :
       {std::pair{&problem.held, "the weights held now"}, std::pair{&problem.trade_cost, "the trading costs"}}) {
    if (values->size() == 0 || (values->size() == count && values->allFinite())) continue;
    return fail(ErrorCode::invalid, "{} must be {} finite numbers, there are {}", what, count, values->size());
  }
  if ((problem.trade_cost.array() < 0).any()) return fail(ErrorCode::invalid, "trading costs must not be negative");
  if (!(problem.turnover_max >= 0)) {
    return fail(ErrorCode::invalid, "turnover_max is {}, must be at least 0", problem.turnover_max);
  }
  if (!(problem.gross_max >= 0)) {
    return fail(ErrorCode::invalid, "gross_max is {}, must be at least 0", problem.gross_max);
  }
  const bool trades = problem.trade_cost.size() > 0 || std::isfinite(problem.turnover_max);
  if (trades && problem.held.size() == 0) {
    return fail(ErrorCode::invalid, "a cost or limit of trading needs the weights held now");
  }
  return {};
}

}  // namespace

Result<void> check(const ScenarioProblem& problem) {
  const Eigen::Index count = problem.lower.size();
  if (count == 0 || problem.upper.size() != count || problem.returns.cols() != count || problem.returns.rows() == 0) {
    return fail(ErrorCode::invalid, "{} x {} returns with {} minimum and {} maximum weights", problem.returns.rows(),
                problem.returns.cols(), count, problem.upper.size());
  }
  for (Eigen::Index i = 0; i < count; ++i) {
    if (!problem.returns.col(i).allFinite()) {
      return fail(ErrorCode::invalid, "the returns of {} must be finite numbers", name_of(problem, i));
    }
    if (!std::isfinite(problem.lower(i)) || !std::isfinite(problem.upper(i))) {
      return fail(ErrorCode::invalid, "bounds of {} are {} and {}, must be finite numbers", name_of(problem, i),
                  problem.lower(i), problem.upper(i));
    }
    if (problem.lower(i) > problem.upper(i)) {
      return fail(ErrorCode::conflict, "minimum weight of {} is {}, must be at most its maximum {}",
                  name_of(problem, i), problem.lower(i), problem.upper(i));
    }
  }
  for (const LinearLimit& limit : problem.limits) {
    if (limit.coefficients.size() != count || !limit.coefficients.allFinite() || std::isnan(limit.lower) ||
        std::isnan(limit.upper)) {
      return fail(ErrorCode::invalid, "limit {} must have {} finite coefficients and numbers as limits", limit.name,
                  count);
    }
    if (limit.lower > limit.upper) {
      return fail(ErrorCode::conflict, "{}: the lower limit {} is above the upper limit {}", limit.name, limit.lower,
                  limit.upper);
    }
  }
  if (problem.lower.sum() > 1 + within) {
    return fail(ErrorCode::conflict, "minimum weights sum to {:.10g}, must be at most 1", problem.lower.sum());
  }
  if (problem.upper.sum() < 1 - within) {
    return fail(ErrorCode::conflict, "maximum weights sum to {:.10g}, must be at least 1", problem.upper.sum());
  }
  return check_trading(problem);
}

MeanVarianceProblem constraints_of(const ScenarioProblem& problem) {
  MeanVarianceProblem out;
  out.mean = Eigen::VectorXd::Zero(problem.lower.size());
  out.lower = problem.lower;
  out.upper = problem.upper;
  out.limits = problem.limits;
  out.names = problem.names;
  out.gross_max = problem.gross_max;
  if (std::isfinite(problem.turnover_max)) out.trading = Trading{problem.held, {}, {}, problem.turnover_max};
  return out;
}

Error explain_infeasible(const ScenarioProblem& problem) { return explain_infeasible(constraints_of(problem)); }

MeanVarianceProblem variance_problem_of(const ScenarioProblem& problem) {
  MeanVarianceProblem out = constraints_of(problem);
  const Eigen::Index periods = problem.returns.rows(), count = problem.returns.cols();
  const Eigen::MatrixXd centred = problem.returns.rowwise() - problem.returns.colwise().mean();
  const double share = 1 / static_cast<double>(periods);
  if (count > periods) {
    out.factors = FactorCovariance{std::sqrt(share) * centred.transpose(), Eigen::VectorXd::Zero(count)};
    return out;
  }
  out.covariance = Eigen::MatrixXd::Zero(count, count);
  kernels::gram(out.covariance.data(), at(count), centred.data(), at(periods), at(periods), at(count), share);
  out.covariance.triangularView<Eigen::StrictlyUpper>() = out.covariance.transpose();
  return out;
}

Result<Eigen::VectorXd> starting_point(const ScenarioProblem& problem, const polyhedral::Program& program,
                                       const ScenarioSolution* earlier) {
  if (earlier != nullptr && earlier->weights.size() > 0) return feasible_point(problem, program, earlier->weights);
  const Result<MeanVarianceSolution> calm = minimize_variance(variance_problem_of(problem));
  // Only a start: what it could not do is judged, and explained, by the search for any feasible point.
  return feasible_point(problem, program, calm ? calm->weights : Eigen::VectorXd());
}

double trading_cost(const ScenarioProblem& problem, const Eigen::VectorXd& weights) {
  if (problem.trade_cost.size() == 0) return 0;
  return problem.trade_cost.dot((weights - problem.held).cwiseAbs());
}

polyhedral::Program program_of(const ScenarioProblem& problem) {
  const Eigen::Index count = problem.lower.size();
  const bool turns = std::isfinite(problem.turnover_max), grosses = std::isfinite(problem.gross_max);
  const bool costs = problem.trade_cost.size() > 0;
  polyhedral::Program out;
  std::vector<double> lower, upper, cost, turnover, gross;
  double turnover_base = 0;  // what the pieces' slopes leave out of the sum of |w - held|
  for (Eigen::Index j = 0; j < count; ++j) {
    const double low = problem.lower(j), high = problem.upper(j);
    const double held = turns || costs ? problem.held(j) : 0;
    std::vector<double> cuts;
    const auto cut = [&](double place) {
      if (place > low && place < high) cuts.push_back(place);
    };
    if (turns || (costs && problem.trade_cost(j) > 0)) cut(held);
    if (grosses && (cuts.empty() || cuts.front() != 0)) cut(0);
    std::sort(cuts.begin(), cuts.end());
    cuts.insert(cuts.begin(), low);
    cuts.push_back(high);
    // The first piece carries the weight's own lower bound; the next begin at zero, where the one before ends. |w| is
    // the sum of slope times piece, |w - held| that and a constant.
    turnover_base += low >= held ? -held : held;
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      out.asset.push_back(j);
      lower.push_back(k == 0 ? low : 0);
      upper.push_back(k == 0 ? cuts[1] : cuts[k + 1] - cuts[k]);
      const double trade_slope = cuts[k] >= held ? 1 : -1;
      cost.push_back(costs ? trade_slope * problem.trade_cost(j) : 0);
      turnover.push_back(trade_slope);
      gross.push_back(cuts[k] >= 0 ? 1 : -1);
    }
  }
  const auto vector = [](const std::vector<double>& values) -> Eigen::VectorXd {
    return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
  };
  out.lower = vector(lower);
  out.upper = vector(upper);
  out.cost = vector(cost);
  const Eigen::Index pieces = out.lower.size();
  const auto limits = static_cast<Eigen::Index>(problem.limits.size());
  const Eigen::Index rows = 1 + limits + (turns ? 1 : 0) + (grosses ? 1 : 0);
  out.rows.resize(rows, pieces);
  out.row_lower = Eigen::VectorXd::Constant(rows, -std::numeric_limits<double>::infinity());
  out.row_upper.resize(rows);
  out.rows.row(0).setOnes();
  out.row_lower(0) = out.row_upper(0) = 1;
  for (Eigen::Index g = 0; g < limits; ++g) {
    const LinearLimit& limit = problem.limits[at(g)];
    for (Eigen::Index p = 0; p < pieces; ++p) out.rows(1 + g, p) = limit.coefficients(out.asset[at(p)]);
    out.row_lower(1 + g) = limit.lower;
    out.row_upper(1 + g) = limit.upper;
  }
  if (turns) {
    out.rows.row(1 + limits) = vector(turnover).transpose();
    out.row_upper(1 + limits) = problem.turnover_max - turnover_base;
  }
  if (grosses) {
    out.rows.row(rows - 1) = vector(gross).transpose();
    out.row_upper(rows - 1) = problem.gross_max;
  }
  return out;
}

Eigen::VectorXd weights_of(const polyhedral::Program& program, const Eigen::VectorXd& x) {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(program.asset.back() + 1);
  for (Eigen::Index p = 0; p < x.size(); ++p) out(program.asset[at(p)]) += x(p);
  return out;
}

Eigen::VectorXd pieces_of(const polyhedral::Program& program, const Eigen::VectorXd& weights) {
  Eigen::VectorXd left = weights, x(program.lower.size());
  for (Eigen::Index p = 0; p < x.size(); ++p) {
    double& rest = left(program.asset[at(p)]);
    x(p) = std::min(std::max(rest, program.lower(p)), program.upper(p));
    rest -= x(p);
  }
  return x;
}

Result<Eigen::VectorXd> feasible_point(const ScenarioProblem& problem, const polyhedral::Program& program,
                                       const Eigen::VectorXd& near) {
  const bool given = near.size() == problem.lower.size() && near.allFinite();
  const bool holds = problem.held.size() > 0;
  Eigen::VectorXd weights = given ? near : holds ? problem.held : problem.lower;
  weights = weights.cwiseMax(problem.lower).cwiseMin(problem.upper);
  // The budget, one weight after the other; exact in the last one moved.
  for (Eigen::Index j = 0; j < weights.size(); ++j) {
    const double missing = 1 - weights.sum();
    if (std::abs(missing) <= 1e-15) break;
    weights(j) = std::min(std::max(weights(j) + missing, problem.lower(j)), problem.upper(j));
  }
  Eigen::VectorXd x = pieces_of(program, weights);

  // The sum by which rows are broken, itself a sum of kinks: zero when there is a feasible point.
  std::vector<std::pair<Eigen::Index, double>> sides;
  const Eigen::VectorXd values = program.rows * x;
  bool broken = false;
  for (Eigen::Index g = 1; g < program.rows.rows(); ++g) {
    if (std::isfinite(program.row_lower(g))) sides.emplace_back(g, 1);
    if (std::isfinite(program.row_upper(g))) sides.emplace_back(g, -1);
    broken = broken || values(g) < program.row_lower(g) || values(g) > program.row_upper(g);
  }
  if (!broken) return x;
  polyhedral::Program first;
  const Eigen::Index pieces = x.size();
  first.with_level = false;
  first.cost = Eigen::VectorXd::Zero(pieces);
  first.lower = program.lower;
  first.upper = program.upper;
  first.rows = program.rows.topRows(1);
  first.row_lower = first.row_upper = Eigen::VectorXd::Ones(1);
  first.returns.resize(static_cast<Eigen::Index>(sides.size()), pieces);
  first.offsets.resize(first.returns.rows());
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const auto [g, sign] = sides[i];
    first.returns.row(static_cast<Eigen::Index>(i)) = sign * program.rows.row(g);
    first.offsets(static_cast<Eigen::Index>(i)) = sign > 0 ? program.row_lower(g) : -program.row_upper(g);
  }
  for (Eigen::Index p = 0; p < pieces; ++p) first.asset.push_back(p);
  polyhedral::Descent descent(std::move(first));
  descent.start(x);
  if (descent.run() != polyhedral::End::optimal) {
    return fail(ErrorCode::exhausted, "no feasible portfolio was found within the bounded number of steps");
  }
  x = descent.x();
  const Eigen::VectorXd reached = program.rows * x;
  for (Eigen::Index g = 0; g < reached.size(); ++g) {
    const double allowed = within * (1 + program.rows.row(g).cwiseAbs().maxCoeff());
    if (reached(g) < program.row_lower(g) - allowed || reached(g) > program.row_upper(g) + allowed) {
      return fail(explain_infeasible(problem));
    }
  }
  return x;
}

ScenarioSolution solution_of(const ScenarioProblem& problem, const polyhedral::Program& program,
                             const polyhedral::Descent& descent) {
  ScenarioSolution out;
  out.weights = weights_of(program, descent.x()).cwiseMax(problem.lower).cwiseMin(problem.upper);
  out.level = descent.level();
  out.steps = descent.steps();
  const Eigen::VectorXd prices = descent.row_prices();
  const auto limits = static_cast<Eigen::Index>(problem.limits.size());
  out.budget_price = prices(0);
  out.limit_prices = prices.segment(1, limits);
  Eigen::Index row = 1 + limits;
  if (std::isfinite(problem.turnover_max)) out.turnover_price = prices(row++);
  if (std::isfinite(problem.gross_max)) out.gross_price = prices(row);
  // Of the pieces of a weight only the first meets its lower bound and the last its upper.
  out.bound_prices = Eigen::VectorXd::Zero(problem.lower.size());
  const Eigen::VectorXd& force = descent.reduced_cost();
  for (Eigen::Index p = 0; p < force.size(); ++p) {
    const Eigen::Index j = program.asset[at(p)];
    const bool first = p == 0 || program.asset[at(p - 1)] != j;
    const bool last = p + 1 == force.size() || program.asset[at(p + 1)] != j;
    // The sum of full pieces is the bound up to rounding.
    if (first && out.weights(j) <= problem.lower(j) + rounding) {
      out.weights(j) = problem.lower(j);
      out.bound_prices(j) = force(p);
    } else if (last && out.weights(j) >= problem.upper(j) - rounding) {
      out.weights(j) = problem.upper(j);
      out.bound_prices(j) = force(p);
    }
  }
  return out;
}

}  // namespace rebalancer
