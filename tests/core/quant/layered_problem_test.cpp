// Tracking error and quadratic cost: proven by a certificate that knows nothing of the search, never beaten by a grid
// or a random feasible book, and the same as without layers where these do not press.
#include "core/quant/layered_problem.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/random_problem.hpp"

using namespace rebalancer;
using test::random_problem;

namespace {

struct Layered {
  MeanVarianceProblem problem;
  Layers layers;
  double nearest = 0;  // the least tracking error there is; NaN: infeasible
};

// The benchmark is a book of the assets themselves plus something of its own.
Layered layered(std::uint64_t seed, Eigen::Index count_max) {
  Random random(seed ^ 0xbe7c);
  Layered out{random_problem(seed, count_max, 2), {}, std::nan("")};
  const Eigen::Index count = out.problem.mean.size();
  Eigen::VectorXd book(count);
  for (double& weight : book) weight = random.uniform();
  book /= book.sum();
  const double own = random.below(2) == 0 ? 0 : 0.001 * random.uniform();
  TrackingError tracking;
  tracking.benchmark_covariance = out.problem.covariance * book;
  tracking.benchmark_variance = book.dot(tracking.benchmark_covariance) + own;
  MeanVarianceProblem nearest = out.problem;
  nearest.pull = tracking.benchmark_covariance;
  if (const auto found = minimize_at(nearest, 0)) {
    out.nearest = tracking_error(out.problem, tracking, found->weights);
    tracking.maximum = out.nearest * 1.02 + 0.05 * random.uniform();
  }
  const auto kind = random.below(3);
  if (kind != 0) out.layers.tracking = tracking;
  if (kind != 1) {
    out.layers.held = Eigen::VectorXd(count);
    for (double& weight : out.layers.held) weight = random.uniform();
    out.layers.held /= out.layers.held.sum();
    if (random.below(2) == 0) out.layers.variance_cost_quadratic = 0.05 * random.uniform();
    out.layers.return_cost_quadratic = 0.1 * random.uniform() + 1e-6;
    if (random.below(2) == 0) {
      Trading trading;
      trading.held = out.layers.held;
      trading.return_cost = Eigen::VectorXd::Constant(count, 0.01 * random.uniform());
      out.problem.trading = trading;
    }
  }
  return out;
}

double objective(const Layered& asked, const Eigen::VectorXd& weights, double lambda) {
  double out = 0.5 * weights.dot(asked.problem.covariance * weights) -
               lambda * expected_return(asked.problem, asked.layers, weights);
  if (asked.layers.variance_cost_quadratic > 0) {
    out += asked.layers.variance_cost_quadratic * (weights - asked.layers.held).squaredNorm();
  }
  return out;
}

bool near_enough(const Layered& asked, const Eigen::VectorXd& weights) {
  return !asked.layers.tracking || tracking_error(asked.problem, *asked.layers.tracking, weights) <=
                                       asked.layers.tracking->maximum * (1 + 1e-9) + 1e-7;
}

void check_proven(const Layered& asked, const LayeredSolution& answer) {
  const OptimalityProof proof = prove(asked.problem, asked.layers, answer);
  // Where return costs no variance the price of the return is next to nothing and known no better.
  const double within = answer.solution.lambda > 0 && answer.solution.lambda < 1e-6 ? 1e-6 : 1e-9;
  CHECK(proof.kkt_residual <= within);
  CHECK(proof.duality_gap <= within);
  CHECK(proof.max_violation <= 1e-9);
  CHECK(near_enough(asked, answer.solution.weights));
}

double sharpe(const Layered& asked, const Eigen::VectorXd& weights, double risk_free) {
  return (expected_return(asked.problem, asked.layers, weights) - risk_free) / volatility(asked.problem, weights);
}

}  // namespace

