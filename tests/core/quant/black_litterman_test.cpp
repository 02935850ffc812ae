#include "core/quant/black_litterman.hpp"

#include <cmath>

#include <Eigen/LU>
#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/quant/estimates.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

namespace {

Eigen::MatrixXd random_covariance(Random& random, Eigen::Index count) {
  Eigen::MatrixXd moves(3 * count, count);
  for (double& move : moves.reshaped()) move = 0.2 * random.normal();
  return moves.transpose() * moves / static_cast<double>(3 * count);
}

}  // namespace

TEST_CASE("views are read as people write them") {
  const View absolute = parse_view("GOOG = 12%").value();
  CHECK(absolute.asset == "GOOG");
  CHECK(absolute.other.empty());
  CHECK(absolute.value == 0.12);
  CHECK(parse_view("BRK-B=0.05").value().asset == "BRK-B");
  for (const char* text : {"AAPL - T = 3%", "AAPL > T by 3%", "T < AAPL by 3 %", "  AAPL  -  T  =  0.03 "}) {
    CAPTURE(text);
    const Result<View> view = parse_view(text);
    REQUIRE_MESSAGE(view, view.error().message);
    CHECK(view->asset == "AAPL");
    CHECK(view->other == "T");
    CHECK(view->value == 0.03);
  }
  for (const char* text : {"", "=", "GOOG", "GOOG =", "= 3%", "GOOG = x%", "A > B", "A by 3%", "A > by 3%", "A - = 3%",
                           "A B = 3%", "GOOG = inf", "GOOG = nan", "A > B > C by 1%", "A - A = 1%", "by > 3"}) {
    CAPTURE(text);
    const Result<View> view = parse_view(text);
    REQUIRE_FALSE(view);
    CHECK(view.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("the posterior agrees with the independent reference") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !prices) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("black_litterman");
  const Eigen::MatrixXd covariance = estimate(*prices, "sample", "arithmetic", 252).value().covariance;
  std::vector<std::string> names;
  for (const Symbol& symbol : prices->symbols()) names.push_back(symbol.str());
  Eigen::VectorXd market = test::vector(wanted.at("caps"));
  market /= market.sum();
  const Eigen::VectorXd prior = equilibrium_returns(covariance, market, 2.5).value();
  CHECK((prior - test::vector(wanted.at("pi"))).cwiseAbs().maxCoeff() <= 1e-13);
  std::vector<View> views{parse_view("GOOG = 12%").value(), parse_view("AAPL - T = 3%").value()};
  const auto agrees = [&](const boost::json::value& expected) {
    const Posterior posterior = black_litterman(covariance, prior, views, 0.05, names).value();
    CHECK((posterior.uncertainty - test::vector(expected.at("omega_diag"))).cwiseAbs().maxCoeff() <= 1e-14);
    CHECK((posterior.mean - test::vector(expected.at("posterior_mean"))).cwiseAbs().maxCoeff() <= 1e-13);
    CHECK(std::abs(posterior.covariance.norm() - test::number(expected.at("posterior_cov_S_plus_M_frobenius"))) <=
          1e-12);
    CHECK(std::abs(posterior.covariance.trace() - test::number(expected.at("posterior_cov_trace"))) <= 1e-12);
    const auto some = test::vector(expected.at("posterior_cov_00_01_11"));
    CHECK(std::abs(posterior.covariance(0, 0) - some(0)) <= 1e-13);
    CHECK(std::abs(posterior.covariance(0, 1) - some(1)) <= 1e-13);
    CHECK(std::abs(posterior.covariance(1, 1) - some(2)) <= 1e-13);
  };
  agrees(wanted.at("default_omega_tau_PSP"));
  views[0].confidence = 0.6;
  views[1].confidence = 0.3;
  agrees(wanted.at("idzorek"));
}

TEST_CASE("a certain view holds exactly, one of no confidence changes nothing, and the rest lies between") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto count = static_cast<Eigen::Index>(2 + random.below(8));
    const Eigen::MatrixXd covariance = random_covariance(random, count);
    std::vector<std::string> names;
    for (Eigen::Index i = 0; i < count; ++i) names.push_back("S" + std::to_string(i));
    Eigen::VectorXd prior(count);
    for (double& value : prior) value = 0.05 + 0.05 * random.normal();
    View view{"S0", seed % 2 == 0 ? "S1" : "", 0.1 * random.normal(), 0.0};
    const auto viewed = [&](const Eigen::VectorXd& mean) { return mean(0) - (view.other.empty() ? 0 : mean(1)); };
    const Posterior none = black_litterman(covariance, prior, {view}, 0.05, names).value();
    CHECK(none.mean == prior);
    double last = std::abs(viewed(prior) - view.value);
    for (const double confidence : {0.2, 0.5, 0.9, 1.0}) {
      view.confidence = confidence;
      const Posterior some = black_litterman(covariance, prior, {view}, 0.05, names).value();
      const double distance = std::abs(viewed(some.mean) - view.value);
      // One view of confidence c moves what it is about by the share c of the way.
      CHECK(std::abs(distance - (1 - confidence) * std::abs(viewed(prior) - view.value)) <= 1e-12);
      CHECK(distance <= last + 1e-15);
      last = distance;
      // What is learned makes the means more certain, never less.
      CHECK((some.covariance - covariance).diagonal().minCoeff() >= -1e-15);
      CHECK(((1.05 * covariance) - some.covariance).diagonal().minCoeff() >= -1e-15);
    }
  }
}

TEST_CASE("views that contradict each other, unknown assets and impossible numbers are refused") {
  const Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(3, 3) * 0.04;
  const Eigen::VectorXd prior = Eigen::VectorXd::Constant(3, 0.05);
  const std::vector<std::string> names{"A", "B", "C"};
  const auto code = [&](const std::vector<View>& views, double tau = 0.05) {
    const auto posterior = black_litterman(covariance, prior, views, tau, names);
    return posterior ? "solved" : posterior.error().code == ErrorCode::conflict ? "conflict" : "invalid";
  };
  CHECK(std::string(code({{"A", "", 0.1, 1.0}, {"A", "", 0.2, 1.0}})) == "conflict");
  CHECK(std::string(code({{"A", "", 0.1, 1.0}, {"A", "", 0.2, 0.5}})) == "solved");
  CHECK(std::string(code({{"X", "", 0.1, {}}})) == "invalid");
  CHECK(std::string(code({{"A", "X", 0.1, {}}})) == "invalid");
  CHECK(std::string(code({{"A", "", 0.1, 1.5}})) == "invalid");
  CHECK(std::string(code({{"A", "", std::nan(""), {}}})) == "invalid");
  CHECK(std::string(code({}, 0)) == "invalid");
  CHECK(black_litterman(covariance, Eigen::VectorXd::Zero(2), {}, 0.05, names).error().code == ErrorCode::invalid);
  CHECK(equilibrium_returns(covariance, Eigen::VectorXd::Zero(2), 2.5).error().code == ErrorCode::invalid);
}
