// The built momentum, asked through the contract.
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "plugins/strategies/ask_strategy.hpp"

using namespace rebalancer;
using test::ask_strategy;
using test::StrategyAnswer;
using test::StrategyQuestion;

namespace {

// Straight lines: the slope is the momentum.
StrategyQuestion lines(const std::vector<double>& slopes) {
  StrategyQuestion question;
  question.values.resize(40, static_cast<Eigen::Index>(slopes.size()));
  for (int t = 0; t < 40; ++t) {
    question.dates.push_back(20'000 + t);
    for (std::size_t i = 0; i < slopes.size(); ++i) {
      const double wave = std::sin(t * (1 + 0.4 * static_cast<double>(i)));
      question.values(t, static_cast<Eigen::Index>(i)) =
          100 * (1 + slopes[i] * t) + 0.5 * static_cast<double>(i + 1) * wave;
    }
  }
  for (std::size_t i = 0; i < slopes.size(); ++i)
    question.symbols.push_back(std::string(1, static_cast<char>('A' + i)));
  question.settings = {{"lookback_days", "30"}, {"skip_days", "5"}, {"count", "2"}, {"weighting", "equal"}};
  return question;
}

}  // namespace

TEST_CASE("the best that rose are held, equally or by inverse volatility") {
  StrategyQuestion question = lines({0.01, -0.01, 0.02, 0.005});
  StrategyAnswer answer = ask_strategy("momentum", question);
  REQUIRE_MESSAGE(answer.code == RB_OK, answer.report);
  CHECK(answer.weights == std::vector<double>{0.5, 0, 0.5, 0});
  CHECK(boost::json::parse(answer.report).at("momentum").as_object().size() == 4);
  question.settings["weighting"] = "inverse_volatility";
  answer = ask_strategy("momentum", question);
  REQUIRE_MESSAGE(answer.code == RB_OK, answer.report);
  CHECK(answer.weights[0] > 0.5);  // A swings less than C
  CHECK(std::abs(answer.weights[0] + answer.weights[2] - 1) <= 1e-12);
}

TEST_CASE("what did not rise is never held: fewer are, or the refuge takes its place") {
  StrategyQuestion question = lines({0.01, -0.005, -0.006, -0.007});
  StrategyAnswer answer = ask_strategy("momentum", question);
  REQUIRE_MESSAGE(answer.code == RB_OK, answer.report);
  CHECK(answer.weights == std::vector<double>{1, 0, 0, 0});
  question.settings["refuge"] = "D";
  CHECK(ask_strategy("momentum", question).weights == std::vector<double>{0.5, 0, 0, 0.5});
  question = lines({-0.004, -0.005, -0.006, -0.007});
  answer = ask_strategy("momentum", question);
  CHECK(answer.code == RB_CONFLICT);
  CHECK_MESSAGE(answer.report.find("no symbol rose over the time looked at") == 0, answer.report);
  question.settings["refuge"] = "B";
  CHECK(ask_strategy("momentum", question).weights == std::vector<double>{0, 1, 0, 0});
  question.settings["refuge"] = "X";
  CHECK(ask_strategy("momentum", question).report == "refuge is X, which is not among the 4 symbols to weigh");
}

TEST_CASE("bounds move the weights to the nearest that keep them; too few days are refused") {
  StrategyQuestion question = lines({0.01, -0.01, 0.02, 0.005});
  question.upper = 0.4;
  StrategyAnswer answer = ask_strategy("momentum", question);
  REQUIRE_MESSAGE(answer.code == RB_OK, answer.report);
  CHECK(std::abs(answer.weights[0] - 0.4) <= 1e-12);
  CHECK(std::abs(answer.weights[1] - 0.1) <= 1e-12);
  question.settings["lookback_days"] = "40";
  answer = ask_strategy("momentum", question);
  CHECK(answer.code == RB_INVALID);
  CHECK(answer.report == "there are 40 days of prices, momentum over 40 days needs 41");
  question.settings["lookback_days"] = "5";
  CHECK(ask_strategy("momentum", question).code == RB_INVALID);
  question.settings["lookback_days"] = "30";
  question.values(9, 2) = std::nan("");
  answer = ask_strategy("momentum", question);
  CHECK_MESSAGE(answer.report.find("price of C in row 10 is nan") == 0, answer.report);
}