TEST_CASE("600 problems with tracking error and quadratic cost are solved to a certificate") {
  int solved = 0, pressed = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    CAPTURE(seed);
    const Layered asked = layered(seed, 12);
    if (std::isnan(asked.nearest)) continue;
    Random random(seed);
    const double lambda = seed % 4 == 0 ? 0 : random.uniform();
    const auto answer = minimize_at(asked.problem, asked.layers, lambda);
    REQUIRE_MESSAGE(answer, answer.error().message);
    check_proven(asked, *answer);
    ++solved;
    pressed += answer->tracking_price > 1e-6;
    const double best = objective(asked, answer->solution.weights, lambda);
    for (int trial = 0; trial < 3; ++trial) {
      MeanVarianceProblem other = asked.problem;
      for (double& mean : other.mean) mean = random.normal();
      const auto point = minimize_at(other, 5);
      REQUIRE(point);
      const Eigen::VectorXd between =
          answer->solution.weights + 0.2 * random.uniform() * (point->weights - answer->solution.weights);
      if (asked.layers.tracking &&
          tracking_error(asked.problem, *asked.layers.tracking, between) > asked.layers.tracking->maximum) {
        continue;
      }
      CHECK(objective(asked, between, lambda) >= best - 1e-10 * (1e-3 + std::abs(best)));
    }
  }
  CHECK(solved > 300);
  CHECK(pressed > 80);
}

TEST_CASE("the tracking error is kept by every question, and each hits its target") {
  int asked_count = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const Layered asked = layered(seed, 10);
    if (std::isnan(asked.nearest)) continue;
    const auto low = minimize_variance(asked.problem, asked.layers);
    REQUIRE_MESSAGE(low, low.error().message);
    const auto high = minimize_at(asked.problem, asked.layers, 1e5);
    REQUIRE_MESSAGE(high, high.error().message);
    const double least = expected_return(asked.problem, asked.layers, low->solution.weights);
    const double most = expected_return(asked.problem, asked.layers, high->solution.weights);
    if (most - least < 1e-3) continue;
    ++asked_count;
    const double target = least + 0.4 * (most - least);
    const auto earning = minimize_variance_for_return(asked.problem, asked.layers, target);
    REQUIRE_MESSAGE(earning, earning.error().message);
    check_proven(asked, *earning);
    CHECK(std::abs(expected_return(asked.problem, asked.layers, earning->solution.weights) - target) <= 1e-9);
    // The two targets say the same from both sides.
    const double risk = volatility(asked.problem, earning->solution.weights);
    const auto risky = maximize_return_for_volatility(asked.problem, asked.layers, risk);
    // Where return costs no variance the two targets do not say the same.
    if (asked.layers.variance_cost_quadratic == 0 && risk > 1e-4 && earning->solution.lambda > 1e-6) {
      REQUIRE_MESSAGE(risky, risky.error().message);
      check_proven(asked, *risky);
      const double earned = expected_return(asked.problem, asked.layers, risky->solution.weights);
      CHECK(std::abs(earned - target) <= 1e-7);
      const auto tangent = maximize_sharpe(asked.problem, asked.layers, least - 0.01);
      if (!tangent) {  // cash-like assets beat the rate without moving
        CHECK_MESSAGE(tangent.error().message.find("without any volatility") != std::string::npos,
                      tangent.error().message);
        continue;
      }
      check_proven(asked, *tangent);
      const double ratio = sharpe(asked, tangent->solution.weights, least - 0.01);
      for (const auto* other : {&*low, &*high, &*earning}) {
        CHECK(ratio >= sharpe(asked, other->solution.weights, least - 0.01) - 1e-9);
      }
      // A step to either side along the efficient ones is no better.
      for (const double step : {0.99, 1.01}) {
        const auto beside = minimize_at(asked.problem, asked.layers, tangent->solution.lambda * step);
        REQUIRE(beside);
        CHECK(ratio >= sharpe(asked, beside->solution.weights, least - 0.01) - 1e-10);
      }
    }
  }
  CHECK(asked_count > 100);
}

