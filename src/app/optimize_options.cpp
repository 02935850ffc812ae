#include "app/optimize_options.hpp"

#include <cmath>

#include "app/limit_texts.hpp"
#include "app/price_file.hpp"
#include "app/units.hpp"

namespace rebalancer::app {

void append_price_options(std::vector<Option>& options) {
  const std::vector<Option> rows{
      {.name = "risk-model",
       .placeholder = "NAME",
       .type = ValueType::text,
       .help = "how covariance is estimated",
       .default_text = "sample"},
      {.name = "expected-returns",
       .placeholder = "NAME",
       .type = ValueType::text,
       .help = "how expected returns are estimated",
       .default_text = "arithmetic"},
      {.name = "risk-free",
       .placeholder = "RATE",
       .type = ValueType::fraction,
       .help = "per year",
       .default_text = "0.02",
       .minimum = -1,
       .maximum = 1},
      {.name = "min-weight",
       .placeholder = "W",
       .type = ValueType::fraction,
       .help = "of each symbol",
       .default_text = "0",
       .minimum = -10,
       .maximum = 1},
      {.name = "max-weight",
       .placeholder = "W",
       .type = ValueType::fraction,
       .help = "of each symbol",
       .default_text = "1",
       .minimum = 0,
       .maximum = 10},
      {.name = "benchmark",
       .placeholder = "FILE",
       .type = ValueType::file,
       .help = "prices of one symbol: the market of capm and single_index"},
      {.name = "from", .placeholder = "DATE", .type = ValueType::date, .help = "first day used"},
      {.name = "to", .placeholder = "DATE", .type = ValueType::date, .help = "last day used"}};
  options.insert(options.end(), rows.begin(), rows.end());
}

OptimizerSettings read_price_settings(const ParsedArguments& arguments) {
  OptimizerSettings settings;
  settings.weight_min = arguments.number("min-weight").value_or(0);
  settings.weight_max = arguments.number("max-weight").value_or(1);
  settings.risk_free_rate = arguments.number("risk-free").value_or(0.02);
  settings.risk_model = arguments.text("risk-model").value_or("sample");
  settings.expected_returns = arguments.text("expected-returns").value_or("arithmetic");
  return settings;
}

// --bounds A=10%..40%, --group "tech <= 25%", --label tech=AAPL,MSFT.
Result<void> read_limits(const ParsedArguments& arguments, OptimizerSettings& settings) {
  for (const std::string& text : arguments.all("bounds")) {
    const auto equals = text.find('='), dots = text.find("..");
    const auto symbol = Symbol::parse(text.substr(0, equals));
    if (equals == std::string::npos || dots == std::string::npos || dots < equals || !symbol) {
      return fail(ErrorCode::invalid, "--bounds is \"{}\", must read like AAPL=10%..40%", text);
    }
    const auto lower = parse_fraction(text.substr(equals + 1, dots - equals - 1), -10, 10);
    const auto upper = parse_fraction(text.substr(dots + 2), -10, 10);
    if (!lower) return fail(ErrorCode::invalid, "--bounds {}: the first weight {}", text, lower.error().message);
    if (!upper) return fail(ErrorCode::invalid, "--bounds {}: the second weight {}", text, upper.error().message);
    settings.bounds[*symbol] = {*lower, *upper};
  }
  for (const std::string& text : arguments.all("label")) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::invalid, "--label is \"{}\", must read like tech=AAPL,MSFT", text);
    }
    std::string symbols = text.substr(equals + 1) + ",";
    for (std::size_t comma = symbols.find(','); comma != std::string::npos; comma = symbols.find(',')) {
      const auto symbol = Symbol::parse(symbols.substr(0, comma));
      if (!symbol) return fail(ErrorCode::invalid, "--label {}: {}", text, symbol.error().message);
      settings.labels[*symbol].push_back(text.substr(0, equals));
      symbols.erase(0, comma + 1);
    }
  }
  for (const std::string& text : arguments.all("group")) {
    const auto limit = parse_class_limit(text);
    if (!limit) return fail(ErrorCode::invalid, "--group \"{}\" {}", text, limit.error().message);
    settings.class_limits.push_back(*limit);
  }
  if (settings.gross_max) open_sides(settings.class_limits, *settings.gross_max);
  return {};
}

Result<void> check_market(const ParsedArguments& arguments) {
  if (arguments.has("benchmark")) return {};
  const auto needs = [](std::string_view what) { return fail(ErrorCode::invalid, "{} needs --benchmark", what); };
  if (arguments.text("expected-returns") == "capm") return needs("--expected-returns capm");
  if (arguments.text("risk-model") == "single_index") return needs("--risk-model single_index");
  return {};
}

Result<void> check_companions(const ParsedArguments& arguments) {
  if (arguments.has("tracking-error-max") && !arguments.has("benchmark")) {
    return fail(ErrorCode::invalid, "--tracking-error-max needs --benchmark");
  }
  if (arguments.has("turnover-max") && !arguments.has("current")) {
    return fail(ErrorCode::invalid, "--turnover-max needs --current, the weights held now");
  }
  return check_market(arguments);
}

Result<std::vector<double>> read_benchmark(const ParsedArguments& arguments, const PluginHost& plugins,
                                           const PriceFrame& prices, const InstanceOptions& instance) {
  if (!arguments.has("benchmark")) return std::vector<double>();
  const std::string file = *arguments.text("benchmark");
  auto read = read_price_file(plugins, file, prices.dates().front(), prices.dates().back(), instance);
  if (!read) return fail(read.error());
  if (read->cols() != 1) {
    return fail(ErrorCode::invalid, "{} has {} symbols, a benchmark is one", file, read->cols());
  }
  std::vector<double> out;
  std::size_t at = 0;
  for (const Date& day : prices.dates()) {
    while (at < read->rows() && read->dates()[at] < day) ++at;
    const bool there = at < read->rows() && read->dates()[at] == day;
    const double price = there ? read->values()(static_cast<Eigen::Index>(at), 0) : std::nan("");
    if (!std::isfinite(price)) {
      return fail(ErrorCode::invalid, "{} has no price on {}, a day of the prices", file, day.to_string());
    }
    out.push_back(price);
  }
  return out;
}

}  // namespace rebalancer::app
