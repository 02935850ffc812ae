// The built risk_parity, hrp, inverse_volatility and inverse_variance, which share their report and limits, asked
// through the contract.
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
constexpr const char* strategies[] = {"hrp", "risk_parity", "inverse_volatility", "inverse_variance"};

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
  std::string linkage = "single", config = "{}";
  double lower = 0, upper = 1;
  std::vector<double> group;  // coefficients of one group, empty: none
  double group_upper = 1;
  std::vector<double> current;
  double tracking_error_max = infinity, turnover_max = infinity, gross_max = infinity, position_min = 0;
  std::uint64_t positions_max = 0;
};

Answer ask(const std::string& name, const Question& question) {
  PluginUnderTest plugin(name, {{"linkage", question.linkage}});
  Answer out;
  void* const instance = plugin.plugin().create(&plugin.host(), {question.config.data(), question.config.size()});
  if (instance == nullptr) return {RB_INVALID, {}, 0, 0, 0, 0, plugin.failure};
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
  std::pair<Answer*, std::uint64_t> to{&out, cols};
  const auto take = [](void* ctx, const rb_allocation* allocation) {
    auto& [answer, count] = *static_cast<std::pair<Answer*, std::uint64_t>*>(ctx);
    answer->weights.assign(allocation->weights, allocation->weights + count);
    answer->objective = allocation->objective;
    answer->kkt_residual = allocation->kkt_residual;
    answer->duality_gap = allocation->duality_gap;
    answer->max_violation = allocation->max_violation;
    answer->report = PluginUnderTest::copy(allocation->report_json);
  };
  out.code = plugin.api<rb_strategy>().weigh(instance, &problem, take, &to);
  if (out.code != RB_OK) out.report = plugin.failure;
  plugin.plugin().destroy(instance);
  return out;
}

