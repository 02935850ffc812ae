#include "core/quant/mean_variance.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/certificate.hpp"
#include "core/quant/estimates.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

namespace {

MeanVarianceProblem long_only(const Eigen::VectorXd& mean, const Eigen::MatrixXd& covariance) {
  const Eigen::Index count = mean.size();
  MeanVarianceProblem problem{mean, covariance, Eigen::VectorXd::Zero(count), Eigen::VectorXd::Ones(count), {}, {}};
  for (Eigen::Index i = 0; i < count; ++i) problem.names.push_back(std::string(1, static_cast<char>('A' + i)));
  return problem;
}

MeanVarianceProblem three_assets() {
  Eigen::Matrix3d covariance;
  covariance << 0.04, 0.01, 0.00, 0.01, 0.09, 0.02, 0.00, 0.02, 0.16;
  return long_only(Eigen::Vector3d(0.06, 0.09, 0.12), covariance);
}

LinearLimit limit(std::string name, const Eigen::VectorXd& coefficients, double lower, double upper) {
  return {std::move(name), coefficients, lower, upper};
}

void check_proven(const MeanVarianceProblem& problem, const MeanVarianceSolution& solution) {
  const OptimalityProof proof = prove(problem, solution);
  CHECK(proof.kkt_residual < 1e-12);
  CHECK(proof.duality_gap < 1e-12);
  CHECK(proof.max_violation < 1e-12);
}

double difference(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

std::optional<MeanVarianceProblem> dev20() {
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!prices) return std::nullopt;
  const Estimates estimates = estimate(*prices, "sample", "arithmetic", 252).value();
  return long_only(estimates.mean, estimates.covariance);
}

}  // namespace

TEST_CASE("two uncorrelated assets: weights inverse to variance, and the closed form of the tangency") {
  const MeanVarianceProblem problem = long_only(Eigen::Vector2d(0.08, 0.12), Eigen::Vector2d(0.04, 0.16).asDiagonal());
  const MeanVarianceSolution lowest = minimize_variance(problem).value();
  CHECK(std::abs(lowest.weights(0) - 0.8) < 1e-15);
  check_proven(problem, lowest);
  // Tangency is proportional to excess / variance: 0.06 / 0.04 to 0.1 / 0.16.
  const MeanVarianceSolution best = maximize_sharpe(problem, 0.02).value();
  CHECK(std::abs(best.weights(0) - 1.5 / 2.125) < 1e-15);
  check_proven(problem, best);
}

TEST_CASE("a price is what the objective gains when its limit gives way") {
  MeanVarianceProblem problem = three_assets();
  problem.limits.push_back(limit("A + B <= 60%", Eigen::Vector3d(1, 1, 0), 0, 0.6));
  const double step = 1e-6;
  const auto objective = [&](const MeanVarianceProblem& changed) {
    const Eigen::VectorXd weights = minimize_variance(changed).value().weights;
    return 0.5 * weights.dot(changed.covariance * weights);
  };
  const MeanVarianceSolution solution = minimize_variance(problem).value();
  check_proven(problem, solution);
  MeanVarianceProblem relaxed = problem;
  relaxed.limits[0].upper += step;
  CHECK(solution.limit_prices(0) < -1e-3);
  CHECK(std::abs((objective(relaxed) - objective(problem)) / step - solution.limit_prices(0)) < 1e-6);

  MeanVarianceProblem bounded = three_assets();
  bounded.lower(2) = 0.5;
  const MeanVarianceSolution at_bound = minimize_variance(bounded).value();
  MeanVarianceProblem lower = bounded;
  lower.lower(2) -= step;
  CHECK(at_bound.bound_prices(2) > 1e-3);
  CHECK(std::abs((objective(bounded) - objective(lower)) / step - at_bound.bound_prices(2)) < 1e-6);
}

TEST_CASE("contradicting constraints are named") {
  const auto message = [](const MeanVarianceProblem& problem) {
    const auto result = maximize_sharpe(problem, 0);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::conflict);
    CHECK(minimize_variance(problem).error() == result.error());
    CHECK(corner_portfolios(problem).error() == result.error());
    return result.error().message;
  };
  MeanVarianceProblem problem = three_assets();
  problem.lower.setConstant(0.4);
  CHECK(message(problem) == "minimum weights sum to 1.2, must be at most 1");
  problem = three_assets();
  problem.upper.setConstant(0.3);
  CHECK(message(problem) == "maximum weights sum to 0.9, must be at least 1");
  problem.lower(1) = 0.35;
  CHECK(message(problem) == "minimum weight of B is 0.35, must be at most its maximum 0.3");

  problem = three_assets();
  problem.upper.setConstant(0.4);
  problem.limits.push_back(limit("tech <= 15%", Eigen::Vector3d(1, 1, 0), 0, 0.15));
  CHECK(message(problem) ==
        "tech <= 15%, C <= 0.4 cannot be met together; the smallest change that mends it: tech <= 0.6");
  problem.limits[0] = limit("tech >= 90%", Eigen::Vector3d(1, 1, 0), 0.9, 1);
  CHECK(message(problem) ==
        "tech >= 90%, A <= 0.4, B <= 0.4 cannot be met together; the smallest change that mends it: tech >= 0.8");
}

