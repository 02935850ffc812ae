#include "services/frontier.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/json_text.hpp"
#include "core/quant/risk_contributions.hpp"
#include "services/optimizer_inputs.hpp"

namespace rebalancer {
namespace {

MeanVarianceProblem problem_of(const PriceFrame& prices, const Estimates& estimates,
                               const OptimizerSettings& settings) {
  const auto count = static_cast<Eigen::Index>(prices.cols());
  MeanVarianceProblem problem{estimates.mean,
                              estimates.covariance,
                              Eigen::VectorXd::Constant(count, settings.weight_min),
                              Eigen::VectorXd::Constant(count, settings.weight_max),
                              {},
                              {},
                              {},
                              {},
                              {},
                              settings.gross_max.value_or(std::numeric_limits<double>::infinity())};
  for (Eigen::Index i = 0; i < count; ++i) {
    const Symbol& symbol = prices.symbols()[static_cast<std::size_t>(i)];
    problem.names.push_back(symbol.str());
    const auto own = settings.bounds.find(symbol);
    if (own == settings.bounds.end()) continue;
    problem.lower(i) = own->second.first;
    problem.upper(i) = own->second.second;
  }
  for (const ClassLimit& limit : settings.class_limits) {
    LinearLimit row{text_of(limit), Eigen::VectorXd::Zero(count), limit.lower, limit.upper};
    for (Eigen::Index i = 0; i < count; ++i) {
      if (carries(settings, prices.symbols()[static_cast<std::size_t>(i)], limit.label)) row.coefficients(i) = 1;
    }
    problem.limits.push_back(std::move(row));
  }
  return problem;
}

void write_weights(JsonText& json, const Frontier& frontier, const Eigen::VectorXd& weights) {
  json.key("weights").object();
  for (std::size_t i = 0; i < frontier.assets.size(); ++i) {
    json.member(frontier.assets[i].symbol.str(), weights(static_cast<Eigen::Index>(i)));
  }
  json.end();
}

void write_portfolio(JsonText& json, const Frontier& frontier, const CornerPortfolio& portfolio, bool with_lambda) {
  json.object().member("expected_return", portfolio.expected_return).member("volatility", portfolio.volatility);
  if (with_lambda) json.member("lambda", portfolio.lambda);
  write_weights(json, frontier, portfolio.weights);
  json.end();
}

}  // namespace

Result<std::string> risk_json(const PriceFrame& prices, const OptimizerSettings& settings, const Weights& weights,
                              Date as_of) {
  const auto estimates = estimates_of(prices, settings);
  if (!estimates) return fail(estimates.error());
  const auto count = static_cast<Eigen::Index>(prices.cols());
  Eigen::VectorXd held = Eigen::VectorXd::Zero(count);
  for (const Weight& entry : weights.entries()) {
    const auto found = std::find(prices.symbols().begin(), prices.symbols().end(), entry.symbol);
    if (found != prices.symbols().end()) {
      held(found - prices.symbols().begin()) = entry.fraction;
    } else if (entry.fraction != 0) {
      return fail(ErrorCode::invalid, "{} has a weight of {}, but no prices to judge its risk by", entry.symbol,
                  entry.fraction);
    }
  }
  const auto told = risk_contributions(held, estimates->covariance);
  const Eigen::VectorXd alone = estimates->covariance.diagonal().cwiseSqrt();
  JsonText json;
  json.object().member("as_of", as_of.to_string()).member("risk_model", estimates->risk_model);
  json.member("days", estimates->days);
  json.member("volatility", told ? std::optional(told->volatility) : std::nullopt).key("symbols").object();
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto of = [&](const Eigen::VectorXd RiskContributions::*part) {
      return told ? std::optional(((*told).*part)(i)) : std::nullopt;
    };
    json.key(prices.symbols()[static_cast<std::size_t>(i)].str()).object();
    json.member("weight", held(i)).member("volatility", alone(i)).member("marginal", of(&RiskContributions::marginal));
    json.member("component", of(&RiskContributions::component)).member("fraction", of(&RiskContributions::fraction));
    json.end();
  }
  json.end().key("correlations").object();
  for (Eigen::Index i = 0; i < count; ++i) {
    json.key(prices.symbols()[static_cast<std::size_t>(i)].str()).object();
    for (Eigen::Index j = 0; j < count; ++j) {
      // A price that never moves correlates with nothing: NaN, printed as null.
      json.member(prices.symbols()[static_cast<std::size_t>(j)].str(),
                  i == j ? 1.0 : estimates->covariance(i, j) / (alone(i) * alone(j)));
    }
    json.end();
  }
  return json.end().end().str();
}

Result<Frontier> frontier_of(const PriceFrame& prices, const OptimizerSettings& settings, int points, Date as_of) {
  if (auto checked = check_settings(prices, settings); !checked) return fail(checked.error());
  const auto estimates = estimates_of(prices, settings);
  if (!estimates) return fail(estimates.error());
  const MeanVarianceProblem problem = problem_of(prices, *estimates, settings);
  auto corners = corner_portfolios(problem);
  if (!corners) return fail(corners.error());
  Frontier out{as_of, estimates->risk_model, estimates->expected_returns, settings.risk_free_rate, {}, {}, {}, {}, {}};
  for (Eigen::Index i = 0; i < problem.mean.size(); ++i) {
    out.assets.push_back({prices.symbols()[static_cast<std::size_t>(i)], problem.mean(i),
                          std::sqrt(std::max(0.0, problem.covariance(i, i)))});
  }
  out.points = points_between(*corners, problem, points);
  out.corners = *std::move(corners);
  if (const auto best = maximize_sharpe(problem, settings.risk_free_rate); best) {
    out.tangency = CornerPortfolio{best->lambda, best->lambda, best->weights, expected_return(problem, best->weights),
                                   volatility(problem, best->weights)};
  } else {
    out.no_tangency = best.error().message;
  }
  return out;
}

std::string frontier_json(const Frontier& frontier) {
  JsonText json;
  json.object().member("as_of", frontier.as_of.to_string()).member("risk_model", frontier.risk_model);
  json.key("corner_portfolios").array();
  for (const CornerPortfolio& corner : frontier.corners) write_portfolio(json, frontier, corner, true);
  json.end().key("points").array();
  for (const CornerPortfolio& point : frontier.points) write_portfolio(json, frontier, point, false);
  json.end().key("tangency");
  if (const auto& tangency = frontier.tangency) {
    json.object().member("expected_return", tangency->expected_return).member("volatility", tangency->volatility);
    json.member("sharpe_ratio", (tangency->expected_return - frontier.risk_free_rate) / tangency->volatility);
    write_weights(json, frontier, tangency->weights);
    json.end();
  } else {
    json.null();
  }
  return json.end().str();
}

}  // namespace rebalancer
