#include "core/quant/returns.hpp"

#include <cmath>

#include "core/quant/covariance.hpp"

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

namespace {

// A day without a price is NaN; any other number that is no price is refused.
Result<void> check_prices(const PriceView& prices) {
  if (prices.values.cols() == 0) return fail(ErrorCode::invalid, "there are no symbols to estimate returns for");
  for (Eigen::Index col = 0; col < prices.values.cols(); ++col) {
    for (Eigen::Index row = 0; row < prices.values.rows(); ++row) {
      const double price = prices.values(row, col);
      if (std::isnan(price) || (price > 0 && std::isfinite(price))) continue;
      return fail(ErrorCode::invalid, "price of {} in row {} is {}, must be positive",
                  prices.symbols[static_cast<std::size_t>(col)], row + 1, price);
    }
  }
  return {};
}

// Sum of f over the returns there are, and how many these are.
struct Present {
  double sum;
  double count;
};
template <typename Function>
Present present(const Eigen::MatrixXd& returns, Eigen::Index col, Function&& f) {
  Present out{0, 0};
  for (Eigen::Index row = 0; row < returns.rows(); ++row) {
    if (std::isnan(returns(row, col))) continue;
    out.sum += f(returns(row, col));
    ++out.count;
  }
  return out;
}

double mean_of(const Eigen::MatrixXd& returns, Eigen::Index col) {
  if (const double mean = returns.col(col).mean(); !std::isnan(mean)) return mean;
  const Present all = present(returns, col, [](double value) { return value; });
  return all.sum / all.count;
}

}  // namespace

Result<Eigen::MatrixXd> simple_returns(const PriceView& prices) {
  if (const Result<void> usable = check_prices(prices); !usable) return fail(usable.error());
  const Eigen::Index cols = prices.values.cols();
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

Result<Eigen::MatrixXd> returns_with_gaps(const PriceView& prices) {
  if (const Result<void> usable = check_prices(prices); !usable) return fail(usable.error());
  const Eigen::Index rows = prices.values.rows() > 0 ? prices.values.rows() - 1 : 0, cols = prices.values.cols();
  Eigen::MatrixXd returns(rows, cols);
  for (Eigen::Index col = 0; col < cols; ++col) {
    const std::string_view symbol = prices.symbols[static_cast<std::size_t>(col)];
    Eigen::Index count = 0;
    for (Eigen::Index row = 0; row < rows; ++row) {
      returns(row, col) = prices.values(row + 1, col) / prices.values(row, col) - 1;
      if (std::isinf(returns(row, col))) return fail(ErrorCode::invalid, "a price ratio of {} is infinite", symbol);
      if (!std::isnan(returns(row, col))) ++count;
    }
    if (count < 2) {
      return fail(ErrorCode::invalid, "{} has prices on two neighbouring days {} times, at least 2 are needed", symbol,
                  count);
    }
  }
  return returns;
}

Eigen::VectorX<Eigen::Index> return_counts(const Eigen::MatrixXd& returns) {
  Eigen::VectorX<Eigen::Index> counts(returns.cols());
  for (Eigen::Index col = 0; col < returns.cols(); ++col) {
    counts(col) = returns.rows() - returns.col(col).array().isNaN().count();
  }
  return counts;
}

Eigen::VectorXd arithmetic_mean(const Eigen::MatrixXd& returns, double periods_per_year) {
  Eigen::VectorXd mean(returns.cols());
  for (Eigen::Index col = 0; col < returns.cols(); ++col) mean(col) = mean_of(returns, col) * periods_per_year;
  return mean;
}

Eigen::VectorXd geometric_mean(const Eigen::MatrixXd& returns, double periods_per_year) {
  Eigen::VectorXd mean(returns.cols());
  for (Eigen::Index col = 0; col < returns.cols(); ++col) {
    const Present growth = present(returns, col, [](double value) { return std::log1p(value); });
    mean(col) = std::expm1(growth.sum * (periods_per_year / growth.count));
  }
  return mean;
}

Eigen::VectorXd exponential_mean(const Eigen::MatrixXd& returns, double periods_per_year, double span) {
  const Eigen::VectorXd weight = decaying_weights(returns.rows(), 1 - 2 / (span + 1));
  Eigen::VectorXd mean = returns.transpose() * weight * (periods_per_year / weight.sum());
  for (Eigen::Index col = 0; col < returns.cols(); ++col) {
    if (!std::isnan(mean(col))) continue;
    double sum = 0, weights = 0;
    for (Eigen::Index row = 0; row < returns.rows(); ++row) {
      if (std::isnan(returns(row, col))) continue;
      sum += weight(row) * returns(row, col);
      weights += weight(row);
    }
    mean(col) = sum / weights * periods_per_year;
  }
  return mean;
}

Eigen::VectorXd standard_error_of_mean(const Eigen::MatrixXd& returns, double periods_per_year) {
  Eigen::VectorXd out(returns.cols());
  for (Eigen::Index col = 0; col < returns.cols(); ++col) {
    const double mean = mean_of(returns, col);
    auto days = static_cast<double>(returns.rows());
    double square = (returns.col(col).array() - mean).square().sum();
    if (std::isnan(square)) {
      const Present all = present(returns, col, [mean](double value) { return (value - mean) * (value - mean); });
      square = all.sum;
      days = all.count;
    }
    out(col) = std::sqrt(square / (days - 1) / days) * periods_per_year;
  }
  return out;
}

}  // namespace rebalancer
