// The mean-variance family where inputs are degenerate or limits meet: asked through the contract, each answer proven
// or refused with a sentence.
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "core/quant/covariance.hpp"
#include "core/quant/mean_variance.hpp"
#include "core/quant/returns.hpp"
#include "plugins/strategies/ask_strategy.hpp"

using namespace rebalancer;
using test::ask_strategy;
using test::StrategyAnswer;
using test::StrategyQuestion;
using test::turnover_of;

namespace {

constexpr const char* family[] = {"min_variance",     "max_sharpe",     "max_utility",
                                  "efficient_return", "efficient_risk", "max_diversification"};

StrategyQuestion question_with_targets() {
  StrategyQuestion question = test::small_question();
  question.settings = {{"risk_aversion", "3"}, {"target_return", "0.6"}, {"target_volatility", "0.25"}};
  return question;
}

void check_certified(const StrategyAnswer& answer) {
  REQUIRE_MESSAGE(answer.code == RB_OK, answer.report);
  CHECK(answer.kkt_residual <= 1e-10);
  CHECK(answer.duality_gap <= 1e-10);
  CHECK(answer.max_violation <= 1e-10);
  double sum = 0;
  for (const double weight : answer.weights) sum += weight;
  CHECK(std::abs(sum - 1) <= 1e-12);
}

double priced(const StrategyAnswer& answer, const std::string& constraint) {
  const boost::json::value report = boost::json::parse(answer.report);
  for (const auto& binding : report.at("binding").as_array()) {
    if (binding.at("constraint") == boost::json::string_view(constraint)) return test::number(binding.at("price"));
  }
  return 0;
}

}  // namespace

TEST_CASE("a single symbol is held whole by every one of the family") {
  StrategyQuestion question = question_with_targets();
  question.symbols = {"A"};
  question.values = question.values.leftCols(1).eval();
  question.settings["target_return"] = "0.1";
  for (const char* name : family) {
    CAPTURE(name);
    const StrategyAnswer answer = ask_strategy(name, question);
    check_certified(answer);
    CHECK(answer.weights == std::vector<double>{1});
  }
}

TEST_CASE("duplicates and what never moves: a proven answer or a sentence, never a number that is none") {
  StrategyQuestion question = question_with_targets();
  question.settings["target_return"] = "0.3";
  question.values.col(2) = question.values.col(1).eval();
  for (const bool growing : {false, true}) {
    CAPTURE(growing);
    for (int t = 0; t < 40; ++t) question.values(t, 0) = growing ? 100 * std::pow(1.001, t) : 100;
    for (const char* name : family) {
      CAPTURE(name);
      const StrategyAnswer answer = ask_strategy(name, question);
      if (growing && std::string(name) == "max_sharpe") {
        CHECK(answer.code == RB_CONFLICT);
        CHECK_MESSAGE(answer.report.find("without any volatility") != std::string::npos, answer.report);
        continue;
      }
      check_certified(answer);
      CHECK(std::isfinite(answer.objective));
      if (std::string(name) == "min_variance") CHECK(answer.weights[0] == 1);
      // One symbol twice cancels nothing.
      if (std::string(name) == "max_diversification") CHECK(std::abs(answer.objective - 1) <= 1e-12);
    }
  }
  for (int i = 0; i < 3; ++i) question.values.col(i).setConstant(100);
  const StrategyAnswer still = ask_strategy("max_diversification", question);
  CHECK(still.code == RB_CONFLICT);
  CHECK_MESSAGE(still.report.find("the diversification ratio has no maximum") == 0, still.report);
}

TEST_CASE("a target below what the lowest variance earns is met by the lowest variance") {
  StrategyQuestion question = question_with_targets();
  const StrategyAnswer lowest = ask_strategy("min_variance", question);
  for (const char* target : {"0.1", "-3"}) {
    question.settings["target_return"] = target;
    const StrategyAnswer answer = ask_strategy("efficient_return", question);
    check_certified(answer);
    CHECK(answer.weights == lowest.weights);
    CHECK(priced(answer, std::string("target_return ") + target) == 0);
  }
  question.settings["target_return"] = "0.7";
  CHECK(priced(ask_strategy("efficient_return", question), "target_return 0.7") > 0);
}

