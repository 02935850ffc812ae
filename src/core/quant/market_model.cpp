#include "core/quant/market_model.hpp"

#include <cmath>

namespace rebalancer {
namespace {

struct Regression {
  Eigen::VectorXd beta;
  double market_variance;  // per day, T - 1
  double days;
};

Result<Regression> regress(const Eigen::MatrixXd& returns, const Eigen::VectorXd& market) {
  if (returns.rows() < 3) {
    return fail(ErrorCode::invalid, "a market model needs at least 3 returns, there are {}", returns.rows());
  }
  const Eigen::VectorXd moves = market.array() - market.mean();
  const double square = moves.squaredNorm();
  if (!(square > 0)) return fail(ErrorCode::invalid, "the benchmark's price never moves: it explains nothing");
  const auto days = static_cast<double>(returns.rows());
  // The market's deviations sum to zero, so that the symbols need not be centred.
  return Regression{returns.transpose() * moves / square, square / (days - 1), days};
}

}  // namespace

Result<Eigen::VectorXd> market_betas(const Eigen::MatrixXd& returns, const Eigen::VectorXd& market) {
  Result<Regression> found = regress(returns, market);
  if (!found) return fail(found.error());
  return std::move(found->beta);
}

Result<Eigen::VectorXd> capm_mean(const Eigen::MatrixXd& returns, const Eigen::VectorXd& market,
                                  double periods_per_year, double risk_free_rate) {
  const Result<Regression> found = regress(returns, market);
  if (!found) return fail(found.error());
  const double premium = market.mean() * periods_per_year - risk_free_rate;
  return Eigen::VectorXd((found->beta * premium).array() + risk_free_rate);
}

Result<FactorCovariance> single_index_model(const Eigen::MatrixXd& returns, const Eigen::VectorXd& market,
                                            double periods_per_year) {
  const Result<Regression> found = regress(returns, market);
  if (!found) return fail(found.error());
  const Eigen::VectorXd moves = market.array() - market.mean();
  FactorCovariance model;
  model.loadings = found->beta * std::sqrt(found->market_variance * periods_per_year);
  model.specific_variance.resize(returns.cols());
  for (Eigen::Index i = 0; i < returns.cols(); ++i) {
    const Eigen::VectorXd rest = (returns.col(i).array() - returns.col(i).mean()).matrix() - found->beta(i) * moves;
    model.specific_variance(i) = rest.squaredNorm() / (found->days - 2) * periods_per_year;
  }
  return model;
}

Eigen::MatrixXd dense(const FactorCovariance& model) {
  Eigen::MatrixXd out = model.loadings * model.loadings.transpose();
  out.diagonal() += model.specific_variance;
  return out;
}

}  // namespace rebalancer