TEST_CASE("of limits that only together contradict each other, the smallest set is named") {
  MeanVarianceProblem problem = three_assets();
  problem.limits.push_back(limit("A <= 90%", Eigen::Vector3d(1, 0, 0), 0, 0.9));
  problem.limits.push_back(limit("A + B <= 40%", Eigen::Vector3d(1, 1, 0), 0, 0.4));
  problem.limits.push_back(limit("B >= 10%", Eigen::Vector3d(0, 1, 0), 0.1, 1));
  problem.limits.push_back(limit("B + C <= 50%", Eigen::Vector3d(0, 1, 1), 0, 0.5));
  const auto result = minimize_variance(problem);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::conflict);
  CHECK(result.error().message ==
        "A + B <= 40%, B + C <= 50% cannot be met together with no weight below zero; the smallest change that mends "
        "it: A + B <= 0.6");
}

TEST_CASE("no attainable excess return is a conflict, not a portfolio") {
  const auto result = maximize_sharpe(three_assets(), 0.15);
  CHECK(result.error().code == ErrorCode::conflict);
  CHECK(
      result.error().message ==
      "the highest attainable expected return is 0.12, which is not above the risk-free rate 0.15: no portfolio has a "
      "positive Sharpe ratio");
  CHECK_FALSE(maximize_sharpe(three_assets(), 0.12));
}

TEST_CASE("a sure gain above the risk-free rate has no highest Sharpe ratio") {
  MeanVarianceProblem problem = three_assets();
  problem.covariance.row(0).setZero();
  problem.covariance.col(0).setZero();
  const auto result = maximize_sharpe(problem, 0.02);
  CHECK(result.error().code == ErrorCode::conflict);
  CHECK(result.error().message.find("without any volatility") != std::string::npos);
  CHECK(minimize_variance(problem).value().weights.isApprox(Eigen::Vector3d(1, 0, 0)));
  // At a risk-free rate above it, the sure thing is only ballast.
  CHECK(maximize_sharpe(problem, 0.07).value().weights(0) == 0);
}

TEST_CASE("targets out of reach say how far one can reach") {
  CHECK(minimize_variance_for_return(three_assets(), 0.2).error().message ==
        "target return 0.2 is above the highest attainable, 0.12");
  CHECK(minimize_variance_for_return(three_assets(), 0.01).error().code == ErrorCode::conflict);
  CHECK(maximize_return_for_volatility(three_assets(), 0.01).error().code == ErrorCode::conflict);
  CHECK(minimize_variance_for_return(three_assets(), 0.12).value().weights.isApprox(Eigen::Vector3d(0, 0, 1)));
  CHECK(maximize_return_for_volatility(three_assets(), 3).value().weights.isApprox(Eigen::Vector3d(0, 0, 1)));
}

TEST_CASE("input that is not numbers or does not fit is refused") {
  MeanVarianceProblem problem = three_assets();
  problem.mean(1) = std::nan("");
  CHECK(minimize_variance(problem).error().message == "expected return of B is nan, must be a finite number");
  problem = three_assets();
  problem.covariance(2, 2) = -1;
  CHECK(minimize_variance(problem).error().code == ErrorCode::invalid);
  problem = three_assets();
  problem.lower.conservativeResize(2);
  CHECK(minimize_variance(problem).error().code == ErrorCode::invalid);
  CHECK(minimize_at(three_assets(), -1).error().code == ErrorCode::invalid);
  CHECK(maximize_sharpe(three_assets(), std::nan("")).error().code == ErrorCode::invalid);
}

TEST_CASE("a covariance with a negative variance in it is refused") {
  Eigen::Matrix2d covariance;
  covariance << 0.04, 0.08, 0.08, 0.09;
  MeanVarianceProblem problem = long_only(Eigen::Vector2d(0.1, 0.1), covariance);
  problem.lower.setConstant(-1);
  problem.upper.setConstant(2);
  const auto result = minimize_variance(problem);
  CHECK(result.error().code == ErrorCode::invalid);
  CHECK(result.error().message.find("not positive semidefinite") != std::string::npos);
}

TEST_CASE("one asset is all of it") {
  const MeanVarianceProblem problem =
      long_only(Eigen::VectorXd::Constant(1, 0.1), Eigen::MatrixXd::Constant(1, 1, 0.04));
  CHECK(minimize_variance(problem).value().weights(0) == 1);
  CHECK(maximize_sharpe(problem, 0.02).value().weights(0) == 1);
  CHECK(corner_portfolios(problem).value().size() == 1);
}

TEST_CASE("an upper bound of 1/k starts at a degenerate vertex and still ends at the optimum") {
  MeanVarianceProblem problem = three_assets();
  problem.upper.setConstant(1.0 / 3);
  CHECK(difference(maximize_sharpe(problem, 0.02).value().weights, Eigen::Vector3d::Constant(1.0 / 3)) < 1e-15);
  problem.upper.setConstant(0.5);
  check_proven(problem, maximize_sharpe(problem, 0.02).value());
}

