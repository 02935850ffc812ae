// Random scenario problems of every awkward kind against the slow way, the certificate and other feasible portfolios.
#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/conditional_value_at_risk.hpp"
#include "core/quant/drawdown_programs.hpp"
#include "core/quant/random_scenarios.hpp"
#include "core/quant/semivariance_program.hpp"

using namespace rebalancer;
using test::random_scenarios;
using test::slow_minimum;

namespace {

constexpr ScenarioRisk linear_risks[] = {ScenarioRisk::conditional_value_at_risk,
                                         ScenarioRisk::conditional_drawdown_at_risk, ScenarioRisk::max_drawdown};

Result<ScenarioSolution> solve(const ScenarioProblem& problem, ScenarioRisk risk, double parameter,
                               const ScenarioSolution* start = nullptr) {
  switch (risk) {
    case ScenarioRisk::conditional_value_at_risk:
      return minimize_conditional_value_at_risk(problem, parameter, start);
    case ScenarioRisk::conditional_drawdown_at_risk:
      return minimize_conditional_drawdown_at_risk(problem, parameter, start);
    case ScenarioRisk::max_drawdown:
      return minimize_max_drawdown(problem, start);
    default:
      return minimize_semivariance(problem, parameter, start);
  }
}

// Written out once more, without sorting: the least value over all levels is at one of the losses.
double risk_of(const ScenarioProblem& problem, const Eigen::VectorXd& weights, ScenarioRisk risk, double parameter) {
  const Eigen::VectorXd returns = problem.returns * weights;
  if (risk == ScenarioRisk::semivariance) return semivariance(returns, parameter);
  const Eigen::VectorXd losses = risk == ScenarioRisk::conditional_value_at_risk ? -returns : drawdowns_of(returns);
  if (risk == ScenarioRisk::max_drawdown) return losses.maxCoeff();
  double best = std::numeric_limits<double>::infinity();
  for (const double level : losses) {
    const double excess = (losses.array() - level).max(0).sum();
    best = std::min(best, level + excess / ((1 - parameter) * static_cast<double>(losses.size())));
  }
  return best;
}

void check_proven(const ScenarioProblem& problem, const ScenarioSolution& solution, ScenarioRisk risk,
                  double parameter) {
  const OptimalityProof proof = prove(problem, solution, risk, parameter);
  CHECK(proof.kkt_residual <= 1e-10);
  CHECK(proof.duality_gap <= 1e-10);
  CHECK(proof.max_violation <= 1e-12);
}

}  // namespace

TEST_CASE("1500 random problems have the optimum of the written-out linear program, or are infeasible like it") {
  int feasible = 0, infeasible = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    const ScenarioProblem problem = random_scenarios(seed, 5, 10);
    const double confidence = 0.3 + 0.69 * Random(seed).uniform();
    const ScenarioRisk risk = linear_risks[seed % 3];
    const auto solution = solve(problem, risk, confidence);
    const auto expected = slow_minimum(problem, risk, confidence);
    // The bounds are contradicted before the program is written.
    if (!check(problem)) {
      CHECK_FALSE(solution.has_value());
      ++infeasible;
      continue;
    }
    REQUIRE(solution.has_value() == expected.has_value());
    if (!solution) {
      CHECK(solution.error().code == ErrorCode::conflict);
      ++infeasible;
      continue;
    }
    ++feasible;
    CHECK(std::abs(solution->objective - *expected) <= 1e-11);
    CHECK(std::abs(solution->risk - risk_of(problem, solution->weights, risk, confidence)) <= 1e-14);
    check_proven(problem, *solution, risk, confidence);
  }
  CHECK(feasible > 700);
  CHECK(infeasible > 100);
}

TEST_CASE("1200 larger random problems are solved to a certificate, and no other feasible portfolio is better") {
  int compared = 0;
  for (std::uint64_t seed = 10'001; seed <= 11'200; ++seed) {
    CAPTURE(seed);
    const ScenarioProblem problem = random_scenarios(seed, 20, 60, seed % 2 == 0 ? 64 : 100);
    const bool squares = seed % 4 == 3;
    Random random(seed);
    const ScenarioRisk risk = squares ? ScenarioRisk::semivariance : linear_risks[seed % 4];
    const double parameter = squares ? 0.01 * random.normal() : 0.5 + 0.49 * random.uniform();
    const auto solution = solve(problem, risk, parameter);
    if (!solution) {
      CHECK(solution.error().code == ErrorCode::conflict);
      continue;
    }
    check_proven(problem, *solution, risk, parameter);
    // The optima of other risks are feasible too, and so is all between.
    for (const ScenarioRisk other : linear_risks) {
      const auto point = solve(problem, other, 0.9);
      REQUIRE(point);
      for (const double share : {1.0, 0.1}) {
        const Eigen::VectorXd weights = share * point->weights + (1 - share) * solution->weights;
        const double value = risk_of(problem, weights, risk, parameter) + trading_cost(problem, weights);
        CHECK(value >= solution->objective - 1e-13);
        ++compared;
      }
    }
  }
  CHECK(compared > 3000);
}

TEST_CASE("from an earlier answer the same optimum is reached, also when the returns have changed since") {
  for (std::uint64_t seed = 20'001; seed <= 20'300; ++seed) {
    CAPTURE(seed);
    ScenarioProblem problem = random_scenarios(seed, 12, 40);
    const bool squares = seed % 4 == 3;
    const ScenarioRisk risk = squares ? ScenarioRisk::semivariance : linear_risks[seed % 4];
    const double parameter = squares ? 0 : 0.8;
    const auto earlier = solve(problem, risk, parameter);
    if (!earlier) continue;
    const auto again = solve(problem, risk, parameter, &*earlier);
    REQUIRE(again);
    CHECK(std::abs(again->objective - earlier->objective) <= 1e-14);
    Random random(seed);
    for (double& value : problem.returns.reshaped()) value += 1e-4 * random.normal();
    const auto cold = solve(problem, risk, parameter), warm = solve(problem, risk, parameter, &*earlier);
    REQUIRE(cold.has_value());
    REQUIRE(warm.has_value());
    CHECK(std::abs(cold->objective - warm->objective) <= 1e-12);
    check_proven(problem, *warm, risk, parameter);
  }
}
