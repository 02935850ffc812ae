#include "core/quant/shrinkage.hpp"

#include <algorithm>
#include <cmath>

#include "core/quant/covariance.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

std::size_t size_of(const Eigen::VectorXd& vector) { return static_cast<std::size_t>(vector.size()); }

// What all targets need. Moments divide by T.
struct Moments {
  Eigen::MatrixXd columns;      // the returns less their means, times a power of two
  Eigen::MatrixXd sample;       // lower triangle
  Eigen::VectorXd day_squares;  // sum over symbols of squared columns, per day
  double days;
  double unit;  // the sample of the returns is `unit` times this one
};

// The intensities do not depend on the scale of the returns, but their fourth powers leave the range of numbers long
// before the returns do: returns outside are brought near one, exactly, by a power of two.
double scale_of(const Eigen::MatrixXd& columns) {
  constexpr int exponent_max = 120;
  const double largest = columns.size() == 0 ? 0.0 : columns.cwiseAbs().maxCoeff();
  if (!(largest > 0) || !std::isfinite(largest)) return 1;
  const int exponent = std::ilogb(largest);
  return std::abs(exponent) <= exponent_max ? 1.0 : std::ldexp(1.0, std::clamp(-exponent, -1000, 1000));
}

Moments moments_of(const Eigen::MatrixXd& returns) {
  Moments out{centered(returns), {}, Eigen::VectorXd::Zero(returns.rows()), static_cast<double>(returns.rows()), 1};
  if (const double scale = scale_of(out.columns); scale != 1) {
    out.columns *= scale;
    out.unit = 1 / scale / scale;
  }
  out.sample = lower_gram(out.columns, 1 / out.days);
  Eigen::VectorXd squares;
  for (Eigen::Index i = 0; i < returns.cols(); ++i) {
    squares = out.columns.col(i).cwiseAbs2();
    kernels::add_scaled(out.day_squares.data(), squares.data(), 1, size_of(squares));
  }
  return out;
}

// Sum of f(s_ij, i, j) over all ordered pairs i != j, for a symmetric f.
template <typename Function>
double sum_over_pairs(const Eigen::MatrixXd& sample, Function&& f) {
  double sum = 0;
  for (Eigen::Index j = 0; j < sample.cols(); ++j) {
    double of_column = 0;
    for (Eigen::Index i = j + 1; i < sample.cols(); ++i) of_column += f(sample(i, j), i, j);
    sum += of_column;
  }
  return 2 * sum;
}

double square_norm(const Eigen::MatrixXd& sample) {
  return sum_over_pairs(sample, [](double s, Eigen::Index, Eigen::Index) { return s * s; }) +
         sample.diagonal().squaredNorm();
}

// x'Sx.
double quadratic_form(const Eigen::MatrixXd& sample, const Eigen::VectorXd& x) {
  return sum_over_pairs(sample, [&x](double s, Eigen::Index i, Eigen::Index j) { return s * x(i) * x(j); }) +
         (sample.diagonal().array() * x.array().square()).sum();
}

// pi: the sum over all pairs of the variances of s_ij.
double variance_of_entries(const Moments& m) { return m.day_squares.squaredNorm() / m.days - square_norm(m.sample); }

// share target + (1 - share) sample, per year, off the diagonal; `diagonal_target` on it. Both whole when done.
template <typename Target>
ShrunkCovariance blend(Moments&& m, Target&& target, const Eigen::VectorXd& diagonal_target, double intensity,
                       double per_year) {
  // 0 / 0: the sample is its own target, and any intensity gives it.
  const double share = std::isnan(intensity) ? 1.0 : std::clamp(intensity, 0.0, 1.0);
  const double factor = per_year * m.unit;
  Eigen::MatrixXd& out = m.sample;
  for (Eigen::Index j = 0; j < out.cols(); ++j) {
    out(j, j) = factor * (share * diagonal_target(j) + (1 - share) * out(j, j));
    for (Eigen::Index i = j + 1; i < out.cols(); ++i) {
      out(i, j) = factor * (share * target(i, j) + (1 - share) * out(i, j));
    }
  }
  mirror_lower(out);
  return {std::move(out), share};
}

ShrunkCovariance blend_with_identity(Moments&& m, double intensity, double per_year) {
  const Eigen::Index count = m.sample.cols();
  const Eigen::VectorXd diagonal =
      Eigen::VectorXd::Constant(count, m.sample.diagonal().sum() / static_cast<double>(count));
  const auto nothing = [](Eigen::Index, Eigen::Index) { return 0.0; };
  return blend(std::move(m), nothing, diagonal, intensity, per_year);
}

}  // namespace

ShrunkCovariance shrink_to_identity(const Eigen::MatrixXd& returns, double periods_per_year) {
  Moments m = moments_of(returns);
  const Eigen::VectorXd variances = m.sample.diagonal();
  const double pairs = sum_over_pairs(m.sample, [](double s, Eigen::Index, Eigen::Index) { return s * s; });
  const double distance = pairs + (variances.array() - variances.mean()).square().sum();
  const double spread = m.day_squares.squaredNorm() / m.days - (pairs + variances.squaredNorm());
  return blend_with_identity(std::move(m), spread / m.days / distance, periods_per_year);
}

