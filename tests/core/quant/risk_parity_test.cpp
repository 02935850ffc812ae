#include "core/quant/risk_parity.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/quant/estimates.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

namespace {

std::vector<std::string> names_of(Eigen::Index count) {
  std::vector<std::string> out;
  for (Eigen::Index i = 0; i < count; ++i) out.push_back("A" + std::to_string(i));
  return out;
}

Result<RiskParity> equal(const Eigen::MatrixXd& covariance) {
  return risk_parity(covariance, Eigen::VectorXd::Ones(covariance.rows()), names_of(covariance.rows()));
}

enum class Kind { ordinary, few_days, duplicates, scales, against, count };

// With `market` moves in common; `against`: every other asset moves the other way, but not quite.
Eigen::MatrixXd random_covariance(std::uint64_t seed) {
  Random random(seed);
  const auto kind = static_cast<Kind>(random.below(static_cast<std::uint64_t>(Kind::count)));
  const auto count = static_cast<Eigen::Index>(1 + random.below(40));
  const Eigen::Index days = kind == Kind::few_days ? count / 2 + 2 : 3 * count + 2;
  Eigen::MatrixXd moves(days, count);
  for (Eigen::Index t = 0; t < days; ++t) {
    const double market = random.normal();
    for (Eigen::Index i = 0; i < count; ++i) {
      const double sign = kind == Kind::against && i % 2 == 1 ? -1 : 1;
      moves(t, i) = 0.1 * (sign * market + random.normal() * (0.3 + 0.05 * static_cast<double>(i)));
    }
  }
  for (Eigen::Index i = 1; kind == Kind::duplicates && i < count; i += 2) moves.col(i) = moves.col(i - 1);
  for (Eigen::Index i = 0; kind == Kind::scales && i < count; ++i) moves.col(i) *= std::pow(10, random.normal());
  return moves.transpose() * moves / static_cast<double>(days);
}

double difference(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("two assets contribute equally at weights inverse to volatility, whatever their correlation") {
  for (const double correlation : {-0.9999, -0.5, 0.0, 0.5, 1.0}) {
    CAPTURE(correlation);
    Eigen::MatrixXd covariance(2, 2);
    covariance << 0.04, 0.08 * correlation, 0.08 * correlation, 0.16;
    const auto answer = equal(covariance);
    REQUIRE(answer);
    CHECK(difference(answer->weights, Eigen::Vector2d(2.0 / 3, 1.0 / 3)) < 1e-13);
  }
}

TEST_CASE("uncorrelated assets get weights by the root of budget over variance; budgets have any scale") {
  const Eigen::MatrixXd covariance = Eigen::Vector3d(0.01, 0.04, 0.09).asDiagonal();
  Eigen::Vector3d wanted(std::sqrt(1 / 0.01), std::sqrt(2 / 0.04), std::sqrt(3 / 0.09));
  wanted /= wanted.sum();
  for (const double scale : {1e-300, 1.0, 1e300}) {
    const auto answer = risk_parity(covariance, scale * Eigen::Vector3d(1, 2, 3), names_of(3));
    REQUIRE(answer);
    CHECK(difference(answer->weights, wanted) < 1e-15);
    CHECK(difference(answer->budgets, Eigen::Vector3d(1, 2, 3) / 6) < 1e-15);
  }
}

TEST_CASE("every asset contributes its budget, for covariances of every awkward kind") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const Eigen::MatrixXd covariance = random_covariance(seed);
    Random random(seed + 1000);
    Eigen::VectorXd budgets(covariance.rows());
    for (Eigen::Index i = 0; i < budgets.size(); ++i) budgets(i) = seed % 2 == 0 ? 1 : std::exp(2 * random.normal());
    const auto answer = risk_parity(covariance, budgets, names_of(budgets.size()));
    REQUIRE(answer);
    const RiskParityProof proof = prove_risk_parity(covariance, answer->budgets, answer->weights);
    REQUIRE(proof.kkt_residual <= 1e-12);
    REQUIRE(proof.duality_gap <= 1e-15);
    REQUIRE(proof.duality_gap >= 0);
    REQUIRE(proof.max_violation <= 1e-15);
    REQUIRE(answer->weights.minCoeff() > 0);
  }
}

