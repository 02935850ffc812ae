// Black and Litterman: what the market must expect to hold what it holds, moved by views of one's own.
//
// Prior of the returns above the risk-free rate: pi = delta S w_market. Views P mu = q with the uncertainty Omega.
// Posterior (Black and Litterman 1992; Meucci 2010, in the form that inverts only as many rows as there are views):
//   mean = pi + tau S P' (P tau S P' + Omega)^-1 (q - P pi)
//   M = tau S - tau S P' (P tau S P' + Omega)^-1 P tau S, and the covariance of the returns is S + M.
// Omega is diagonal: tau P S P' for a view without a confidence (He and Litterman 1999), and tau (1 - c) / c P S P' for
// the confidence c, the closed form that Walters (2014) gives for Idzorek's method.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// The expected return of `asset`, or of `asset` less that of `other`, is `value`, per year.
struct View {
  std::string asset;
  std::string other;  // empty: of the asset alone
  double value = 0;
  std::optional<double> confidence = {};  // from 0, no weight at all, to 1, certain
};

// "GOOG = 12%", "AAPL - T = 3%", "AAPL > T by 3%", "AAPL < T by 3%"; 0.12 is 12%. The minus stands between blanks:
// BRK-B is a symbol. Errors: invalid, showing the text.
[[nodiscard]] Result<View> parse_view(std::string_view text);

struct Posterior {
  Eigen::VectorXd prior;        // pi
  Eigen::VectorXd mean;         // above the risk-free rate, as the prior
  Eigen::MatrixXd covariance;   // S + M
  Eigen::VectorXd uncertainty;  // diagonal of Omega; infinite for a view of confidence 0
};

// delta S w_market. Errors: invalid for sizes that differ or numbers that are not finite.
[[nodiscard]] Result<Eigen::VectorXd> equilibrium_returns(const Eigen::MatrixXd& covariance,
                                                          const Eigen::VectorXd& market_weights, double risk_aversion);

// `names` are those of the rows. Errors: invalid for a view of an unknown asset, a confidence outside [0, 1], or tau
// not above 0; conflict when certain views contradict or repeat each other.
[[nodiscard]] Result<Posterior> black_litterman(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& prior,
                                                const std::vector<View>& views, double tau,
                                                const std::vector<std::string>& names);

}  // namespace rebalancer
