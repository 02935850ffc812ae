// Rules that no convex problem can carry: a position is either not held or at least so large, and only so many are
// held. Branch and bound over a convex problem that is solved exactly under the bounds of each node. Source: Bienstock,
// "Computational study of a family of mixed-integer quadratic programming problems" (1996).
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

struct PositionRules {
  double weight_min = 0;  // least |weight| of a position that is held; 0: any
  int count_max = 0;      // of positions held; 0: any number
  [[nodiscard]] bool none() const { return weight_min <= 0 && count_max <= 0; }
};

// What the convex problem answers under some bounds.
template <class T>
struct Relaxed {
  Eigen::VectorXd weights;
  double objective = 0;  // smaller is better
  T answer;
};

template <class T>
struct PositionAnswer {
  Relaxed<T> best;
  double bound = 0;  // no book that keeps the rules has a smaller objective
  int nodes = 0;     // convex problems solved
  // (objective - bound) as a share of the objective: 0 when the search was completed.
  [[nodiscard]] double gap() const {
    return bound >= best.objective ? 0.0 : (best.objective - bound) / std::max(1e-300, std::abs(best.objective));
  }
};

// Searches the books between `lower` and `upper` that keep the rules. `relaxed(lower, upper)` solves the problem
// without the rules under the bounds it is given, Result<Relaxed<T>>; a conflict there means that nothing is feasible
// in the node. After `nodes_max` problems the best book comes with the bound proven so far. Errors: conflict when no
// book keeps the rules; exhausted when none was found within nodes_max; the relaxed problem's other errors.
template <class T, class Solve>
[[nodiscard]] Result<PositionAnswer<T>> best_with_positions(const Eigen::VectorXd& lower, const Eigen::VectorXd& upper,
                                                            const PositionRules& rules, const Solve& relaxed,
                                                            int nodes_max = 20'000) {
  constexpr double zero = 1e-10;      // a weight below counts as not held
  constexpr double improves = 1e-12;  // by less than this share a better bound is rounding
  struct Node {
    Eigen::VectorXd lower, upper;
    std::vector<signed char> decided;  // 0 open, 1 held, -1 not held
    double bound;
  };
  const Eigen::Index count = lower.size();
  const auto held_in = [&](const Node& node) {
    return static_cast<int>(std::count(node.decided.begin(), node.decided.end(), static_cast<signed char>(1)));
  };
  std::optional<PositionAnswer<T>> found;
  std::optional<Error> broken;
  int nodes = 0;
  const auto solve = [&](const Node& node) -> std::optional<Relaxed<T>> {
    ++nodes;
    Result<Relaxed<T>> answer = relaxed(node.lower, node.upper);
    if (answer) return *std::move(answer);
    if (answer.error().code != ErrorCode::conflict) broken = answer.error();
    return {};
  };
  // Held, on one side of zero; false when that side has no room.
  const auto hold = [&](Node& node, Eigen::Index i, double side) {
    node.decided[static_cast<std::size_t>(i)] = 1;
    if (side > 0) {
      node.lower(i) = std::max(node.lower(i), rules.weight_min);
    } else {
      node.upper(i) = std::min(node.upper(i), -rules.weight_min);
    }
    return node.lower(i) <= node.upper(i);
  };
  const auto drop = [&](Node& node, Eigen::Index i) {
    node.decided[static_cast<std::size_t>(i)] = -1;
    const bool room = node.lower(i) <= 0 && node.upper(i) >= 0;
    node.lower(i) = node.upper(i) = 0;
    return room;
  };
  // What the rules settle by themselves; false when they cannot be kept.
  const auto settle = [&](Node& node) {
    for (Eigen::Index i = 0; i < count; ++i) {
      if (node.decided[static_cast<std::size_t>(i)] != 0) continue;
      if (node.lower(i) > 0 || node.upper(i) < 0) {
        if (!hold(node, i, node.lower(i) > 0 ? 1 : -1)) return false;
      } else if (node.upper(i) < std::max(rules.weight_min, zero) &&
                 node.lower(i) > -std::max(rules.weight_min, zero)) {
        if (!drop(node, i)) return false;
      }
    }
    if (rules.count_max <= 0) return true;
    const int held = held_in(node);
    if (held > rules.count_max) return false;
    for (Eigen::Index i = 0; i < count && held == rules.count_max; ++i) {
      if (node.decided[static_cast<std::size_t>(i)] == 0 && !drop(node, i)) return false;
    }
    return true;
  };
  const auto breaks = [&](const Eigen::VectorXd& weights, Eigen::Index i) {
    return std::abs(weights(i)) > zero && std::abs(weights(i)) < rules.weight_min - zero;
  };
  const auto keeps = [&](const Eigen::VectorXd& weights) {
    int held = 0;
    for (Eigen::Index i = 0; i < count; ++i) {
      held += std::abs(weights(i)) > zero;
      if (breaks(weights, i)) return false;
    }
    return rules.count_max <= 0 || held <= rules.count_max;
  };
  const auto offer = [&](Relaxed<T>&& answer) {
    if (!keeps(answer.weights) || (found && answer.objective >= found->best.objective)) return;
    found = PositionAnswer<T>{std::move(answer), 0, 0};
  };
  // A book near the relaxed one: its largest positions held, the others not.
  const auto round = [&](const Node& node, const Eigen::VectorXd& weights) {
    std::vector<Eigen::Index> order;
    for (Eigen::Index i = 0; i < count; ++i) {
      if (node.decided[static_cast<std::size_t>(i)] == 0) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](Eigen::Index a, Eigen::Index b) { return std::abs(weights(a)) > std::abs(weights(b)); });
    Node near = node;
    int held = held_in(node);
    for (const Eigen::Index i : order) {
      const bool room = rules.count_max <= 0 || held < rules.count_max;
      const double size = std::abs(weights(i));
      if (room && size > zero && size >= 0.5 * rules.weight_min) {
        ++held;
        if (!hold(near, i, weights(i))) return;
      } else if (!drop(near, i)) {
        return;
      }
    }
    if (auto answer = solve(near)) offer(*std::move(answer));
  };

  Node root{lower, upper, std::vector<signed char>(static_cast<std::size_t>(count), 0),
            -std::numeric_limits<double>::infinity()};
  std::vector<Node> open;
  open.push_back(std::move(root));
  double unfinished = std::numeric_limits<double>::infinity();
  while (!open.empty() && !broken) {
    Node node = std::move(open.back());
    open.pop_back();
    const auto hopeless = [&](double bound) {
      return found && bound >= found->best.objective - improves * std::abs(found->best.objective);
    };
    if (hopeless(node.bound) || !settle(node)) continue;
    if (nodes >= nodes_max) {
      unfinished = std::min(unfinished, node.bound);
      continue;
    }
    std::optional<Relaxed<T>> answer = solve(node);
    if (!answer || hopeless(answer->objective)) continue;
    if (keeps(answer->weights)) {
      offer(*std::move(answer));
      continue;
    }
    if (!found) round(node, answer->weights);
    // The largest position that is not settled: without it the bound rises most.
    Eigen::Index chosen = -1;
    for (Eigen::Index i = 0; i < count; ++i) {
      if (node.decided[static_cast<std::size_t>(i)] != 0 || std::abs(answer->weights(i)) <= zero) continue;
      if (chosen < 0 || std::abs(answer->weights(i)) > std::abs(answer->weights(chosen))) chosen = i;
    }
    if (chosen < 0) continue;  // rounding: all that is held was settled
    node.bound = answer->objective;
    const double side = answer->weights(chosen) > 0 ? 1 : -1;
    Node without = node, opposite = node;
    if (drop(without, chosen)) open.push_back(std::move(without));
    if ((side > 0 ? lower(chosen) < 0 : upper(chosen) > 0) && hold(opposite, chosen, -side)) {
      open.push_back(std::move(opposite));
    }
    if (hold(node, chosen, side)) open.push_back(std::move(node));  // looked at first
  }
  if (broken) return fail(*broken);
  if (!found) {
    if (std::isfinite(unfinished)) {
      return fail(ErrorCode::exhausted, "no book that keeps the rules about positions was found in {} attempts", nodes);
    }
    return fail(ErrorCode::conflict, "no book keeps {}{}{} together with the other constraints",
                rules.weight_min > 0 ? fmt::format("position_min {:.10g}", rules.weight_min) : "",
                rules.weight_min > 0 && rules.count_max > 0 ? " and " : "",
                rules.count_max > 0 ? fmt::format("positions_max {}", rules.count_max) : "");
  }
  found->bound = std::min(found->best.objective, unfinished);
  found->nodes = nodes;
  return *std::move(found);
}

}  // namespace rebalancer
