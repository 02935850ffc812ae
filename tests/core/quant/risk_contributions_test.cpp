#include "core/quant/risk_contributions.hpp"

#include <limits>

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace rebalancer {
namespace {

TEST_CASE("two assets by hand") {
  Eigen::MatrixXd covariance(2, 2);
  covariance << 0.04, 0.01, 0.01, 0.09;
  const Eigen::VectorXd weights = Eigen::Vector2d(0.5, 0.5);
  const auto told = risk_contributions(weights, covariance);
  REQUIRE(told);
  // w'Sw = 0.25 (0.04 + 0.02 + 0.09) = 0.0375
  CHECK(told->volatility == doctest::Approx(0.193649167310371));
  CHECK(told->component(0) == doctest::Approx(0.0125 / 0.193649167310371));
  CHECK(told->fraction(0) == doctest::Approx(1.0 / 3));
  CHECK(told->fraction(1) == doctest::Approx(2.0 / 3));
}

TEST_CASE("a portfolio without volatility has no owner of its risk") {
  const auto none = risk_contributions(Eigen::VectorXd::Zero(2), Eigen::MatrixXd::Identity(2, 2));
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "variance is 0, must be positive");
  CHECK_FALSE(risk_contributions(Eigen::VectorXd::Ones(2), Eigen::MatrixXd::Identity(3, 3)));
  Eigen::VectorXd bad = Eigen::VectorXd::Ones(2);
  bad(0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(risk_contributions(bad, Eigen::MatrixXd::Identity(2, 2)));
}

TEST_CASE("components sum to the volatility, and the marginal is its derivative") {
  CHECK(rc::check([] {
    const auto size = *rc::gen::inRange<int>(1, 9);
    const auto numbers = *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(size * (size + 1)),
                                                               rc::gen::inRange(-1000, 1001));
    Eigen::MatrixXd factors(size, size);
    Eigen::VectorXd weights(size);
    for (int i = 0; i < size; ++i) {
      for (int j = 0; j < size; ++j) factors(i, j) = numbers[static_cast<std::size_t>(i * size + j)] / 1000.0;
      weights(i) = numbers[static_cast<std::size_t>(size * size + i)] / 1000.0;
    }
    const Eigen::MatrixXd covariance = factors * factors.transpose() + 0.01 * Eigen::MatrixXd::Identity(size, size);
    const auto told = risk_contributions(weights, covariance);
    if (weights.isZero()) {
      RC_ASSERT_FALSE(told.has_value());
      return;
    }
    RC_ASSERT(told.has_value());
    RC_ASSERT(std::abs(told->component.sum() - told->volatility) < 1e-12 * (1 + told->volatility));
    RC_ASSERT(std::abs(told->fraction.sum() - 1) < 1e-9);
    const double step = 1e-6;
    Eigen::VectorXd moved = weights;
    moved(0) += step;
    const double slope = (std::sqrt(moved.dot(covariance * moved)) - told->volatility) / step;
    RC_ASSERT(std::abs(slope - told->marginal(0)) < 1e-3 * (1 + 1 / told->volatility));
  }));
}

}  // namespace
}  // namespace rebalancer
