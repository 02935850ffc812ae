// Contradictions are named whole, without anything that has no part in them, and the change that is said to mend one
// does mend it.
#include "core/quant/conflict.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/random_problem.hpp"

using namespace rebalancer;

namespace {

// Limits named so that they can be found again, and bounds tight enough to contradict them often.
MeanVarianceProblem tight_problem(std::uint64_t seed) {
  Random random(seed);
  MeanVarianceProblem problem = test::random_problem(seed, 6, 3);
  for (std::size_t g = 0; g < problem.limits.size(); ++g) {
    LinearLimit& limit = problem.limits[g];
    const bool floor = random.below(2) == 0;
    limit.name = "L" + std::to_string(g) + (floor ? " >= x" : " <= x");
    limit.lower = floor ? 1.1 * random.uniform() : -std::numeric_limits<double>::infinity();
    limit.upper = floor ? std::numeric_limits<double>::infinity() : 0.6 * random.uniform();
  }
  if (random.below(3) == 0) {
    Trading trading;
    trading.held = Eigen::VectorXd::Zero(problem.mean.size());
    trading.held(0) = 1;
    trading.turnover_max = random.uniform();
    problem.trading = trading;
  }
  if (random.below(4) == 0) problem.gross_max = 1 + 0.2 * random.uniform();
  return problem;
}

// Moves the constraint that a mend names to the value it says, a hair further so that rounding does not decide.
bool mend(MeanVarianceProblem& problem, const std::string& text) {
  const auto blank = text.find_last_of(' ');
  const double value = std::stod(text.substr(blank + 1));
  constexpr double hair = 1e-10;
  if (text.starts_with("turnover_max")) {
    problem.trading->turnover_max = value * (1 + hair) + hair;
    return true;
  }
  if (text.starts_with("gross_max")) {
    problem.gross_max = value * (1 + hair) + hair;
    return true;
  }
  const std::string name = text.substr(0, text.find(' '));
  const bool floor = text.find(">=") != std::string::npos;
  const double moved = value + (floor ? -1 : 1) * (std::abs(value) * hair + hair);
  for (LinearLimit& limit : problem.limits) {
    if (!limit.name.starts_with(name + " ")) continue;
    (floor ? limit.lower : limit.upper) = moved;
    return true;
  }
  for (std::size_t i = 0; i < problem.names.size(); ++i) {
    if (problem.names[i] != name) continue;
    (floor ? problem.lower : problem.upper)(static_cast<Eigen::Index>(i)) = moved;
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("in 3000 problems a conflict is found exactly when nothing is feasible, and its mend makes it feasible") {
  int conflicts = 0, mended = 0, several = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    MeanVarianceProblem problem = tight_problem(seed);
    const bool feasible = minimize_variance(problem).has_value();
    const auto conflict = find_conflict(problem);
    CHECK(feasible == !conflict.has_value());
    if (!conflict) continue;
    ++conflicts;
    REQUIRE(!conflict->constraints.empty());
    several += conflict->constraints.size() > 1;
    if (conflict->mend.empty()) continue;
    CAPTURE(conflict->mend);
    CHECK(conflict->mend_size > 0);
    REQUIRE(mend(problem, conflict->mend));
    const auto again = minimize_variance(problem);
    CHECK(again.has_value());
    ++mended;
  }
  CHECK(conflicts > 400);
  CHECK(several > 200);
  CHECK(mended > 300);
}

TEST_CASE("bounds and limits that have no part in a contradiction are not named") {
  MeanVarianceProblem problem;
  problem.mean = Eigen::VectorXd::Constant(40, 0.1);
  problem.covariance = Eigen::MatrixXd::Identity(40, 40);
  problem.lower = Eigen::VectorXd::Zero(40);
  problem.upper = Eigen::VectorXd::Constant(40, 0.2);
  for (int i = 0; i < 40; ++i) problem.names.push_back("S" + std::to_string(i));
  problem.lower(7) = problem.lower(9) = 0.15;
  for (int g = 0; g < 10; ++g) {
    LinearLimit limit{"group" + std::to_string(g) + " <= 0.9", Eigen::VectorXd::Zero(40), 0, 0.9};
    for (int i = g; i < 40; i += 3) limit.coefficients(i) = 1;
    problem.limits.push_back(limit);
  }
  LinearLimit tech{"tech <= 25%", Eigen::VectorXd::Zero(40), 0, 0.25};
  tech.coefficients(7) = tech.coefficients(9) = tech.coefficients(20) = 1;
  problem.limits.push_back(tech);
  const auto conflict = find_conflict(problem);
  REQUIRE(conflict);
  CHECK(conflict->constraints == std::vector<std::string>{"tech <= 25%", "S7 >= 0.15", "S9 >= 0.15"});
  CHECK(conflict->mend == "tech <= 0.3");
  CHECK(conflict->mend_size == doctest::Approx(0.05));
}

TEST_CASE("a turnover limit that the bounds forbid says how much turnover it takes") {
  MeanVarianceProblem problem;
  problem.mean = Eigen::VectorXd::Constant(3, 0.1);
  problem.covariance = Eigen::MatrixXd::Identity(3, 3);
  problem.lower = Eigen::VectorXd::Zero(3);
  problem.upper = Eigen::Vector3d(0.3, 1, 1);
  problem.names = {"A", "B", "C"};
  problem.trading = Trading{Eigen::Vector3d(0.8, 0.2, 0), {}, {}, 0.2};
  const auto conflict = find_conflict(problem);
  REQUIRE(conflict);
  CHECK(conflict->constraints == std::vector<std::string>{"turnover_max 0.2", "A <= 0.3"});
  CHECK(conflict->mend == "A <= 0.7");
  const auto refused = minimize_variance(problem);
  REQUIRE(!refused);
  CHECK(refused.error().message ==
        "turnover_max 0.2, A <= 0.3 cannot be met together; the smallest change that mends it: A <= 0.7");
}

TEST_CASE("of several contradictions the smallest is named, wherever it stands") {
  // Any three of the small ones are too much, and so are the two large ones.
  constexpr Eigen::Index count = 9;
  for (Eigen::Index first = 0; first < count; ++first) {
    for (Eigen::Index second = first + 1; second < count; ++second) {
      MeanVarianceProblem problem;
      problem.mean = Eigen::VectorXd::Constant(count, 0.1);
      problem.covariance = Eigen::MatrixXd::Identity(count, count);
      problem.lower = Eigen::VectorXd::Zero(count);
      problem.upper = Eigen::VectorXd::Ones(count);
      for (Eigen::Index i = 0; i < count; ++i) {
        LinearLimit limit{"L" + std::to_string(i), Eigen::VectorXd::Zero(count), i == first || i == second ? 0.6 : 0.4,
                          1};
        limit.coefficients(i) = 1;
        problem.limits.push_back(limit);
      }
      const auto conflict = find_conflict(problem);
      REQUIRE(conflict);
      CHECK(conflict->constraints ==
            std::vector<std::string>{"L" + std::to_string(first), "L" + std::to_string(second)});
    }
  }
}

TEST_CASE("in 300 small problems no smaller set of constraints contradicts itself") {
  int checked = 0;
  for (std::uint64_t seed = 1; seed <= 1500 && checked < 300; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    MeanVarianceProblem problem = test::random_problem(seed, 4, 4);
    problem.lower.setZero();
    problem.upper.setConstant(0.6);
    for (std::size_t g = 0; g < problem.limits.size(); ++g) {
      LinearLimit& limit = problem.limits[g];
      const bool floor = random.below(2) == 0;
      limit.name = "L" + std::to_string(g);
      limit.coefficients = limit.coefficients.cwiseAbs();
      limit.lower = floor ? 1.1 * random.uniform() : -std::numeric_limits<double>::infinity();
      limit.upper = floor ? std::numeric_limits<double>::infinity() : 0.3 * random.uniform();
    }
    const auto conflict = find_conflict(problem);
    if (!conflict) continue;
    ++checked;
    // Every subset of the limits and upper bounds with fewer members can be met.
    const std::size_t items = problem.limits.size() + static_cast<std::size_t>(problem.mean.size());
    for (unsigned set = 0; set < 1U << items; ++set) {
      std::size_t size = 0;
      MeanVarianceProblem part = problem;
      part.limits.clear();
      for (std::size_t k = 0; k < items; ++k) {
        const bool chosen = (set >> k & 1U) != 0;
        size += chosen;
        if (k < problem.limits.size()) {
          if (chosen) part.limits.push_back(problem.limits[k]);
        } else if (!chosen) {
          part.upper(static_cast<Eigen::Index>(k - problem.limits.size())) = 1;
        }
      }
      if (size < conflict->constraints.size()) CHECK(!find_conflict(part));
    }
  }
  CHECK(checked >= 200);
}
