// What a set of weights would have earned over the given prices, and at what risk. No costs.
#include <cmath>
#include <functional>
#include <map>

#include <boost/json.hpp>

#include <rebalancer/plugin.hpp>

#include "core/base/json_text.hpp"
#include "core/base/time.hpp"
#include "core/quant/held_returns.hpp"
#include "core/quant/returns.hpp"
#include "core/quant/statistics.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;
using sdk::Failure;

struct Request {
  std::map<std::string, double> weights;
  Reset reset = Reset::daily;
  double risk_free = 0.02;  // per year
  double periods_per_year = 252;
};

double number_of(const boost::json::object& object, std::string_view name, double otherwise, double above) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) throw Failure(RB_INVALID, std::string(name) + " must be a number");
  const double number = value->to_number<double>();
  if (!std::isfinite(number) || number <= above) {
    throw Failure(RB_INVALID, fmt::format("{} is {}, must be above {}", name, number, above));
  }
  return number;
}

Request read(std::string_view text) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) throw Failure(RB_INVALID, "the request must be a JSON object");
  const boost::json::object& object = parsed.get_object();
  Request request;
  for (const auto& [key, value] : object) {
    if (key == "weights" || key == "rebalance" || key == "risk_free" || key == "periods_per_year") continue;
    throw Failure(RB_INVALID, fmt::format("the request has an unknown member {}", std::string_view(key)));
  }
  const boost::json::value* weights = object.if_contains("weights");
  if (weights == nullptr || !weights->is_object()) throw Failure(RB_INVALID, "weights must be an object");
  double sum = 0;
  for (const auto& [symbol, value] : weights->get_object()) {
    const double weight = value.is_number() ? value.to_number<double>() : std::nan("");
    if (!std::isfinite(weight)) {
      throw Failure(RB_INVALID, fmt::format("weight of {} must be a number", std::string_view(symbol)));
    }
    request.weights.emplace(std::string_view(symbol), weight);
    sum += weight;
  }
  if (std::abs(sum - 1) > 1e-6) throw Failure(RB_INVALID, fmt::format("weights sum to {:.9g}, must sum to 1", sum));
  request.risk_free = number_of(object, "risk_free", request.risk_free, -1);
  request.periods_per_year = number_of(object, "periods_per_year", request.periods_per_year, 0);
  if (const boost::json::value* value = object.if_contains("rebalance")) {
    const bool monthly = *value == "monthly";
    if (!monthly && *value != "daily") throw Failure(RB_INVALID, "rebalance must be daily or monthly");
    request.reset = monthly ? Reset::monthly : Reset::daily;
  }
  return request;
}

struct Series {
  std::vector<Date> dates;  // one more than returns: the base date first
  std::vector<double> returns;
};

// Symbols without weight play no part: their gaps cost no days.
Series series_of(const rb_frame& prices, const Request& request) {
  std::map<std::string, double> missing = request.weights;
  std::vector<std::string_view> symbols;
  std::vector<double> weights;
  Eigen::MatrixXd values(static_cast<Eigen::Index>(prices.rows), 0);
  for (std::uint64_t col = 0; col < prices.cols; ++col) {
    const auto found = missing.find(std::string(sdk::view(prices.symbols[col])));
    if (found == missing.end()) continue;
    const double weight = found->second;
    missing.erase(found);
    if (weight == 0) continue;
    symbols.push_back(sdk::view(prices.symbols[col]));
    weights.push_back(weight);
    values.conservativeResize(Eigen::NoChange, values.cols() + 1);
    values.col(values.cols() - 1) = Eigen::Map<const Eigen::VectorXd>(prices.values + col * prices.rows, values.rows());
  }
  for (const auto& [symbol, weight] : missing) {
    if (weight != 0) throw Failure(RB_INVALID, symbol + " has a weight, but no prices");
  }
  const PriceView view{{values.data(), values.rows(), values.cols()}, symbols};
  const Result<Eigen::MatrixXd> returns = simple_returns(view);
  if (!returns) throw Failure(RB_INVALID, returns.error().message);
  Series series;
  for (const Eigen::Index row : complete_rows(view)) series.dates.push_back(Date::from_days(prices.dates[row]));
  const Eigen::Map<const Eigen::VectorXd> target(weights.data(), static_cast<Eigen::Index>(weights.size()));
  series.returns = held_returns(*returns, {series.dates.begin() + 1, series.dates.end()}, target, request.reset);
  return series;
}

std::string answer_of(const Series& series, const Request& request) {
  const std::vector<double>& returns = series.returns;
  const double per_year = request.periods_per_year, rate = rate_per_period(request.risk_free, per_year);
  std::vector<std::pair<std::string_view, std::string_view>> absent;
  JsonText json;
  const auto figure = [&](std::string_view name, const std::optional<double>& value, std::string_view why) {
    json.member(name, value);
    if (!value) absent.emplace_back(name, why);
  };
  json.object().member("from", series.dates.front().to_string()).member("to", series.dates.back().to_string());
  json.member("days", returns.size()).member("rebalance", request.reset == Reset::daily ? "daily" : "monthly");
  json.member("risk_free", request.risk_free).member("total_return", total_return(returns));
  figure("cagr", annual_growth(returns, per_year), "the whole value was lost");
  figure("volatility", annual_volatility(returns, per_year), "there are fewer than two returns");
  figure("sharpe_ratio", sharpe_ratio(returns, rate, per_year), "volatility is zero");
  figure("sortino_ratio", sortino_ratio(returns, rate, per_year), "no return is below the risk-free rate");
  const std::optional<Drawdown> drawdown = max_drawdown(returns);
  json.key("max_drawdown");
  if (drawdown) {
    json.object().member("depth", drawdown->depth).member("peak", series.dates[drawdown->peak].to_string());
    json.member("trough", series.dates[drawdown->trough].to_string()).key("recovery");
    drawdown->recovery ? json.value(series.dates[*drawdown->recovery].to_string()) : json.null();
    json.end();
  } else {
    json.null();
    absent.emplace_back("max_drawdown", "the value never fell below an earlier one");
  }
  figure("calmar_ratio", calmar_ratio(returns, per_year),
         drawdown ? "the whole value was lost" : "there is no drawdown");
  json.key("absent").object();
  for (const auto& [name, why] : absent) json.member(name, why);
  return json.end().end().str();
}

class Performance final : public sdk::Analytic {
 public:
  using Analytic::Analytic;
  std::string run(const rb_frame& prices, std::string_view request_json) override {
    const Request request = read(request_json);
    return answer_of(series_of(prices, request), request);
  }
};

}  // namespace

REBALANCER_ANALYTIC(Performance, "performance", "1.0.0",
                    "Return, volatility, Sharpe, Sortino and Calmar ratio and drawdown of a set of weights.",
                    schema_json)
