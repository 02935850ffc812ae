// The built min_cvar, min_cdar, min_max_drawdown and min_semivariance, asked through the contract.
#include <cmath>
#include <limits>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/plugin_under_test.hpp"

using namespace rebalancer;
using test::PluginUnderTest;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr const char* strategies[] = {"min_cvar", "min_cdar", "min_max_drawdown", "min_semivariance"};

struct Answer {
  std::int32_t code = RB_OK;
  std::vector<double> weights;
  double objective = 0, kkt_residual = 0, duality_gap = 0, max_violation = 0;
  std::string report;  // or why not
};

struct Question {
  std::vector<rb_date> dates;
  std::vector<std::string> symbols;
  Eigen::MatrixXd values;
  std::string confidence = "0.95", benchmark = "0";
  double lower = 0, upper = 1;
  std::vector<double> group;  // coefficients of one group, empty: none
  double group_upper = 1;
  std::vector<double> current;
  double cost_rate = 0, cost_quadratic = 0;
  double tracking_error_max = infinity, turnover_max = infinity, gross_max = infinity, position_min = 0;
  std::uint64_t positions_max = 0;
};

Answer ask(const std::string& name, const Question& question) {
  PluginUnderTest plugin(name, {{"confidence", question.confidence}, {"benchmark", question.benchmark}});
  if (plugin.instance() == nullptr) return {RB_INVALID, {}, 0, 0, 0, 0, plugin.failure};
  std::vector<rb_str> symbols;
  for (const std::string& symbol : question.symbols) symbols.push_back({symbol.data(), symbol.size()});
  const auto rows = static_cast<std::uint64_t>(question.values.rows()), cols = symbols.size();
  const rb_frame frame{rows, cols, question.dates.data(), symbols.data(), question.values.data()};
  const std::vector<double> lower(cols, question.lower), upper(cols, question.upper);
  const rb_group group{{"tech", 4}, question.group.data(), 0, question.group_upper};
  rb_problem problem{};
  problem.size = sizeof(rb_problem);
  problem.prices = &frame;
  problem.lower = lower.data();
  problem.upper = upper.data();
  problem.groups = &group;
  problem.group_count = question.group.empty() ? 0 : 1;
  problem.current = question.current.empty() ? nullptr : question.current.data();
  problem.cost_rate = question.cost_rate;
  problem.cost_quadratic = question.cost_quadratic;
  problem.risk_free_rate = 0.02;
  problem.periods_per_year = 252;
  problem.risk_model = {"sample", 6};
  problem.expected_returns = {"arithmetic", 10};
  problem.ewma_decay = 0.94;
  problem.tracking_error_max = question.tracking_error_max;
  problem.turnover_max = question.turnover_max;
  problem.gross_max = question.gross_max;
  problem.position_min = question.position_min;
  problem.positions_max = question.positions_max;
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
  Question question;
  question.symbols = {"A", "B", "C"};
  question.values.resize(40, 3);
  for (int t = 0; t < 40; ++t) {
    question.dates.push_back(20'000 + t);
    for (int i = 0; i < 3; ++i) {
      question.values(t, i) = 100 * (1 + 0.001 * (i + 1) * t + 0.02 * std::sin(t * (1 + 0.4 * i)));
    }
  }
  return question;
}

void check_certified(const Answer& answer) {
  CHECK(answer.kkt_residual <= 1e-11);
  CHECK(answer.duality_gap <= 1e-11);
  CHECK(answer.max_violation <= 1e-12);
}

}  // namespace

TEST_CASE("the reference's optima come through the contract with their certificate and report") {
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  const auto golden = test::golden();
  if (!prices || !golden) return;
  Question question;
  for (const Date date : prices->dates()) question.dates.push_back(date.days());
  for (const Symbol& symbol : prices->symbols()) question.symbols.push_back(symbol.str());
  question.values = prices->values();
  const auto& optima = golden->at("datasets").at("dev20").at("optimisation");
  const struct {
    const char *strategy, *record, *value, *told;
  } expectations[] = {{"min_cvar", "min_cvar95", "cvar", "conditional_value_at_risk"},
                      {"min_cdar", "min_cdar95", "value", "conditional_drawdown_at_risk"},
                      {"min_max_drawdown", "min_max_drawdown", "value", "max_drawdown"},
                      {"min_semivariance", "min_semivariance", "semivariance_daily", "semivariance"}};
  for (const auto& expected : expectations) {
    CAPTURE(expected.strategy);
    const Answer answer = ask(expected.strategy, question);
    REQUIRE(answer.code == RB_OK);
    const double value = test::number(optima.at(expected.record).at(expected.value));
    CHECK(std::abs(answer.objective - value) <= 1e-12 * value);
    check_certified(answer);
    const boost::json::value report = boost::json::parse(answer.report);
    CHECK(std::abs(test::number(report.at(expected.told)) - answer.objective) <= 1e-15 * value);
    CHECK(test::number(report.at("trading_cost")) == 0);
    CHECK(report.at("estimates").at("days") == 895);
    CHECK(report.at("estimates").at("symbols").as_object().size() == 20);
    CHECK(test::number(report.at("effective_positions")) > 1);
    CHECK_FALSE(report.at("binding").as_array().empty());
  }
}

