#include "services/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "core/portfolio/glide_path.hpp"
#include "services/optimizer_inputs.hpp"

namespace rebalancer {
namespace {

constexpr double within = 1e-9;  // of the portfolio: rounding, not a breach

// What is decided before the strategy is asked: who belongs to the growth sleeve, and what everyone else gets.
struct Division {
  std::vector<std::size_t> growth;  // columns the strategy divides
  double growth_share = 1;
  std::vector<double> fixed;  // per column; 0 in the growth sleeve
  double account_cash = 0;
  std::optional<double> equity_share;
};

Result<Division> divide(const PriceFrame& prices, const OptimizerSettings& settings) {
  Division division;
  division.fixed.assign(prices.cols(), 0.0);
  std::vector<std::size_t> bonds, cash;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    const std::string label = settings.glide_path ? class_of(settings, prices.symbols()[i]) : "";
    (label == "bond" ? bonds : label == "cash" ? cash : division.growth).push_back(i);
  }
  if (!settings.glide_path) return division;

  const Result<SleeveShares> shares =
      settings.glide_curve.empty() ? sleeve_shares(settings.age_years, settings.bonds_of_safe)
                                   : sleeve_shares(settings.glide_curve, settings.age_years, settings.bonds_of_safe);
  if (!shares) return fail(shares.error());
  division.growth_share = shares->growth;
  division.equity_share = shares->growth;
  if (division.growth.empty() && shares->growth > 0) {
    return fail(ErrorCode::conflict,
                "the glide path at age {:.4g} puts {:.4g} of the portfolio into growth, but every symbol is of class "
                "bond or cash; add a symbol of another class, or switch glide_path off",
                settings.age_years, shares->growth);
  }
  if (bonds.empty() && shares->bond > 0) {
    return fail(ErrorCode::conflict,
                "the glide path at age {:.4g} puts {:.4g} of the portfolio into bonds, but no symbol is of class bond; "
                "name one in portfolio.classes, or switch glide_path off",
                settings.age_years, shares->bond);
  }
  for (const std::size_t i : bonds) division.fixed[i] = shares->bond / static_cast<double>(bonds.size());
  for (const std::size_t i : cash) division.fixed[i] = shares->cash / static_cast<double>(cash.size());
  if (cash.empty()) division.account_cash = shares->cash;

  const auto check_fixed = [&](const std::vector<std::size_t>& sleeve, std::string_view name) -> Result<void> {
    for (const std::size_t i : sleeve) {
      const Symbol& symbol = prices.symbols()[i];
      const WeightBounds bounds = weight_bounds_of(settings, symbol);
      const double weight = division.fixed[i];
      const bool low = weight < bounds.lower - within;
      if (!low && weight <= bounds.upper + within) continue;
      return fail(
          ErrorCode::conflict,
          "the glide path at age {:.4g} gives {}, one of {} in the {} sleeve, a weight of {:.6g}, but its {} is "
          "{:.6g}; change that bound or add another symbol of class {}",
          settings.age_years, symbol, sleeve.size(), name, weight, low ? "minimum" : "maximum",
          low ? bounds.lower : bounds.upper, name);
    }
    return {};
  };
  if (const Result<void> checked = check_fixed(bonds, "bond"); !checked) return fail(checked.error());
  if (const Result<void> checked = check_fixed(cash, "cash"); !checked) return fail(checked.error());
  return division;
}

bool names_cash(const std::string& label) {
  const std::vector<std::string> terms = terms_of(label);
  return std::find(terms.begin(), terms.end(), "cash") != terms.end();
}

double fixed_in_class(const PriceFrame& prices, const OptimizerSettings& settings, const Division& division,
                      const std::string& label) {
  double sum = names_cash(label) ? division.account_cash : 0;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    if (division.fixed[i] != 0 && carries(settings, prices.symbols()[i], label)) sum += division.fixed[i];
  }
  return sum;
}

