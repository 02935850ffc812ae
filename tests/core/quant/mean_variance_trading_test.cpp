// Costs, turnover and gross limits, pull and factors: the optimum is proven by the certificate, which knows nothing of
// pieces, and no feasible point of a coarse grid or at random is better.
#include <cmath>

#include <Eigen/Cholesky>
#include <doctest/doctest.h>

#include "core/quant/certificate.hpp"
#include "core/quant/random_problem.hpp"

using namespace rebalancer;
using test::random_problem;

namespace {

double objective(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights, double lambda) {
  double out = 0.5 * weights.dot(problem.covariance * weights) - lambda * problem.mean.dot(weights);
  if (problem.pull.size() > 0) out -= problem.pull.dot(weights);
  if (problem.trading) {
    const Eigen::VectorXd traded = (weights - problem.trading->held).cwiseAbs();
    if (problem.trading->variance_cost.size() > 0) out += problem.trading->variance_cost.dot(traded);
    if (problem.trading->return_cost.size() > 0) out += lambda * problem.trading->return_cost.dot(traded);
  }
  return out;
}

double turnover(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  return (weights - problem.trading->held).cwiseAbs().sum();
}

bool is_feasible(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  constexpr double within = 1e-9;
  if (std::abs(weights.sum() - 1) > within) return false;
  if ((weights - problem.lower).minCoeff() < -within || (problem.upper - weights).minCoeff() < -within) return false;
  for (const LinearLimit& limit : problem.limits) {
    const double value = limit.coefficients.dot(weights);
    if (value < limit.lower - within || value > limit.upper + within) return false;
  }
  if (weights.cwiseAbs().sum() > problem.gross_max + within) return false;
  return !problem.trading || turnover(problem, weights) <= problem.trading->turnover_max + within;
}

// A book of `count` weights somewhere within the bounds; it need not keep the limits.
Eigen::VectorXd random_book(const MeanVarianceProblem& problem, Random& random) {
  Eigen::VectorXd book(problem.mean.size());
  for (Eigen::Index i = 0; i < book.size(); ++i) {
    switch (random.below(4)) {
      case 0:
        book(i) = problem.lower(i);
        break;
      case 1:
        book(i) = 0;
        break;
      case 2:
        book(i) = problem.upper(i) + 0.1;  // out of bounds now: someone changed them
        break;
      default:
        book(i) = problem.lower(i) + random.uniform() * (problem.upper(i) - problem.lower(i));
    }
  }
  return book;
}

MeanVarianceProblem traded_problem(std::uint64_t seed, Eigen::Index count_max) {
  Random random(seed ^ 0x5eed);
  MeanVarianceProblem problem = random_problem(seed, count_max, 2);
  const Eigen::Index count = problem.mean.size();
  Trading trading;
  trading.held = random_book(problem, random);
  if (random.below(2) == 0) trading.variance_cost = Eigen::VectorXd::Constant(count, 0.01 * random.uniform());
  if (random.below(2) == 0) {
    trading.return_cost.resize(count);
    for (double& cost : trading.return_cost) cost = 0.02 * random.uniform();
  }
  if (random.below(3) == 0) trading.turnover_max = 0.2 + random.uniform();
  if (random.below(4) != 0) problem.trading = trading;
  if (random.below(3) == 0) {
    problem.pull.resize(count);
    for (double& pull : problem.pull) pull = 0.01 * random.normal();
  }
  if (random.below(3) == 0) problem.gross_max = 1 + random.uniform();
  return problem;
}

}  // namespace