ShrunkCovariance shrink_to_constant_correlation(const Eigen::MatrixXd& returns, double periods_per_year) {
  Moments m = moments_of(returns);
  const Eigen::Index count = m.sample.cols();
  const Eigen::VectorXd variances = m.sample.diagonal();
  const Eigen::VectorXd deviation = variances.cwiseSqrt();
  const Eigen::VectorXd inverse = (deviation.array() > 0).select(deviation.cwiseInverse(), 0.0);
  const double correlations = sum_over_pairs(
      m.sample, [&inverse](double s, Eigen::Index i, Eigen::Index j) { return s * inverse(i) * inverse(j); });
  const double mean = count > 1 ? correlations / static_cast<double>(count * (count - 1)) : 0.0;

  // theta(i, j), the covariance of the estimates of s_ii and s_ij, is sum_t x_ti^3 x_tj / T - s_ii s_ij. Weighted by
  // d_j / d_i and summed over j != i: two sums over symbols per day, less d'Sd, less the diagonal.
  Eigen::VectorXd cubes = Eigen::VectorXd::Zero(returns.rows()), weighted = cubes, squares, cube;
  double diagonal_pi = 0;
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto column = m.columns.col(i);
    squares = column.cwiseAbs2();
    cube = column.cwiseProduct(squares);
    kernels::add_scaled(cubes.data(), cube.data(), inverse(i), size_of(cubes));
    kernels::add_scaled(weighted.data(), column.data(), deviation(i), size_of(weighted));
    diagonal_pi +=
        kernels::dot(squares.data(), squares.data(), size_of(squares)) / m.days - variances(i) * variances(i);
  }
  const double theta = cubes.dot(weighted) / m.days - quadratic_form(m.sample, deviation) - diagonal_pi;
  const double rho = diagonal_pi + mean * theta;
  const auto target = [&](Eigen::Index i, Eigen::Index j) { return mean * (deviation(i) * deviation(j)); };
  const double distance = sum_over_pairs(m.sample, [&](double s, Eigen::Index i, Eigen::Index j) {
    const double apart = s - target(i, j);
    return apart * apart;
  });
  const double intensity = (variance_of_entries(m) - rho) / m.days / distance;
  return blend(std::move(m), target, variances, intensity, periods_per_year);
}

ShrunkCovariance shrink_to_single_factor(const Eigen::MatrixXd& returns, double periods_per_year) {
  Moments m = moments_of(returns);
  const Eigen::Index count = m.sample.cols();
  const Eigen::VectorXd variances = m.sample.diagonal();
  Eigen::VectorXd factor = Eigen::VectorXd::Zero(returns.rows());
  for (Eigen::Index i = 0; i < count; ++i) {
    kernels::add_scaled(factor.data(), m.columns.data() + i * returns.rows(), 1 / static_cast<double>(count),
                        size_of(factor));
  }
  const double variance = factor.squaredNorm() / m.days;
  // Nothing moves in common: the sample stays as it is.
  const auto own = [&m](Eigen::Index i, Eigen::Index j) { return m.sample(i, j); };
  if (!(variance > 0)) return blend(std::move(m), own, variances, 0, periods_per_year);

  // The covariances of s_ij with the estimates of loading_i, loading_j and the factor's variance, weighted and summed
  // over i != j: again sums over symbols per day (x'l), less the diagonal.
  const Eigen::VectorXd factor_squares = factor.cwiseAbs2();
  Eigen::VectorXd loading(count), along = Eigen::VectorXd::Zero(returns.rows()), squares, products;
  double diagonal_pi = 0, diagonal_first = 0, diagonal_third = 0;
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto column = m.columns.col(i);
    const double l = loading(i) = kernels::dot(column.data(), factor.data(), size_of(factor)) / m.days;
    kernels::add_scaled(along.data(), column.data(), l, size_of(along));
    squares = column.cwiseAbs2();
    products = column.cwiseProduct(factor);
    const std::size_t days = size_of(squares);
    diagonal_pi += kernels::dot(squares.data(), squares.data(), days) / m.days - variances(i) * variances(i);
    diagonal_first += l * (kernels::dot(squares.data(), products.data(), days) / m.days - variances(i) * l);
    diagonal_third +=
        l * l * (kernels::dot(squares.data(), factor_squares.data(), days) / m.days - variance * variances(i));
  }
  const double form = quadratic_form(m.sample, loading);
  const double first = (m.day_squares.array() * factor.array() * along.array()).sum() / m.days - form - diagonal_first;
  const double third =
      (factor_squares.array() * along.array().square()).sum() / m.days - variance * form - diagonal_third;
  const double rho = diagonal_pi + 2 * first / variance - third / (variance * variance);
  const auto target = [&](Eigen::Index i, Eigen::Index j) { return loading(i) * loading(j) / variance; };
  const double distance = sum_over_pairs(m.sample, [&](double s, Eigen::Index i, Eigen::Index j) {
    const double apart = s - target(i, j);
    return apart * apart;
  });
  const double intensity = (variance_of_entries(m) - rho) / m.days / distance;
  return blend(std::move(m), target, variances, intensity, periods_per_year);
}

ShrunkCovariance shrink_oracle_approximating(const Eigen::MatrixXd& returns, double periods_per_year) {
  Moments m = moments_of(returns);
  const auto count = static_cast<double>(m.sample.rows());
  const double mean_square = square_norm(m.sample) / (count * count);
  const double mean = m.sample.diagonal().sum() / count;
  const double numerator = mean_square + mean * mean;
  const double denominator = (m.days + 1) * (mean_square - mean * mean / count);
  const double intensity = denominator == 0 ? 1.0 : std::min(numerator / denominator, 1.0);
  return blend_with_identity(std::move(m), intensity, periods_per_year);
}

}  // namespace rebalancer
