// The built efficient_return, efficient_risk, max_utility, max_diversification and black_litterman, and what trading
// costs and limits do to all of the family, asked through the contract.
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "plugins/strategies/ask_strategy.hpp"

using namespace rebalancer;
using test::ask_strategy;
using test::largest_difference;
using test::StrategyAnswer;
using test::StrategyQuestion;
using test::turnover_of;

namespace {

void check_certified(const StrategyAnswer& answer) {
  REQUIRE_MESSAGE(answer.code == RB_OK, answer.report);
  CHECK(answer.kkt_residual <= 1e-10);
  CHECK(answer.duality_gap <= 1e-10);
  CHECK(answer.max_violation <= 1e-10);
}

void check_golden(const char* name, const StrategyQuestion& question, const boost::json::value& expected,
                  double objective) {
  CAPTURE(name);
  const StrategyAnswer answer = ask_strategy(name, question);
  check_certified(answer);
  CHECK(largest_difference(answer.weights, test::vector(expected.at("weights"))) <= 1e-9);
  CHECK(std::abs(answer.objective - objective) <= 1e-10 * std::abs(objective));
}

boost::json::value report_of(const StrategyAnswer& answer) { return boost::json::parse(answer.report); }

std::vector<double> equal_weights(const StrategyQuestion& question) {
  return std::vector<double>(question.symbols.size(), 1.0 / static_cast<double>(question.symbols.size()));
}

}  // namespace

TEST_CASE("the mean-variance family gives the weights of the independent reference") {
  const auto golden = test::golden();
  const auto given = test::dev20_question();
  if (!golden || !given) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  StrategyQuestion question = *given;
  for (const auto& target : wanted.at("efficient_return").as_array()) {
    question.settings = {{"target_return", boost::json::serialize(target.at("target_return"))}};
    check_golden("efficient_return", question, target, test::number(target.at("volatility")));
  }
  for (const auto& target : wanted.at("efficient_risk").as_array()) {
    question.settings = {{"target_volatility", boost::json::serialize(target.at("target_volatility"))}};
    check_golden("efficient_risk", question, target, test::number(target.at("expected_return")));
  }
  for (const auto& utility : wanted.at("max_quadratic_utility").as_array()) {
    question.settings = {{"risk_aversion", boost::json::serialize(utility.at("risk_aversion"))}};
    check_golden("max_utility", question, utility, test::number(utility.at("objective_mu_minus_half_delta_var")));
  }
  question.settings = {};
  const auto& diversified = wanted.at("max_diversification");
  check_golden("max_diversification", question, diversified, test::number(diversified.at("diversification_ratio")));
  question.current = equal_weights(question);
  for (const auto& penalised : wanted.at("turnover_penalised_min_variance").at("cases").as_array()) {
    question.cost_rate = test::number(penalised.at("c"));
    const StrategyAnswer answer = ask_strategy("min_variance", question);
    check_certified(answer);
    CHECK(largest_difference(answer.weights, test::vector(penalised.at("weights"))) <= 1e-9);
  }
  // The same by the outer search: a quadratic cost around zero is the reference's w'w.
  question.cost_rate = 0;
  question.cost_quadratic = 0.1;
  question.current.assign(question.symbols.size(), 0);
  const StrategyAnswer spread = ask_strategy("min_variance", question);
  check_certified(spread);
  CHECK(largest_difference(spread.weights, test::vector(wanted.at("l2_min_variance_gamma0.1").at("weights"))) <= 1e-9);
}

TEST_CASE("black_litterman gives the weights of the independent reference") {
  const auto golden = test::golden();
  auto question = test::dev20_question();
  if (!golden || !question) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("black_litterman");
  boost::json::object config, caps;
  const auto& values = wanted.at("caps").as_array();
  for (std::size_t i = 0; i < values.size(); ++i) caps[question->symbols[i]] = values[i];
  config["market_caps"] = caps;
  config["views"] = {"GOOG = 12%", "AAPL - T = 3%"};
  config["confidences"] = wanted.at("idzorek_confidences");
  question->config = boost::json::serialize(config);
  question->settings = {{"tau", "0.05"}, {"risk_aversion", "2.5"}, {"covariance", "prior"}};
  for (const double risk_free : {0.0, 0.02}) {
    question->risk_free_rate = risk_free;
    const StrategyAnswer answer = ask_strategy("black_litterman", *question);
    check_certified(answer);
    CHECK(largest_difference(answer.weights,
                             test::vector(wanted.at("idzorek").at("max_sharpe_rf0_long_only_S_weights"))) <= 1e-9);
    const auto report = report_of(answer);
    const auto& symbols = report.at("estimates").at("symbols");
    const auto means = test::vector(wanted.at("idzorek").at("posterior_mean"));
    CHECK(std::abs(test::number(symbols.at("GOOG").at("expected_return")) - means(0) - risk_free) <= 1e-12);
  }
  question->settings["covariance"] = "posterior";
  check_certified(ask_strategy("black_litterman", *question));

  SUBCASE("what cannot be meant is refused") {
    const auto refused = [&](const char* key, boost::json::value value) {
      boost::json::object other = config;
      other[key] = std::move(value);
      question->config = boost::json::serialize(other);
      const StrategyAnswer answer = ask_strategy("black_litterman", *question);
      CHECK(answer.code == RB_INVALID);
      return answer.report;
    };
    CHECK(refused("views", {"GOOG is great", "T = 1%"}).find("view \"GOOG is great\" must read as") == 0);
    CHECK(refused("views", {"XYZ = 1%", "T = 1%"}).find("a view is about XYZ") == 0);
    CHECK(refused("confidences", {0.5}) == "confidences has 1 numbers for 2 views, must be one for each");
    CHECK(refused("prior_weights", boost::json::object{{"GOOG", 1}}) ==
          "give exactly one of market_caps, prior_weights and prior_returns");
    CHECK(refused("market_caps", boost::json::object{{"GOOG", 1}}).find("market_caps lacks AAPL") == 0);
  }
}

