#include "core/quant/inverse_risk.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/estimates.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

TEST_CASE("weights inverse to volatility and to variance, by hand") {
  const Eigen::MatrixXd covariance = Eigen::Vector2d(0.04, 0.16).asDiagonal();
  CHECK(inverse_volatility_weights(covariance, {"A", "B"})->isApprox(Eigen::Vector2d(2.0 / 3, 1.0 / 3), 1e-15));
  CHECK(inverse_variance_weights(covariance, {"A", "B"})->isApprox(Eigen::Vector2d(0.8, 0.2), 1e-15));
}

TEST_CASE("an asset without risk, a shape that differs and numbers that are none are refused") {
  const auto message = [](const Eigen::MatrixXd& covariance, const std::vector<std::string>& names) {
    const auto answer = inverse_volatility_weights(covariance, names);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::invalid);
    CHECK(inverse_variance_weights(covariance, names).error() == answer.error());
    return answer.error().message;
  };
  Eigen::MatrixXd covariance = Eigen::Vector2d(0.04, 0).asDiagonal();
  CHECK(
      message(covariance, {"SPY", "CASH"}) ==
      "volatility of CASH is 0 per year, must be at least 1e-12: its price does not move, and a weight that divides by "
      "its risk has no value");
  covariance(1, 1) = 1e-30;  // what rounding makes of steady growth
  CHECK(message(covariance, {"SPY", "CASH"}).find("volatility of CASH is 1e-15") == 0);
  covariance(1, 1) = -1;
  CHECK(message(covariance, {"SPY", "CASH"}) == "variance of CASH is -1, must be positive");
  covariance(1, 1) = std::nan("");
  CHECK(message(covariance, {"SPY", "CASH"}) == "covariance with CASH has a value that is not a finite number");
  CHECK(message(covariance, {"SPY"}) == "covariance is 2 by 2, must be 1 by 1");
  CHECK(message({}, {}) == "there are no symbols to weigh");
}

TEST_CASE("inverse weights agree with the independent reference") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !prices) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  const Eigen::MatrixXd covariance = estimate(*prices, "sample", "arithmetic", 252)->covariance;
  const std::vector<std::string> names(20, "A");
  const auto difference = [&](const Eigen::VectorXd& weights, const char* key) {
    return (weights - test::vector(wanted.at(key).at("weights"))).cwiseAbs().maxCoeff();
  };
  CHECK(difference(inverse_volatility_weights(covariance, names).value(), "inverse_volatility") < 1e-15);
  CHECK(difference(inverse_variance_weights(covariance, names).value(), "inverse_variance") < 1e-15);
}
