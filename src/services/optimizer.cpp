#include "services/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/nearest.hpp"
#include "core/portfolio/glide_path.hpp"
#include "core/quant/estimates.hpp"

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

struct Bounds {
  double lower, upper;
};

std::string class_of(const OptimizerSettings& settings, const Symbol& symbol) {
  const auto found = settings.classes.find(symbol);
  return found == settings.classes.end() ? "equity" : found->second;
}

Bounds bounds_of(const OptimizerSettings& settings, const Symbol& symbol) {
  const auto found = settings.bounds.find(symbol);
  if (found == settings.bounds.end()) return {settings.weight_min, settings.weight_max};
  return {found->second.first, found->second.second};
}

std::string text_of(const ClassLimit& limit) {
  return limit.text.empty() ? fmt::format("{} between {} and {}", limit.label, limit.lower, limit.upper) : limit.text;
}

Result<void> check_settings(const PriceFrame& prices, const OptimizerSettings& settings) {
  if (prices.cols() == 0) return fail(ErrorCode::invalid, "there are no symbols to optimize");
  const std::set<Symbol> symbols(prices.symbols().begin(), prices.symbols().end());
  for (const Symbol& symbol : prices.symbols()) {
    const Bounds bounds = bounds_of(settings, symbol);
    if (!std::isfinite(bounds.lower) || !std::isfinite(bounds.upper)) {
      return fail(ErrorCode::invalid, "bounds of {} are {} and {}, must be finite numbers", symbol, bounds.lower,
                  bounds.upper);
    }
    if (bounds.lower > bounds.upper) {
      return fail(ErrorCode::conflict, "minimum weight of {} is {}, must be at most its maximum {}", symbol,
                  bounds.lower, bounds.upper);
    }
  }
  for (const auto& [symbol, bounds] : settings.bounds) {
    if (!symbols.contains(symbol)) {
      return fail(ErrorCode::invalid, "{} has bounds of its own, but is not one of the symbols", symbol);
    }
  }
  std::set<std::string> labels;
  for (const Symbol& symbol : prices.symbols()) labels.insert(class_of(settings, symbol));
  if (settings.glide_path) labels.insert("cash");
  for (const ClassLimit& limit : settings.class_limits) {
    if (!(limit.lower <= limit.upper)) {
      return fail(ErrorCode::conflict, "{}: the lower limit {} must be at most the upper limit {}", text_of(limit),
                  limit.lower, limit.upper);
    }
    if (labels.contains(limit.label)) continue;
    const std::vector<std::string> known(labels.begin(), labels.end());
    const auto meant = nearest_name(limit.label, known);
    return fail(ErrorCode::invalid, "{}: no symbol is of class {}; {}", text_of(limit), limit.label,
                meant ? fmt::format("did you mean {}?", *meant) : fmt::format("there is {}", fmt::join(known, ", ")));
  }
  return {};
}

Result<Division> divide(const PriceFrame& prices, const OptimizerSettings& settings) {
  Division division;
  division.fixed.assign(prices.cols(), 0.0);
  std::vector<std::size_t> bonds, cash;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    const std::string label = settings.glide_path ? class_of(settings, prices.symbols()[i]) : "";
    (label == "bond" ? bonds : label == "cash" ? cash : division.growth).push_back(i);
  }
  if (!settings.glide_path) return division;

  const Result<SleeveShares> shares = sleeve_shares(settings.age_years, settings.bonds_of_safe);
  if (!shares) return fail(shares.error());
  division.growth_share = shares->growth;
  division.equity_share = shares->growth;
  if (division.growth.empty()) {
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
      const Bounds bounds = bounds_of(settings, symbol);
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

double fixed_in_class(const PriceFrame& prices, const OptimizerSettings& settings, const Division& division,
                      const std::string& label) {
  double sum = label == "cash" ? division.account_cash : 0;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    if (division.fixed[i] != 0 && class_of(settings, prices.symbols()[i]) == label) sum += division.fixed[i];
  }
  return sum;
}

// The bounds of the symbols that the strategy divides must leave room for what it has to divide.
Result<void> check_sums(const PriceFrame& sleeve, const OptimizerSettings& settings, const Division& division) {
  double lower = 0, upper = 0;
  for (const Symbol& symbol : sleeve.symbols()) {
    const Bounds bounds = bounds_of(settings, symbol);
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
    const Bounds bounds = bounds_of(settings, symbol);
    problem.lower.push_back(bounds.lower / share);
    problem.upper.push_back(bounds.upper / share);
    if (current) problem.current.push_back(current->of(symbol) / share);
  }
  for (const ClassLimit& limit : settings.class_limits) {
    const std::string unit = division.equity_share ? " (in shares of the growth sleeve)" : "";
    GroupConstraint group{text_of(limit) + unit, {}, 0, 0};
    bool any = false;
    for (const Symbol& symbol : sleeve.symbols()) {
      const bool carries = class_of(settings, symbol) == limit.label;
      group.coefficients.push_back(carries ? 1.0 : 0.0);
      any = any || carries;
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
    const Bounds bounds = bounds_of(settings, prices.symbols()[i]);
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
    double sum = limit.label == "cash" ? division.account_cash : 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (class_of(settings, prices.symbols()[i]) == limit.label) sum += weights[i];
    }
    if (sum < limit.lower - within || sum > limit.upper + within) {
      return fail(ErrorCode::conflict, "{} is broken: the strategy's weights put {:.6g} into class {}", text_of(limit),
                  sum, limit.label);
    }
  }
  return {};
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
  if (std::abs(sum - 1) > within) {
    return fail(ErrorCode::internal, "the strategy gave weights that sum to {:.12g}, must sum to 1", sum);
  }
  if (const Result<void> checked = check_limits(prices, settings, division, weights); !checked) {
    return fail(checked.error());
  }
  return weights;
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
  const Result<AllocationProblem> problem = problem_of(prices, sleeve, settings, *division, current);
  if (!problem) return fail(problem.error());
  const Result<Estimates> estimates =
      estimate(prices, settings.risk_model, settings.expected_returns, settings.periods_per_year);
  if (!estimates) return fail(estimates.error());

  Result<Allocation> allocation = strategy.weigh(*problem);
  if (!allocation) return fail(allocation.error());
  const Result<std::vector<double>> fractions = whole_of(prices, settings, *division, allocation->weights);
  if (!fractions) return fail(fractions.error());

  std::vector<Weight> entries;
  for (std::size_t i = 0; i < prices.cols(); ++i) entries.push_back({prices.symbols()[i], (*fractions)[i]});
  Result<Weights> weights = Weights::make(std::move(entries), division->account_cash);
  if (!weights) return fail(weights.error());

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