// The bounds of the symbols that the strategy divides must leave room for what it has to divide.
Result<void> check_sums(const PriceFrame& sleeve, const OptimizerSettings& settings, const Division& division) {
  double lower = 0, upper = 0;
  for (const Symbol& symbol : sleeve.symbols()) {
    const WeightBounds bounds = weight_bounds_of(settings, symbol);
    lower += bounds.lower;
    upper += bounds.upper;
  }
  const std::string whose = division.equity_share ? " of the growth sleeve" : "";
  const std::string share =
      division.equity_share ? fmt::format("its share {:.6g}", division.growth_share) : std::string("1");
  if (lower > division.growth_share + within) {
    return fail(ErrorCode::conflict, "minimum weights{} sum to {:.6g}, must be at most {}", whose, lower, share);
  }
  if (upper < division.growth_share - within) {
    return fail(ErrorCode::conflict, "maximum weights{} sum to {:.6g}, must be at least {}", whose, upper, share);
  }
  return {};
}

// The strategy's problem is the growth sleeve as a whole of its own: every bound and limit divided by its share.
Result<AllocationProblem> problem_of(const PriceFrame& prices, const PriceFrame& sleeve,
                                     const OptimizerSettings& settings, const Division& division,
                                     const std::optional<Weights>& current) {
  AllocationProblem problem;
  const double share = division.growth_share;
  problem.prices = &sleeve;
  if (const Result<void> checked = check_sums(sleeve, settings, division); !checked) return fail(checked.error());
  for (const Symbol& symbol : sleeve.symbols()) {
    const WeightBounds bounds = weight_bounds_of(settings, symbol);
    problem.lower.push_back(bounds.lower / share);
    problem.upper.push_back(bounds.upper / share);
    if (current) problem.current.push_back(current->of(symbol) / share);
  }
  for (const ClassLimit& limit : settings.class_limits) {
    if (limits_nobody(settings, prices.symbols(), limit)) continue;
    const std::string unit = division.equity_share ? " (in shares of the growth sleeve)" : "";
    GroupConstraint group{text_of(limit) + unit, {}, 0, 0};
    bool any = false;
    for (const Symbol& symbol : sleeve.symbols()) {
      const bool in_group = carries(settings, symbol, limit.label);
      group.coefficients.push_back(in_group ? 1.0 : 0.0);
      any = any || in_group;
    }
    const double fixed = fixed_in_class(prices, settings, division, limit.label);
    if (!any) {
      if (fixed >= limit.lower - within && fixed <= limit.upper + within) continue;
      return fail(ErrorCode::conflict, "{} cannot be met: the glide path at age {:.4g} puts {:.6g} into class {}",
                  text_of(limit), settings.age_years, fixed, limit.label);
    }
    group.lower = (limit.lower - fixed) / share;
    group.upper = (limit.upper - fixed) / share;
    problem.groups.push_back(std::move(group));
  }
  problem.cost_rate = settings.cost_rate;
  // Of the whole portfolio: a trade x of the sleeve is a trade share * x, its square costs share^2, a cost of the whole
  // is 1 / share of it in the sleeve.
  problem.cost_quadratic = settings.cost_quadratic * share;
  problem.ewma_decay = settings.ewma_decay;
  problem.benchmark = benchmark_prices_of(prices, settings);
  if (settings.tracking_error_max) problem.tracking_error_max = *settings.tracking_error_max;
  if (settings.gross_max) {
    double fixed = 0;
    for (const double weight : division.fixed) fixed += std::abs(weight);
    problem.gross_max = (*settings.gross_max - fixed) / share;
  }
  if (settings.turnover_max && current) {
    double fixed = 0;
    for (std::size_t i = 0; i < prices.cols(); ++i) {
      if (division.fixed[i] != 0) fixed += std::abs(division.fixed[i] - current->of(prices.symbols()[i]));
    }
    if (fixed > *settings.turnover_max) {
      return fail(ErrorCode::conflict,
                  "turnover_max is {:.6g}, but bringing bonds and cash to the glide path's shares trades {:.6g} alone",
                  *settings.turnover_max, fixed);
    }
    problem.turnover_max = (*settings.turnover_max - fixed) / share;
  }
  problem.position_min = settings.position_min / share;
  if (settings.positions_max > 0) {
    const auto fixed = static_cast<int>(
        std::count_if(division.fixed.begin(), division.fixed.end(), [](double weight) { return weight != 0; }));
    if (fixed >= settings.positions_max) {
      return fail(ErrorCode::conflict,
                  "positions_max is {}, but the glide path holds {} symbols of class bond and cash",
                  settings.positions_max, fixed);
    }
    problem.positions_max = settings.positions_max - fixed;
  }
  problem.risk_free_rate = settings.risk_free_rate;
  problem.periods_per_year = settings.periods_per_year;
  problem.risk_model = settings.risk_model;
  problem.expected_returns = settings.expected_returns;
  return problem;
}

