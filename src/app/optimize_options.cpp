#include "app/optimize_options.hpp"

#include <cmath>

#include "app/limit_texts.hpp"
#include "app/price_file.hpp"
#include "app/units.hpp"

namespace rebalancer::app {

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

// The one symbol of a price file, on the days of the prices.
Result<std::vector<double>> read_benchmark(const PluginHost& plugins, const std::string& file, const PriceFrame& prices,
                                           const InstanceOptions& instance) {
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
