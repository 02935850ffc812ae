#include "services/optimizer.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/estimates.hpp"
#include "core/quant/mean_variance.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

namespace {

Symbol symbol(std::string_view text) { return Symbol::parse(text).value(); }

PriceFrame prices_of(const std::vector<std::string>& names) {
  constexpr Eigen::Index rows = 60;
  std::vector<Date> dates;
  for (Eigen::Index row = 0; row < rows; ++row) dates.push_back(Date::from_days(20'000 + static_cast<int>(row)));
  std::vector<Symbol> symbols;
  Eigen::MatrixXd values(rows, static_cast<Eigen::Index>(names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) {
    symbols.push_back(symbol(names[i]));
    for (Eigen::Index row = 0; row < rows; ++row) {
      const double t = static_cast<double>(row), k = static_cast<double>(i);
      values(row, static_cast<Eigen::Index>(i)) = 100 * (1 + 0.002 * t + 0.03 * std::sin(t * (1 + 0.37 * k) + k));
    }
  }
  return PriceFrame::make(std::move(dates), std::move(symbols), std::move(values)).value();
}

// Answers with given weights and remembers what it was asked.
class Scripted final : public Strategy {
 public:
  explicit Scripted(std::vector<double> weights) : weights_(std::move(weights)) {}
  Result<Allocation> weigh(const AllocationProblem& problem) override {
    asked = problem;
    symbols = problem.prices->symbols();
    return Allocation{weights_, 7.0, Certificate{}, R"({"seen":1})"};
  }
  AllocationProblem asked;
  std::vector<Symbol> symbols;

 private:
  std::vector<double> weights_;
};

class LowestVariance final : public Strategy {
 public:
  Result<Allocation> weigh(const AllocationProblem& problem) override {
    auto estimates = estimate(*problem.prices, problem.risk_model, problem.expected_returns, problem.periods_per_year);
    if (!estimates) return fail(estimates.error());
    const auto vector = [](const std::vector<double>& values) -> Eigen::VectorXd {
      return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
    };
    MeanVarianceProblem inner{
        estimates->mean, estimates->covariance, vector(problem.lower), vector(problem.upper), {}, {}};
    for (const GroupConstraint& group : problem.groups) {
      inner.limits.push_back({group.name, vector(group.coefficients), group.lower, group.upper});
    }
    auto solution = minimize_variance(inner);
    if (!solution) return fail(solution.error());
    return Allocation{{solution->weights.begin(), solution->weights.end()}, 0, std::nullopt, "{}"};
  }
};

OptimizerSettings age_35() {
  OptimizerSettings settings;
  settings.glide_path = true;
  settings.age_years = 35;
  settings.classes = {{symbol("BND"), "bond"}};
  return settings;
}

std::string refusal(Strategy& strategy, const PriceFrame& prices, const OptimizerSettings& settings,
                    ErrorCode code = ErrorCode::conflict) {
  const auto result = optimize(strategy, prices, settings, std::nullopt);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == code);
  return result.error().message;
}

bool near(double a, double b) { return std::abs(a - b) < 1e-12; }

}  // namespace

TEST_CASE("without a glide path the strategy divides the whole portfolio within the bounds as written") {
  const PriceFrame prices = prices_of({"A", "BND", "C"});
  OptimizerSettings settings;
  settings.weight_min = 0.1;
  settings.weight_max = 0.6;
  settings.bounds[symbol("C")] = {0.0, 0.2};
  settings.classes[symbol("BND")] = "bond";
  settings.class_limits = {{"bond", 0, 0.45, "bond <= 45%"}};
  Scripted strategy({0.5, 0.4, 0.1});
  const auto current = Weights::make({{symbol("A"), 0.7}, {symbol("C"), 0.2}}, 0.1).value();
  const OptimizerResult result = optimize(strategy, prices, settings, current).value();
  CHECK(strategy.asked.lower == std::vector<double>{0.1, 0.1, 0.0});
  CHECK(strategy.asked.upper == std::vector<double>{0.6, 0.6, 0.2});
  CHECK(strategy.asked.current == std::vector<double>{0.7, 0.0, 0.2});
  REQUIRE(strategy.asked.groups.size() == 1);
  CHECK(strategy.asked.groups[0].coefficients == std::vector<double>{0, 1, 0});
  CHECK(strategy.asked.groups[0].name == "bond <= 45%");
  CHECK(result.weights.of(symbol("BND")) == 0.4);
  CHECK(result.weights.cash_fraction() == 0);
  CHECK(result.objective == 7.0);
  CHECK(result.certificate);
  CHECK(result.report_json == R"({"seen":1})");
  CHECK_FALSE(result.equity_share);
}

TEST_CASE("expected return, volatility and Sharpe ratio are those of the weights") {
  const PriceFrame prices = prices_of({"A", "B"});
  OptimizerSettings settings;
  settings.risk_free_rate = 0.01;
  Scripted strategy({0.25, 0.75});
  const OptimizerResult result = optimize(strategy, prices, settings, std::nullopt).value();
  const Estimates estimates = estimate(prices, "sample", "arithmetic", 252).value();
  const Eigen::Vector2d weights(0.25, 0.75);
  CHECK(near(result.expected_return, estimates.mean.dot(weights)));
  CHECK(near(result.volatility, std::sqrt(weights.dot(estimates.covariance * weights))));
  CHECK(near(result.sharpe_ratio.value(), (result.expected_return - 0.01) / result.volatility));
  CHECK(result.risk_model == "sample");
}

TEST_CASE("the glide path gives the strategy the growth sleeve, with every bound divided by its share") {
  const PriceFrame prices = prices_of({"SPY", "BND", "QQQ"});
  OptimizerSettings settings = age_35();
  settings.weight_max = 0.51;
  settings.classes[symbol("QQQ")] = "tech";
  settings.class_limits = {{"tech", 0, 0.425, "tech <= 42.5%"}};
  Scripted strategy({0.6, 0.4});
  const OptimizerResult result = optimize(strategy, prices, settings, std::nullopt).value();
  CHECK(strategy.symbols == std::vector<Symbol>{symbol("SPY"), symbol("QQQ")});
  CHECK(near(strategy.asked.upper[0], 0.6));
  CHECK(near(strategy.asked.groups[0].upper, 0.5));
  CHECK(near(result.weights.of(symbol("SPY")), 0.51));
  CHECK(near(result.weights.of(symbol("QQQ")), 0.34));
  CHECK(near(result.weights.of(symbol("BND")), 0.12));
  CHECK(near(result.weights.cash_fraction(), 0.03));
  CHECK(near(result.equity_share.value(), 0.85));
  CHECK(result.report_json.find(R"({"growth_share":0.85,"seen":1})") == 0);
}

TEST_CASE("bonds share their sleeve equally, and symbols of class cash take the cash") {
  const PriceFrame prices = prices_of({"AGG", "BIL", "BND", "SPY"});
  OptimizerSettings settings = age_35();
  settings.age_years = 70;
  settings.classes = {{symbol("AGG"), "bond"}, {symbol("BND"), "bond"}, {symbol("BIL"), "cash"}};
  Scripted strategy({1.0});
  const OptimizerResult result = optimize(strategy, prices, settings, std::nullopt).value();
  CHECK(near(result.weights.of(symbol("SPY")), 0.4));
  CHECK(near(result.weights.of(symbol("AGG")), 0.24));
  CHECK(near(result.weights.of(symbol("BND")), 0.24));
  CHECK(near(result.weights.of(symbol("BIL")), 0.12));
  CHECK(result.weights.cash_fraction() == 0);
}

TEST_CASE("a glide path that cannot be followed is a conflict with what to do") {
  Scripted strategy({1.0});
  OptimizerSettings settings = age_35();
  CHECK(
      refusal(strategy, prices_of({"BND"}), settings) ==
      "the glide path at age 35 puts 0.85 of the portfolio into growth, but every symbol is of class bond or cash; add "
      "a symbol of another class, or switch glide_path off");
  CHECK(refusal(strategy, prices_of({"SPY"}), settings) ==
        "the glide path at age 35 puts 0.12 of the portfolio into bonds, but no symbol is of class bond; name one in "
        "portfolio.classes, or switch glide_path off");
  settings.age_years = 65;
  settings.weight_max = 0.45;
  CHECK(refusal(strategy, prices_of({"BND", "SPY"}), settings) ==
        "the glide path at age 65 gives BND, one of 1 in the bond sleeve, a weight of 0.48, but its maximum is 0.45; "
        "change that bound or add another symbol of class bond");
  settings = age_35();
  settings.weight_max = 0.4;
  CHECK(refusal(strategy, prices_of({"BND", "QQQ", "SPY"}), settings) ==
        "maximum weights of the growth sleeve sum to 0.8, must be at least its share 0.85");
  settings = age_35();
  settings.class_limits = {{"bond", 0, 0.1, "bond <= 10%"}};
  CHECK(refusal(strategy, prices_of({"BND", "SPY"}), settings) ==
        "bond <= 10% cannot be met: the glide path at age 35 puts 0.12 into class bond");
  settings.class_limits = {{"cash", 0.05, 1, "cash >= 5%"}};
  CHECK(refusal(strategy, prices_of({"BND", "SPY"}), settings).find("puts 0.03 into class cash") != std::string::npos);
  settings = age_35();
  settings.age_years = 131;
  CHECK(refusal(strategy, prices_of({"BND", "SPY"}), settings, ErrorCode::invalid) ==
        "age is 131, must be between 0 and 130 years");
}

TEST_CASE("whoever breaks a bound or a class limit is refused, whatever it says about itself") {
  const PriceFrame prices = prices_of({"A", "B"});
  OptimizerSettings settings;
  settings.weight_max = 0.7;
  Scripted heavy({0.8, 0.2});
  CHECK(refusal(heavy, prices, settings) == "the strategy gave A a weight of 0.8, must be at most 0.7");
  settings.weight_min = 0.3;
  Scripted light({0.7, 0.3 - 1e-6});
  CHECK(refusal(light, prices, settings, ErrorCode::internal).find("sum to") != std::string::npos);
  settings = {};
  settings.classes[symbol("B")] = "tech";
  settings.class_limits = {{"tech", 0, 0.25, "tech <= 25%"}};
  Scripted tech({0.6, 0.4});
  CHECK(refusal(tech, prices, settings) == "tech <= 25% is broken: the strategy's weights put 0.4 into class tech");
  Scripted short_answer({1.0});
  CHECK(refusal(short_answer, prices, {}, ErrorCode::internal) == "the strategy gave 1 weights for 2 symbols");
  Scripted nonsense({std::nan(""), 1.0});
  CHECK(refusal(nonsense, prices, {}, ErrorCode::internal).find("must be a finite number") != std::string::npos);
}

TEST_CASE("settings that contradict themselves or name nobody are refused before anything is solved") {
  const PriceFrame prices = prices_of({"A", "B"});
  Scripted strategy({0.5, 0.5});
  OptimizerSettings settings;
  settings.weight_min = 0.6;
  CHECK(refusal(strategy, prices, settings) == "minimum weights sum to 1.2, must be at most 1");
  settings = {};
  settings.weight_max = 0.45;
  CHECK(refusal(strategy, prices, settings) == "maximum weights sum to 0.9, must be at least 1");
  settings = {};
  settings.bounds[symbol("A")] = {0.5, 0.4};
  CHECK(refusal(strategy, prices, settings) == "minimum weight of A is 0.5, must be at most its maximum 0.4");
  settings = {};
  settings.bounds[symbol("Z")] = {0.0, 0.4};
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) ==
        "Z has bounds of its own, but is not one of the symbols");
  settings = {};
  settings.classes[symbol("B")] = "tech";
  settings.class_limits = {{"tehc", 0, 0.25, "tehc <= 25%"}};
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) ==
        "tehc <= 25%: no symbol is of class tehc; did you mean tech?");
  settings.class_limits = {{"tech", 0.5, 0.25, "50% <= tech <= 25%"}};
  CHECK(refusal(strategy, prices, settings) ==
        "50% <= tech <= 25%: the lower limit 0.5 must be at most the upper limit 0.25");
  settings = {};
  settings.risk_model = "smaple";
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid).find("risk model 'smaple'") == 0);
}

