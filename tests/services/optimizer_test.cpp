#include "services/optimizer.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/estimates.hpp"
#include "core/quant/mean_variance.hpp"
#include "services/lowest_variance.hpp"
#include "support/golden.hpp"

using namespace rebalancer;
using test::LowestVariance;

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

TEST_CASE("what the strategy is told besides bounds and limits is what the settings say, of the whole portfolio") {
  const PriceFrame prices = prices_of({"A", "B"});
  OptimizerSettings settings;
  settings.cost_rate = 0.001;
  settings.cost_quadratic = 0.02;
  settings.ewma_decay = 0.97;
  settings.turnover_max = 0.6;
  settings.gross_max = 1.3;
  settings.position_min = 0.05;
  settings.positions_max = 2;
  settings.tracking_error_max = 0.04;
  settings.benchmark = {{symbol("A"), 0.75}, {symbol("B"), 0.25}};
  Scripted strategy({0.5, 0.5});
  const auto current = Weights::make({{symbol("A"), 0.7}, {symbol("B"), 0.2}}, 0.1).value();
  REQUIRE(optimize(strategy, prices, settings, current));
  const AllocationProblem& asked = strategy.asked;
  CHECK(asked.cost_rate == 0.001);
  CHECK(asked.cost_quadratic == 0.02);
  CHECK(asked.ewma_decay == 0.97);
  CHECK(asked.turnover_max == 0.6);
  CHECK(asked.gross_max == 1.3);
  CHECK(asked.position_min == 0.05);
  CHECK(asked.positions_max == 2);
  CHECK(asked.tracking_error_max == 0.04);
  // The benchmark is brought back to its weights every day.
  REQUIRE(asked.benchmark.size() == prices.rows());
  for (Eigen::Index row = 1; row < static_cast<Eigen::Index>(prices.rows()); ++row) {
    const double growth =
        asked.benchmark[static_cast<std::size_t>(row)] / asked.benchmark[static_cast<std::size_t>(row - 1)] - 1;
    const auto of = [&](Eigen::Index column) {
      return prices.values()(row, column) / prices.values()(row - 1, column) - 1;
    };
    CHECK(near(growth, 0.75 * of(0) + 0.25 * of(1)));
  }
}

TEST_CASE("with a glide path limits on trades, sizes and positions become those of the growth sleeve") {
  const PriceFrame prices = prices_of({"SPY", "BND", "QQQ"});
  OptimizerSettings settings = age_35();  // 85% growth, 12% BND, 3% cash
  settings.turnover_max = 0.5;
  settings.gross_max = 0.97;
  settings.position_min = 0.034;
  settings.positions_max = 3;
  settings.cost_rate = 0.001;
  settings.cost_quadratic = 0.1;
  Scripted strategy({0.6, 0.4});
  const auto current = Weights::make({{symbol("SPY"), 0.51}, {symbol("BND"), 0.32}}, 0.17).value();
  REQUIRE(optimize(strategy, prices, settings, current).error().message ==
          "turnover_max is 0.5, but the target trades 0.54 of the portfolio");  // BND 0.2, QQQ 0.34
  CHECK(near(strategy.asked.turnover_max, (0.5 - 0.2) / 0.85));
  CHECK(near(strategy.asked.gross_max, 1));
  CHECK(near(strategy.asked.position_min, 0.04));
  CHECK(strategy.asked.positions_max == 2);
  CHECK(strategy.asked.cost_rate == 0.001);
  CHECK(near(strategy.asked.cost_quadratic, 0.085));
  settings.turnover_max = 0.55;
  CHECK(optimize(strategy, prices, settings, current));
  settings.turnover_max = 0.1;
  CHECK(optimize(strategy, prices, settings, current).error() ==
        Error{ErrorCode::conflict,
              "turnover_max is 0.1, but bringing bonds and cash to the glide path's shares trades 0.2 alone"});
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) ==
        "turnover_max is 0.1, which needs the weights held now: they are not known");
  settings.turnover_max.reset();
  settings.positions_max = 1;
  CHECK(refusal(strategy, prices, settings) ==
        "positions_max is 1, but the glide path holds 1 symbols of class bond and cash");
  settings.positions_max = 0;
  settings.position_min = 0.2;
  CHECK(refusal(strategy, prices, settings) == "the glide path gives BND a weight of 0.12, position_min is 0.2");
  settings.position_min = 0;
  settings.benchmark = {{symbol("SPY"), 1}};
  settings.tracking_error_max = 0.04;
  CHECK(refusal(strategy, prices, settings).find("tracking_error_max is 0.04, but the glide path decides") == 0);
}

