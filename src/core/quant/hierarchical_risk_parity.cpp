#include "core/quant/hierarchical_risk_parity.hpp"

#include <tuple>

#include "core/quant/inverse_risk.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

std::size_t at(Eigen::Index value) { return static_cast<std::size_t>(value); }

// A list of leaves, places [first, last) of the order, cut at `middle`; a single leaf is not cut.
struct List {
  Eigen::Index first, middle, last;
  std::size_t left = 0, right = 0;  // its halves
  double form = 0;                  // sum over pairs of members of S_ij / (S_ii S_jj)
  double inverse_sum = 0;           // of the members' 1 / S_ii
  double variance = 0;              // form / inverse_sum^2
};

// Parents before their halves, the whole list first.
std::vector<List> lists_of(Eigen::Index count) {
  std::vector<List> lists;
  lists.reserve(2 * at(count));
  lists.push_back({0, count / 2, count});
  for (std::size_t k = 0; k < lists.size(); ++k) {
    const auto [first, middle, last] = std::tuple(lists[k].first, lists[k].middle, lists[k].last);
    if (last - first < 2) continue;
    lists[k].left = lists.size();
    lists.push_back({first, first + (middle - first) / 2, middle});
    lists[k].right = lists.size();
    lists.push_back({middle, middle + (last - middle) / 2, last});
  }
  return lists;
}

// For each list that is cut, twice what lies between its halves. A place's column is gathered once in the order of the
// leaves; the right halves of the lists in whose left half it lies follow each other in it.
void add_between(std::vector<List>& lists, const Eigen::MatrixXd& covariance, const std::vector<Eigen::Index>& order,
                 const Eigen::VectorXd& inverse) {
  const auto count = static_cast<Eigen::Index>(order.size());
  std::vector<double> column(order.size());
  for (Eigen::Index place = 0; place + 1 < count; ++place) {
    const double* const values = covariance.col(order[at(place)]).data();
    for (std::size_t other = at(place) + 1; other < order.size(); ++other) column[other] = values[order[other]];
    for (std::size_t k = 0; lists[k].last - lists[k].first > 1;) {
      List& list = lists[k];
      if (place >= list.middle) {
        k = list.right;
        continue;
      }
      const double sum =
          kernels::dot(column.data() + list.middle, inverse.data() + list.middle, at(list.last - list.middle));
      list.form += 2 * inverse(place) * sum;
      k = list.left;
    }
  }
}

}  // namespace

Eigen::MatrixXd correlation_distances(const Eigen::MatrixXd& covariance) {
  const Eigen::Index count = covariance.rows();
  const Eigen::VectorXd inverse = covariance.diagonal().cwiseSqrt().cwiseInverse();
  Eigen::MatrixXd out(count, count);
  for (Eigen::Index col = 0; col < count; ++col) {
    const Eigen::Index below = count - col;
    const auto correlation = covariance.col(col).tail(below).array() * inverse.tail(below).array() * inverse(col);
    out.col(col).head(col).setZero();
    out.col(col).tail(below) = (0.5 - 0.5 * correlation).max(0.0).min(1.0).sqrt();
    out(col, col) = 0;
  }
  return out;
}

Result<Eigen::VectorXd> bisect(const Eigen::MatrixXd& covariance, const std::vector<Eigen::Index>& order,
                               const std::vector<std::string>& names) {
  // What rounding leaves of a variance that is zero, as a share of the same list's variance without correlations.
  constexpr double rounding = 1e-13;
  const auto count = static_cast<Eigen::Index>(order.size());
  Eigen::VectorXd inverse(count);  // in the order of the leaves
  for (Eigen::Index place = 0; place < count; ++place) {
    inverse(place) = 1 / covariance(order[at(place)], order[at(place)]);
  }
  std::vector<List> lists = lists_of(count);
  add_between(lists, covariance, order, inverse);
  for (std::size_t k = lists.size(); k-- > 0;) {
    List& list = lists[k];
    if (list.left == 0) {
      list.form = list.inverse_sum = inverse(list.first);
    } else {
      list.form += lists[list.left].form + lists[list.right].form;
      list.inverse_sum = lists[list.left].inverse_sum + lists[list.right].inverse_sum;
    }
    if (list.form <= rounding * list.inverse_sum) list.form = 0;
    list.variance = list.form / (list.inverse_sum * list.inverse_sum);
  }
  Eigen::VectorXd weights(count);
  std::vector<double> share(lists.size());
  share[0] = 1;
  for (std::size_t k = 0; k < lists.size(); ++k) {
    const List& list = lists[k];
    if (list.left == 0) {
      weights(order[at(list.first)]) = share[k];
      continue;
    }
    const double left = lists[list.left].variance, right = lists[list.right].variance;
    if (left + right == 0) {
      return fail(ErrorCode::invalid,
                  "the cluster with {} and the one with {} both have no volatility: there is no ratio to divide by",
                  names[at(order[at(list.first)])], names[at(order[at(list.middle)])]);
    }
    share[list.left] = share[k] * (1 - left / (left + right));
    share[list.right] = share[k] * (left / (left + right));
  }
  return weights;
}

Result<HierarchicalRiskParity> hierarchical_risk_parity(const Eigen::MatrixXd& covariance, Linkage linkage,
                                                        const std::vector<std::string>& names) {
  if (auto usable = require_volatility(covariance, names); !usable) return fail(usable.error());
  Result<std::vector<Merge>> merges = cluster(correlation_distances(covariance), linkage);
  if (!merges) return fail(merges.error());
  HierarchicalRiskParity out{{}, *std::move(merges), {}};
  out.order = leaf_order(out.merges);
  Result<Eigen::VectorXd> weights = bisect(covariance, out.order, names);
  if (!weights) return fail(weights.error());
  out.weights = *std::move(weights);
  return out;
}

}  // namespace rebalancer