TEST_CASE("a higher cost never trades more, and what is held already is kept at any cost") {
  StrategyQuestion question = test::small_question();
  for (const char* name : {"min_variance", "max_utility", "max_sharpe"}) {
    CAPTURE(name);
    question.settings = {{"risk_aversion", "3"}};
    question.current = {0.7, 0.2, 0.1};
    for (const bool quadratic : {false, true}) {
      double last = std::numeric_limits<double>::infinity();
      for (const double cost : {0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0}) {
        question.cost_rate = quadratic ? 0 : cost;
        question.cost_quadratic = quadratic ? cost : 0;
        const StrategyAnswer answer = ask_strategy(name, question);
        if (answer.code == RB_CONFLICT) break;  // trading to a positive excess return costs more than it brings
        check_certified(answer);
        const double traded = turnover_of(answer, question.current);
        if (std::string(name) != "max_sharpe") CHECK(traded <= last + 1e-9);
        last = traded;
      }
    }
    question.cost_rate = question.cost_quadratic = 0;
    question.current = ask_strategy(name, question).weights;
    for (const double cost : {1e-4, 1e-2}) {
      question.cost_rate = cost;
      question.cost_quadratic = cost;
      const StrategyAnswer answer = ask_strategy(name, question);
      check_certified(answer);
      CHECK(turnover_of(answer, question.current) <= 1e-9);
    }
    question.cost_rate = question.cost_quadratic = 0;
  }
}

TEST_CASE("a limit on turnover binds exactly, is priced, and needs the weights held now") {
  StrategyQuestion question = test::small_question();
  question.settings = {{"risk_aversion", "3"}, {"target_return", "0.5"}, {"target_volatility", "0.19"}};
  question.turnover_max = 0.1;
  for (const char* name : {"min_variance", "max_sharpe", "max_utility", "max_diversification", "efficient_return"}) {
    CAPTURE(name);
    question.current = {};
    const StrategyAnswer unknown = ask_strategy(name, question);
    CHECK(unknown.code == RB_INVALID);
    CHECK_MESSAGE(unknown.report.find("turnover_max is 0.1") == 0, unknown.report);
    question.current = {0.1, 0.2, 0.7};
    const StrategyAnswer answer = ask_strategy(name, question);
    if (answer.code == RB_CONFLICT) continue;  // the target is further away than that
    check_certified(answer);
    const auto report = report_of(answer);
    CHECK(std::abs(turnover_of(answer, question.current) - 0.1) <= 1e-12);
    CHECK(std::abs(test::number(report.at("trade").at("turnover")) - 0.1) <= 1e-12);
    bool priced = false;
    for (const auto& binding : report.at("binding").as_array()) {
      priced = priced || binding.at("constraint") == "turnover_max 0.1";
    }
    CHECK_MESSAGE(priced, answer.report);
  }
}