TEST_CASE("long and short within a gross limit, which binds and is priced where it presses") {
  StrategyQuestion question = question_with_targets();
  question.lower = -1;
  question.upper = 2;
  for (const char* name : {"max_utility", "efficient_risk", "max_sharpe", "min_variance"}) {
    CAPTURE(name);
    for (const double gross : {1.0, 1.1, 3.0}) {
      CAPTURE(gross);
      question.gross_max = gross;
      const StrategyAnswer answer = ask_strategy(name, question);
      check_certified(answer);
      double held = 0;
      for (const double weight : answer.weights) held += std::abs(weight);
      CHECK(held <= gross + 1e-12);
      if (priced(answer, fmt::format("gross_max {}", gross)) > 1e-9) CHECK(std::abs(held - gross) <= 1e-12);
    }
  }
  question.gross_max = 1.1;
  CHECK(priced(ask_strategy("max_utility", question), "gross_max 1.1") > 0);
}

TEST_CASE("from nothing held, everything has to be bought, and a turnover below that is named") {
  StrategyQuestion question = question_with_targets();
  question.current = {0, 0, 0};
  question.cost_rate = 0.01;
  question.turnover_max = 1;
  for (const char* name : family) {
    CAPTURE(name);
    const StrategyAnswer answer = ask_strategy(name, question);
    check_certified(answer);
    CHECK(std::abs(turnover_of(answer, question.current) - 1) <= 1e-12);
  }
  question.turnover_max = 0.5;
  for (const char* name : family) {
    const StrategyAnswer answer = ask_strategy(name, question);
    CHECK(answer.code == RB_CONFLICT);
    CHECK_MESSAGE(answer.report.find("turnover_max 0.5") != std::string::npos, answer.report);
  }
}

TEST_CASE("a benchmark that is one of the symbols can be held exactly") {
  StrategyQuestion question = question_with_targets();
  question.settings["target_return"] = "0.1";
  for (int t = 0; t < 40; ++t) question.benchmark.push_back(3 * question.values(t, 1));
  for (const double limit : {0.0, 1e-6, 0.01}) {
    CAPTURE(limit);
    question.tracking_error_max = limit;
    for (const char* name : {"min_variance", "max_sharpe", "max_utility", "efficient_return"}) {
      CAPTURE(name);
      const StrategyAnswer answer = ask_strategy(name, question);
      REQUIRE_MESSAGE(answer.code == RB_OK, answer.report);
      CHECK(test::number(boost::json::parse(answer.report).at("tracking_error")) <= limit + 1e-7);
      CHECK(answer.weights[1] >= 0.85);
      if (limit > 1e-3) check_certified(answer);
    }
  }
}

TEST_CASE("on real prices every question keeps the tracking error and no feasible book near it is better") {
  const auto given = test::dev20_question();
  const auto market = test::golden_prices("golden/data/dev20_bench_spy.csv");
  if (!given || !market) return;
  StrategyQuestion question = *given;
  question.settings = {{"risk_aversion", "3"}, {"target_return", "0.15"}, {"target_volatility", "0.13"}};
  question.benchmark.assign(market->values().data(), market->values().data() + market->values().rows());
  REQUIRE(question.benchmark.size() == question.dates.size());
  question.tracking_error_max = 0.05;
  for (const char* name : family) {
    CAPTURE(name);
    const StrategyAnswer answer = ask_strategy(name, question);
    check_certified(answer);
    const double reached = test::number(boost::json::parse(answer.report).at("tracking_error"));
    CHECK(reached <= 0.05 * (1 + 1e-9));
    CHECK(priced(answer, "tracking_error_max 0.05") > 0);
    CHECK(std::abs(reached - 0.05) <= 1e-9);
    // A wider limit is never worse, a narrower one never better.
    const bool smaller = std::string(name) == "min_variance" || std::string(name) == "efficient_return";
    double last = answer.objective;
    for (const double wider : {0.06, 0.08, 1.0}) {
      StrategyQuestion other = question;
      other.tracking_error_max = wider;
      const StrategyAnswer freer = ask_strategy(name, other);
      check_certified(freer);
      CHECK((smaller ? last - freer.objective : freer.objective - last) >= -1e-12);
      last = freer.objective;
    }
  }
}