TEST_CASE("a tampered answer is not certified") {
  const MeanVarianceProblem problem = three_assets();
  MeanVarianceSolution solution = minimize_variance(problem).value();
  solution.weights(0) += 0.01;
  CHECK(prove(problem, solution).max_violation > 0.009);
  solution.weights(2) -= 0.01;
  CHECK(prove(problem, solution).max_violation < 1e-15);
  CHECK(prove(problem, solution).kkt_residual > 1e-3);
  CHECK(prove(problem, solution).duality_gap > 1e-5);
  solution = minimize_variance(problem).value();
  solution.budget_price *= 1.01;
  CHECK(prove(problem, solution).kkt_residual > 1e-4);
}

TEST_CASE("single optima agree with the independent reference") {
  const auto golden = test::golden();
  auto problem = dev20();
  if (!golden || !problem) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  const auto agrees = [&](const Result<MeanVarianceSolution>& solution, const boost::json::value& expected) {
    REQUIRE(solution);
    CHECK(difference(solution->weights, test::vector(expected.at("weights"))) < 1e-12);
    CHECK(std::abs(volatility(*problem, solution->weights) - test::number(expected.at("volatility"))) < 1e-14);
    CHECK(std::abs(expected_return(*problem, solution->weights) - test::number(expected.at("expected_return"))) <
          1e-13);
    check_proven(*problem, *solution);
  };
  agrees(minimize_variance(*problem), wanted.at("min_variance"));
  agrees(maximize_sharpe(*problem, 0.02), wanted.at("max_sharpe_rf0.02"));
  agrees(maximize_sharpe(*problem, 0), wanted.at("max_sharpe_rf0"));
  CHECK(std::abs(maximize_sharpe(*problem, 0.02)->lambda - test::number(wanted.at("max_sharpe_rf0.02").at("lam"))) <
        1e-12);
  for (const auto& each : wanted.at("efficient_return").as_array()) {
    agrees(minimize_variance_for_return(*problem, test::number(each.at("target_return"))), each);
  }
  for (const auto& each : wanted.at("efficient_risk").as_array()) {
    agrees(maximize_return_for_volatility(*problem, test::number(each.at("target_volatility"))), each);
  }
  for (const auto& each : wanted.at("max_quadratic_utility").as_array()) {
    agrees(minimize_at(*problem, 1 / test::number(each.at("risk_aversion"))), each);
  }
  for (const auto& box : wanted.at("box").as_array()) {
    problem->lower.setConstant(test::number(box.at("lower")));
    problem->upper.setConstant(test::number(box.at("upper")));
    agrees(minimize_variance(*problem), box.at("min_variance"));
    agrees(maximize_sharpe(*problem, 0.02), box.at("max_sharpe_rf0_02"));
  }
  const auto& long_short = wanted.at("long_short_box_min_variance");
  problem->lower.setConstant(test::number(long_short.at("lower")));
  problem->upper.setConstant(test::number(long_short.at("upper")));
  agrees(minimize_variance(*problem), long_short);
  problem->lower.setZero();
  problem->upper.setOnes();
  problem->covariance += 0.1 * Eigen::MatrixXd::Identity(20, 20);
  CHECK(difference(minimize_variance(*problem)->weights,
                   test::vector(wanted.at("l2_min_variance_gamma0.1").at("weights"))) < 1e-12);
}

TEST_CASE("every corner portfolio of the frontier agrees with the independent reference") {
  const auto golden = test::golden();
  auto problem = dev20();
  if (!golden || !problem) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  for (const auto& [name, upper] : {std::pair{"cla_long_only", 1.0}, {"cla_upper_bound_0.4", 0.4}}) {
    CAPTURE(name);
    problem->upper.setConstant(upper);
    const auto corners = corner_portfolios(*problem);
    REQUIRE(corners);
    const auto& expected = wanted.at(name);
    const auto& weights = expected.at("all_weights").as_array();
    REQUIRE(corners->size() == weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      CAPTURE(i);
      const CornerPortfolio& corner = (*corners)[i];
      CHECK(difference(corner.weights, test::vector(weights[i])) < 1e-12);
      CHECK(std::abs(corner.lambda_low - test::number(expected.at("lambdas_low").at(i))) < 1e-11);
      if (i > 0) CHECK(std::abs(corner.lambda - test::number(expected.at("lambdas").at(i))) < 1e-12);
      CHECK(std::abs(corner.volatility - test::number(expected.at("volatilities").at(i))) < 1e-13);
      CHECK(std::abs(corner.expected_return - test::number(expected.at("returns").at(i))) < 1e-13);
    }
    CHECK(std::isinf(corners->front().lambda));
    CHECK(corners->back().lambda_low == 0);
  }
  problem->upper.setOnes();
  const auto corners = corner_portfolios(*problem).value();
  const auto points = points_between(corners, *problem, 50);
  const auto& expected = wanted.at("frontier50");
  for (std::size_t i = 0; i < points.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(points[i].expected_return - test::number(expected.at("returns").at(i))) < 1e-13);
    CHECK(std::abs(points[i].volatility - test::number(expected.at("volatilities").at(i))) < 1e-13);
  }
}