TEST_CASE("the tracking error is kept and priced, the price is the slope of the objective") {
  StrategyQuestion question = test::small_question();
  question.settings = {{"risk_aversion", "3"}};
  CHECK_MESSAGE(ask_strategy("min_variance",
                             [&] {
                               StrategyQuestion other = question;
                               other.tracking_error_max = 0.05;
                               return other;
                             }())
                        .report.find("needs a benchmark") != std::string::npos,
                "no benchmark");
  for (Eigen::Index t = 0; t < question.values.rows(); ++t) {
    question.benchmark.push_back(question.values.row(t).mean() + 0.1 * std::cos(static_cast<double>(t)));
  }
  const StrategyAnswer far = ask_strategy("min_variance", [&] {
    StrategyQuestion other = question;
    other.tracking_error_max = 1e-6;
    return other;
  }());
  CHECK(far.code == RB_CONFLICT);
  CHECK_MESSAGE(far.report.find("tracking_error_max is 1e-06, but the nearest") == 0, far.report);
  constexpr double limit = 0.03;
  const std::string constraint = "tracking_error_max 0.03";
  for (const auto& [name, sign] : {std::pair{"min_variance", -1.0}, {"max_sharpe", 1.0}, {"max_utility", 1.0}}) {
    CAPTURE(name);
    question.tracking_error_max = limit;
    const StrategyAnswer answer = ask_strategy(name, question);
    check_certified(answer);
    const auto report = report_of(answer);
    CHECK(test::number(report.at("tracking_error")) <= limit * (1 + 1e-9));
    double price = 0;
    for (const auto& binding : report.at("binding").as_array()) {
      if (binding.at("constraint") == constraint.c_str()) price = test::number(binding.at("price"));
    }
    REQUIRE_MESSAGE(price > 0, answer.report);
    constexpr double step = 1e-6;
    question.tracking_error_max += step;
    const double slope = sign * (ask_strategy(name, question).objective - answer.objective) / step;
    CHECK(std::abs(slope - price) <= 1e-3 * price);
  }
}

TEST_CASE("the report says how far the answer moves with the expected returns") {
  StrategyQuestion question = test::small_question();
  const auto report = report_of(ask_strategy("max_sharpe", question));
  const auto& sensitivity = report.at("sensitivity");
  CHECK(sensitivity.at("symbols_tried") == 3);
  CHECK(test::number(sensitivity.at("most_moved")) >= test::number(sensitivity.at("moved")));
  CHECK(test::number(sensitivity.at("most_moved")) > 0);
  CHECK(report_of(ask_strategy("min_variance", question)).as_object().if_contains("sensitivity") == nullptr);
}

TEST_CASE("targets out of reach and rules that are not carried are refused with a sentence") {
  StrategyQuestion question = test::small_question();
  question.settings = {{"target_return", "9"}, {"target_volatility", "0.001"}, {"risk_aversion", "0"}};
  StrategyAnswer answer = ask_strategy("efficient_return", question);
  CHECK(answer.code == RB_CONFLICT);
  CHECK_MESSAGE(answer.report.find("target return 9 is above the highest attainable") == 0, answer.report);
  answer = ask_strategy("efficient_risk", question);
  CHECK(answer.code == RB_CONFLICT);
  CHECK_MESSAGE(answer.report.find("target volatility 0.001 is below the lowest attainable") == 0, answer.report);
  answer = ask_strategy("max_utility", question);
  CHECK(answer.report == "risk_aversion is 0, must be above 0");
  question.cost_rate = -1;
  CHECK(ask_strategy("max_sharpe", question).report == "cost_rate is -1, must be a number of at least 0");
}

TEST_CASE("a least size and a number of positions are kept, and no choice of positions is better") {
  StrategyQuestion question = test::small_question();
  question.settings = {{"risk_aversion", "3"}, {"target_return", "0.6"}, {"target_volatility", "0.3"}};
  for (const char* name :
       {"min_variance", "max_sharpe", "max_utility", "efficient_return", "efficient_risk", "max_diversification"}) {
    CAPTURE(name);
    question.positions_max = 2;
    question.position_min = 0.2;
    const StrategyAnswer answer = ask_strategy(name, question);
    check_certified(answer);
    int held = 0;
    for (const double weight : answer.weights) {
      held += weight > 0;
      CHECK((weight == 0 || weight >= 0.2 - 1e-12));
    }
    CHECK(held <= 2);
    CHECK(test::number(report_of(answer).at("positions").at("gap")) == 0);
    // Each symbol left out in turn, without rules: what the search chose is among these, and the best of them.
    const bool smaller = std::string(name) == "min_variance" || std::string(name) == "efficient_return";
    question.positions_max = 0;
    question.position_min = 0;
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t out = 0; out < 3; ++out) {
      StrategyQuestion pair = question;
      pair.symbols.erase(pair.symbols.begin() + static_cast<std::ptrdiff_t>(out));
      Eigen::MatrixXd values(question.values.rows(), 2);
      for (Eigen::Index k = 0, i = 0; i < 3; ++i) {
        if (i != static_cast<Eigen::Index>(out)) values.col(k++) = question.values.col(i);
      }
      pair.values = values;
      pair.lower = 0.2;
      pair.upper = 0.8;
      const StrategyAnswer of_pair = ask_strategy(name, pair);
      if (of_pair.code == RB_OK) best = std::min(best, smaller ? of_pair.objective : -of_pair.objective);
    }
    CHECK((smaller ? answer.objective : -answer.objective) <= best + 1e-12);
  }
}
