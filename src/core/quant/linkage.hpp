// Agglomerative clustering: which things merge, at what distance, in which order the leaves lie.
#pragma once
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

// Between two clusters: the smallest, the mean or the largest distance of their members, or how much merging them
// raises the sum of squares around the means.
enum class Linkage { single, average, complete, ward };

// Errors: invalid for another name, listing these.
[[nodiscard]] Result<Linkage> linkage_named(std::string_view name);

// Leaves are 0 to N - 1; the k-th merge makes the cluster N + k.
struct Merge {
  Eigen::Index left = 0, right = 0;  // left < right
  double height = 0;                 // the distance at which they merge, never below that of an earlier merge
  Eigen::Index leaves = 0;
};

// The N - 1 merges of N things, as SciPy's `linkage` gives them, in O(N^2): by the minimum spanning tree for `single`
// (Gower and Ross 1969), by the chain of nearest neighbours for the others (Murtagh 1983, with the updates of Lance and
// Williams 1967). `distances` is N x N; only what is below the diagonal is read. Of equal distances the one found first
// wins: the lower number within a search, the earlier merge in the order.
// Errors: invalid for no things, another shape, and distances that are negative, 1e150 or more, or no number.
[[nodiscard]] Result<std::vector<Merge>> cluster(Eigen::MatrixXd distances, Linkage linkage);

// The leaves from left to right, each left cluster before its right one: N = merges + 1 numbers.
[[nodiscard]] std::vector<Eigen::Index> leaf_order(const std::vector<Merge>& merges);

}  // namespace rebalancer
