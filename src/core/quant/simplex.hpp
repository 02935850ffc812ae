// Vertices of { x : Ex = e, lower <= x <= upper }: a bounded revised simplex for few rows and many columns.
#pragma once
#include <vector>

#include "core/quant/form.hpp"

namespace rebalancer::active_set {

struct Vertex {
  Eigen::VectorXd x;
  std::vector<Status> status;       // exactly row_count() are free
  std::vector<Eigen::Index> basis;  // those
  Eigen::VectorXd reduced_cost;     // of all variables
};

enum class SimplexEnd { optimal, infeasible, out_of_steps };

// Minimizes cost'z over the pieces; a shorter cost counts as zero where it ends. `form` comes back with its artificials
// pinned. Zero cost asks for any vertex.
[[nodiscard]] SimplexEnd find_vertex(Form& form, const Eigen::VectorXd& cost, Vertex& vertex);

}  // namespace rebalancer::active_set