Result<PriceFrame> columns_of(const PriceFrame& prices, const std::vector<std::size_t>& columns) {
  std::vector<Symbol> symbols;
  Eigen::MatrixXd values(static_cast<Eigen::Index>(prices.rows()), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    symbols.push_back(prices.symbols()[columns[i]]);
    values.col(static_cast<Eigen::Index>(i)) = prices.values().col(static_cast<Eigen::Index>(columns[i]));
  }
  return PriceFrame::make(prices.dates(), std::move(symbols), std::move(values));
}

Result<void> check_limits(const PriceFrame& prices, const OptimizerSettings& settings, const Division& division,
                          const std::vector<double>& weights) {
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const WeightBounds bounds = weight_bounds_of(settings, prices.symbols()[i]);
    if (weights[i] < bounds.lower - within) {
      return fail(ErrorCode::conflict, "the strategy gave {} a weight of {:.6g}, must be at least {:.6g}",
                  prices.symbols()[i], weights[i], bounds.lower);
    }
    if (weights[i] > bounds.upper + within) {
      return fail(ErrorCode::conflict, "the strategy gave {} a weight of {:.6g}, must be at most {:.6g}",
                  prices.symbols()[i], weights[i], bounds.upper);
    }
  }
  for (const ClassLimit& limit : settings.class_limits) {
    double sum = names_cash(limit.label) ? division.account_cash : 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (carries(settings, prices.symbols()[i], limit.label)) sum += weights[i];
    }
    if (sum < limit.lower - within || sum > limit.upper + within) {
      return fail(ErrorCode::conflict, "{} is broken: the strategy's weights put {:.6g} into class {}", text_of(limit),
                  sum, limit.label);
    }
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0 || std::abs(weights[i]) >= settings.position_min - within || division.fixed[i] == 0) continue;
    return fail(ErrorCode::conflict, "the glide path gives {} a weight of {:.6g}, position_min is {:.6g}",
                prices.symbols()[i], weights[i], settings.position_min);
  }
  return {};
}

Result<void> check_turnover(const Weights& weights, const OptimizerSettings& settings,
                            const std::optional<Weights>& current) {
  if (!settings.turnover_max) return {};
  if (!current) {
    return fail(ErrorCode::invalid, "turnover_max is {:.6g}, which needs the weights held now: they are not known",
                *settings.turnover_max);
  }
  double traded = 0;
  for (const Weight& entry : weights.entries()) traded += std::abs(entry.fraction - current->of(entry.symbol));
  if (traded <= *settings.turnover_max + within) return {};
  return fail(ErrorCode::conflict, "turnover_max is {:.6g}, but the target trades {:.6g} of the portfolio",
              *settings.turnover_max, traded);
}

// The strategy's sleeve and the fixed rest as one portfolio, whatever the strategy claims about it.
Result<std::vector<double>> whole_of(const PriceFrame& prices, const OptimizerSettings& settings,
                                     const Division& division, const std::vector<double>& sleeve) {
  if (sleeve.size() != division.growth.size()) {
    return fail(ErrorCode::internal, "the strategy gave {} weights for {} symbols", sleeve.size(),
                division.growth.size());
  }
  std::vector<double> weights = division.fixed;
  double sum = 0;
  for (std::size_t i = 0; i < sleeve.size(); ++i) {
    const Symbol& symbol = prices.symbols()[division.growth[i]];
    if (!std::isfinite(sleeve[i])) {
      return fail(ErrorCode::internal, "the strategy gave {} a weight of {}, must be a finite number", symbol,
                  sleeve[i]);
    }
    sum += sleeve[i];
    weights[division.growth[i]] = sleeve[i] * division.growth_share;
  }
  if (division.growth_share > 0 && std::abs(sum - 1) > within) {
    return fail(ErrorCode::internal, "the strategy gave weights that sum to {:.12g}, must sum to 1", sum);
  }
  if (const Result<void> checked = check_limits(prices, settings, division, weights); !checked) {
    return fail(checked.error());
  }
  return weights;
}