TEST_CASE("where coordinates alone are slow, Newton's steps finish") {
  // Pairs that nearly hedge each other.
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(6, 6);
  for (Eigen::Index i = 0; i < 6; i += 2) covariance(i, i + 1) = covariance(i + 1, i) = -0.999999;
  covariance(0, 2) = covariance(2, 0) = 1e-7;
  const Eigen::VectorXd budgets = Eigen::VectorXd::LinSpaced(6, 1, 6);
  const auto answer = risk_parity(covariance, budgets, names_of(6));
  REQUIRE(answer);
  CHECK(answer->newton_steps > 0);
  CHECK(prove_risk_parity(covariance, answer->budgets, answer->weights).kkt_residual < 1e-9);
}

TEST_CASE("what has no answer is refused by name") {
  const auto message = [](const Eigen::MatrixXd& covariance, const Eigen::VectorXd& budgets) {
    const auto answer = risk_parity(covariance, budgets, {"SPY", "TLT", "CASH"});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::invalid);
    return answer.error().message;
  };
  const Eigen::VectorXd ones = Eigen::Vector3d::Ones();
  Eigen::MatrixXd covariance = Eigen::Vector3d(0.04, 0.01, 0).asDiagonal();
  CHECK(message(covariance, ones).find("volatility of CASH is 0 per year") == 0);
  covariance(2, 2) = 0.02;
  CHECK(message(covariance, Eigen::Vector3d(1, 0, 1)) == "risk budget of TLT is 0, must be a positive number");
  CHECK(message(covariance, Eigen::Vector3d(1, -2, 1)) == "risk budget of TLT is -2, must be a positive number");
  CHECK(message(covariance, Eigen::Vector3d(1, 1, std::nan(""))) ==
        "risk budget of CASH is nan, must be a positive number");
  CHECK(message(covariance, Eigen::Vector3d(1e-13, 1, 2)) ==
        "risk budget of SPY is 1e-13, must be at least 1e-12 of the largest, 2");
  CHECK(message(covariance, Eigen::Vector2d::Ones()) ==
        "there are 2 risk budgets, must be one for each of the 3 symbols");
  covariance(0, 1) = covariance(1, 0) = -0.02;  // SPY and twice as much TLT: no volatility
  CHECK(message(covariance, ones) ==
        "a long-only portfolio of SPY, TLT has no volatility to speak of, less than 1e-05 of its parts': there is no "
        "risk to divide among them");
  covariance(0, 1) = covariance(1, 0) = -0.03;
  CHECK(message(covariance, ones) ==
        "the covariance is not positive semidefinite: some portfolio has a negative variance");
}

TEST_CASE("a tampered answer is not certified") {
  const Eigen::MatrixXd covariance = random_covariance(2);
  RiskParity answer = equal(covariance).value();
  REQUIRE(answer.weights.size() > 1);
  answer.weights(0) *= 1.001;
  const RiskParityProof proof = prove_risk_parity(covariance, answer.budgets, answer.weights);
  CHECK(proof.kkt_residual > 1e-4);
  CHECK(proof.duality_gap > 1e-9);
  CHECK(proof.max_violation > 1e-6);
  answer.weights(0) = -0.1;
  CHECK(std::isinf(prove_risk_parity(covariance, answer.budgets, answer.weights).duality_gap));
  answer.weights.setZero();
  CHECK(std::isinf(prove_risk_parity(covariance, answer.budgets, answer.weights).kkt_residual));
}

TEST_CASE("equal and given budgets agree with the independent reference") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !prices) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  const Eigen::MatrixXd covariance = estimate(*prices, "sample", "arithmetic", 252)->covariance;
  const RiskParity even = equal(covariance).value();
  CHECK(difference(even.weights, test::vector(wanted.at("risk_parity_erc").at("weights"))) < 1e-14);
  CHECK(std::abs(std::sqrt(even.weights.dot(covariance * even.weights)) -
                 test::number(wanted.at("risk_parity_erc").at("volatility"))) < 1e-14);
  CHECK(prove_risk_parity(covariance, even.budgets, even.weights).kkt_residual <= 1e-13);
  const RiskParity linear = risk_parity(covariance, Eigen::VectorXd::LinSpaced(20, 1, 20), names_of(20)).value();
  CHECK(difference(linear.weights, test::vector(wanted.at("risk_budget_linear").at("weights"))) < 1e-14);
  CHECK(prove_risk_parity(covariance, linear.budgets, linear.weights).kkt_residual <= 1e-13);
}
