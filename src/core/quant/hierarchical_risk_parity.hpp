// Hierarchical risk parity: assets ordered by how alike they move, then money divided between the halves of that order,
// and of each half again, inversely to their variances.
// Source: Lopez de Prado, "Building Diversified Portfolios that Outperform Out of Sample" (2016).
#pragma once
#include <string>
#include <vector>

#include "core/quant/linkage.hpp"

namespace rebalancer {

struct HierarchicalRiskParity {
  Eigen::VectorXd weights;  // in column order; not negative, sum 1
  std::vector<Merge> merges;
  std::vector<Eigen::Index> order;  // of the leaves: columns
};

// N x N, below the diagonal only: sqrt((1 - correlation) / 2), from 0 for alike to 1 for opposite. Correlations beyond
// one by rounding count as one. All variances must be positive.
[[nodiscard]] Eigen::MatrixXd correlation_distances(const Eigen::MatrixXd& covariance);

// Of the order's list, halves take (1 - v1/(v1 + v2)) and v1/(v1 + v2), the first with half the count rounded down;
// v is a half's variance under weights inverse to its members' variances. O(N^2) in all: the variance of a list is the
// sum of its halves' and what lies between them.
// Errors: invalid when both halves of a list have no variance between them, naming a member of each.
[[nodiscard]] Result<Eigen::VectorXd> bisect(const Eigen::MatrixXd& covariance, const std::vector<Eigen::Index>& order,
                                             const std::vector<std::string>& names);

// All of it. Linkage is of the distances themselves, not of distances between their columns; leaves keep the order of
// the merges (left first); the order is halved by count, not along the tree.
// Errors: invalid as require_volatility and as above.
[[nodiscard]] Result<HierarchicalRiskParity> hierarchical_risk_parity(const Eigen::MatrixXd& covariance,
                                                                      Linkage linkage,
                                                                      const std::vector<std::string>& names);

}  // namespace rebalancer
