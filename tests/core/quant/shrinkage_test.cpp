// The fast sums against the formulas as the papers write them, entry by entry.
#include "core/quant/shrinkage.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>
#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;

namespace {

using Shrink = ShrunkCovariance (*)(const Eigen::MatrixXd&, double);
constexpr Shrink all[] = {shrink_to_identity, shrink_to_constant_correlation, shrink_to_single_factor,
                          shrink_oracle_approximating};

Eigen::MatrixXd random_returns(Eigen::Index days, Eigen::Index count, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd returns(days, count);
  for (Eigen::Index t = 0; t < days; ++t) {
    const double market = 0.01 * random.normal();
    for (Eigen::Index i = 0; i < count; ++i) {
      returns(t, i) = 0.001 * static_cast<double>(i) + market + 0.004 * static_cast<double>(1 + i) * random.normal();
    }
  }
  return returns;
}

struct Written {
  Eigen::MatrixXd target;
  double pi = 0, rho = 0;  // sums over all pairs
};

// Ledoit and Wolf (2003, 2004), every sum over days of every pair; x centred, S = x'x / T.
Written as_written(const Eigen::MatrixXd& x, const Eigen::MatrixXd& s, bool single_factor) {
  const Eigen::Index n = x.cols();
  const auto days = static_cast<double>(x.rows());
  const Eigen::VectorXd factor = x.rowwise().mean();
  const double variance = factor.squaredNorm() / days;
  const Eigen::VectorXd loading = x.transpose() * factor / days;
  double correlations = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      if (i != j) correlations += s(i, j) / std::sqrt(s(i, i) * s(j, j));
    }
  }
  const double mean = correlations / static_cast<double>(n * (n - 1));
  Written out{Eigen::MatrixXd(n, n)};
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      double pi = 0, theta_ii = 0, theta_jj = 0, of_i = 0, of_j = 0, of_factor = 0;
      for (Eigen::Index t = 0; t < x.rows(); ++t) {
        const double apart = x(t, i) * x(t, j) - s(i, j);
        pi += apart * apart / days;
        theta_ii += (x(t, i) * x(t, i) - s(i, i)) * apart / days;
        theta_jj += (x(t, j) * x(t, j) - s(j, j)) * apart / days;
        of_i += (x(t, i) * factor(t) - loading(i)) * apart / days;
        of_j += (x(t, j) * factor(t) - loading(j)) * apart / days;
        of_factor += (factor(t) * factor(t) - variance) * apart / days;
      }
      out.pi += pi;
      if (i == j) {
        out.target(i, j) = s(i, j);
        out.rho += pi;
      } else if (single_factor) {
        out.target(i, j) = loading(i) * loading(j) / variance;
        out.rho += (loading(j) * of_i + loading(i) * of_j) / variance -
                   loading(i) * loading(j) * of_factor / (variance * variance);
      } else {
        const double ratio = std::sqrt(s(j, j) / s(i, i));
        out.target(i, j) = mean * std::sqrt(s(i, i) * s(j, j));
        out.rho += mean / 2 * (ratio * theta_ii + theta_jj / ratio);
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the intensities of Ledoit and Wolf are those of the formulas as they are written") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    const auto days = static_cast<Eigen::Index>(5 + seed * 7 % 40), count = static_cast<Eigen::Index>(2 + seed % 9);
    const Eigen::MatrixXd returns = random_returns(days, count, seed);
    const Eigen::MatrixXd x = returns.rowwise() - returns.colwise().mean();
    const Eigen::MatrixXd s = x.transpose() * x / static_cast<double>(days);
    for (const bool single_factor : {false, true}) {
      CAPTURE(single_factor);
      const Written written = as_written(x, s, single_factor);
      const double wanted = std::clamp(
          (written.pi - written.rho) / static_cast<double>(days) / (s - written.target).squaredNorm(), 0.0, 1.0);
      const ShrunkCovariance shrunk =
          single_factor ? shrink_to_single_factor(returns, 12) : shrink_to_constant_correlation(returns, 12);
      CHECK(shrunk.intensity == doctest::Approx(wanted).epsilon(1e-10));
      const Eigen::MatrixXd covariance = 12 * (wanted * written.target + (1 - wanted) * s);
      CHECK((shrunk.covariance - covariance).norm() < 1e-11 * covariance.norm());
    }
    const double mean = s.trace() / static_cast<double>(count);
    const Eigen::MatrixXd target = mean * Eigen::MatrixXd::Identity(count, count);
    const double wanted =
        std::clamp(as_written(x, s, false).pi / static_cast<double>(days) / (s - target).squaredNorm(), 0.0, 1.0);
    const ShrunkCovariance shrunk = shrink_to_identity(returns, 12);
    CHECK(shrunk.intensity == doctest::Approx(wanted).epsilon(1e-10));
    CHECK((shrunk.covariance - 12 * (wanted * target + (1 - wanted) * s)).norm() < 1e-11 * 12 * s.norm());
  }
}

TEST_CASE("whatever the returns, a shrunk covariance is symmetric, finite and not negative") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto days = static_cast<Eigen::Index>(2 + seed % 11), count = static_cast<Eigen::Index>(1 + seed % 13);
    Eigen::MatrixXd returns = random_returns(days, count, seed);
    if (seed % 3 == 0) returns.col(0).setZero();                 // a constant price
    if (seed % 4 == 0) returns.col(count - 1) = returns.col(0);  // a duplicate
    if (seed % 5 == 0) returns.col(count / 2) *= 1e-9;           // like cash
    if (seed % 7 == 0) returns *= seed % 2 == 0 ? 1e-60 : 1e60;  // other units
    for (const Shrink shrink : all) {
      CAPTURE(seed);
      const ShrunkCovariance shrunk = shrink(returns, 252);
      CHECK(shrunk.intensity >= 0);
      CHECK(shrunk.intensity <= 1);
      REQUIRE(shrunk.covariance.allFinite());
      CHECK(shrunk.covariance == shrunk.covariance.transpose());
      const double scale = shrunk.covariance.diagonal().maxCoeff();
      if (!(scale > 0)) continue;
      const Eigen::MatrixXd scaled = shrunk.covariance / scale;
      CHECK(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(scaled).eigenvalues().minCoeff() > -1e-12);
    }
  }
}

TEST_CASE("the unit of the returns changes the covariance by its square and the intensity not at all") {
  const Eigen::MatrixXd returns = random_returns(20, 6, 3);
  for (const Shrink shrink : all) {
    const ShrunkCovariance one = shrink(returns, 252), other = shrink(returns * 0x1p-300, 252);
    CHECK(other.intensity == doctest::Approx(one.intensity).epsilon(1e-13));
    CHECK((other.covariance * 0x1p300 * 0x1p300 - one.covariance).norm() < 1e-13 * one.covariance.norm());
  }
}
