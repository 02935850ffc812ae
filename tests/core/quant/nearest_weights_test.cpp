#include "core/quant/nearest_weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/quant/random_problem.hpp"

using namespace rebalancer;

namespace {

MeanVarianceProblem long_only(Eigen::Index count) {
  MeanVarianceProblem problem{{}, {}, Eigen::VectorXd::Zero(count), Eigen::VectorXd::Ones(count), {}, {}};
  for (Eigen::Index i = 0; i < count; ++i) problem.names.push_back("A" + std::to_string(i));
  return problem;
}

double difference(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

void check_proven(const NearestWeights& nearest) {
  CHECK(nearest.proof.kkt_residual < 1e-12);
  CHECK(nearest.proof.duality_gap < 1e-12);
  CHECK(nearest.proof.max_violation < 1e-12);
}

Eigen::VectorXd random_weights(Random& random, Eigen::Index count) {
  Eigen::VectorXd out(count);
  for (Eigen::Index i = 0; i < count; ++i) out(i) = -std::log(random.uniform());
  return out / out.sum();
}

}  // namespace

TEST_CASE("weights that keep every limit are returned to the bit") {
  MeanVarianceProblem problem = long_only(3);
  problem.limits.push_back({"A0 + A1 <= 80%", Eigen::Vector3d(1, 1, 0), 0, 0.8});
  const Eigen::VectorXd wanted = Eigen::Vector3d(0.1, 0.7, 0.2);
  const NearestWeights nearest = nearest_weights(problem, wanted).value();
  CHECK(nearest.weights == wanted);
  CHECK(nearest.moved == 0);
}

TEST_CASE("what an upper bound takes off is spread evenly, as long as nothing else is reached") {
  MeanVarianceProblem problem = long_only(4);
  problem.upper.setConstant(0.4);
  const NearestWeights nearest = nearest_weights(problem, Eigen::Vector4d(0.7, 0.1, 0.1, 0.1)).value();
  CHECK(difference(nearest.weights, Eigen::Vector4d(0.4, 0.2, 0.2, 0.2)) < 1e-15);
  CHECK(std::abs(nearest.moved - 0.6) < 1e-15);
  check_proven(nearest);
}

TEST_CASE("a group's limit moves its members alike") {
  MeanVarianceProblem problem = long_only(4);
  problem.limits.push_back({"A0 + A1 <= 50%", Eigen::Vector4d(1, 1, 0, 0), 0, 0.5});
  const NearestWeights nearest = nearest_weights(problem, Eigen::Vector4d(0.5, 0.3, 0.1, 0.1)).value();
  CHECK(difference(nearest.weights, Eigen::Vector4d(0.35, 0.15, 0.25, 0.25)) < 1e-15);
  check_proven(nearest);
}

TEST_CASE("turnover and gross limits are kept") {
  MeanVarianceProblem problem = long_only(2);
  problem.trading = Trading{Eigen::Vector2d(0.5, 0.5), {}, {}, 0.2};
  NearestWeights nearest = nearest_weights(problem, Eigen::Vector2d(0.9, 0.1)).value();
  CHECK(difference(nearest.weights, Eigen::Vector2d(0.6, 0.4)) < 1e-14);
  check_proven(nearest);

  problem = long_only(3);
  problem.lower.setConstant(-1);
  problem.gross_max = 1.4;
  nearest = nearest_weights(problem, Eigen::Vector3d(0.9, 0.6, -0.5)).value();
  CHECK(std::abs(nearest.weights.lpNorm<1>() - 1.4) < 1e-14);
  CHECK(difference(nearest.weights, Eigen::Vector3d(0.75, 0.45, -0.2)) < 1e-14);
  check_proven(nearest);
}

TEST_CASE("a cost or a wish of the problem does not matter, only its constraints") {
  MeanVarianceProblem problem = long_only(4);
  problem.upper.setConstant(0.4);
  const Eigen::VectorXd wanted = Eigen::Vector4d(0.7, 0.1, 0.1, 0.1);
  const NearestWeights plain = nearest_weights(problem, wanted).value();
  problem.mean = Eigen::Vector4d(1, 2, 3, 4);
  problem.covariance = 7 * Eigen::MatrixXd::Identity(4, 4);
  problem.pull = Eigen::Vector4d(1, 0, 0, 0);
  problem.trading = Trading{Eigen::Vector4d(0, 0, 0, 1), Eigen::VectorXd::Ones(4), {}, {}};
  problem.trading->turnover_max = std::numeric_limits<double>::infinity();
  CHECK(nearest_weights(problem, wanted).value().weights == plain.weights);
}

TEST_CASE("no feasible weights are nearer, whatever the bounds and limits") {
  int moved = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    const MeanVarianceProblem problem = test::random_problem(seed, 12, 3);
    Random random(seed + 5000);
    const Eigen::VectorXd wanted = random_weights(random, problem.lower.size());
    const auto nearest = nearest_weights(problem, wanted);
    if (!nearest) {
      REQUIRE(nearest.error().code == ErrorCode::conflict);
      continue;
    }
    REQUIRE(violation(problem, nearest->weights) < 1e-12);
    check_proven(*nearest);
    if (nearest->moved == 0) {
      REQUIRE(nearest->weights == wanted);
      continue;
    }
    ++moved;
    // Towards any other feasible weights the distance grows: here, the nearest ones to others.
    const auto other = nearest_weights(problem, random_weights(random, problem.lower.size()));
    REQUIRE(other);
    REQUIRE((nearest->weights - wanted).dot(other->weights - nearest->weights) >= -1e-12);
  }
  CHECK(moved > 50);
}

TEST_CASE("constraints that contradict each other are named, and what does not fit is refused") {
  MeanVarianceProblem problem = long_only(3);
  problem.upper.setConstant(0.3);
  const Eigen::VectorXd wanted = Eigen::VectorXd::Constant(3, 1.0 / 3);
  CHECK(nearest_weights(problem, wanted).error().code == ErrorCode::conflict);
  CHECK(nearest_weights(problem, wanted).error().message.find("maximum weights sum to 0.9, must be at least 1") == 0);
  CHECK(nearest_weights(problem, Eigen::Vector2d(1, 0)).error().message ==
        "there are 2 wanted weights, 3 lower and 3 upper bounds; must be equally many");
  CHECK(nearest_weights(problem, Eigen::Vector3d(1, 0, std::nan(""))).error().message ==
        "wanted weight 2 is nan, must be a finite number");
}
