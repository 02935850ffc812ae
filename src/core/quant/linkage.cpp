#include "core/quant/linkage.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace rebalancer {
namespace {

constexpr double unreachable = std::numeric_limits<double>::infinity();
constexpr double distance_limit = 1e150;  // its square times a count is still a number

constexpr std::array<std::pair<std::string_view, Linkage>, 4> names{{{"single", Linkage::single},
                                                                     {"average", Linkage::average},
                                                                     {"complete", Linkage::complete},
                                                                     {"ward", Linkage::ward}}};

// Fills the upper half, so that the distances from one thing lie side by side, and makes nothing its own neighbour.
void fill_both_halves(Eigen::MatrixXd& distances) {
  constexpr Eigen::Index tile = 32;  // mirrored piece by piece: a column at a time would miss the cache on every number
  const Eigen::Index count = distances.rows();
  for (Eigen::Index col = 0; col < count; col += tile) {
    const Eigen::Index wide = std::min(tile, count - col);
    for (Eigen::Index j = col; j < col + wide; ++j) {
      for (Eigen::Index i = j + 1; i < col + wide; ++i) distances(j, i) = distances(i, j);
    }
    for (Eigen::Index row = col + tile; row < count; row += tile) {
      const Eigen::Index tall = std::min(tile, count - row);
      distances.block(col, row, wide, tall) = distances.block(row, col, tall, wide).transpose();
    }
  }
  distances.diagonal().setConstant(unreachable);
}

Eigen::Index first_equal(const Eigen::Ref<const Eigen::VectorXd>& values, double wanted) {
  const auto found = std::find(values.data(), values.data() + values.size(), wanted);
  return found - values.data();
}

// Prim's tree, one thing at a time; it is enough to note from which thing the tree had just come.
std::vector<Merge> spanning_tree(const Eigen::MatrixXd& distances) {
  const Eigen::Index count = distances.rows();
  std::vector<Merge> merges;
  Eigen::VectorXd nearest = Eigen::VectorXd::Constant(count, unreachable);  // to the tree
  Eigen::VectorXd inside = Eigen::VectorXd::Zero(count);                    // unreachable once in the tree
  Eigen::VectorXd outside(count);
  Eigen::Index last = 0;
  for (Eigen::Index step = 0; step + 1 < count; ++step) {
    inside(last) = unreachable;
    nearest = nearest.cwiseMin(distances.col(last));
    outside = nearest.cwiseMax(inside);
    const double height = outside.minCoeff();
    const Eigen::Index next = first_equal(outside, height);
    merges.push_back({last, next, height, 0});
    last = next;
  }
  return merges;
}

// The distances of the merged cluster `into` to all others. Those of `ward` are squares, whose update has no root. What
// stands at a cluster that is gone means nothing.
void merge_columns(Eigen::MatrixXd& distances, const Eigen::VectorXd& leaves, Eigen::Index from, Eigen::Index into,
                   Linkage linkage) {
  const double from_leaves = leaves(from), into_leaves = leaves(into), height = distances(from, into);
  const auto gone = distances.col(from);
  auto kept = distances.col(into);
  if (linkage == Linkage::average) {
    kept = (from_leaves * gone + into_leaves * kept) / (from_leaves + into_leaves);
  } else if (linkage == Linkage::complete) {
    kept = kept.cwiseMax(gone);
  } else {
    // Never below zero, where rounding could put squares between equal things.
    const auto others = leaves.array();
    kept = (((others + from_leaves) * gone.array() + (others + into_leaves) * kept.array() - others * height) /
            (others + (from_leaves + into_leaves)))
               .max(0.0);
  }
  kept(into) = unreachable;
  distances.row(into) = kept.transpose();
}

// Follows nearest neighbours until two are each other's, merges them and goes on from where the chain came: these
// linkages never bring a cluster nearer by merging others.
std::vector<Merge> neighbour_chain(Eigen::MatrixXd& distances, Linkage linkage) {
  const Eigen::Index count = distances.rows();
  std::vector<Merge> merges;
  Eigen::VectorXd leaves = Eigen::VectorXd::Ones(count);
  Eigen::VectorXd gone = Eigen::VectorXd::Zero(count);  // unreachable once merged into another
  Eigen::VectorXd here(count);
  std::vector<Eigen::Index> chain;
  Eigen::Index first = 0;  // the lowest that is left
  for (Eigen::Index step = 0; step + 1 < count; ++step) {
    // Rounding may have brought a merged cluster nearer by a hair, so that it lies twice in the chain.
    while (!chain.empty() && gone(chain.back()) != 0) chain.pop_back();
    if (chain.empty()) {
      while (gone(first) != 0) ++first;
      chain.push_back(first);
    }
    while (true) {
      here = distances.col(chain.back()).cwiseMax(gone);
      const double height = here.minCoeff();
      // Of neighbours equally near, the one the chain came from: it must not go in circles.
      if (chain.size() > 1 && here(chain[chain.size() - 2]) == height) break;
      chain.push_back(first_equal(here, height));
    }
    const Eigen::Index from = std::min(chain.back(), chain[chain.size() - 2]);
    const Eigen::Index into = std::max(chain.back(), chain[chain.size() - 2]);
    merges.push_back({from, into, distances(from, into), 0});
    merge_columns(distances, leaves, from, into, linkage);
    leaves(into) += leaves(from);
    leaves(from) = 0;
    gone(from) = unreachable;
    chain.resize(chain.size() - 2);
  }
  return merges;
}

// Sorts merges that name one leaf of each cluster by height, and gives clusters their numbers.
void sort_and_number(std::vector<Merge>& merges) {
  std::stable_sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) { return a.height < b.height; });
  const std::size_t count = merges.size() + 1;
  std::vector<Eigen::Index> parent(2 * count - 1), leaves(2 * count - 1, 1);
  std::iota(parent.begin(), parent.end(), Eigen::Index{0});
  const auto at = [](Eigen::Index value) { return static_cast<std::size_t>(value); };
  const auto root_of = [&](Eigen::Index node) {
    while (parent[at(node)] != node) node = parent[at(node)] = parent[at(parent[at(node)])];
    return node;
  };
  for (std::size_t k = 0; k < merges.size(); ++k) {
    Merge& merge = merges[k];
    const Eigen::Index a = root_of(merge.left), b = root_of(merge.right);
    merge.left = std::min(a, b);
    merge.right = std::max(a, b);
    const auto made = static_cast<Eigen::Index>(count + k);
    merge.leaves = leaves[at(merge.left)] + leaves[at(merge.right)];
    leaves[at(made)] = merge.leaves;
    parent[at(merge.left)] = parent[at(merge.right)] = made;
  }
}

}  // namespace

