#include "core/quant/rolling_covariance.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/quant/covariance.hpp"
#include "core/quant/mean_variance.hpp"
#include "core/quant/returns.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

namespace {

Eigen::MatrixXd random_returns(Eigen::Index days, Eigen::Index count, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd returns(days, count);
  for (Eigen::Index t = 0; t < days; ++t) {
    const double market = 0.01 * random.normal();
    for (Eigen::Index i = 0; i < count; ++i) returns(t, i) = 0.0005 + market + 0.01 * random.normal();
  }
  return returns;
}

// The largest difference of an entry from the direct estimate, as a share of the two deviations.
double difference(const Eigen::MatrixXd& rolled, const Eigen::MatrixXd& direct) {
  double worst = 0;
  for (Eigen::Index j = 0; j < direct.cols(); ++j) {
    for (Eigen::Index i = 0; i < direct.rows(); ++i) {
      const double unit = std::sqrt(direct(i, i) * direct(j, j));
      worst = std::max(worst, std::abs(rolled(i, j) - direct(i, j)) / unit);
    }
  }
  return worst;
}

double worst_difference(const Eigen::MatrixXd& returns, Eigen::Index days, Eigen::Index step) {
  RollingCovariance window = RollingCovariance::make(returns, days).value();
  double worst = 0;
  do {
    const Eigen::MatrixXd rows = returns.middleRows(window.first(), days);
    const Eigen::MatrixXd rolled = window.covariance(252);
    CHECK(rolled == rolled.transpose());
    worst = std::max(worst, difference(rolled, sample_covariance(rows, 252)));
    const Eigen::VectorXd mean = arithmetic_mean(rows, 252);
    CHECK((window.mean(252) - mean).cwiseAbs().maxCoeff() < 1e-12 * (1 + mean.cwiseAbs().maxCoeff()));
  } while (window.advance(step));
  return worst;
}

}  // namespace

TEST_CASE("a window that slides has the covariance of its rows, whatever the window and the step") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    const auto count = static_cast<Eigen::Index>(1 + seed % 7 * 5);
    const Eigen::MatrixXd returns = random_returns(400, count, seed);
    for (const Eigen::Index days : {2, 20, 63, 252}) {
      for (const Eigen::Index step : {1, 5, 21, 100}) {
        CAPTURE(days);
        CAPTURE(step);
        CHECK(worst_difference(returns, days, step) < 1e-12);
      }
    }
  }
}

TEST_CASE("a crash that leaves the window takes its rounding along") {
  Eigen::MatrixXd returns = random_returns(300, 3, 5);
  returns(40, 1) = 1e6;
  returns(130, 2) = -0.999;
  CHECK(worst_difference(returns, 60, 1) < 1e-12);
}

TEST_CASE("a return like cash, small about a mean that wanders far, keeps its digits") {
  Random random(9);
  Eigen::MatrixXd returns(800, 2);
  for (Eigen::Index t = 0; t < 800; ++t) {
    returns(t, 0) = 2e-4 * std::sin(0.01 * static_cast<double>(t)) + 1e-9 * random.normal();
    returns(t, 1) = 0.01 * random.normal();
  }
  CHECK(worst_difference(returns, 20, 1) < 1e-9);
}

TEST_CASE("steps are cheap: the window is made anew about once for each of its lengths") {
  const Eigen::MatrixXd returns = random_returns(2000, 4, 3);
  RollingCovariance window = RollingCovariance::make(returns, 250).value();
  while (window.advance(5)) continue;
  CHECK(window.first() == 1750);
  CHECK(window.rebuilds() <= 8);
}

TEST_CASE("a constant return has no variance, before and after the window moves") {
  Eigen::MatrixXd returns = random_returns(100, 3, 4);
  returns.col(1).setZero();
  returns.col(2).setConstant(0.01);
  RollingCovariance window = RollingCovariance::make(returns, 30).value();
  do {
    const Eigen::MatrixXd covariance = window.covariance(252);
    CHECK(covariance.row(1).isZero(0));
    CHECK(covariance(2, 2) >= 0);
    CHECK(covariance(2, 2) < 1e-30);
  } while (window.advance(3));
}