TEST_CASE("a glide path of one's own divides at its points, between them, and down to nothing for the strategy") {
  const PriceFrame prices = prices_of({"SPY", "BND", "QQQ"});
  OptimizerSettings settings = age_35();
  settings.glide_curve = {{25, 1}, {45, 0.5}, {65, 0}};
  settings.bonds_of_safe = 1;
  Scripted strategy({0.6, 0.4});
  settings.age_years = 35;
  OptimizerResult result = optimize(strategy, prices, settings, std::nullopt).value();
  CHECK(near(result.equity_share.value(), 0.75));
  CHECK(near(result.weights.of(symbol("BND")), 0.25));
  CHECK(near(result.weights.of(symbol("QQQ")), 0.3));
  settings.age_years = 20;
  CHECK(near(optimize(strategy, prices, settings, std::nullopt)->weights.of(symbol("SPY")), 0.6));
  settings.age_years = 70;
  Scripted unasked({std::nan(""), std::nan("")});
  result = optimize(unasked, prices, settings, std::nullopt).value();
  CHECK(result.weights.of(symbol("BND")) == 1);
  CHECK(result.weights.of(symbol("SPY")) == 0);
  CHECK(std::isnan(result.objective));
  CHECK_FALSE(result.certificate);
  settings.weight_min = 0.1;
  CHECK(refusal(unasked, prices, settings) == "the strategy gave SPY a weight of 0, must be at least 0.1");
  settings.glide_curve = {{25, 1}, {25, 0.5}};
  CHECK(refusal(unasked, prices, settings, ErrorCode::invalid) ==
        "point 2 of the glide path is at 25, must be a number above the one before");
}

TEST_CASE("limits are about classes, labels with or without their kind, symbols, and sums of them") {
  const PriceFrame prices = prices_of({"AAPL", "MSFT", "XOM", "GLD"});
  OptimizerSettings settings;
  settings.classes = {{symbol("GLD"), "gold"}};
  settings.labels = {{symbol("AAPL"), {"sector:tech", "issuer:apple"}},
                     {symbol("MSFT"), {"sector:tech"}},
                     {symbol("XOM"), {"sector:energy", "dividend"}}};
  Scripted strategy({0.25, 0.25, 0.25, 0.25});
  const auto coefficients = [&](const std::string& label) {
    settings.class_limits = {{label, 0, 1, label}};
    const auto result = optimize(strategy, prices, settings, std::nullopt);
    REQUIRE_MESSAGE(result, result.error().message);
    REQUIRE(strategy.asked.groups.size() == 1);
    return strategy.asked.groups[0].coefficients;
  };
  using Row = std::vector<double>;
  CHECK(coefficients("tech") == Row{1, 1, 0, 0});
  CHECK(coefficients("sector:tech") == Row{1, 1, 0, 0});
  CHECK(coefficients("tech + energy") == Row{1, 1, 1, 0});
  CHECK(coefficients("AAPL+XOM") == Row{1, 0, 1, 0});
  CHECK(coefficients("gold + dividend") == Row{0, 0, 1, 1});
  CHECK(coefficients("tech + AAPL") == Row{1, 1, 0, 0});  // carrying two of them counts once
  CHECK(coefficients("equity") == Row{1, 1, 1, 0});
  CHECK(coefficients("class:gold") == Row{0, 0, 0, 1});
  CHECK(coefficients("symbol:XOM") == Row{0, 0, 1, 0});

  settings.class_limits = {{"enrgy", 0, 1, "enrgy <= 10%"}};
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) ==
        "enrgy <= 10%: no symbol is of class enrgy; did you mean energy?");
  // Nobody carries it and it is no slip: true and harmless, unless something is asked of it.
  settings.class_limits = {{"utilities", 0, 0.1, "utilities <= 10%"}};
  REQUIRE(optimize(strategy, prices, settings, std::nullopt));
  CHECK(strategy.asked.groups.empty());
  settings.class_limits = {{"utilities", 0.1, 1, "utilities >= 10%"}};
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid)
            .find("utilities >= 10%: no symbol is of class utilities; there is ") == 0);

  settings.labels[symbol("GLD")] = {"theme:tech"};
  settings.class_limits = {{"tech", 0, 1, "tech <= 100%"}};
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) ==
        "tech <= 100%: tech may be sector:tech or theme:tech, which are of different symbols; write the one that is "
        "meant");
  CHECK(coefficients("sector:tech") == Row{1, 1, 0, 0});
  CHECK(coefficients("theme:tech") == Row{0, 0, 0, 1});
  settings.labels[symbol("GLD")] = {"sector:tech"};
  settings.labels[symbol("AAPL")].push_back("theme:tech");
  settings.labels[symbol("MSFT")].push_back("theme:tech");
  settings.labels[symbol("GLD")].push_back("theme:tech");
  CHECK(coefficients("tech") == Row{1, 1, 0, 1});  // the same symbols under both: nothing to ask
}

TEST_CASE("a benchmark that makes no sense is refused") {
  const PriceFrame prices = prices_of({"A", "B"});
  Scripted strategy({0.5, 0.5});
  OptimizerSettings settings;
  settings.benchmark = {{symbol("Z"), 1}};
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) ==
        "the benchmark holds 1 of Z, which is not one of the symbols");
  settings.benchmark.clear();
  settings.tracking_error_max = 0.04;
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) ==
        "tracking_error_max is 0.04, but there is no benchmark to follow");
  settings.tracking_error_max.reset();
  settings.benchmark_prices = {1, 2, 3};
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) == "the benchmark has 3 prices, the symbols have 60");
  settings.benchmark_prices.clear();
  settings.risk_model = "single_index";
  CHECK(refusal(strategy, prices, settings, ErrorCode::invalid) != "");
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
  CHECK(refusal(strategy, prices, settings)
            .find("tech >= 40% (in shares of the growth sleeve), asset 3 <= 0.352941 cannot "
                  "be met together") == 0);
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
