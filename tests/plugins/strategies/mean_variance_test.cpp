// The built max_sharpe and min_variance, asked through the contract.
#include <cmath>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/plugin_under_test.hpp"

using namespace rebalancer;
using test::PluginUnderTest;

namespace {

struct Answer {
  std::int32_t code = RB_OK;
  std::vector<double> weights;
  double objective = 0, kkt_residual = 0, duality_gap = 0, max_violation = 0;
  std::string report;
};

struct Question {
  std::vector<rb_date> dates;
  std::vector<std::string> symbols;
  Eigen::MatrixXd values;
  double lower = 0, upper = 1, risk_free_rate = 0.02;
  std::vector<double> group;  // coefficients of one group, empty: none
  double group_upper = 1;
};

Answer ask(const std::string& name, const Question& question) {
  PluginUnderTest plugin(name, {});
  std::vector<rb_str> symbols;
  for (const std::string& symbol : question.symbols) symbols.push_back({symbol.data(), symbol.size()});
  const auto rows = static_cast<std::uint64_t>(question.values.rows()), cols = symbols.size();
  const rb_frame frame{rows, cols, question.dates.data(), symbols.data(), question.values.data()};
  const std::vector<double> lower(cols, question.lower), upper(cols, question.upper);
  const rb_group group{{"tech", 4}, question.group.data(), 0, question.group_upper};
  const rb_problem problem{sizeof(rb_problem),
                           &frame,
                           lower.data(),
                           upper.data(),
                           &group,
                           question.group.empty() ? 0u : 1u,
                           nullptr,
                           0,
                           question.risk_free_rate,
                           252,
                           {"sample", 6},
                           {"arithmetic", 10},
                           0,
                           0.94,
                           nullptr,
                           std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::infinity(),
                           0,
                           0};
  std::pair<Answer, std::uint64_t> out{{}, cols};
  const auto take = [](void* ctx, const rb_allocation* allocation) {
    auto& [answer, count] = *static_cast<std::pair<Answer, std::uint64_t>*>(ctx);
    answer.weights.assign(allocation->weights, allocation->weights + count);
    answer.objective = allocation->objective;
    answer.kkt_residual = allocation->kkt_residual;
    answer.duality_gap = allocation->duality_gap;
    answer.max_violation = allocation->max_violation;
    answer.report = PluginUnderTest::copy(allocation->report_json);
  };
  out.first.code = plugin.api<rb_strategy>().weigh(plugin.instance(), &problem, take, &out);
  if (out.first.code != RB_OK) out.first.report = plugin.failure;
  return out.first;
}

Question small() {
  Question question{{}, {"A", "B", "C"}, Eigen::MatrixXd(40, 3), 0, 1, 0.02, {}, 1};
  for (int t = 0; t < 40; ++t) {
    question.dates.push_back(20'000 + t);
    for (int i = 0; i < 3; ++i) {
      question.values(t, i) = 100 * (1 + 0.001 * (i + 1) * t + 0.02 * std::sin(t * (1 + 0.4 * i)));
    }
  }
  return question;
}

std::optional<Question> dev20() {
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!prices) return std::nullopt;
  Question question;
  for (const Date date : prices->dates()) question.dates.push_back(date.days());
  for (const Symbol& symbol : prices->symbols()) question.symbols.push_back(symbol.str());
  question.values = prices->values();
  return question;
}

double difference(const std::vector<double>& weights, const Eigen::VectorXd& expected) {
  double most = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    most = std::max(most, std::abs(weights[i] - expected(static_cast<Eigen::Index>(i))));
  }
  return most;
}

void check_certified(const Answer& answer) {
  CHECK(answer.kkt_residual <= 1e-12);
  CHECK(answer.duality_gap <= 1e-12);
  CHECK(answer.max_violation <= 1e-12);
}

}  // namespace

TEST_CASE("the report says what was estimated, what binds and what that costs") {
  Question question = small();
  question.group = {0, 1, 1};
  question.group_upper = 0.3;
  for (const char* name : {"max_sharpe", "min_variance"}) {
    CAPTURE(name);
    const Answer answer = ask(name, question);
    REQUIRE(answer.code == RB_OK);
    check_certified(answer);
    CHECK(answer.weights[1] + answer.weights[2] <= 0.3 + 1e-12);
    const boost::json::value report = boost::json::parse(answer.report);
    CHECK(report.at("estimates").at("risk_model") == "sample");
    CHECK(report.at("estimates").at("days") == 39);
    CHECK(report.at("estimates").at("symbols").as_object().size() == 3);
    REQUIRE_FALSE(report.at("binding").as_array().empty());
    CHECK(report.at("binding").at(0).at("constraint") == "tech");
  }
  // The price is the slope of the objective in the limit.
  const double step = 1e-6;
  Question relaxed = question;
  relaxed.group_upper += step;
  for (const auto& [name, sign] : {std::pair{"max_sharpe", 1.0}, {"min_variance", -1.0}}) {
    CAPTURE(name);
    const Answer answer = ask(name, question);
    const double price = test::number(boost::json::parse(answer.report).at("binding").at(0).at("price"));
    const double slope = sign * (ask(name, relaxed).objective - answer.objective) / step;
    CHECK(price > 0);
    CHECK(std::abs(slope - price) < 1e-4 * std::abs(price));
  }
}

TEST_CASE("what cannot be solved is refused with the code and the sentence, and without weights") {
  Question question = small();
  question.upper = 0.3;
  Answer answer = ask("min_variance", question);
  CHECK(answer.code == RB_CONFLICT);
  CHECK(answer.report == "maximum weights sum to 0.9, must be at least 1");
  CHECK(answer.weights.empty());
  question = small();
  question.risk_free_rate = 50;
  answer = ask("max_sharpe", question);
  CHECK(answer.code == RB_CONFLICT);
  CHECK(answer.report.find("no portfolio has a positive Sharpe ratio") != std::string::npos);
  question = small();
  question.values(3, 1) = -5;
  answer = ask("max_sharpe", question);
  CHECK(answer.code == RB_INVALID);
  CHECK(answer.report == "price of B in row 4 is -5, must be positive");
}

TEST_CASE("max_sharpe and min_variance give the weights of the independent reference") {
  const auto golden = test::golden();
  auto question = dev20();
  if (!golden || !question) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  const auto agrees = [&](const char* name, const boost::json::value& expected, const char* objective) {
    const Answer answer = ask(name, *question);
    REQUIRE(answer.code == RB_OK);
    CHECK(difference(answer.weights, test::vector(expected.at("weights"))) <= 1e-12);
    CHECK(std::abs(answer.objective - test::number(expected.at(objective))) <= 1e-13);
    check_certified(answer);
  };
  agrees("min_variance", wanted.at("min_variance"), "variance");
  agrees("max_sharpe", wanted.at("max_sharpe_rf0.02"), "sharpe");
  for (const auto& box : wanted.at("box").as_array()) {
    question->lower = test::number(box.at("lower"));
    question->upper = test::number(box.at("upper"));
    agrees("min_variance", box.at("min_variance"), "variance");
    agrees("max_sharpe", box.at("max_sharpe_rf0_02"), "sharpe");
  }
  question->lower = 0;
  question->upper = 1;
  question->risk_free_rate = 0;
  const Answer answer = ask("max_sharpe", *question);
  CHECK(difference(answer.weights, test::vector(wanted.at("max_sharpe_rf0").at("weights"))) <= 1e-12);
}