TEST_CASE("windows that cannot be are refused, and one that would pass the end stays") {
  const Eigen::MatrixXd returns = random_returns(10, 2, 1);
  CHECK(RollingCovariance::make(returns, 1).error().message ==
        "a window of 1 days, must be from 2 to the 10 there are");
  CHECK_FALSE(RollingCovariance::make(returns, 11));
  Eigen::MatrixXd gap = returns;
  gap(3, 1) = std::nan("");
  CHECK_FALSE(RollingCovariance::make(gap, 5));
  RollingCovariance window = RollingCovariance::make(returns, 8).value();
  const Eigen::MatrixXd before = window.covariance(1);
  CHECK_FALSE(window.advance(3));
  CHECK(window.first() == 0);
  CHECK(window.covariance(1) == before);
  CHECK(window.advance(0));
  CHECK(window.advance(2));
  CHECK_FALSE(window.advance(1));
}

TEST_CASE("a walk forward with minimum variance earns what the independent reference earns") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !prices) return;
  const auto& expected = golden->at("datasets").at("dev20").at("walk_forward_min_variance");
  const Eigen::MatrixXd returns = simple_returns(view_of(*prices)).value();
  constexpr Eigen::Index estimated = 252, held = 21;
  RollingCovariance window = RollingCovariance::make(returns, estimated).value();
  MeanVarianceProblem problem;
  problem.mean = Eigen::VectorXd::Zero(returns.cols());
  problem.lower = Eigen::VectorXd::Zero(returns.cols());
  problem.upper = Eigen::VectorXd::Ones(returns.cols());

  Eigen::VectorXd constant(returns.rows() - estimated), drift = constant, last;
  std::optional<MeanVarianceSolution> solution;
  double blocks = 0, turnover = 0, checksum = 0;
  for (Eigen::Index from = estimated; from < returns.rows(); from += held) {
    problem.covariance = window.covariance(252);
    const Eigen::VectorXd cold = minimize_variance(problem).value().weights;
    solution = minimize_variance(problem, solution ? &*solution : nullptr).value();
    const Eigen::VectorXd& weights = solution->weights;
    CHECK((weights - cold).cwiseAbs().maxCoeff() < 1e-12);
    if (blocks == 0) {
      CHECK((weights - test::vector(expected.at("first_weights"))).cwiseAbs().maxCoeff() < 1e-11);
    } else {
      turnover += (weights - last).cwiseAbs().sum();
    }
    ++blocks;
    for (Eigen::Index i = 0; i < weights.size(); ++i) checksum += blocks * static_cast<double>(i + 1) * weights(i);
    last = weights;
    for (Eigen::Index t = from; t < std::min(from + held, returns.rows()); ++t) {
      constant(t - estimated) = returns.row(t).dot(weights);
      drift(t - estimated) = returns.row(t).dot(last);
      last = (last.array() * (1 + returns.row(t).transpose().array()) / (1 + drift(t - estimated))).matrix();
    }
    if (!window.advance(held)) break;
  }
  CHECK(blocks == test::number(expected.at("n_blocks")));
  CHECK((solution->weights - test::vector(expected.at("last_weights"))).cwiseAbs().maxCoeff() < 1e-11);
  CHECK(turnover ==
        doctest::Approx(test::number(expected.at("turnover_two_sided_between_drifted_and_new_sum"))).epsilon(1e-10));
  CHECK(checksum == doctest::Approx(test::number(expected.at("weights_checksum"))).epsilon(1e-11));
  const auto agrees = [](const Eigen::VectorXd& daily, const boost::json::value& of) {
    const auto near = [&of](const char* name, double value) {
      CAPTURE(name);
      CHECK(value == doctest::Approx(test::number(of.at(name))).epsilon(1e-10));
    };
    const auto count = static_cast<double>(daily.size());
    near("n", count);
    near("sum", daily.sum());
    near("mean", daily.mean());
    near("std_ddof1", std::sqrt((daily.array() - daily.mean()).square().sum() / (count - 1)));
    near("total_return", (1 + daily.array()).prod() - 1);
    near("first", daily(0));
    near("last", daily(daily.size() - 1));
    near("max", daily.maxCoeff());
    near("min", daily.minCoeff());
    double weighted = 0;
    for (Eigen::Index t = 0; t < daily.size(); ++t) weighted += static_cast<double>(t + 1) * daily(t);
    near("weighted_sum_i_r", weighted);
  };
  agrees(constant, expected.at("constant"));
  agrees(drift, expected.at("drift"));
}
