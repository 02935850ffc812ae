#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "end_to_end/rebalancer_process.hpp"
#include "support/reference.hpp"

using namespace rebalancer::test;

namespace {

boost::json::value golden(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return boost::json::parse(text.str());
}

// Runs `optimize --prices` and returns the largest |w - reference|.
double worst_weight(const std::filesystem::path& prices, const boost::json::value& columns,
                    const boost::json::value& weights, std::vector<std::string> options) {
  const TemporaryDirectory directory;
  options.insert(options.begin(), {"optimize", "--prices", prices.string(), "--json"});
  const auto run = run_binary(directory, options);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  const auto answer = json_of(run);
  double worst = 0;
  for (std::size_t i = 0; i < columns.as_array().size(); ++i) {
    const double weight = number_at(answer, "/weights/" + std::string(columns.as_array()[i].as_string()));
    worst = std::max(worst, std::abs(weight - weights.as_array()[i].to_number<double>()));
  }
  return worst;
}

}  // namespace

TEST_CASE("optimize --prices agrees with the independent reference") {
  const auto file = reference_file("golden/golden_dev.json");
  if (!file) return;
  const auto prices = std::filesystem::canonical(file->parent_path() / "data/dev20_prices.csv");
  const auto numbers = golden(*file);
  const auto& set = at(numbers, "/datasets/dev20");
  const auto& columns = at(set, "/columns");
  CHECK(worst_weight(prices, columns, at(set, "/optimisation/min_variance/weights"), {"--strategy", "min_variance"}) <
        1e-9);
  CHECK(worst_weight(prices, columns, at(set, "/optimisation/max_sharpe_rf0.02/weights"), {}) < 1e-9);
  CHECK(worst_weight(prices, columns, at(set, "/optimisation/max_sharpe_rf0/weights"), {"--risk-free", "0"}) < 1e-9);
  CHECK(worst_weight(prices, columns, at(set, "/optimisation/max_diversification/weights"),
                     {"--strategy", "max_diversification"}) < 1e-9);
  // 2.5 is the default risk aversion.
  CHECK(worst_weight(prices, columns, at(set, "/optimisation/max_quadratic_utility/1/weights"),
                     {"--strategy", "max_utility"}) < 1e-9);
  for (const auto& box : at(set, "/optimisation/box").as_array()) {
    const std::vector<std::string> bounds{"--min-weight", std::to_string(number_at(box, "/lower")), "--max-weight",
                                          std::to_string(number_at(box, "/upper"))};
    auto minimum = bounds;
    minimum.insert(minimum.end(), {"--strategy", "min_variance"});
    CHECK(worst_weight(prices, columns, at(box, "/min_variance/weights"), minimum) < 1e-9);
    CHECK(worst_weight(prices, columns, at(box, "/max_sharpe_rf0_02/weights"), bounds) < 1e-9);
  }
  for (const char* name : {"target_return", "target_volatility"}) {
    const std::string strategy = name == std::string("target_return") ? "efficient_return" : "efficient_risk";
    for (const auto& target : at(set, "/optimisation/" + strategy).as_array()) {
      const std::string parameter = name + ("=" + boost::json::serialize(at(target, "/" + std::string(name))));
      CHECK(worst_weight(prices, columns, at(target, "/weights"), {"--strategy", strategy, "--param", parameter}) <
            1e-9);
    }
  }
  std::string current, caps;
  for (std::size_t i = 0; i < columns.as_array().size(); ++i) {
    const std::string symbol(columns.as_array()[i].as_string());
    const std::string comma = i == 0 ? "" : ",";
    current += comma + symbol + "=0.05";
    caps += comma + symbol + "=" + boost::json::serialize(at(set, "/black_litterman/caps").as_array()[i]);
  }
  const auto& penalised = at(set, "/optimisation/turnover_penalised_min_variance/cases").as_array();
  for (const auto& one : penalised) {
    const std::string basis_points = std::to_string(number_at(one, "/c") * 1e4);
    CHECK(worst_weight(prices, columns, at(one, "/weights"),
                       {"--strategy", "min_variance", "--current", current, "--cost-bps", basis_points}) < 1e-9);
  }
  CHECK(worst_weight(prices, columns, at(set, "/black_litterman/idzorek/max_sharpe_rf0_long_only_S_weights"),
                     {"--strategy", "black_litterman", "--param", "market_caps=" + caps, "--param",
                      "views=GOOG = 12%,AAPL - T = 3%", "--param", "confidences=0.6,0.3"}) < 1e-9);
}

TEST_CASE("optimize reads a small file without any configuration") {
  const TemporaryDirectory directory;
  directory.write("p.csv",
                  "date,AAA,BBB\n2024-01-02,100,50\n2024-01-03,101,50.2\n2024-01-04,100.5,50.9\n"
                  "2024-01-05,102,50.4\n2024-01-08,103,51\n");
  const auto equal = run_binary(directory, {"optimize", "--prices", "p.csv", "--strategy", "equal_weight", "--json"});
  REQUIRE_MESSAGE(equal.exit_code == 0, equal.err);
  CHECK(number_at(json_of(equal), "/weights/AAA") == 0.5);
  CHECK(text_at(json_of(equal), "/as_of") == "2024-01-08");
  CHECK(text_at(json_of(equal), "/risk_model/name") == "sample");

  SUBCASE("bad input is named") {
    CHECK(run_binary(directory, {"optimize", "--prices", "absent.csv"}).exit_code == 4);
    const auto infeasible = run_binary(directory, {"optimize", "--prices", "p.csv", "--max-weight", "0.4", "--json"});
    CHECK(infeasible.exit_code == 5);
    CHECK(number_at(json_of(infeasible), "/error/exit_code") == 5);
    directory.write("falling.csv",
                    "date,AAA,BBB\n2024-01-02,103,51\n2024-01-03,102,50.4\n2024-01-04,100.5,50.9\n"
                    "2024-01-05,101,50.2\n2024-01-08,100,50\n");
    const auto hopeless = run_binary(directory, {"optimize", "--prices", "falling.csv", "--strategy", "max_sharpe"});
    CHECK(hopeless.exit_code == 5);
    CHECK_MESSAGE(hopeless.err.find("no portfolio has a positive Sharpe ratio") != std::string::npos, hopeless.err);
    const auto beyond = run_binary(
        directory, {"optimize", "--prices", "p.csv", "--strategy", "efficient_return", "--param", "target_return=99"});
    CHECK(beyond.exit_code == 5);
    CHECK_MESSAGE(beyond.err.find("target return 99 is above the highest attainable") != std::string::npos, beyond.err);
    const auto unknown = run_binary(directory, {"optimize", "--prices", "p.csv", "--strategy", "max_sharp"});
    CHECK(unknown.exit_code == 2);
    CHECK(unknown.err.find("max_sharpe") != std::string::npos);
    directory.write("bad.csv", "date,AAA\n2024-01-02,-5\n");
    const auto negative = run_binary(directory, {"optimize", "--prices", "bad.csv"});
    CHECK(negative.exit_code == 4);
    CHECK_MESSAGE(negative.err.find("AAA on 2024-01-02 is -5, must be positive") != std::string::npos, negative.err);
  }
}