TEST_CASE("with the weights on a grid no book of three is nearer to the optimum within the tracking error") {
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    const Layered asked = layered(seed, 3);
    if (std::isnan(asked.nearest) || asked.problem.mean.size() != 3 || !asked.problem.limits.empty()) continue;
    const auto answer = minimize_at(asked.problem, asked.layers, 0.3);
    REQUIRE_MESSAGE(answer, answer.error().message);
    const double best = objective(asked, answer->solution.weights, 0.3);
    constexpr int steps = 60;
    ++compared;
    for (int i = 0; i <= steps; ++i) {
      for (int k = 0; k <= steps; ++k) {
        Eigen::VectorXd weights(3);
        weights(0) = asked.problem.lower(0) + (asked.problem.upper(0) - asked.problem.lower(0)) * i / steps;
        weights(1) = asked.problem.lower(1) + (asked.problem.upper(1) - asked.problem.lower(1)) * k / steps;
        weights(2) = 1 - weights(0) - weights(1);
        if (weights(2) < asked.problem.lower(2) || weights(2) > asked.problem.upper(2)) continue;
        if (asked.layers.tracking &&
            tracking_error(asked.problem, *asked.layers.tracking, weights) > asked.layers.tracking->maximum) {
          continue;
        }
        CHECK(objective(asked, weights, 0.3) >= best - 1e-10);
      }
    }
  }
  CHECK(compared > 5);
}

TEST_CASE("a limit on the tracking error that does not press changes nothing") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Layered asked = layered(seed, 10);
    if (std::isnan(asked.nearest) || !asked.layers.tracking) continue;
    asked.problem.trading = {};
    asked.layers.return_cost_quadratic = asked.layers.variance_cost_quadratic = 0;
    asked.layers.tracking->maximum = 100;
    const auto layered_answer = minimize_at(asked.problem, asked.layers, 0.2);
    const auto plain = minimize_at(asked.problem, 0.2);
    REQUIRE(layered_answer);
    REQUIRE(plain);
    CHECK(layered_answer->tracking_price == 0);
    CHECK((layered_answer->solution.weights - plain->weights).cwiseAbs().maxCoeff() <= 1e-12);
  }
}

TEST_CASE("a benchmark out of reach, and layers that are none, are refused") {
  Layered asked = layered(3, 6);
  asked.problem.lower.setZero();
  asked.problem.upper.setOnes();
  asked.problem.limits.clear();
  asked.problem.trading = {};
  asked.layers = {};
  asked.layers.tracking = TrackingError{Eigen::VectorXd::Zero(asked.problem.mean.size()), 0.04, 0.01};
  const auto answer = minimize_variance(asked.problem, asked.layers);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::conflict);
  CHECK_MESSAGE(answer.error().message.find("tracking_error_max is 0.01, but the nearest") == 0,
                answer.error().message);
  asked.layers.tracking->maximum = -1;
  CHECK(minimize_variance(asked.problem, asked.layers).error().code == ErrorCode::invalid);
  asked.layers.tracking.reset();
  asked.layers.return_cost_quadratic = 1;  // without the weights held
  CHECK(minimize_variance(asked.problem, asked.layers).error().code == ErrorCode::invalid);
  asked.layers.held = Eigen::VectorXd::Zero(asked.problem.mean.size());
  asked.layers.return_cost_quadratic = std::nan("");
  CHECK(minimize_variance(asked.problem, asked.layers).error().code == ErrorCode::invalid);
  asked.layers.return_cost_quadratic = 1e-9;
  CHECK(maximize_sharpe(asked.problem, asked.layers, 1e3).error().code == ErrorCode::conflict);
  CHECK(minimize_variance_for_return(asked.problem, asked.layers, 1e3).error().code == ErrorCode::conflict);
  CHECK(maximize_return_for_volatility(asked.problem, asked.layers, 0).error().code == ErrorCode::conflict);
}

TEST_CASE("a certificate with the wrong price or the wrong weights is not accepted") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Layered asked = layered(seed, 10);
    if (std::isnan(asked.nearest) || !asked.layers.tracking) continue;
    auto answer = minimize_at(asked.problem, asked.layers, 0.5);
    REQUIRE(answer);
    if (answer->tracking_price < 0.1) continue;
    const double price = answer->tracking_price;
    answer->tracking_price = 0.5 * price;
    const OptimalityProof proof = prove(asked.problem, asked.layers, *answer);
    CHECK(std::max(proof.kkt_residual, proof.duality_gap) > 1e-6);
  }
}
