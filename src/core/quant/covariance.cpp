#include "core/quant/covariance.hpp"

#include <cmath>

namespace rebalancer {
namespace {

Eigen::MatrixXd gram(const Eigen::MatrixXd& columns, double factor) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(columns.cols(), columns.cols());
  out.selfadjointView<Eigen::Lower>().rankUpdate(columns.transpose(), factor);
  return out.selfadjointView<Eigen::Lower>();
}

}  // namespace

Eigen::MatrixXd sample_covariance(const Eigen::MatrixXd& returns, double periods_per_year) {
  const Eigen::MatrixXd centered = returns.rowwise() - returns.colwise().mean();
  return gram(centered, periods_per_year / static_cast<double>(returns.rows() - 1));
}

Eigen::MatrixXd ewma_covariance(const Eigen::MatrixXd& returns, double periods_per_year, double decay) {
  Eigen::VectorXd weight(returns.rows());
  double current = 1;
  for (Eigen::Index row = returns.rows() - 1; row >= 0; --row) {
    weight(row) = current;
    current *= decay;
  }
  const Eigen::MatrixXd scaled = (weight / weight.sum()).cwiseSqrt().asDiagonal() * returns;
  return gram(scaled, periods_per_year);
}

Eigen::MatrixXd semicovariance(const Eigen::MatrixXd& returns, double periods_per_year, double benchmark) {
  const Eigen::MatrixXd downside = (returns.array() - benchmark).min(0.0).matrix();
  return gram(downside, periods_per_year / static_cast<double>(returns.rows()));
}

}  // namespace rebalancer
