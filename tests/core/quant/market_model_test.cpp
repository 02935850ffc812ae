#include "core/quant/market_model.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/quant/covariance.hpp"

using namespace rebalancer;

namespace {

struct Scene {
  Eigen::MatrixXd returns;
  Eigen::VectorXd market;
};

Scene random_scene(Eigen::Index days, Eigen::Index count, std::uint64_t seed) {
  Random random(seed);
  Scene scene{Eigen::MatrixXd(days, count), Eigen::VectorXd(days)};
  for (Eigen::Index t = 0; t < days; ++t) {
    scene.market(t) = 0.0004 + 0.01 * random.normal();
    for (Eigen::Index i = 0; i < count; ++i) {
      scene.returns(t, i) = 0.5 * static_cast<double>(i) * scene.market(t) + 0.01 * random.normal();
    }
  }
  return scene;
}

}  // namespace

TEST_CASE("what moves with the market twice as far has a beta of two and nothing of its own") {
  const Eigen::VectorXd market{{0.01, -0.02, 0.03, 0.0}};
  Eigen::MatrixXd returns(4, 2);
  returns.col(0) = 2 * market;
  returns.col(1).setConstant(0.001);
  CHECK((market_betas(returns, market).value() - Eigen::Vector2d(2, 0)).norm() < 1e-14);
  const FactorCovariance model = single_index_model(returns, market, 252).value();
  CHECK(model.specific_variance.cwiseAbs().maxCoeff() < 1e-15);
  CHECK((dense(model) - sample_covariance(returns, 252)).norm() < 1e-15);
  // The market earns 0.005 * 252 = 1.26 a year.
  CHECK((capm_mean(returns, market, 252, 0.02).value() - Eigen::Vector2d(0.02 + 2 * 1.24, 0.02)).norm() < 1e-13);
}

TEST_CASE("the market itself has beta one and earns its own mean") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Scene scene = random_scene(30, 4, seed);
    const Eigen::MatrixXd market = scene.market;
    CHECK(market_betas(market, scene.market).value()(0) == doctest::Approx(1).epsilon(1e-13));
    CHECK(capm_mean(market, scene.market, 252, 0.03).value()(0) ==
          doctest::Approx(scene.market.mean() * 252).epsilon(1e-12));
  }
}

TEST_CASE("a single-index covariance keeps the covariances with the market and never less than no variance") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const Scene scene = random_scene(static_cast<Eigen::Index>(3 + seed * 5), 6, seed);
    const FactorCovariance model = single_index_model(scene.returns, scene.market, 252).value();
    CHECK(model.loadings.cols() == 1);
    CHECK(model.specific_variance.minCoeff() >= 0);
    Eigen::MatrixXd both(scene.returns.rows(), 7);
    both << scene.returns, scene.market;
    const Eigen::MatrixXd sample = sample_covariance(both, 252);
    // loading = covariance with the market over the market's deviation.
    const Eigen::VectorXd expected = sample.col(6).head(6) / std::sqrt(sample(6, 6));
    CHECK((model.loadings - expected).norm() < 1e-12 * expected.norm());
    // Residuals have T - 2 degrees of freedom, the sample's total T - 1.
    const auto days = static_cast<double>(scene.returns.rows());
    for (Eigen::Index i = 0; i < 6; ++i) {
      const double rest = (sample(i, i) - expected(i) * expected(i)) * (days - 1) / (days - 2);
      CHECK(std::abs(model.specific_variance(i) - rest) < 1e-12 * sample(i, i));
    }
  }
}

TEST_CASE("a market that never moves and too few days are refused") {
  const Scene scene = random_scene(5, 2, 1);
  const Eigen::VectorXd still = Eigen::VectorXd::Zero(5);
  CHECK(market_betas(scene.returns, still).error().message == "the benchmark's price never moves: it explains nothing");
  CHECK_FALSE(capm_mean(scene.returns, still, 252, 0.02));
  CHECK_FALSE(single_index_model(scene.returns, still, 252));
  CHECK(single_index_model(scene.returns.topRows(2), scene.market.head(2), 252).error().message ==
        "a market model needs at least 3 returns, there are 2");
}
