// Mean-variance problems of every awkward kind, the same for the same seed.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/random.hpp"
#include "core/quant/mean_variance.hpp"

namespace rebalancer::test {

enum class Kind { ordinary, few_days, duplicates, integers, cash_like, tied_bounds, equal_means, count };

inline MeanVarianceProblem random_problem(std::uint64_t seed, Eigen::Index count_max, int limits_max) {
  Random random(seed);
  const auto kind = static_cast<Kind>(random.below(static_cast<std::uint64_t>(Kind::count)));
  const auto count = static_cast<Eigen::Index>(2 + random.below(static_cast<std::uint64_t>(count_max - 1)));
  const Eigen::Index days = kind == Kind::few_days
                                ? 1 + static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(count)))
                                : 3 * count;
  Eigen::MatrixXd moves(days, count);
  for (Eigen::Index t = 0; t < days; ++t) {
    const double market = random.normal();
    for (Eigen::Index i = 0; i < count; ++i) moves(t, i) = 0.1 * (market + random.normal() * (1 + 0.2 * double(i)));
  }
  if (kind == Kind::integers) moves = (10 * moves).array().round();
  MeanVarianceProblem problem;
  problem.mean.resize(count);
  for (Eigen::Index i = 0; i < count; ++i) problem.mean(i) = 0.05 + 0.1 * random.normal();
  if (kind == Kind::integers) problem.mean = (10 * problem.mean).array().round() / 10;
  if (kind == Kind::equal_means) problem.mean.setConstant(0.1);
  if (kind == Kind::duplicates) {
    for (Eigen::Index i = 1; i < count; ++i) {
      if (random.below(2) == 0) continue;
      const auto twin = static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(i)));
      moves.col(i) = moves.col(twin);
      problem.mean(i) = problem.mean(twin);
    }
  }
  if (kind == Kind::cash_like) {
    moves.col(0).setZero();
    if (count > 3) moves.col(2).setZero();
    problem.mean(0) = 0.01;
  }
  problem.covariance = moves.transpose() * moves / static_cast<double>(days);
  problem.lower = Eigen::VectorXd::Zero(count);
  problem.upper = Eigen::VectorXd::Ones(count);
  switch (random.below(4)) {
    case 0:
      break;
    case 1:
      for (Eigen::Index i = 0; i < count; ++i) {
        problem.lower(i) = 0.5 / static_cast<double>(count) * random.uniform();
        problem.upper(i) = (1.2 + 2 * random.uniform()) / static_cast<double>(count);
        if (random.below(6) == 0) problem.upper(i) = problem.lower(i);
      }
      break;
    case 2:
      problem.lower.setConstant(-0.3);
      problem.upper.setConstant(0.6);
      break;
    default:
      problem.upper.setConstant(std::min(1.0, 2.0 / static_cast<double>(count)));
  }
  if (kind == Kind::tied_bounds) {
    problem.lower.setZero();
    problem.upper.setConstant(1.0 / static_cast<double>(1 + random.below(static_cast<std::uint64_t>(count))));
  }
  const std::uint64_t limits = random.below(static_cast<std::uint64_t>(limits_max) + 1);
  for (std::uint64_t g = 0; g < limits; ++g) {
    LinearLimit limit{"limit " + std::to_string(g), Eigen::VectorXd::Zero(count), -10, 10};
    for (Eigen::Index i = 0; i < count; ++i) limit.coefficients(i) = static_cast<double>(random.below(2));
    if (random.below(4) == 0) limit.coefficients(0) = random.normal();
    switch (random.below(4)) {
      case 0:
        limit.upper = random.uniform();
        break;
      case 1:
        limit.lower = 0.6 * random.uniform();
        break;
      case 2:
        limit.lower = limit.upper = 0.5;
        break;
      default:
        limit.lower = 0.1;
        limit.upper = 0.4;
    }
    problem.limits.push_back(limit);
  }
  for (Eigen::Index i = 0; i < count; ++i) problem.names.push_back("A" + std::to_string(i));
  return problem;
}

}  // namespace rebalancer::test