// What the strategy answers; where the glide path leaves it nothing to divide it is not asked.
Result<Allocation> allocation_of(Strategy& strategy, const PriceFrame& prices, const PriceFrame& sleeve,
                                 const OptimizerSettings& settings, const Division& division,
                                 const std::optional<Weights>& current) {
  if (division.growth_share > 0) {
    const Result<AllocationProblem> problem = problem_of(prices, sleeve, settings, division, current);
    if (!problem) return fail(problem.error());
    return strategy.weigh(*problem);
  }
  const std::size_t count = division.growth.size();
  return Allocation{std::vector<double>(count, 1.0 / static_cast<double>(count)), std::nan(""), {}, "{}"};
}

// A strategy that saw only the growth sleeve reports in shares of it; the report says so.
std::string report_of(const Division& division, std::string report) {
  if (!division.equity_share) return report;
  const std::string member = fmt::format("{{\"growth_share\":{}", division.growth_share);
  if (report.size() <= 2 || report.front() != '{') return member + "}";
  return member + "," + report.substr(1);
}

}  // namespace

Result<OptimizerResult> optimize(Strategy& strategy, const PriceFrame& prices, const OptimizerSettings& settings,
                                 const std::optional<Weights>& current) {
  if (const Result<void> checked = check_settings(prices, settings); !checked) return fail(checked.error());
  const Result<Division> division = divide(prices, settings);
  if (!division) return fail(division.error());

  std::optional<PriceFrame> part;
  if (division->growth.size() < prices.cols()) {
    Result<PriceFrame> columns = columns_of(prices, division->growth);
    if (!columns) return fail(columns.error());
    part = *std::move(columns);
  }
  const PriceFrame& sleeve = part ? *part : prices;
  const Result<Estimates> estimates = estimates_of(prices, settings);
  if (!estimates) return fail(estimates.error());

  Result<Allocation> allocation = allocation_of(strategy, prices, sleeve, settings, *division, current);
  if (!allocation) return fail(allocation.error());
  const Result<std::vector<double>> fractions = whole_of(prices, settings, *division, allocation->weights);
  if (!fractions) return fail(fractions.error());

  std::vector<Weight> entries;
  for (std::size_t i = 0; i < prices.cols(); ++i) entries.push_back({prices.symbols()[i], (*fractions)[i]});
  Result<Weights> weights = Weights::make(std::move(entries), division->account_cash);
  if (!weights) return fail(weights.error());
  if (const Result<void> checked = check_turnover(*weights, settings, current); !checked) return fail(checked.error());

  OptimizerResult result{*std::move(weights), 0, 0, {}, 0, {}, {}, {}, {}, {}};
  const Eigen::Map<const Eigen::VectorXd> vector(fractions->data(), static_cast<Eigen::Index>(fractions->size()));
  result.expected_return = estimates->mean.dot(vector);
  result.volatility = std::sqrt(std::max(0.0, vector.dot(estimates->covariance * vector)));
  if (result.volatility > 0) {
    result.sharpe_ratio = (result.expected_return - settings.risk_free_rate) / result.volatility;
  }
  result.objective = allocation->objective;
  result.certificate = allocation->certificate;
  result.risk_model = estimates->risk_model;
  result.shrinkage = estimates->shrinkage;
  result.report_json = report_of(*division, std::move(allocation->report_json));
  result.equity_share = division->equity_share;
  return result;
}

}  // namespace rebalancer
