#include "core/quant/linkage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;

namespace {

constexpr Linkage linkages[] = {Linkage::single, Linkage::average, Linkage::complete, Linkage::ward};

// Distances between points in the plane; of `kind` 1 on a coarse grid, so that many are equal.
Eigen::MatrixXd distances_of(std::uint64_t seed, Eigen::Index count, int kind) {
  Random random(seed);
  Eigen::MatrixXd points(2, count), out(count, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index side = 0; side < 2; ++side) points(side, i) = random.normal();
  }
  if (kind == 1) points = points.array().round();
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index j = 0; j < count; ++j) out(i, j) = (points.col(i) - points.col(j)).norm();
  }
  return out;
}

// The distance between two sets of things from the definition, with nothing updated: for ward from the pairwise
// distances alone, |a||b|/(|a|+|b|) times twice the squared distance of their means.
double between(const Eigen::MatrixXd& distances, const std::vector<Eigen::Index>& a, const std::vector<Eigen::Index>& b,
               Linkage linkage) {
  const auto mean_square = [&](const auto& x, const auto& y) {
    double sum = 0;
    for (const Eigen::Index i : x) {
      for (const Eigen::Index j : y) sum += distances(i, j) * distances(i, j);
    }
    return sum / static_cast<double>(x.size()) / static_cast<double>(y.size());
  };
  if (linkage == Linkage::ward) {
    const auto sizes = std::pair(static_cast<double>(a.size()), static_cast<double>(b.size()));
    const double square = mean_square(a, b) - mean_square(a, a) / 2 - mean_square(b, b) / 2;
    return std::sqrt(std::max(0.0, 2 * sizes.first * sizes.second / (sizes.first + sizes.second) * square));
  }
  double smallest = std::numeric_limits<double>::infinity(), largest = 0, sum = 0;
  for (const Eigen::Index i : a) {
    for (const Eigen::Index j : b) {
      smallest = std::min(smallest, distances(i, j));
      largest = std::max(largest, distances(i, j));
      sum += distances(i, j);
    }
  }
  if (linkage == Linkage::single) return smallest;
  if (linkage == Linkage::complete) return largest;
  return sum / static_cast<double>(a.size() * b.size());
}

// Members of every cluster that exists before each merge, from the merges.
void check_greedy(const Eigen::MatrixXd& distances, const std::vector<Merge>& merges, Linkage linkage) {
  const Eigen::Index count = distances.rows();
  std::vector<std::vector<Eigen::Index>> members;
  std::vector<bool> alive;
  for (Eigen::Index i = 0; i < count; ++i) members.push_back({i});
  alive.resize(members.size(), true);
  double before = 0;
  for (const Merge& merge : merges) {
    const auto left = static_cast<std::size_t>(merge.left), right = static_cast<std::size_t>(merge.right);
    REQUIRE(left < right);
    REQUIRE(right < members.size());
    REQUIRE(alive[left]);
    REQUIRE(alive[right]);
    const double height = between(distances, members[left], members[right], linkage);
    REQUIRE(std::abs(height - merge.height) <= 1e-12 * (1 + height));
    REQUIRE(merge.height >= before);
    before = merge.height;
    for (std::size_t a = 0; a < members.size(); ++a) {
      for (std::size_t b = a + 1; alive[a] && b < members.size(); ++b) {
        if (alive[b]) REQUIRE(between(distances, members[a], members[b], linkage) >= merge.height - 1e-7);
      }
    }
    alive[left] = alive[right] = false;
    std::vector<Eigen::Index> joined = members[left];
    joined.insert(joined.end(), members[right].begin(), members[right].end());
    REQUIRE(static_cast<Eigen::Index>(joined.size()) == merge.leaves);
    members.push_back(std::move(joined));
    alive.push_back(true);
  }
  CHECK(static_cast<Eigen::Index>(members.back().size()) == count);
  CHECK(leaf_order(merges) == members.back());
}

}  // namespace

