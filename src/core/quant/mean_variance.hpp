// Mean-variance problems and the questions asked about them. Everything per year, weights as fractions that sum to 1.
#pragma once
#include <limits>
#include <optional>
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

// S = loadings loadings' + diag(specific_variance): a factor model, or fewer days than assets. N x k numbers instead of
// N x N; k may be 0.
struct FactorCovariance {
  Eigen::MatrixXd loadings;
  Eigen::VectorXd specific_variance;
};

// What it costs to leave the weights held now, and how far one may go. A trade is |w_j - held_j|, a purchase or a sale.
struct Trading {
  Eigen::VectorXd held;
  // Per unit traded: taken from the expected return, so that lambda weighs it; and added to 1/2 w'Sw. Not negative;
  // empty: nothing.
  Eigen::VectorXd return_cost, variance_cost;
  double turnover_max = std::numeric_limits<double>::infinity();  // of all trades together
};

// minimize  1/2 w'Sw - (pull + lambda mean)'w + (variance_cost + lambda return_cost)'|w - held|
// where the weights sum to 1, keep every bound and limit, and sum |w_j| <= gross_max, sum |w_j - held_j| <=
// turnover_max.
struct MeanVarianceProblem {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;  // symmetric, positive semidefinite; empty when `factors` says it
  Eigen::VectorXd lower, upper;
  std::vector<LinearLimit> limits;
  std::vector<std::string> names;  // of the weights, for messages
  std::optional<FactorCovariance> factors = {};
  Eigen::VectorXd pull = {};  // empty: zero
  std::optional<Trading> trading = {};
  double gross_max = std::numeric_limits<double>::infinity();
};

// The optimum with what proves it. The prices are the Lagrange multipliers: how much that objective falls per unit by
// which the limit is relaxed; positive at a lower limit, negative at an upper.
struct MeanVarianceSolution {
  Eigen::VectorXd weights;
  double lambda = 0;
  double budget_price = 0;
  Eigen::VectorXd limit_prices;
  Eigen::VectorXd bound_prices;
  double turnover_price = 0, gross_price = 0;  // of the two sums of absolute values, not positive
  std::vector<signed char> states = {};        // what each variable stood on: where a warm start begins
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

// `start`: an earlier answer to a problem of the same shape, near which the search begins; the answer does not depend
// on it beyond rounding. Null: from nothing.
//
// Errors of all: invalid for numbers that are not finite, shapes that differ, or a negative variance met on the way
// (the covariance is not searched for one); conflict, naming the constraints, when no weights satisfy them; exhausted
// when no proven optimum was found within the bounded number of steps.

[[nodiscard]] Result<MeanVarianceSolution> minimize_variance(const MeanVarianceProblem& problem,
                                                             const MeanVarianceSolution* start = nullptr);

// lambda >= 0: maximizes mean'w - w'Sw / (2 lambda), less the costs.
[[nodiscard]] Result<MeanVarianceSolution> minimize_at(const MeanVarianceProblem& problem, double lambda,
                                                       const MeanVarianceSolution* start = nullptr);

// The four below and the frontier want a problem without pull and variance_cost (errors: invalid); "return" is
// expected_return, net of return_cost.

// Highest (return - risk_free) / volatility. Errors also: conflict when no attainable portfolio is expected to earn
// more than risk_free, or when one does so without any volatility.
[[nodiscard]] Result<MeanVarianceSolution> maximize_sharpe(const MeanVarianceProblem& problem, double risk_free,
                                                           const MeanVarianceSolution* start = nullptr);

// Lowest volatility with a return equal to `target`, on the efficient side. Errors also: conflict when out of reach.
[[nodiscard]] Result<MeanVarianceSolution> minimize_variance_for_return(const MeanVarianceProblem& problem,
                                                                        double target);

// Highest return with volatility at most `target`. Errors also: conflict when below the lowest attainable.
[[nodiscard]] Result<MeanVarianceSolution> maximize_return_for_volatility(const MeanVarianceProblem& problem,
                                                                          double target);

// From the highest return to the lowest variance; distinct portfolios only.
[[nodiscard]] Result<std::vector<CornerPortfolio>> corner_portfolios(const MeanVarianceProblem& problem);

// `count` >= 2 efficient portfolios spaced evenly in return, from minimum variance to the highest return.
[[nodiscard]] std::vector<CornerPortfolio> points_between(const std::vector<CornerPortfolio>& corners,
                                                          const MeanVarianceProblem& problem, int count);

// mean'w - return_cost'|w - held|.
[[nodiscard]] double expected_return(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights);
[[nodiscard]] double volatility(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights);
[[nodiscard]] double variance_of(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights);
// Of each asset.
[[nodiscard]] Eigen::VectorXd variances_of(const MeanVarianceProblem& problem);

}  // namespace rebalancer