TEST_CASE("with class limits and a glide path the optimum meets every limit of the whole portfolio") {
  const PriceFrame prices = prices_of({"A", "B", "BND", "C", "D"});
  LowestVariance strategy;
  for (double age = 20; age <= 80; age += 5) {
    CAPTURE(age);
    OptimizerSettings settings = age_35();
    settings.age_years = age;
    settings.weight_max = 0.5;
    settings.classes[symbol("C")] = "tech";
    settings.classes[symbol("D")] = "tech";
    settings.class_limits = {{"tech", 0.05, 0.15, "5% <= tech <= 15%"}, {"equity", 0.2, 1, "equity >= 20%"}};
    const OptimizerResult result = optimize(strategy, prices, settings, std::nullopt).value();
    const double tech = result.weights.of(symbol("C")) + result.weights.of(symbol("D"));
    CHECK(tech >= 0.05 - 1e-9);
    CHECK(tech <= 0.15 + 1e-9);
    double sum = result.weights.cash_fraction();
    for (const Weight& entry : result.weights.entries()) sum += entry.fraction;
    CHECK(near(sum, 1));
  }
  OptimizerSettings settings = age_35();
  settings.classes[symbol("C")] = "tech";
  settings.weight_max = 0.3;
  settings.class_limits = {{"tech", 0.4, 1, "tech >= 40%"}};
  CHECK(refusal(strategy, prices, settings).find("tech >= 40% (in shares of the growth sleeve) cannot be met") == 0);
}

TEST_CASE("the lowest variance of twenty stocks is the reference's") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !prices) return;
  LowestVariance strategy;
  const auto& expected = golden->at("datasets").at("dev20").at("optimisation").at("min_variance");
  const OptimizerResult result = optimize(strategy, *prices, {}, std::nullopt).value();
  const Eigen::VectorXd weights = test::vector(expected.at("weights"));
  for (std::size_t i = 0; i < prices->cols(); ++i) {
    CHECK(near(result.weights.of(prices->symbols()[i]), weights(static_cast<Eigen::Index>(i))));
  }
  CHECK(near(result.volatility, test::number(expected.at("volatility"))));
  CHECK(near(result.sharpe_ratio.value(), test::number(expected.at("sharpe"))));
}
