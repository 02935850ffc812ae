// A mean-variance problem as the active-set methods see it: bounded variables and equalities. A weight whose cost has
// kinks (at the weight held now, or at zero under a gross limit) is cut there into pieces, each a variable of its own:
// the cost is convex, so that an optimum fills them in order.
#pragma once
#include <vector>

#include "core/quant/mean_variance.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer::active_set {

enum class Status : signed char { at_lower = -1, free = 0, at_upper = 1 };

// Variables: one piece per weight, further pieces, one slack per row but the first, one artificial per row. Row 0 is
// the budget; then one row per limit, then turnover, then gross: row'z - slack = 0. Artificials are pinned to zero once
// feasible. minimize 1/2 w'Sw + (linear_base - lambda linear_slope)'z.
struct Form {
  Eigen::MatrixXd coefficients;  // pieces x rows
  Eigen::VectorXd right;         // of the rows
  Eigen::VectorXd lower, upper;  // of all variables
  Eigen::VectorXd artificial_sign;
  Eigen::VectorXd linear_base, linear_slope;  // of the pieces
  double return_offset = 0;                   // net return = linear_slope'z + this
  std::vector<Eigen::Index> further_asset;    // of the pieces after the first one of each weight
  Eigen::Index weight_count = 0, limit_count = 0;
  Eigen::Index turnover_row = -1, gross_row = -1;

  explicit Form(const MeanVarianceProblem& problem);
  [[nodiscard]] Eigen::Index weights() const { return weight_count; }
  [[nodiscard]] Eigen::Index pieces() const { return coefficients.rows(); }
  [[nodiscard]] Eigen::Index row_count() const { return coefficients.cols(); }
  [[nodiscard]] Eigen::Index slacks() const { return row_count() - 1; }
  [[nodiscard]] Eigen::Index first_artificial() const { return pieces() + slacks(); }
  [[nodiscard]] Eigen::Index variables() const { return first_artificial() + row_count(); }
  [[nodiscard]] Eigen::Index asset_of(Eigen::Index piece) const {
    return piece < weight_count ? piece : further_asset[static_cast<std::size_t>(piece - weight_count)];
  }
  void column(Eigen::Index variable, Eigen::Ref<Eigen::VectorXd> out) const;
  // E'y for one variable.
  [[nodiscard]] double times_column(const Eigen::VectorXd& prices, Eigen::Index variable) const;
  // Of the values of all variables, or of the pieces alone.
  [[nodiscard]] Eigen::VectorXd weights_of(const Eigen::VectorXd& x) const;
};

}  // namespace rebalancer::active_set
