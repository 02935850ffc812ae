#include "services/optimizer_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/nearest.hpp"

namespace rebalancer {
namespace {

std::string without_kind(const std::string& label) { return label.substr(label.find(':') + 1); }

std::string kind_of(const std::string& label) {
  const auto colon = label.find(':');
  return colon == std::string::npos ? "" : label.substr(0, colon);
}

// Who carries a term, by the kind that it is a label of; "symbol" and "class" are kinds too.
std::map<std::string, std::set<Symbol>> carriers_of(const OptimizerSettings& settings,
                                                    const std::vector<Symbol>& symbols, const std::string& term) {
  std::map<std::string, std::set<Symbol>> by_kind;
  for (const Symbol& symbol : symbols) {
    if (term == symbol.str() || term == "symbol:" + symbol.str()) by_kind["symbol"].insert(symbol);
    const std::string own_class = class_of(settings, symbol);
    if (term == own_class || term == "class:" + own_class) by_kind["class"].insert(symbol);
    const auto own = settings.labels.find(symbol);
    if (own == settings.labels.end()) continue;
    for (const std::string& carried : own->second) {
      if (term == carried || term == without_kind(carried)) by_kind[kind_of(carried)].insert(symbol);
    }
  }
  return by_kind;
}

}  // namespace

WeightBounds weight_bounds_of(const OptimizerSettings& settings, const Symbol& symbol) {
  const auto found = settings.bounds.find(symbol);
  if (found == settings.bounds.end()) return {settings.weight_min, settings.weight_max};
  return {found->second.first, found->second.second};
}

std::string class_of(const OptimizerSettings& settings, const Symbol& symbol) {
  const auto found = settings.classes.find(symbol);
  return found == settings.classes.end() ? "equity" : found->second;
}

std::vector<std::string> terms_of(const std::string& label) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (true) {
    const std::size_t plus = label.find('+', from);
    std::string term = label.substr(from, plus == std::string::npos ? plus : plus - from);
    const std::size_t first = term.find_first_not_of(' ');
    term = first == std::string::npos ? "" : term.substr(first, term.find_last_not_of(' ') - first + 1);
    out.push_back(std::move(term));
    if (plus == std::string::npos) return out;
    from = plus + 1;
  }
}

bool carries(const OptimizerSettings& settings, const Symbol& symbol, const std::string& label) {
  const auto own = settings.labels.find(symbol);
  for (const std::string& term : terms_of(label)) {
    const std::string own_class = class_of(settings, symbol);
    if (term == symbol.str() || term == "symbol:" + symbol.str()) return true;
    if (term == own_class || term == "class:" + own_class) return true;
    if (own == settings.labels.end()) continue;
    for (const std::string& carried : own->second) {
      if (term == carried || term == without_kind(carried)) return true;
    }
  }
  return false;
}

std::vector<std::string> labels_of(const OptimizerSettings& settings, const std::vector<Symbol>& symbols) {
  std::set<std::string> known;
  for (const Symbol& symbol : symbols) {
    known.insert(symbol.str());
    known.insert(class_of(settings, symbol));
    const auto own = settings.labels.find(symbol);
    if (own == settings.labels.end()) continue;
    for (const std::string& carried : own->second) {
      known.insert(carried);
      known.insert(without_kind(carried));
    }
  }
  if (settings.glide_path) known.insert("cash");
  return {known.begin(), known.end()};
}

std::optional<std::string> unclear_label(const OptimizerSettings& settings, const std::vector<Symbol>& symbols,
                                         const std::string& label) {
  const std::vector<std::string> known = labels_of(settings, symbols);
  for (const std::string& term : terms_of(label)) {
    const auto by_kind = carriers_of(settings, symbols, term);
    if (by_kind.empty() && !std::binary_search(known.begin(), known.end(), term)) {
      const auto meant = nearest_name(term, known);
      return fmt::format(
          "no symbol is of class {}; {}", term,
          meant ? fmt::format("did you mean {}?", *meant) : fmt::format("there is {}", fmt::join(known, ", ")));
    }
    const auto other = std::find_if(by_kind.begin(), by_kind.end(),
                                    [&](const auto& entry) { return entry.second != by_kind.begin()->second; });
    if (other == by_kind.end()) continue;
    const auto written = [&](const std::string& kind) {
      return kind.empty() ? fmt::format("{} without a kind", term) : fmt::format("{}:{}", kind, term);
    };
    return fmt::format("{} may be {} or {}, which are of different symbols; write the one that is meant", term,
                       written(by_kind.begin()->first), written(other->first));
  }
  return std::nullopt;
}