TEST_CASE("3000 problems with costs and limits on trading are solved to a certificate or refused as infeasible") {
  int solved = 0, bent = 0, limited = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    const MeanVarianceProblem problem = traded_problem(seed, 14);
    Random random(seed);
    const double lambda = seed % 3 == 0 ? 0 : random.uniform();
    const auto solution = minimize_at(problem, lambda);
    if (!solution) {
      CHECK_MESSAGE(solution.error().code == ErrorCode::conflict, solution.error().message);
      ++refused;
      continue;
    }
    ++solved;
    CHECK(is_feasible(problem, solution->weights));
    const OptimalityProof proof = prove(problem, *solution);
    CHECK(proof.kkt_residual <= 1e-9);
    CHECK(proof.duality_gap <= 1e-9);
    CHECK(proof.max_violation <= 1e-9);
    if (problem.trading) {
      for (Eigen::Index i = 0; i < problem.mean.size(); ++i) {
        const double held = problem.trading->held(i);
        bent += held > problem.lower(i) && held < problem.upper(i) && std::abs(solution->weights(i) - held) < 1e-12;
      }
      limited += solution->turnover_price < -1e-9;
    }
    // Random feasible points: on the way from the optimum to other optima.
    const double best = objective(problem, solution->weights, lambda);
    for (int trial = 0; trial < 2; ++trial) {
      MeanVarianceProblem other = problem;
      for (double& mean : other.mean) mean = random.normal();
      const auto point = minimize_at(other, 5);
      REQUIRE(point);
      REQUIRE(is_feasible(problem, point->weights));
      const double share = random.uniform();
      const Eigen::VectorXd between = share * point->weights + (1 - share) * solution->weights;
      CHECK(objective(problem, between, lambda) >= best - 1e-10 * (1e-3 + std::abs(best)));
    }
  }
  CHECK(solved > 1200);
  CHECK(bent > 400);
  CHECK(limited > 100);
  CHECK(refused > 100);
}

TEST_CASE("with the weights on a grid no book of three is better, costs and all") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    const MeanVarianceProblem problem = traded_problem(seed, 3);
    if (problem.mean.size() != 3) continue;
    const auto solution = minimize_at(problem, 0.3);
    double best = std::numeric_limits<double>::infinity();
    constexpr int steps = 80;
    for (int i = 0; i <= steps; ++i) {
      for (int k = 0; k <= steps; ++k) {
        Eigen::VectorXd weights(3);
        weights(0) = problem.lower(0) + (problem.upper(0) - problem.lower(0)) * i / steps;
        weights(1) = problem.lower(1) + (problem.upper(1) - problem.lower(1)) * k / steps;
        weights(2) = 1 - weights(0) - weights(1);
        if (is_feasible(problem, weights)) best = std::min(best, objective(problem, weights, 0.3));
      }
    }
    if (!solution) {
      CHECK(std::isinf(best));
    } else {
      CHECK(objective(problem, solution->weights, 0.3) <= best + 1e-9);
    }
  }
}

TEST_CASE("a dearer trade is never traded more, and the best book is left alone") {
  int fell = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    MeanVarianceProblem problem = random_problem(seed, 10, 0);
    const auto free = minimize_at(problem, 0.2);
    if (!free) continue;
    Random random(seed);
    const Eigen::Index count = problem.mean.size();
    problem.trading = Trading{random_book(problem, random), {}, {}};
    double before = std::numeric_limits<double>::infinity(), first = -1;
    for (const double cost : {0.0, 0.001, 0.01, 0.03, 0.1, 0.5}) {
      problem.trading->return_cost = Eigen::VectorXd::Constant(count, cost);
      const auto solution = minimize_at(problem, 0.2);
      REQUIRE(solution);
      const double traded = turnover(problem, solution->weights);
      CHECK(traded <= before + 1e-9);
      before = traded;
      if (first < 0) first = traded;
    }
    fell += before < first - 1e-3;
    problem.trading->held = free->weights;
    const auto kept = minimize_at(problem, 0.2);
    REQUIRE(kept);
    const bool unique = Eigen::VectorXd(problem.covariance.ldlt().vectorD()).minCoeff() > 1e-9;
    if (unique) CHECK(turnover(problem, kept->weights) <= 1e-9);
  }
  CHECK(fell > 100);
}

