// Mean-variance problems and the questions asked about them. Everything per year, weights as fractions that sum to 1.
#pragma once
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// lower <= coefficients' w <= upper.
struct LinearLimit {
  std::string name;  // as people write it: "tech <= 25%"
  Eigen::VectorXd coefficients;
  double lower = 0;
  double upper = 1;
};

struct MeanVarianceProblem {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;  // symmetric, positive semidefinite
  Eigen::VectorXd lower, upper;
  std::vector<LinearLimit> limits;
  std::vector<std::string> names;  // of the weights, for messages
};

// The optimum of  minimize 1/2 w'Sw - lambda mean'w  with what proves it. The prices are the Lagrange multipliers: how
// much that objective falls per unit by which the limit is relaxed; positive at a lower limit, negative at an upper.
struct MeanVarianceSolution {
  Eigen::VectorXd weights;
  double lambda = 0;
  double budget_price = 0;
  Eigen::VectorXd limit_prices;
  Eigen::VectorXd bound_prices;
};

// A portfolio where the set of assets held strictly between their bounds changes; optimal for every lambda from
// lambda_low to lambda (infinite for the first). Between two neighbours the weights are linear in lambda.
struct CornerPortfolio {
  double lambda = 0;
  double lambda_low = 0;
  Eigen::VectorXd weights;
  double expected_return = 0;
  double volatility = 0;
};

// Errors of all: invalid for numbers that are not finite, shapes that differ, or a negative variance met on the way
// (the covariance is not searched for one); conflict, naming the constraints, when no weights satisfy them; exhausted
// when no proven optimum was found within the bounded number of steps.

[[nodiscard]] Result<MeanVarianceSolution> minimize_variance(const MeanVarianceProblem& problem);

// lambda >= 0: maximizes mean'w - w'Sw / (2 lambda).
[[nodiscard]] Result<MeanVarianceSolution> minimize_at(const MeanVarianceProblem& problem, double lambda);

// Highest (mean'w - risk_free) / volatility. Errors also: conflict when no attainable portfolio is expected to earn
// more than risk_free, or when one does so without any volatility.
[[nodiscard]] Result<MeanVarianceSolution> maximize_sharpe(const MeanVarianceProblem& problem, double risk_free);

// Lowest volatility with mean'w equal to `target`, on the efficient side. Errors also: conflict when out of reach.
[[nodiscard]] Result<MeanVarianceSolution> minimize_variance_for_return(const MeanVarianceProblem& problem,
                                                                        double target);

// Highest mean'w with volatility at most `target`. Errors also: conflict when below the lowest attainable.
[[nodiscard]] Result<MeanVarianceSolution> maximize_return_for_volatility(const MeanVarianceProblem& problem,
                                                                          double target);

// From the highest return to the lowest variance; distinct portfolios only.
[[nodiscard]] Result<std::vector<CornerPortfolio>> corner_portfolios(const MeanVarianceProblem& problem);

// `count` >= 2 efficient portfolios spaced evenly in return, from minimum variance to the highest return.
[[nodiscard]] std::vector<CornerPortfolio> points_between(const std::vector<CornerPortfolio>& corners,
                                                          const MeanVarianceProblem& problem, int count);

[[nodiscard]] double expected_return(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights);
[[nodiscard]] double volatility(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights);

}  // namespace rebalancer
