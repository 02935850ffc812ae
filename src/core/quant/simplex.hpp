// Vertices of { x : Ex = e, lower <= x <= upper }: a bounded revised simplex for few rows and many columns.
#pragma once
#include <optional>
#include <vector>

#include "core/quant/mean_variance.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer::active_set {

enum class Status : unsigned char { at_lower, at_upper, free };

// The constraints of a mean-variance problem as equalities: x = (weights, one slack per limit, one artificial per row);
// row 0 is the budget, row g + 1 says coefficients'w - slack_g = 0. Artificials are pinned to zero once feasible.
struct Form {
  Eigen::MatrixXd rows;  // rows x weights
  Eigen::VectorXd right;
  Eigen::VectorXd lower, upper;     // of all variables
  Eigen::VectorXd artificial_sign;  // one per row

  explicit Form(const MeanVarianceProblem& problem);
  [[nodiscard]] Eigen::Index weights() const { return rows.cols(); }
  [[nodiscard]] Eigen::Index row_count() const { return rows.rows(); }
  [[nodiscard]] Eigen::Index limits() const { return rows.rows() - 1; }
  [[nodiscard]] Eigen::Index first_artificial() const { return rows.cols() + limits(); }
  [[nodiscard]] Eigen::Index variables() const { return first_artificial() + row_count(); }
  void column(Eigen::Index variable, Eigen::Ref<Eigen::VectorXd> out) const;
  // E'y for one variable.
  [[nodiscard]] double times_column(const Eigen::VectorXd& prices, Eigen::Index variable) const;
};

struct Vertex {
  Eigen::VectorXd x;
  std::vector<Status> status;       // exactly row_count() are free
  std::vector<Eigen::Index> basis;  // those
  Eigen::VectorXd reduced_cost;     // of all variables
};

enum class SimplexEnd { optimal, infeasible, out_of_steps };

// Minimizes cost'w. `form` comes back with its artificials pinned. Zero cost asks for any vertex.
[[nodiscard]] SimplexEnd find_vertex(Form& form, const Eigen::VectorXd& cost, Vertex& vertex);

}  // namespace rebalancer::active_set
