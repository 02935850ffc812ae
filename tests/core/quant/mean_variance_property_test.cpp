// Random problems of every awkward kind against the slow way, the certificate and random feasible points.
#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/brute_force.hpp"
#include "core/quant/certificate.hpp"
#include "core/quant/random_problem.hpp"

using namespace rebalancer;
using test::brute_force_minimum;
using test::objective_of;
using test::random_problem;
using test::violation_of;

namespace {

bool near(double a, double b) { return std::abs(a - b) <= 1e-10 * (1e-3 + std::abs(b)); }

bool is_proven(const MeanVarianceProblem& problem, const MeanVarianceSolution& solution) {
  const OptimalityProof proof = prove(problem, solution);
  return proof.kkt_residual <= 1e-9 && proof.duality_gap <= 1e-9 && proof.max_violation <= 1e-9;
}

}  // namespace

TEST_CASE("2500 random problems have the optimum that enumeration finds, or are infeasible as it finds") {
  int feasible = 0, infeasible = 0;
  for (std::uint64_t seed = 1; seed <= 2500; ++seed) {
    CAPTURE(seed);
    const MeanVarianceProblem problem = random_problem(seed, 4, 2);
    Random random(seed);
    const double lambda = seed % 3 == 0 ? 0 : random.uniform() * (seed % 3 == 1 ? 0.05 : 3);
    const auto solution = minimize_at(problem, lambda);
    const auto expected = brute_force_minimum(problem, lambda);
    REQUIRE(solution.has_value() == expected.has_value());
    if (!solution) {
      CHECK(solution.error().code == ErrorCode::conflict);
      ++infeasible;
      continue;
    }
    ++feasible;
    CHECK(near(objective_of(problem, solution->weights, lambda), *expected));
    CHECK(is_proven(problem, *solution));
  }
  CHECK(feasible > 1500);
  CHECK(infeasible > 300);
}

TEST_CASE("2000 larger random problems are solved to a certificate, and no random feasible point is better") {
  int compared = 0;
  for (std::uint64_t seed = 10'001; seed <= 12'000; ++seed) {
    CAPTURE(seed);
    const MeanVarianceProblem problem = random_problem(seed, 24, 3);
    Random random(seed);
    const double lambda = seed % 2 == 0 ? 0 : random.uniform();
    const auto solution = minimize_at(problem, lambda);
    if (!solution) {
      CHECK(solution.error().code == ErrorCode::conflict);
      continue;
    }
    CHECK(is_proven(problem, *solution));
    const double best = objective_of(problem, solution->weights, lambda);
    // Vertices in random directions, and points between them and the optimum.
    for (int trial = 0; trial < 3; ++trial) {
      MeanVarianceProblem other = problem;
      for (Eigen::Index i = 0; i < other.mean.size(); ++i) other.mean(i) = random.normal();
      const auto point = minimize_at(other, 10);
      REQUIRE(point);
      REQUIRE(violation_of(problem, point->weights) <= 1e-9);
      const double share = random.uniform();
      const Eigen::VectorXd between = share * point->weights + (1 - share) * solution->weights;
      CHECK(objective_of(problem, point->weights, lambda) >= best - 1e-10 * (1e-3 + std::abs(best)));
      CHECK(objective_of(problem, between, lambda) >= best - 1e-10 * (1e-3 + std::abs(best)));
      ++compared;
    }
  }
  CHECK(compared > 3000);
}

TEST_CASE("on 1000 random frontiers every corner and every point between is optimal for its lambda") {
  int corners_seen = 0;
  for (std::uint64_t seed = 20'001; seed <= 21'000; ++seed) {
    CAPTURE(seed);
    const MeanVarianceProblem problem = random_problem(seed, 12, 2);
    const auto corners = corner_portfolios(problem);
    if (!corners) {
      CHECK(corners.error().code == ErrorCode::conflict);
      continue;
    }
    const auto optimal = [&](const Eigen::VectorXd& weights, double lambda) {
      const auto solution = minimize_at(problem, lambda);
      return solution && near(objective_of(problem, weights, lambda), objective_of(problem, solution->weights, lambda));
    };
    for (std::size_t i = 0; i < corners->size(); ++i) {
      CAPTURE(i);
      const CornerPortfolio& corner = (*corners)[i];
      ++corners_seen;
      CHECK(violation_of(problem, corner.weights) <= 1e-10);
      CHECK(optimal(corner.weights, corner.lambda_low));
      if (i == 0) continue;
      const CornerPortfolio& above = (*corners)[i - 1];
      CHECK(above.lambda_low >= corner.lambda - 1e-12);
      CHECK(above.expected_return >= corner.expected_return - 1e-10);
      CHECK(optimal(0.5 * (above.weights + corner.weights), 0.5 * (above.lambda_low + corner.lambda)));
    }
  }
  CHECK(corners_seen > 2000);
}

TEST_CASE("no corner of 1000 random frontiers has a higher Sharpe ratio than the highest") {
  int solved = 0;
  for (std::uint64_t seed = 30'001; seed <= 31'000; ++seed) {
    CAPTURE(seed);
    const MeanVarianceProblem problem = random_problem(seed, 12, 2);
    const double risk_free = 0.02;
    const auto best = maximize_sharpe(problem, risk_free);
    if (!best) {
      CHECK(best.error().code == ErrorCode::conflict);
      continue;
    }
    ++solved;
    CHECK(is_proven(problem, *best));
    const double risk = volatility(problem, best->weights);
    const double ratio = (expected_return(problem, best->weights) - risk_free) / risk;
    const auto corners = corner_portfolios(problem).value();
    for (const CornerPortfolio& corner : corners) {
      if (corner.volatility <= 1e-6) continue;
      CHECK((corner.expected_return - risk_free) / corner.volatility <= ratio * (1 + 1e-9));
    }
  }
  CHECK(solved > 400);
}
