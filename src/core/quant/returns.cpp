#include "core/quant/returns.hpp"

#include <cmath>

namespace rebalancer {

std::vector<Eigen::Index> complete_rows(const PriceView& prices) {
  std::vector<Eigen::Index> rows;
  for (Eigen::Index row = 0; row < prices.values.rows(); ++row) {
    bool complete = true;
    for (Eigen::Index col = 0; col < prices.values.cols() && complete; ++col) {
      complete = !std::isnan(prices.values(row, col));
    }
    if (complete) rows.push_back(row);
  }
  return rows;
}

PriceView view_of(const PriceFrame& frame) {
  PriceView view{{frame.values().data(), frame.values().rows(), frame.values().cols()}, {}};
  view.symbols.reserve(frame.cols());
  for (const Symbol& symbol : frame.symbols()) view.symbols.push_back(symbol.str());
  return view;
}

Result<Eigen::MatrixXd> simple_returns(const PriceView& prices) {
  const Eigen::Index cols = prices.values.cols();
  if (cols == 0) return fail(ErrorCode::invalid, "there are no symbols to estimate returns for");
  for (Eigen::Index col = 0; col < cols; ++col) {
    for (Eigen::Index row = 0; row < prices.values.rows(); ++row) {
      const double price = prices.values(row, col);
      if (std::isnan(price) || (price > 0 && std::isfinite(price))) continue;
      return fail(ErrorCode::invalid, "price of {} in row {} is {}, must be positive",
                  prices.symbols[static_cast<std::size_t>(col)], row + 1, price);
    }
  }
  const std::vector<Eigen::Index> rows = complete_rows(prices);
  if (rows.size() < 3) {
    Eigen::Index scarce = 0, fewest = prices.values.rows() + 1;
    for (Eigen::Index col = 0; col < cols; ++col) {
      const Eigen::Index count = prices.values.rows() - prices.values.col(col).array().isNaN().count();
      if (count < fewest) fewest = count, scarce = col;
    }
    return fail(ErrorCode::invalid,
                "every symbol has a price on {} of {} days, at least 3 such days are needed; {} has the fewest: {}",
                rows.size(), prices.values.rows(), prices.symbols[static_cast<std::size_t>(scarce)], fewest);
  }
  Eigen::MatrixXd returns(static_cast<Eigen::Index>(rows.size()) - 1, cols);
  for (Eigen::Index col = 0; col < cols; ++col) {
    for (std::size_t t = 1; t < rows.size(); ++t) {
      returns(static_cast<Eigen::Index>(t) - 1, col) =
          prices.values(rows[t], col) / prices.values(rows[t - 1], col) - 1;
    }
  }
  if (!returns.allFinite()) return fail(ErrorCode::invalid, "a price ratio is too large to be a number");
  return returns;
}

Eigen::VectorXd arithmetic_mean(const Eigen::MatrixXd& returns, double periods_per_year) {
  return returns.colwise().mean().transpose() * periods_per_year;
}

Eigen::VectorXd geometric_mean(const Eigen::MatrixXd& returns, double periods_per_year) {
  const double exponent = periods_per_year / static_cast<double>(returns.rows());
  Eigen::VectorXd mean(returns.cols());
  for (Eigen::Index col = 0; col < returns.cols(); ++col) {
    double log_growth = 0;
    for (Eigen::Index row = 0; row < returns.rows(); ++row) log_growth += std::log1p(returns(row, col));
    mean(col) = std::expm1(log_growth * exponent);
  }
  return mean;
}

Eigen::VectorXd exponential_mean(const Eigen::MatrixXd& returns, double periods_per_year, double span) {
  const double decay = 1 - 2 / (span + 1);
  Eigen::VectorXd weight(returns.rows());
  double current = 1;
  for (Eigen::Index row = returns.rows() - 1; row >= 0; --row) {
    weight(row) = current;
    current *= decay;
  }
  return returns.transpose() * weight * (periods_per_year / weight.sum());
}

Eigen::VectorXd standard_error_of_mean(const Eigen::MatrixXd& returns, double periods_per_year) {
  const auto days = static_cast<double>(returns.rows());
  Eigen::VectorXd out(returns.cols());
  for (Eigen::Index i = 0; i < returns.cols(); ++i) {
    const double square = (returns.col(i).array() - returns.col(i).mean()).square().sum();
    out(i) = std::sqrt(square / (days - 1) / days) * periods_per_year;
  }
  return out;
}

}  // namespace rebalancer
