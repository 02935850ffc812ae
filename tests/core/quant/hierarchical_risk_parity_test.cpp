#include "core/quant/hierarchical_risk_parity.hpp"

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

Eigen::MatrixXd random_covariance(std::uint64_t seed, Eigen::Index count, Eigen::Index days) {
  Random random(seed);
  Eigen::MatrixXd moves(days, count);
  for (Eigen::Index t = 0; t < days; ++t) {
    const double market = random.normal();
    for (Eigen::Index i = 0; i < count; ++i) {
      moves(t, i) = 0.1 * (0.7 * market + random.normal() * (1 + 0.1 * static_cast<double>(i)));
    }
  }
  return moves.transpose() * moves / static_cast<double>(days);
}

// As the book has it: each list's variance from its own covariance, nothing shared between lists.
void divide(const Eigen::MatrixXd& covariance, const std::vector<Eigen::Index>& list, double share,
            Eigen::VectorXd& out) {
  if (list.size() == 1) {
    out(list[0]) = share;
    return;
  }
  const auto variance = [&](const std::vector<Eigen::Index>& members) {
    const Eigen::MatrixXd part = covariance(members, members);
    Eigen::VectorXd weights = part.diagonal().cwiseInverse();
    weights /= weights.sum();
    return weights.dot(part * weights);
  };
  const auto middle = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
  const std::vector<Eigen::Index> left(list.begin(), middle), right(middle, list.end());
  const double first = variance(left), second = variance(right), alpha = 1 - first / (first + second);
  divide(covariance, left, share * alpha, out);
  divide(covariance, right, share * (1 - alpha), out);
}

double difference(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("two uncorrelated pairs of twins, by hand") {
  // Twins are alike: each pair is one asset, of variance 1 and 4; uncorrelated, they get 4/5 and 1/5.
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(4, 4);
  covariance(0, 0) = covariance(2, 2) = covariance(0, 2) = covariance(2, 0) = 1;
  covariance(1, 1) = covariance(3, 3) = covariance(1, 3) = covariance(3, 1) = 4;
  for (const Linkage linkage : {Linkage::single, Linkage::average, Linkage::complete, Linkage::ward}) {
    const auto answer = hierarchical_risk_parity(covariance, linkage, names_of(4)).value();
    CHECK(answer.order == std::vector<Eigen::Index>{0, 2, 1, 3});
    CHECK(difference(answer.weights, Eigen::Vector4d(0.4, 0.1, 0.4, 0.1)) < 1e-15);
    CHECK(answer.merges[0].height == 0);
    CHECK(answer.merges[2].height >= std::sqrt(0.5) - 1e-15);
  }
}

TEST_CASE("distances run from alike to opposite") {
  Eigen::MatrixXd covariance(3, 3);
  covariance << 4, 2, -4, 2, 1, -2, -4, -2, 4;
  const Eigen::MatrixXd distances = correlation_distances(covariance);
  CHECK(distances(1, 0) == 0);
  CHECK(distances(2, 0) == 1);
  CHECK(distances(2, 1) == 1);
}

TEST_CASE("dividing by the sums between halves is dividing by each half's own covariance") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const Eigen::Index count = 1 + static_cast<Eigen::Index>(seed) % 37;
    // Every third with fewer days than assets: singular.
    const Eigen::MatrixXd covariance = random_covariance(seed, count, seed % 3 == 0 ? count / 2 + 1 : 3 * count);
    for (const Linkage linkage : {Linkage::single, Linkage::ward}) {
      const auto answer = hierarchical_risk_parity(covariance, linkage, names_of(count)).value();
      Eigen::VectorXd wanted(count);
      divide(covariance, answer.order, 1, wanted);
      REQUIRE(difference(answer.weights, wanted) < 1e-12);
      REQUIRE(std::abs(answer.weights.sum() - 1) < 1e-14);
      REQUIRE(answer.weights.minCoeff() >= 0);
    }
  }
}

TEST_CASE("a price that does not move is refused by name") {
  Eigen::MatrixXd covariance = random_covariance(1, 3, 9);
  covariance.row(1).setZero();
  covariance.col(1).setZero();
  const auto answer = hierarchical_risk_parity(covariance, Linkage::single, names_of(3));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::invalid);
  CHECK(answer.error().message.find("volatility of A1 is 0 per year") == 0);
}

TEST_CASE("a half that hedges itself gets all, and two such halves are refused") {
  Eigen::MatrixXd pair(2, 2);
  pair << 1, -1, -1, 1;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(4, 4);
  covariance.topLeftCorner(2, 2) = pair;
  covariance.bottomRightCorner(2, 2).setIdentity();
  CHECK(difference(bisect(covariance, {0, 1, 2, 3}, names_of(4)).value(), Eigen::Vector4d(0.5, 0.5, 0, 0)) < 1e-15);
  covariance.bottomRightCorner(2, 2) = pair;
  const auto refused = bisect(covariance, {0, 1, 2, 3}, names_of(4));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "the cluster with A0 and the one with A2 both have no volatility: there is no ratio to divide by");
}

TEST_CASE("weights, leaves and heights agree with the independent reference") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !prices) return;
  const auto& wanted = golden->at("datasets").at("dev20").at("optimisation");
  const Estimates estimates = estimate(*prices, "sample", "arithmetic", 252).value();
  for (const auto& [key, linkage] : {std::pair{"hrp_single", "single"},
                                     {"hrp_ward", "ward"},
                                     {"hrp_average", "average"},
                                     {"hrp_complete", "complete"}}) {
    CAPTURE(key);
    const auto& expected = wanted.at(key);
    const auto answer =
        hierarchical_risk_parity(estimates.covariance, linkage_named(linkage).value(), names_of(20)).value();
    CHECK(difference(answer.weights, test::vector(expected.at("weights"))) < 1e-14);
    for (std::size_t i = 0; i < 20; ++i) CHECK(answer.order[i] == expected.at("leaf_order").at(i).as_int64());
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(std::abs(answer.merges[16 + k].height - test::number(expected.at("last_merge_heights").at(k))) < 1e-14);
    }
  }
}