Result<Linkage> linkage_named(std::string_view name) {
  for (const auto& [known, linkage] : names) {
    if (name == known) return linkage;
  }
  return fail(ErrorCode::invalid, "linkage '{}' is not known; there are single, average, complete, ward", name);
}

Result<std::vector<Merge>> cluster(Eigen::MatrixXd distances, Linkage linkage) {
  const Eigen::Index count = distances.rows();
  if (count == 0) return fail(ErrorCode::invalid, "there is nothing to cluster");
  if (distances.cols() != count) {
    return fail(ErrorCode::invalid, "distances are {} by {}, must be square", count, distances.cols());
  }
  for (Eigen::Index col = 0; col < count; ++col) {
    const auto below = distances.col(col).tail(count - col - 1).array();
    if (((below >= 0) && (below < distance_limit)).all()) continue;
    for (Eigen::Index row = col + 1; row < count; ++row) {
      const double distance = distances(row, col);
      if (distance >= 0 && distance < distance_limit) continue;
      return fail(ErrorCode::invalid, "distance between {} and {} is {}, must be at least 0 and below {}", col, row,
                  distance, distance_limit);
    }
  }
  fill_both_halves(distances);
  if (linkage == Linkage::ward) distances = distances.cwiseAbs2();
  std::vector<Merge> merges =
      linkage == Linkage::single ? spanning_tree(distances) : neighbour_chain(distances, linkage);
  if (linkage == Linkage::ward) {
    for (Merge& merge : merges) merge.height = std::sqrt(merge.height);
  }
  sort_and_number(merges);
  return merges;
}

std::vector<Eigen::Index> leaf_order(const std::vector<Merge>& merges) {
  const auto count = static_cast<Eigen::Index>(merges.size()) + 1;
  std::vector<Eigen::Index> order, waiting{2 * count - 2};  // a stack: long chains must not use up the program's own
  while (!waiting.empty()) {
    const Eigen::Index node = waiting.back();
    waiting.pop_back();
    if (node < count) {
      order.push_back(node);
      continue;
    }
    const Merge& merge = merges[static_cast<std::size_t>(node - count)];
    waiting.push_back(merge.right);
    waiting.push_back(merge.left);
  }
  return order;
}

}  // namespace rebalancer