Question small() {
  Question question;
  question.symbols = {"A", "B", "C"};
  question.values.resize(60, 3);
  for (int t = 0; t < 60; ++t) {
    question.dates.push_back(20'000 + t);
    for (int i = 0; i < 3; ++i) {
      question.values(t, i) = 100 * (1 + 0.001 * (i + 1) * t + 0.01 * (i + 1) * std::sin(t * (1 + 0.4 * i)));
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

double sum(const std::vector<double>& weights) {
  double out = 0;
  for (const double weight : weights) out += weight;
  return out;
}

}  // namespace

TEST_CASE("the report tells the estimates, whose risk it is and, of hrp, the tree") {
  for (const char* name : strategies) {
    CAPTURE(name);
    const Answer answer = ask(name, small());
    REQUIRE(answer.code == RB_OK);
    CHECK(std::abs(sum(answer.weights) - 1) < 1e-14);
    const boost::json::value report = boost::json::parse(answer.report);
    CHECK(report.at("estimates").at("risk_model") == "sample");
    CHECK(report.at("estimates").at("days") == 59);
    CHECK(report.at("estimates").at("symbols").as_object().size() == 3);
    CHECK(report.at("binding").as_array().empty());
    CHECK_FALSE(report.as_object().contains("moved_to_keep_limits"));
    double shares = 0;
    for (const auto& entry : report.at("contributions").as_object())
      shares += test::number(entry.value().at("of_risk"));
    CHECK(std::abs(shares - 1) < 1e-13);
    const bool solves = std::string(name) == "risk_parity";
    CHECK(std::isnan(answer.objective) == !solves);
    CHECK(std::isnan(answer.kkt_residual) == !solves);
    CHECK(report.as_object().contains("certificate") == solves);
    if (solves) {
      CHECK(answer.kkt_residual <= 1e-13);
      CHECK(answer.objective == test::number(report.at("volatility")));
      CHECK(std::abs(test::number(report.at("contributions").at("B").at("of_risk")) - 1.0 / 3) < 1e-13);
      CHECK(std::abs(test::number(report.at("contributions").at("B").at("budget")) - 1.0 / 3) < 1e-15);
    }
    if (std::string(name) == "hrp") {
      CHECK(report.at("linkage") == "single");
      CHECK(report.at("leaf_order").as_array().size() == 3);
      CHECK(report.at("merges").as_array().size() == 2);
    }
  }
}

TEST_CASE("weights that break a limit move to the nearest that keep it, and the report says so") {
  for (const char* name : strategies) {
    CAPTURE(name);
    Question question = small();
    const Answer free = ask(name, question);
    // A has the least risk, hence more than its share.
    REQUIRE(free.weights[0] > 0.4);
    question.group = {1, 0, 0};
    question.group_upper = 0.4;
    const Answer answer = ask(name, question);
    REQUIRE(answer.code == RB_OK);
    const double excess = free.weights[0] - 0.4;
    CHECK(std::abs(answer.weights[0] - 0.4) < 1e-14);
    CHECK(std::abs(answer.weights[1] - free.weights[1] - excess / 2) < 1e-14);
    CHECK(answer.kkt_residual < 1e-12);
    CHECK(answer.max_violation < 1e-12);
    boost::json::value report = boost::json::parse(answer.report);
    CHECK(std::abs(test::number(report.at("moved_to_keep_limits")) - 2 * excess) < 1e-14);
    REQUIRE(report.at("binding").as_array().size() == 1);
    CHECK(report.at("binding").at(0).at("constraint") == "tech");
    CHECK(report.as_object().contains("certificate_before_limits") == (std::string(name) == "risk_parity"));

    // A limit that is kept changes no bit.
    question.group_upper = 0.99;
    CHECK(ask(name, question).weights == free.weights);

    question = small();
    question.current = {0, 0.5, 0.5};
    question.turnover_max = 0.1;
    const Answer near = ask(name, question);
    REQUIRE(near.code == RB_OK);
    CHECK(std::abs(near.weights[0] - 0.05) < 1e-12);
    CHECK(boost::json::parse(near.report).at("binding").at(0).at("constraint") == "turnover_max");
  }
}

TEST_CASE("what a strategy cannot do is refused by name") {
  for (const char* name : strategies) {
    CAPTURE(name);
    Question question = small();
    question.tracking_error_max = 0.05;
    Answer answer = ask(name, question);
    CHECK(answer.code == RB_CONFLICT);
    CHECK(answer.report.find("tracking_error_max is 0.05, but " + std::string(name) + " cannot keep") == 0);
    question = small();
    question.position_min = 0.02;
    answer = ask(name, question);
    CHECK(answer.code == RB_CONFLICT);
    CHECK(answer.report.find("position_min is 0.02") == 0);
    question = small();
    question.positions_max = 2;
    answer = ask(name, question);
    CHECK(answer.code == RB_CONFLICT);
    CHECK(answer.report.find("positions_max is 2") == 0);
    CHECK(answer.weights.empty());
    question = small();
    question.turnover_max = 0.2;
    CHECK(ask(name, question).report == "turnover_max is 0.2, which needs the weights held now: none are known");
    question = small();
    question.upper = 0.3;
    answer = ask(name, question);
    CHECK(answer.code == RB_CONFLICT);
    CHECK(answer.report.find("maximum weights sum to 0.9, must be at least 1") == 0);
    question = small();
    question.values.col(1).setConstant(50);
    answer = ask(name, question);
    CHECK(answer.code == RB_INVALID);
    CHECK(answer.report.find("volatility of B is 0 per year") == 0);
  }
}

TEST_CASE("risk budgets name exactly the symbols to weigh") {
  Question question = small();
  question.config = R"({"budget": {"A": 1, "B": 2, "C": 3}})";
  const Answer answer = ask("risk_parity", question);
  REQUIRE(answer.code == RB_OK);
  const boost::json::value report = boost::json::parse(answer.report);
  CHECK(std::abs(test::number(report.at("contributions").at("C").at("of_risk")) - 0.5) < 1e-13);
  question.config = R"({"budget": {"A": 1, "B": 2}})";
  CHECK(ask("risk_parity", question).report == "budget lacks C, must name every symbol to weigh");
  question.config = R"({"budget": {"A": 1, "B": 2, "C": 3, "D": 4}})";
  CHECK(ask("risk_parity", question).report == "budget names D, which is not among the 3 symbols to weigh");
  question.config = R"({"budget": {"A": 1, "B": 2, "C": 0}})";
  CHECK(ask("risk_parity", question).report == "risk budget of C is 0, must be a positive number");
  question.config = R"({"budget": {}})";
  CHECK(ask("risk_parity", question).report == "budget is empty, must name every symbol or be left out");
}

TEST_CASE("risk-based strategies give the weights of the independent reference") {
  const auto golden = test::golden();
  auto question = dev20();
  if (!golden || !question) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  const auto agrees = [&](const char* name, const char* key) {
    CAPTURE(key);
    const Answer answer = ask(name, *question);
    REQUIRE(answer.code == RB_OK);
    CHECK(difference(answer.weights, test::vector(wanted.at(key).at("weights"))) < 1e-13);
  };
  for (const char* linkage : {"single", "average", "complete", "ward"}) {
    question->linkage = linkage;
    agrees("hrp", (std::string("hrp_") + linkage).c_str());
  }
  agrees("inverse_volatility", "inverse_volatility");
  agrees("inverse_variance", "inverse_variance");
  agrees("risk_parity", "risk_parity_erc");
  boost::json::object budget;
  for (std::size_t i = 0; i < question->symbols.size(); ++i) budget[question->symbols[i]] = i + 1;
  question->config = boost::json::serialize(boost::json::object{{"budget", budget}});
  agrees("risk_parity", "risk_budget_linear");
}