TEST_CASE("a binding limit is told with its price, the slope of the objective in the limit") {
  for (const char* name : strategies) {
    CAPTURE(name);
    Question question = small();
    const Answer free = ask(name, question);
    REQUIRE(free.code == RB_OK);
    // A limit that the free optimum breaks.
    std::size_t most = 0;
    for (std::size_t i = 1; i < 3; ++i) {
      if (free.weights[i] > free.weights[most]) most = i;
    }
    question.group = {0, 0, 0};
    question.group[most] = 1;
    question.group_upper = 0.5 * free.weights[most];
    const Answer answer = ask(name, question);
    REQUIRE(answer.code == RB_OK);
    check_certified(answer);
    CHECK(answer.objective > free.objective);
    const boost::json::value report = boost::json::parse(answer.report);
    double price = 0;
    for (const auto& binding : report.at("binding").as_array()) {
      if (binding.at("constraint") == "tech") price = test::number(binding.at("price"));
    }
    const double step = 1e-7;
    Question relaxed = question;
    relaxed.group_upper += step;
    const double slope = (answer.objective - ask(name, relaxed).objective) / step;
    CHECK(price > 0);
    CHECK(std::abs(slope - price) < 1e-4 * price);
  }
}

TEST_CASE("a high cost keeps what is held, a limit on turnover is kept, and shorts within the gross limit") {
  for (const char* name : strategies) {
    CAPTURE(name);
    Question question = small();
    question.current = {0.2, 0.3, 0.5};
    question.cost_rate = 50;
    const Answer kept = ask(name, question);
    REQUIRE(kept.code == RB_OK);
    CHECK(kept.weights == question.current);
    question.cost_rate = 0;
    question.turnover_max = 0.1;
    question.lower = -1;
    question.gross_max = 1.5;
    const Answer moved = ask(name, question);
    REQUIRE(moved.code == RB_OK);
    check_certified(moved);
    double turnover = 0, gross = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      turnover += std::abs(moved.weights[i] - question.current[i]);
      gross += std::abs(moved.weights[i]);
    }
    CHECK(turnover <= 0.1 + 1e-12);
    CHECK(gross <= 1.5 + 1e-12);
  }
}

TEST_CASE("positions are as few and as large as asked, and no other choice of positions is better") {
  for (const char* name : strategies) {
    CAPTURE(name);
    Question question = small();
    question.positions_max = 2;
    question.position_min = 0.25;
    question.upper = 0.7;
    const Answer answer = ask(name, question);
    REQUIRE(answer.code == RB_OK);
    check_certified(answer);
    int held = 0;
    for (const double weight : answer.weights) {
      held += weight != 0;
      CHECK((weight == 0 || weight >= 0.25 - 1e-12));
    }
    CHECK(held == 2);
    const boost::json::value report = boost::json::parse(answer.report);
    CHECK(test::number(report.at("positions").at("gap")) == 0);
    CHECK(test::number(report.at("positions").at("problems_solved")) > 1);
    // Each pair alone: the third is kept out by a group that may hold nothing.
    for (std::size_t left_out = 0; left_out < 3; ++left_out) {
      Question pair = small();
      pair.upper = 0.7;
      pair.group = {0, 0, 0};
      pair.group[left_out] = 1;
      pair.group_upper = 0;
      CHECK(ask(name, pair).objective >= answer.objective * (1 - 1e-12));
    }
  }
}

TEST_CASE("what cannot be kept or used is refused with the code and the sentence, and without weights") {
  for (const char* name : strategies) {
    CAPTURE(name);
    const auto refused = [&](const Question& question, std::int32_t code, const char* part) {
      const Answer answer = ask(name, question);
      CHECK(answer.code == code);
      CHECK(answer.weights.empty());
      CAPTURE(answer.report);
      CHECK(answer.report.find(part) != std::string::npos);
    };
    Question question = small();
    question.tracking_error_max = 0.05;
    refused(question, RB_CONFLICT, "tracking_error_max is 0.05");
    question = small();
    question.position_min = -1;
    refused(question, RB_INVALID, "position_min is -1");
    question = small();
    question.positions_max = 1;
    question.upper = 0.6;
    refused(question, RB_CONFLICT, "no book keeps positions_max 1 together with the other constraints");
    question = small();
    question.turnover_max = 0.1;
    refused(question, RB_INVALID, "turnover_max is 0.1");
    question = small();
    question.current = {0.2, 0.3, 0.5};
    question.cost_quadratic = 0.1;
    refused(question, RB_CONFLICT, "cost_quadratic is 0.1");
    question = small();
    question.upper = 0.3;
    refused(question, RB_CONFLICT, "maximum weights sum to 0.9, must be at least 1");
    question = small();
    question.group = {1, 1, 1};
    question.group_upper = 0.5;
    refused(question, RB_CONFLICT, "tech");
  }
  Question question = small();
  question.confidence = "1";
  CHECK(ask("min_cvar", question).report == "confidence is 1, must be above 0 and below 1");
  CHECK(ask("min_cdar", question).code == RB_INVALID);
  question.benchmark = "nan";
  CHECK(ask("min_semivariance", question).code == RB_INVALID);
}