TEST_CASE("four points on a line, by hand") {
  // At 0, 1, 3 and 7.
  Eigen::MatrixXd distances(4, 4);
  distances << 0, 1, 3, 7, 1, 0, 2, 6, 3, 2, 0, 4, 7, 6, 4, 0;
  const std::vector<std::pair<Linkage, Eigen::Vector3d>> wanted = {
      {Linkage::single, {1, 2, 4}},
      {Linkage::average, {1, 2.5, 17.0 / 3}},
      {Linkage::complete, {1, 3, 7}},
      {Linkage::ward, {1, std::sqrt(25.0 / 3), std::sqrt(289.0 / 6)}}};
  for (const auto& [linkage, heights] : wanted) {
    CAPTURE(static_cast<int>(linkage));
    const auto merges = cluster(distances, linkage).value();
    REQUIRE(merges.size() == 3);
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(std::abs(merges[k].height - heights(static_cast<Eigen::Index>(k))) < 1e-14);
      CHECK(merges[k].leaves == static_cast<Eigen::Index>(k) + 2);
    }
    CHECK(merges[0].left == 0);
    CHECK(merges[0].right == 1);
    CHECK(merges[1].left == 2);
    CHECK(merges[1].right == 4);
    CHECK(merges[2].left == 3);
    CHECK(leaf_order(merges) == std::vector<Eigen::Index>{3, 2, 0, 1});
  }
}

TEST_CASE("every merge joins the nearest two clusters there are, at their distance by definition") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const Eigen::MatrixXd distances = distances_of(seed, 2 + static_cast<Eigen::Index>(seed) % 23, 0);
    for (const Linkage linkage : linkages) {
      CAPTURE(static_cast<int>(linkage));
      check_greedy(distances, cluster(distances, linkage).value(), linkage);
    }
  }
}

TEST_CASE("equal distances, duplicates and things that are all alike make a whole tree all the same") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const Eigen::Index count = 2 + static_cast<Eigen::Index>(seed) % 30;
    const Eigen::MatrixXd distances =
        seed % 5 == 0 ? Eigen::MatrixXd::Zero(count, count) : distances_of(seed, count, 1);
    for (const Linkage linkage : linkages) {
      CAPTURE(static_cast<int>(linkage));
      const auto merges = cluster(distances, linkage).value();
      // With ties there is more than one tree; single linkage's heights are the same in all of them.
      if (linkage == Linkage::single) check_greedy(distances, merges, linkage);
      std::vector<Eigen::Index> order = leaf_order(merges);
      std::sort(order.begin(), order.end());
      for (Eigen::Index i = 0; i < count; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
      for (std::size_t k = 0; k < merges.size(); ++k) {
        REQUIRE(std::isfinite(merges[k].height));
        if (k > 0) REQUIRE(merges[k].height >= merges[k - 1].height);
      }
    }
  }
}

TEST_CASE("of equal distances the first found wins, and only what is below the diagonal is read") {
  Eigen::MatrixXd equal = Eigen::MatrixXd::Ones(4, 4);
  equal.triangularView<Eigen::Upper>().setConstant(std::numeric_limits<double>::quiet_NaN());
  for (const Linkage linkage : {Linkage::single, Linkage::average, Linkage::complete}) {
    const auto merges = cluster(equal, linkage).value();
    CHECK(merges[0].left == 0);
    CHECK(merges[0].right == 1);
    CHECK(merges[0].height == 1);
  }
  CHECK(leaf_order(cluster(equal, Linkage::single).value()) == std::vector<Eigen::Index>{3, 2, 0, 1});
}

TEST_CASE("one thing is a tree without merges") {
  const auto merges = cluster(Eigen::MatrixXd::Zero(1, 1), Linkage::ward).value();
  CHECK(merges.empty());
  CHECK(leaf_order(merges) == std::vector<Eigen::Index>{0});
}

TEST_CASE("what is no distance is refused") {
  const auto message = [](const Eigen::MatrixXd& distances) {
    const auto result = cluster(distances, Linkage::single);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::invalid);
    return result.error().message;
  };
  CHECK(message(Eigen::MatrixXd()) == "there is nothing to cluster");
  CHECK(message(Eigen::MatrixXd::Zero(3, 2)) == "distances are 3 by 2, must be square");
  Eigen::MatrixXd distances = Eigen::MatrixXd::Ones(3, 3);
  distances(2, 0) = -1;
  CHECK(message(distances) == "distance between 0 and 2 is -1, must be at least 0 and below 1e+150");
  distances(2, 0) = std::nan("");
  CHECK(message(distances) == "distance between 0 and 2 is nan, must be at least 0 and below 1e+150");
  CHECK(linkage_named("ward").value() == Linkage::ward);
  CHECK(linkage_named("centroid").error().message ==
        "linkage 'centroid' is not known; there are single, average, complete, ward");
}
