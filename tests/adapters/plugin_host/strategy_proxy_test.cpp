#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

PriceFrame frame_of(const std::vector<std::string>& names) {
  std::vector<Symbol> symbols;
  for (const std::string& name : names) symbols.push_back(*Symbol::parse(name));
  const Eigen::MatrixXd values = Eigen::MatrixXd::Constant(3, static_cast<Eigen::Index>(names.size()), 100.0);
  return *PriceFrame::make({Date::from_days(1), Date::from_days(2), Date::from_days(3)}, symbols, values);
}

AllocationProblem problem_on(const PriceFrame& prices) {
  AllocationProblem problem;
  problem.prices = &prices;
  problem.lower.assign(prices.cols(), 0.0);
  problem.upper.assign(prices.cols(), 1.0);
  return problem;
}

struct Fixture {
  LoadedPlugins loaded{{built("bad_plugins/bad_strategy.so"), built("bad_plugins/throwing_call.so"),
                        built("bad_plugins/raw_throw.so"), built("bad_plugins/older_strategy.so"),
                        built("bad_plugins/one_at_a_time.so"), built("plugins/equal_weight.so"),
                        built("plugins/fixed.so")}};
  PriceFrame prices = frame_of({"BND", "QQQ", "SPY", "VTI"});
  AllocationProblem problem = problem_on(prices);

  Result<Allocation> weigh(const std::string& name, const std::string& config) {
    auto strategy = loaded.host.create_strategy(name, loaded.json(config), loaded.options());
    REQUIRE_MESSAGE(strategy.has_value(), strategy.error().message);
    return (*strategy)->weigh(problem);
  }
  std::string broken(const std::string& wrong) {
    const auto answer = weigh("bad_strategy", R"({"wrong": ")" + wrong + "\"}");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::internal);
    return answer.error().message;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a strategy that keeps the contract is taken at its word") {
  const auto answer = weigh("bad_strategy", "{}");
  REQUIRE(answer);
  CHECK(answer->weights == std::vector<double>(4, 0.25));
  CHECK(answer->objective == 0);
  CHECK(answer->certificate.has_value());
  CHECK(answer->report_json == "{}");
}

TEST_CASE_FIXTURE(Fixture, "weights that break the contract become an error that says how") {
  CHECK(broken("nan") == "bad_strategy returned weight nan for BND, must be a finite number");
  CHECK(broken("sum_3") == "bad_strategy returned weights that sum to 3, must sum to 1 within 1e-9");
  CHECK(broken("short_position") == "bad_strategy returned weight -0.75 for BND, must be at least 0");
  CHECK(broken("null_weights") == "bad_strategy returned an allocation without weights");
  CHECK(broken("null_allocation") == "bad_strategy returned an allocation without weights");
  CHECK(broken("short_struct") == "bad_strategy returned an allocation without weights");
  CHECK(broken("silent") == "bad_strategy returned no weights: it never called on_allocation");
  CHECK(broken("twice") == "bad_strategy returned weights 2 times, must be once");
}

TEST_CASE_FIXTURE(Fixture, "weights beyond a bound or a group limit become an error that names it") {
  problem.upper[1] = 0.2;
  CHECK(broken("nothing") == "bad_strategy returned weight 0.25 for QQQ, must be at most 0.2");
  problem.upper[1] = 0.25 - 5e-10;  // within the tolerance
  CHECK(weigh("bad_strategy", "{}"));
  problem.groups.push_back({"tech <= 25%", {0, 1, 0, 1}, 0, 0.25});
  CHECK(broken("nothing") == "bad_strategy returned weights whose tech <= 25% is 0.5, must be at most 0.25");
  problem.groups[0] = {"bonds >= 40%", {1, 0, 0, 0}, 0.4, 1};
  CHECK(broken("nothing") == "bad_strategy returned weights whose bonds >= 40% is 0.25, must be at least 0.4");
}

TEST_CASE_FIXTURE(Fixture,
                  "weights that trade, owe or hold more than asked for become an error, whoever wrote the plugin") {
  problem.current = {1, 0, 0, 0};
  problem.turnover_max = 1.5 - 5e-10;  // within the tolerance
  CHECK(weigh("bad_strategy", "{}"));
  CHECK(weigh("older_strategy", "{}"));
  problem.turnover_max = 0.4;
  CHECK(broken("nothing") ==
        "bad_strategy returned weights that trade 1.5 of the portfolio, must be at most turnover_max 0.4");
  CHECK(weigh("older_strategy", "{}").error().message ==
        "older_strategy returned weights that trade 1.5 of the portfolio, must be at most turnover_max 0.4");
  problem.current.clear();
  CHECK(weigh("bad_strategy", "{}").error() ==
        Error{ErrorCode::invalid, "turnover_max is 0.4, which needs the weights held now: they are not known"});
  problem.turnover_max = std::numeric_limits<double>::infinity();

  problem.position_min = 0.25 + 5e-10;
  problem.positions_max = 4;
  CHECK(weigh("bad_strategy", "{}"));
  problem.position_min = 0.3;
  CHECK(broken("nothing") == "bad_strategy returned weight 0.25 for BND, must be 0 or at least position_min 0.3");
  problem.position_min = 0;
  problem.positions_max = 3;
  CHECK(broken("nothing") == "bad_strategy returned 4 positions, must be at most positions_max 3");
  problem.positions_max = 0;

  problem.lower.assign(4, -1);
  problem.upper.assign(4, 2);
  problem.gross_max = 2.5;
  CHECK(weigh("bad_strategy", R"({"wrong": "short_position"})"));  // -0.75, 0.25, 0.25, 1.25
  problem.gross_max = 2;
  CHECK(broken("short_position") ==
        "bad_strategy returned weights whose sizes sum to 2.5, must be at most gross_max 2");
}