bool limits_nobody(const OptimizerSettings& settings, const std::vector<Symbol>& symbols, const ClassLimit& limit) {
  const std::vector<std::string> known = labels_of(settings, symbols);
  const std::vector<std::string> terms = terms_of(limit.label);
  return limit.lower <= 0 && limit.upper >= 0 && std::all_of(terms.begin(), terms.end(), [&](const std::string& term) {
           return carriers_of(settings, symbols, term).empty() &&
                  !std::binary_search(known.begin(), known.end(), term) && !nearest_name(term, known);
         });
}

std::string text_of(const ClassLimit& limit) {
  return limit.text.empty() ? fmt::format("{} between {} and {}", limit.label, limit.lower, limit.upper) : limit.text;
}

Result<void> check_settings(const PriceFrame& prices, const OptimizerSettings& settings) {
  if (prices.cols() == 0) return fail(ErrorCode::invalid, "there are no symbols to optimize");
  const std::set<Symbol> symbols(prices.symbols().begin(), prices.symbols().end());
  for (const Symbol& symbol : prices.symbols()) {
    const WeightBounds bounds = weight_bounds_of(settings, symbol);
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
  for (const ClassLimit& limit : settings.class_limits) {
    if (!(limit.lower <= limit.upper)) {
      return fail(ErrorCode::conflict, "{}: the lower limit {} must be at most the upper limit {}", text_of(limit),
                  limit.lower, limit.upper);
    }
    if (limits_nobody(settings, prices.symbols(), limit)) continue;
    if (const auto unclear = unclear_label(settings, prices.symbols(), limit.label)) {
      return fail(ErrorCode::invalid, "{}: {}", text_of(limit), *unclear);
    }
  }
  for (const auto& [symbol, weight] : settings.benchmark) {
    if (symbols.contains(symbol)) continue;
    return fail(ErrorCode::invalid, "the benchmark holds {:.6g} of {}, which is not one of the symbols", weight,
                symbol);
  }
  if (!settings.benchmark_prices.empty() && settings.benchmark_prices.size() != prices.rows()) {
    return fail(ErrorCode::invalid, "the benchmark has {} prices, the symbols have {}",
                settings.benchmark_prices.size(), prices.rows());
  }
  if (settings.tracking_error_max && settings.glide_path) {
    return fail(ErrorCode::conflict,
                "tracking_error_max is {:.6g}, but the glide path decides how much is held of which class: it cannot "
                "follow a benchmark as well; switch one of them off",
                *settings.tracking_error_max);
  }
  if (settings.tracking_error_max && settings.benchmark.empty() && settings.benchmark_prices.empty()) {
    return fail(ErrorCode::invalid, "tracking_error_max is {:.6g}, but there is no benchmark to follow",
                *settings.tracking_error_max);
  }
  return {};
}

std::vector<double> benchmark_prices_of(const PriceFrame& prices, const OptimizerSettings& settings) {
  if (settings.benchmark.empty()) return settings.benchmark_prices;
  std::vector<std::pair<Eigen::Index, double>> held;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    const auto found = settings.benchmark.find(prices.symbols()[i]);
    if (found != settings.benchmark.end()) held.emplace_back(static_cast<Eigen::Index>(i), found->second);
  }
  const auto rows = static_cast<Eigen::Index>(prices.rows());
  std::vector<double> out(prices.rows(), std::nan(""));
  double level = 100;
  Eigen::Index before = -1;
  for (Eigen::Index row = 0; row < rows; ++row) {
    double growth = 0;
    bool complete = true;
    for (const auto& [column, weight] : held) {
      const double now = prices.values()(row, column);
      complete = complete && std::isfinite(now);
      growth += before < 0 ? 0.0 : weight * (now / prices.values()(before, column) - 1);
    }
    if (!complete) continue;
    level *= 1 + growth;
    before = row;
    out[static_cast<std::size_t>(row)] = level;
  }
  return out;
}

Result<Estimates> estimates_of(const PriceFrame& prices, const OptimizerSettings& settings) {
  const std::vector<double> market = benchmark_prices_of(prices, settings);
  return estimate(prices, {.risk_model = settings.risk_model,
                           .expected_returns = settings.expected_returns,
                           .periods_per_year = settings.periods_per_year,
                           .risk_free_rate = settings.risk_free_rate,
                           .ewma_decay = settings.ewma_decay,
                           .market = market});
}

}  // namespace rebalancer
