// Least sizes and numbers of positions, against the enumeration of every set of positions.
#include "core/quant/position_rules.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/random_problem.hpp"

using namespace rebalancer;

namespace {

struct Nothing {};

double objective_of(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  return 0.5 * weights.dot(problem.covariance * weights) - 0.2 * problem.mean.dot(weights);
}

Result<Relaxed<Nothing>> solve(MeanVarianceProblem problem, const Eigen::VectorXd& lower,
                               const Eigen::VectorXd& upper) {
  problem.lower = lower;
  problem.upper = upper;
  const auto solution = minimize_at(problem, 0.2);
  if (!solution) return fail(solution.error());
  return Relaxed<Nothing>{solution->weights, objective_of(problem, solution->weights), {}};
}

// Each position is not held, long or short.
std::optional<double> enumerated(const MeanVarianceProblem& problem, const PositionRules& rules) {
  std::optional<double> best;
  const Eigen::Index count = problem.mean.size();
  std::vector<int> side(static_cast<std::size_t>(count), 0);
  for (;;) {
    MeanVarianceProblem one = problem;
    int held = 0;
    for (Eigen::Index i = 0; i < count; ++i) {
      const int s = side[static_cast<std::size_t>(i)];
      held += s != 0;
      one.lower(i) = s == 0   ? std::max(0.0, one.lower(i))
                     : s == 1 ? std::max(rules.weight_min, one.lower(i))
                              : one.lower(i);
      one.upper(i) = s == 0   ? std::min(0.0, one.upper(i))
                     : s == 2 ? std::min(-rules.weight_min, one.upper(i))
                              : one.upper(i);
    }
    if (rules.count_max <= 0 || held <= rules.count_max) {
      if (const auto solution = minimize_at(one, 0.2)) {
        const double objective = objective_of(problem, solution->weights);
        if (!best || objective < *best) best = objective;
      }
    }
    std::size_t digit = 0;
    while (digit < side.size() && ++side[digit] == 3) side[digit++] = 0;
    if (digit == side.size()) return best;
  }
}

}  // namespace

TEST_CASE("400 small books keep the rules and none that does is better") {
  int found = 0, refused = 0, bound = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const MeanVarianceProblem problem = test::random_problem(seed, 5, 1);
    PositionRules rules;
    if (random.below(3) != 0) rules.weight_min = 0.35 * random.uniform();
    if (random.below(3) != 0) rules.count_max = static_cast<int>(1 + random.below(4));
    const auto relaxed = [&](const Eigen::VectorXd& lower, const Eigen::VectorXd& upper) {
      return solve(problem, lower, upper);
    };
    const auto answer = best_with_positions<Nothing>(problem.lower, problem.upper, rules, relaxed);
    const auto expected = enumerated(problem, rules);
    REQUIRE(answer.has_value() == expected.has_value());
    if (!answer) {
      CHECK(answer.error().code == ErrorCode::conflict);
      ++refused;
      continue;
    }
    ++found;
    CHECK(std::abs(answer->best.objective - *expected) <= 1e-9 * (1e-3 + std::abs(*expected)));
    CHECK(answer->gap() == 0);
    int held = 0;
    for (const double weight : answer->best.weights) {
      held += std::abs(weight) > 1e-9;
      CHECK((std::abs(weight) <= 1e-9 || std::abs(weight) >= rules.weight_min - 1e-9));
    }
    if (rules.count_max > 0) CHECK(held <= rules.count_max);
    const auto free = minimize_at(problem, 0.2);
    REQUIRE(free);
    bound += objective_of(problem, free->weights) < *expected - 1e-9;
  }
  CHECK(found > 150);
  CHECK(bound > 60);
  CHECK(refused > 30);
}

TEST_CASE("when the nodes run out the best book comes with what is proven") {
  Random random(5);
  MeanVarianceProblem problem = test::random_problem(3, 40, 0);
  const Eigen::Index count = 40;
  Eigen::MatrixXd moves(120, count);
  for (double& move : moves.reshaped()) move = 0.1 * random.normal();
  problem = {};
  problem.mean = Eigen::VectorXd::Constant(count, 0.05);
  problem.covariance = moves.transpose() * moves / 120;
  problem.lower = Eigen::VectorXd::Zero(count);
  problem.upper = Eigen::VectorXd::Ones(count);
  const auto relaxed = [&](const Eigen::VectorXd& lower, const Eigen::VectorXd& upper) {
    return solve(problem, lower, upper);
  };
  const auto answer = best_with_positions<Nothing>(problem.lower, problem.upper, {0.05, 8}, relaxed, 60);
  REQUIRE(answer);
  CHECK(answer->nodes <= 62);
  CHECK(answer->gap() > 0);
  CHECK(answer->bound < answer->best.objective);
  const auto longer = best_with_positions<Nothing>(problem.lower, problem.upper, {0.05, 8}, relaxed, 3000);
  REQUIRE(longer);
  CHECK(longer->best.objective <= answer->best.objective);
  CHECK(longer->bound >= answer->bound);
}

TEST_CASE("an error of the problem itself is told, not taken for infeasible") {
  const auto relaxed = [](const Eigen::VectorXd&, const Eigen::VectorXd&) -> Result<Relaxed<Nothing>> {
    return fail(ErrorCode::exhausted, "no steps left");
  };
  const auto answer =
      best_with_positions<Nothing>(Eigen::VectorXd::Zero(3), Eigen::VectorXd::Ones(3), {0.1, 2}, relaxed);
  REQUIRE(!answer);
  CHECK(answer.error().code == ErrorCode::exhausted);
}