TEST_CASE_FIXTURE(Fixture, "a report or an objective that makes no sense becomes an error") {
  CHECK(broken("report") == "bad_strategy returned a report that is \"a\" is given twice");
  CHECK(broken("list_report") == "bad_strategy returned a report that is no JSON object");
  CHECK(broken("huge_report") ==
        "bad_strategy returned a report that is a text of 18446744073709551615 bytes, at most 16777216 allowed");
  CHECK(broken("infinite_objective") == "bad_strategy returned objective inf");
}

TEST_CASE_FIXTURE(Fixture, "a refusal carries the plugin's name, code and reason") {
  CHECK(weigh("bad_strategy", R"({"wrong": "ugly_reason"})").error() ==
        Error{ErrorCode::conflict, "bad_strategy: bad ? news"});
  CHECK(weigh("bad_strategy", R"({"wrong": "no_reason"})").error() ==
        Error{ErrorCode::unavailable, "bad_strategy: weigh returned RB_UNAVAILABLE without a reason"});
  CHECK(weigh("bad_strategy", R"({"wrong": "unknown_code"})").error() ==
        Error{ErrorCode::internal, "bad_strategy: weigh returned unknown code 99 without a reason"});
}

TEST_CASE_FIXTURE(Fixture, "a call that throws anything becomes an error, and a secret stays out of it") {
  CHECK(weigh("throwing_call", R"({"what": "failure", "password": "hunter2"})").error() ==
        Error{ErrorCode::conflict, "throwing_call: the password (secret) does not fit"});
  CHECK(weigh("throwing_call", R"({"what": "exception"})").error() ==
        Error{ErrorCode::internal, "throwing_call: it rains"});
  CHECK(weigh("throwing_call", R"({"what": "number"})").error() ==
        Error{ErrorCode::internal, "throwing_call: threw something that is not an exception"});
  CHECK(weigh("throwing_call", R"({"what": "ok_failure"})").error() ==
        Error{ErrorCode::internal, "throwing_call: said ok and failed"});
  CHECK(weigh("raw_throw", "{}").error() ==
        Error{ErrorCode::internal, "raw_throw: weigh threw across the plugin contract: it rains"});
  prices = frame_of({"SPY"});
  problem = problem_on(prices);
  CHECK(weigh("raw_throw", "{}").error() ==
        Error{ErrorCode::internal,
              "raw_throw: weigh threw across the plugin contract: something that is not an exception"});
}

TEST_CASE_FIXTURE(Fixture, "an instance goes on working after a call that failed") {
  auto strategy = loaded.host.create_strategy("bad_strategy", {}, loaded.options());
  REQUIRE(strategy);
  problem.upper[1] = 0.2;
  CHECK_FALSE((*strategy)->weigh(problem));
  problem.upper[1] = 1;
  CHECK((*strategy)->weigh(problem));
}

TEST_CASE_FIXTURE(Fixture, "a plugin of an older minor, whose structs end earlier, works") {
  const auto answer = weigh("older_strategy", "{}");
  REQUIRE(answer);
  CHECK(answer->weights == std::vector<double>(4, 0.25));
  CHECK(std::isnan(answer->objective));
  CHECK_FALSE(answer->certificate);
  CHECK(answer->report_json == "{}");
}

TEST_CASE_FIXTURE(Fixture, "a problem whose parts do not fit is refused before any plugin sees it") {
  problem.upper.pop_back();
  CHECK(weigh("equal_weight", "{}").error() ==
        Error{ErrorCode::invalid, "an allocation problem of 4 symbols has bounds of another number"});
}

TEST_CASE_FIXTURE(Fixture, "equal weight gives 1/N or refuses, naming the limit it would break") {
  CHECK(weigh("equal_weight", "{}")->weights == std::vector<double>(4, 0.25));
  problem.lower[2] = 0.4;
  CHECK(weigh("equal_weight", "{}").error() ==
        Error{ErrorCode::conflict, "equal_weight: the equal weight of SPY is 0.25, must be at least 0.4"});
  problem.lower[2] = 0;
  problem.groups.push_back({"tech <= 25%", {0, 1, 0, 1}, 0, 0.25});
  CHECK(weigh("equal_weight", "{}").error() ==
        Error{ErrorCode::conflict, "equal_weight: the equal weight of \"tech <= 25%\" is 0.5, must be at most 0.25"});
}

TEST_CASE_FIXTURE(Fixture, "fixed gives the configured weights or refuses, naming what is wrong") {
  const char* const config = R"({"weights": {"SPY": "60%", "BND": 0.4}})";
  CHECK(weigh("fixed", config)->weights == std::vector<double>{0.4, 0, 0.6, 0});
  problem.upper[2] = 0.5;
  CHECK(weigh("fixed", config).error() ==
        Error{ErrorCode::conflict, "fixed: the fixed weight of SPY is 0.6, must be at most 0.5"});
  CHECK(weigh("fixed", R"({"weights": {"GLD": 1}})").error() ==
        Error{ErrorCode::invalid, "fixed: weights names GLD, which is not among the 4 symbols to weigh"});
  CHECK(loaded.host.create_strategy("fixed", loaded.json(R"({"weights": {"SPY": 0.6}})"), loaded.options()).error() ==
        Error{ErrorCode::invalid, "fixed: weights sum to 0.6, must sum to 1"});
}

TEST_CASE_FIXTURE(Fixture, "two threads never meet in one instance") {
  auto strategy = loaded.host.create_strategy("one_at_a_time", {}, loaded.options());
  REQUIRE(strategy);
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 2000; ++call) refused += (*strategy)->weigh(problem) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
}
