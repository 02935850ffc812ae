#include "core/quant/covariance.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "core/quant/kernels.hpp"

namespace rebalancer {

Eigen::MatrixXd lower_gram(const Eigen::MatrixXd& columns, double factor) {
  const auto size = [](Eigen::Index value) { return static_cast<std::size_t>(value); };
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(columns.cols(), columns.cols());
  kernels::gram(out.data(), size(out.rows()), columns.data(), size(columns.rows()), size(columns.rows()),
                size(columns.cols()), factor);
  return out;
}

void mirror_lower(Eigen::MatrixXd& matrix) {
  // In squares that fit the first cache: a whole column at a time would fetch a cache line for every number.
  constexpr Eigen::Index side = 16;
  const Eigen::Index count = matrix.cols();
  for (Eigen::Index left = 0; left < count; left += side) {
    for (Eigen::Index top = left; top < count; top += side) {
      for (Eigen::Index row = top; row < std::min(top + side, count); ++row) {
        for (Eigen::Index col = left; col < std::min({left + side, count, row}); ++col) {
          matrix(col, row) = matrix(row, col);
        }
      }
    }
  }
}

Eigen::MatrixXd centered(const Eigen::MatrixXd& returns) {
  Eigen::MatrixXd out(returns.rows(), returns.cols());
  for (Eigen::Index col = 0; col < returns.cols(); ++col) {
    out.col(col).array() = returns.col(col).array() - returns.col(col).mean();
  }
  return out;
}

Eigen::VectorXd decaying_weights(Eigen::Index rows, double decay) {
  Eigen::VectorXd weight(rows);
  double current = 1;
  for (Eigen::Index row = rows - 1; row >= 0; --row) {
    weight(row) = current;
    current *= decay;
  }
  return weight;
}

Eigen::MatrixXd sample_covariance(const Eigen::MatrixXd& returns, double periods_per_year) {
  Eigen::MatrixXd out = lower_gram(centered(returns), periods_per_year / static_cast<double>(returns.rows() - 1));
  mirror_lower(out);
  return out;
}

namespace {

// Of the correlations, so that no unit matters; rounding is not held against them.
Result<void> check_no_negative_variance(const Eigen::MatrixXd& covariance) {
  const Eigen::Index count = covariance.cols();
  const Eigen::VectorXd deviation = covariance.diagonal().cwiseSqrt();
  const Eigen::VectorXd inverse = (deviation.array() > 0).select(deviation.cwiseInverse(), 0.0);
  Eigen::MatrixXd correlation = inverse.asDiagonal() * covariance * inverse.asDiagonal();
  const double tolerance = 1e-13 * static_cast<double>(count);
  correlation.diagonal().array() += tolerance;
  if (correlation.llt().info() == Eigen::Success) return {};
  const double least =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(correlation, Eigen::EigenvaluesOnly).eigenvalues().minCoeff() -
      tolerance;
  if (least >= -10 * tolerance) return {};
  return fail(
      ErrorCode::invalid,
      "the pairwise correlations contradict each other: their least eigenvalue is {:.6g}, must not be negative; "
      "use the days on which all symbols have prices, or leave out the shortest histories",
      least);
}

}  // namespace

Result<Eigen::MatrixXd> pairwise_covariance(const Eigen::MatrixXd& returns, std::span<const std::string_view> symbols,
                                            double periods_per_year) {
  const Eigen::Index count = returns.cols();
  // Returns less a number near their mean, zero in the gaps, beside ones where there is a return: the product of these
  // columns has every sum that the pairs need.
  Eigen::MatrixXd columns(returns.rows(), 2 * count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto present = returns.col(i).array().isNaN() == false;
    columns.col(count + i) = present.cast<double>();
    columns.col(i) = present.select(returns.col(i), 0.0);
    const double days = columns.col(count + i).sum();
    const double mean = days > 0 ? columns.col(i).sum() / days : 0.0;
    columns.col(i) -= mean * columns.col(count + i);
  }
  Eigen::MatrixXd product = lower_gram(columns, 1);
  Eigen::MatrixXd out = product.topLeftCorner(count, count);
  for (Eigen::Index j = 0; j < count; ++j) {
    for (Eigen::Index i = j; i < count; ++i) {
      const double days = product(count + i, count + j);
      if (days < 2) {
        return fail(ErrorCode::invalid, "{} and {} have returns on {} common days, at least 2 are needed",
                    symbols[static_cast<std::size_t>(j)], symbols[static_cast<std::size_t>(i)], days);
      }
      const double means = product(count + j, i) * product(count + i, j) / days;
      out(i, j) = (out(i, j) - means) / (days - 1) * periods_per_year;
    }
    out(j, j) = std::max(out(j, j), 0.0);
  }
  mirror_lower(out);
  if (const Result<void> usable = check_no_negative_variance(out); !usable) return fail(usable.error());
  return out;
}

Eigen::MatrixXd ewma_covariance(const Eigen::MatrixXd& returns, double periods_per_year, double decay) {
  const Eigen::VectorXd weight = decaying_weights(returns.rows(), decay);
  Eigen::MatrixXd out = lower_gram((weight / weight.sum()).cwiseSqrt().asDiagonal() * returns, periods_per_year);
  mirror_lower(out);
  return out;
}

Eigen::MatrixXd semicovariance(const Eigen::MatrixXd& returns, double periods_per_year, double benchmark) {
  Eigen::MatrixXd out = lower_gram((returns.array() - benchmark).min(0.0).matrix(),
                                   periods_per_year / static_cast<double>(returns.rows()));
  mirror_lower(out);
  return out;
}

}  // namespace rebalancer
