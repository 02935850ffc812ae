#include "core/quant/shrinkage.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {
namespace {

struct Moments {
  Eigen::MatrixXd centered;
  Eigen::MatrixXd sample;  // divided by T
  double days;
};

Moments moments_of(const Eigen::MatrixXd& returns) {
  Moments out{returns.rowwise() - returns.colwise().mean(), {}, static_cast<double>(returns.rows())};
  out.sample = Eigen::MatrixXd::Zero(returns.cols(), returns.cols());
  out.sample.selfadjointView<Eigen::Lower>().rankUpdate(out.centered.transpose(), 1 / out.days);
  out.sample = out.sample.selfadjointView<Eigen::Lower>();
  return out;
}

ShrunkCovariance blend(const Moments& moments, const Eigen::MatrixXd& target, double intensity, double per_year) {
  // 0 / 0: the sample is its own target, and any intensity gives it.
  const double share = std::isnan(intensity) ? 1.0 : std::clamp(intensity, 0.0, 1.0);
  return {per_year * (share * target + (1 - share) * moments.sample), share};
}

Eigen::MatrixXd scaled_identity(const Eigen::MatrixXd& sample) {
  return Eigen::MatrixXd::Identity(sample.rows(), sample.cols()) *
         (sample.trace() / static_cast<double>(sample.rows()));
}

}  // namespace

ShrunkCovariance shrink_to_identity(const Eigen::MatrixXd& returns, double periods_per_year) {
  const Moments m = moments_of(returns);
  const Eigen::MatrixXd target = scaled_identity(m.sample);
  const Eigen::ArrayXd norms = m.centered.rowwise().squaredNorm().array();
  const double spread = norms.square().sum() / m.days - m.sample.squaredNorm();
  return blend(m, target, spread / m.days / (m.sample - target).squaredNorm(), periods_per_year);
}

ShrunkCovariance shrink_to_constant_correlation(const Eigen::MatrixXd& returns, double periods_per_year) {
  const Moments m = moments_of(returns);
  const Eigen::Index count = m.sample.cols();
  const Eigen::VectorXd deviation = m.sample.diagonal().cwiseSqrt();
  // A constant price correlates with nothing.
  const Eigen::VectorXd inverse = (deviation.array() > 0).select(deviation.cwiseInverse(), 0.0);
  const Eigen::MatrixXd correlation = inverse.asDiagonal() * m.sample * inverse.asDiagonal();
  const auto pairs = static_cast<double>(count * (count - 1));
  const double mean = pairs > 0 ? (correlation.sum() - correlation.trace()) / pairs : 0.0;
  Eigen::MatrixXd target = deviation * deviation.transpose();
  target *= mean;  // after the product, so that it stays symmetric to the bit
  target.diagonal() = m.sample.diagonal();

  const Eigen::MatrixXd squares = m.centered.cwiseAbs2();
  const Eigen::MatrixXd pi = squares.transpose() * squares / m.days - m.sample.cwiseAbs2();
  // theta(i, j): covariance of the estimates of s_ii and s_ij.
  const Eigen::MatrixXd cubes = m.centered.array().cube().matrix();
  Eigen::MatrixXd theta = cubes.transpose() * m.centered / m.days - m.sample.diagonal().asDiagonal() * m.sample;
  theta.diagonal().setZero();
  const double rho = pi.trace() + mean * (theta.array() * (inverse * deviation.transpose()).array()).sum();
  return blend(m, target, (pi.sum() - rho) / m.days / (m.sample - target).squaredNorm(), periods_per_year);
}

ShrunkCovariance shrink_to_single_factor(const Eigen::MatrixXd& returns, double periods_per_year) {
  const Moments m = moments_of(returns);
  const Eigen::VectorXd factor = m.centered.rowwise().mean();
  const Eigen::VectorXd loading = m.centered.transpose() * factor / m.days;
  const double variance = factor.squaredNorm() / m.days;
  if (!(variance > 0)) return blend(m, m.sample, 0, periods_per_year);
  Eigen::MatrixXd target = loading * loading.transpose();
  target /= variance;
  target.diagonal() = m.sample.diagonal();

  const Eigen::MatrixXd squares = m.centered.cwiseAbs2();
  const Eigen::MatrixXd pi = squares.transpose() * squares / m.days - m.sample.cwiseAbs2();
  const Eigen::MatrixXd with_factor = m.centered.array().colwise() * factor.array();
  const Eigen::MatrixXd first =
      squares.transpose() * with_factor / m.days - (m.sample.array().colwise() * loading.array()).matrix();
  const double off_first =
      ((first.array().rowwise() * loading.transpose().array()).sum() - first.diagonal().dot(loading)) / variance;
  const Eigen::MatrixXd third = with_factor.transpose() * with_factor / m.days - variance * m.sample;
  const Eigen::MatrixXd outer = loading * loading.transpose();
  const double off_third =
      ((third.array() * outer.array()).sum() - (third.diagonal().array() * outer.diagonal().array()).sum()) /
      (variance * variance);
  const double rho = pi.trace() + 2 * off_first - off_third;
  return blend(m, target, (pi.sum() - rho) / m.days / (m.sample - target).squaredNorm(), periods_per_year);
}

ShrunkCovariance shrink_oracle_approximating(const Eigen::MatrixXd& returns, double periods_per_year) {
  const Moments m = moments_of(returns);
  const auto count = static_cast<double>(m.sample.rows());
  const double mean_square = m.sample.squaredNorm() / (count * count);
  const double mean = m.sample.trace() / count;
  const double numerator = mean_square + mean * mean;
  const double denominator = (m.days + 1) * (mean_square - mean * mean / count);
  const double intensity = denominator == 0 ? 1.0 : std::min(numerator / denominator, 1.0);
  return blend(m, scaled_identity(m.sample), intensity, periods_per_year);
}

}  // namespace rebalancer
