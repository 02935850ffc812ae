#include "core/quant/scenario_report.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/json_text.hpp"

namespace rebalancer {
namespace {

struct Binding {
  std::string constraint;
  double price;
};

std::vector<Binding> binding_of(const ScenarioProblem& problem, const ScenarioSolution& solution) {
  std::vector<Binding> out;
  // Less than this is the rounding of a constraint that touches without pressing.
  const double least = 1e-13 * std::max(problem.returns.cwiseAbs().maxCoeff(), 1e-300);
  const auto add = [&](std::string name, double price) {
    if (std::abs(price) > least) out.push_back({std::move(name), std::abs(price)});
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
  add(fmt::format("turnover_max {}", problem.turnover_max), solution.turnover_price);
  add(fmt::format("gross_max {}", problem.gross_max), solution.gross_price);
  std::stable_sort(out.begin(), out.end(), [](const Binding& a, const Binding& b) { return a.price > b.price; });
  return out;
}

// Per year; of one return there is none.
double volatility_of(const Eigen::VectorXd& returns, double periods_per_year) {
  if (returns.size() < 2) return std::nan("");
  const double sum = (returns.array() - returns.mean()).square().sum();
  return std::sqrt(sum / static_cast<double>(returns.size() - 1) * periods_per_year);
}

}  // namespace

Result<ScenarioProblem> scenario_problem_of(const PriceView& prices, const MeanVarianceProblem& constraints,
                                            const ScenarioTrading& trading) {
  for (const auto& [name, cost] :
       {std::pair{"cost_rate", trading.cost_rate}, std::pair{"cost_quadratic", trading.cost_quadratic}}) {
    if (!(cost >= 0) || !std::isfinite(cost)) {
      return fail(ErrorCode::invalid, "{} is {}, must be a number of at least 0", name, cost);
    }
  }
  const bool limited = trading.turnover_max < std::numeric_limits<double>::infinity();
  if (limited && !trading.current) {
    return fail(ErrorCode::invalid, "turnover_max is {:.10g}, which needs the weights held now: none are known",
                trading.turnover_max);
  }
  if (trading.current && trading.cost_quadratic > 0) {
    return fail(ErrorCode::conflict,
                "cost_quadratic is {:.10g}, but this strategy counts only costs in proportion to what is traded: take "
                "it away, or use another strategy",
                trading.cost_quadratic);
  }
  Result<Eigen::MatrixXd> returns = simple_returns(prices);
  if (!returns) return fail(returns.error());
  ScenarioProblem out;
  out.returns = *std::move(returns);
  out.lower = constraints.lower;
  out.upper = constraints.upper;
  out.limits = constraints.limits;
  out.names = constraints.names;
  out.gross_max = constraints.gross_max;
  if (!trading.current) return out;
  out.held = *trading.current;
  out.turnover_max = trading.turnover_max;
  if (trading.cost_rate > 0) {
    out.trade_cost = Eigen::VectorXd::Constant(out.lower.size(), trading.cost_rate * trading.cost_share);
  }
  return out;
}

std::string scenario_report(const ScenarioProblem& problem, const ScenarioSolution& solution,
                            const OptimalityProof& proof, const ScenarioTerms& terms) {
  const double periods = terms.periods_per_year;
  const Eigen::VectorXd returns = problem.returns * solution.weights;
  const double earned = returns.mean() * periods, risk = volatility_of(returns, periods);
  JsonText json;
  json.object().key("estimates").object();
  json.member("risk_model", "history").member("expected_returns", "arithmetic").member("days", problem.returns.rows());
  json.member("periods_per_year", periods).member("risk_free_rate", terms.risk_free_rate);
  json.key("symbols").object();
  for (std::size_t i = 0; i < problem.names.size(); ++i) {
    const Eigen::VectorXd own = problem.returns.col(static_cast<Eigen::Index>(i));
    json.key(problem.names[i]).object().member("expected_return", own.mean() * periods);
    json.member("volatility", volatility_of(own, periods)).end();
  }
  json.end().end();
  json.member("expected_return", earned).member("volatility", risk).key("sharpe_ratio");
  risk > 0 ? json.value((earned - terms.risk_free_rate) / risk) : json.null();
  json.member(terms.risk_name, solution.risk);
  if (!terms.level_name.empty()) json.member(terms.level_name, solution.level);
  json.member("trading_cost", trading_cost(problem, solution.weights));
  json.member("effective_positions", 1 / solution.weights.squaredNorm());
  if (terms.positions.nodes > 0) {
    json.key("positions").object().member("problems_solved", terms.positions.nodes);
    json.member("gap", terms.positions.gap).end();
  }
  json.key("binding").array();
  for (const Binding& binding : binding_of(problem, solution)) {
    json.object().member("constraint", binding.constraint).member("price", binding.price).end();
  }
  json.end().key("certificate").object().member("kkt_residual", proof.kkt_residual);
  json.member("duality_gap", proof.duality_gap).member("max_violation", proof.max_violation).end().end();
  return json.str();
}

}  // namespace rebalancer