TEST_CASE("the market may be larger than what is weighed, the prior's weights may not") {
  StrategyQuestion question = test::small_question();
  question.settings = {{"tau", "0.05"}, {"risk_aversion", "2.5"}};
  question.config = R"({"market_caps": {"A": 10, "B": 20, "C": 30}, "views": ["A > C by 2%"]})";
  const StrategyAnswer whole = ask_strategy("black_litterman", question);
  check_certified(whole);
  question.config = R"({"market_caps": {"A": 10, "B": 20, "C": 30, "BND": 40}, "views": ["A > C by 2%"]})";
  CHECK(ask_strategy("black_litterman", question).weights == whole.weights);
  question.config = R"({"prior_weights": {"A": 0.2, "B": 0.2, "C": 0.2, "BND": 0.4}})";
  const StrategyAnswer refused = ask_strategy("black_litterman", question);
  CHECK(refused.code == RB_INVALID);
  CHECK_MESSAGE(refused.report.find("prior_weights names BND") == 0, refused.report);
  // Without views the market's own weights come back.
  question.config = R"({"prior_weights": {"A": 0.5, "B": 0.3, "C": 0.2}})";
  const StrategyAnswer market = ask_strategy("black_litterman", question);
  check_certified(market);
  CHECK(test::largest_difference(market.weights, Eigen::Vector3d(0.5, 0.3, 0.2)) <= 1e-12);
}

// The strategies take the returns themselves as factors then, and never make the matrix.
TEST_CASE("with fewer days than symbols the answer is that of the whole covariance matrix") {
  StrategyQuestion question{{}, {}, Eigen::MatrixXd(30, 70)};
  for (int t = 0; t < 30; ++t) question.dates.push_back(20'000 + t);
  for (int i = 0; i < 70; ++i) {
    question.symbols.push_back("S" + std::to_string(i));
    for (int t = 0; t < 30; ++t) {
      question.values(t, i) = 100 * (1 + 0.001 * (i % 7) * t + 0.02 * std::sin(t * (1 + 0.37 * i)) + 0.01 * (i % 3));
    }
  }
  question.upper = 0.05;
  question.settings = {{"risk_aversion", "3"}, {"target_return", "0.6"}, {"target_volatility", "0.05"}};
  const Eigen::MatrixXd now = question.values.bottomRows(29), before = question.values.topRows(29);
  const Eigen::MatrixXd returns = now.cwiseQuotient(before).array() - 1;
  MeanVarianceProblem problem;
  problem.mean = arithmetic_mean(returns, 252);
  problem.covariance = sample_covariance(returns, 252);
  problem.lower = Eigen::VectorXd::Zero(70);
  problem.upper = Eigen::VectorXd::Constant(70, 0.05);

  const auto check_same = [&](const char* name, const Result<MeanVarianceSolution>& expected) {
    CAPTURE(name);
    const StrategyAnswer answer = ask_strategy(name, question);
    check_certified(answer);
    REQUIRE(expected.has_value());
    const Eigen::VectorXd weights = Eigen::Map<const Eigen::VectorXd>(answer.weights.data(), 70);
    // The lowest variance of so few days is not unique; what it comes to is.
    const double scale = problem.covariance.diagonal().mean();
    CHECK(std::abs(variance_of(problem, weights) - variance_of(problem, expected->weights)) <= 1e-9 * scale);
    CHECK(std::abs(problem.mean.dot(weights) - problem.mean.dot(expected->weights)) <=
          (std::string(name) == "min_variance" ? 10 : 1e-7));
    const boost::json::value report = boost::json::parse(answer.report);
    const auto& told = report.at("estimates").at("symbols");
    for (int i = 0; i < 70; ++i) {
      const double volatility = test::number(told.at(question.symbols[static_cast<std::size_t>(i)]).at("volatility"));
      CHECK(volatility == doctest::Approx(std::sqrt(problem.covariance(i, i))).epsilon(1e-12));
    }
  };
  check_same("min_variance", minimize_variance(problem));
  check_same("max_sharpe", maximize_sharpe(problem, 0.02));
  check_same("max_utility", minimize_at(problem, 1.0 / 3));
  check_same("efficient_risk", maximize_return_for_volatility(problem, 0.05));
}