TEST_CASE("the frontier net of costs: every corner is optimal for its lambda, and the Sharpe ratio is highest") {
  int frontiers = 0, tangencies = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    MeanVarianceProblem problem = traded_problem(seed, 10);
    problem.pull.resize(0);
    if (problem.trading) problem.trading->variance_cost.resize(0);
    const auto corners = corner_portfolios(problem);
    if (!corners) {
      CHECK_MESSAGE(corners.error().code == ErrorCode::conflict, corners.error().message);
      continue;
    }
    ++frontiers;
    for (const CornerPortfolio& corner : *corners) {
      CHECK(is_feasible(problem, corner.weights));
      CHECK(corner.expected_return == doctest::Approx(expected_return(problem, corner.weights)).epsilon(1e-9));
      CHECK(std::abs(corner.volatility - volatility(problem, corner.weights)) <= 1e-7);
      const auto solution = minimize_at(problem, corner.lambda_low);
      REQUIRE(solution);
      const double best = objective(problem, solution->weights, corner.lambda_low);
      CHECK(objective(problem, corner.weights, corner.lambda_low) <= best + 1e-10 * (1e-3 + std::abs(best)));
    }
    const auto tangency = maximize_sharpe(problem, 0.01);
    if (!tangency) continue;
    ++tangencies;
    const double ratio = (expected_return(problem, tangency->weights) - 0.01) / volatility(problem, tangency->weights);
    for (const CornerPortfolio& corner : *corners) {
      if (corner.volatility > 1e-6) CHECK((corner.expected_return - 0.01) / corner.volatility <= ratio * (1 + 1e-9));
    }
  }
  CHECK(frontiers > 150);
  CHECK(tangencies > 100);
}

TEST_CASE("factors give what their matrix gives, and so does a start from anywhere") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    MeanVarianceProblem dense = random_problem(seed, 30, 2);
    const Eigen::Index count = dense.mean.size(), factors = static_cast<Eigen::Index>(random.below(4));
    FactorCovariance model{Eigen::MatrixXd(count, factors), Eigen::VectorXd(count)};
    for (Eigen::Index i = 0; i < count; ++i) {
      for (Eigen::Index k = 0; k < factors; ++k) model.loadings(i, k) = 0.2 * random.normal();
      model.specific_variance(i) = 0.01 + 0.05 * random.uniform();
    }
    dense.covariance = model.loadings * model.loadings.transpose();
    dense.covariance.diagonal() += model.specific_variance;
    MeanVarianceProblem slim = dense;
    slim.covariance.resize(0, 0);
    slim.factors = model;
    const auto expected = minimize_at(dense, 0.1), got = minimize_at(slim, 0.1);
    REQUIRE(expected.has_value() == got.has_value());
    if (!got) continue;
    CHECK((expected->weights - got->weights).cwiseAbs().maxCoeff() <= 1e-12);
    CHECK(prove(slim, *got).duality_gap <= 1e-12);
    CHECK(volatility(slim, got->weights) == doctest::Approx(volatility(dense, got->weights)).epsilon(1e-12));
    // Another question nearby, begun from this answer and from nothing.
    MeanVarianceProblem moved = dense;
    for (double& mean : moved.mean) mean += 0.01 * random.normal();
    moved.covariance.diagonal() *= 1.01;
    const auto warm = minimize_at(moved, 0.12, &*got), cold = minimize_at(moved, 0.12);
    REQUIRE(warm);
    REQUIRE(cold);
    CHECK((warm->weights - cold->weights).cwiseAbs().maxCoeff() <= 1e-12);
    const auto steep = maximize_sharpe(dense, 0.0);
    if (!steep) continue;
    const auto warm_steep = maximize_sharpe(moved, 0.0, &*steep), cold_steep = maximize_sharpe(moved, 0.0);
    REQUIRE(warm_steep.has_value() == cold_steep.has_value());
    if (warm_steep) CHECK((warm_steep->weights - cold_steep->weights).cwiseAbs().maxCoeff() <= 1e-11);
  }
}
