// How the critical line comes to stand on an optimum: from a vertex, or from an earlier answer.
#include <algorithm>
#include <cmath>

#include "core/quant/critical_line.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer::active_set {
namespace {

constexpr double stray = 1e-13;
constexpr int rounds_max = 60;  // of blocks, before one variable at a time takes over

std::size_t count_of(Eigen::Index index) { return static_cast<std::size_t>(index); }

}  // namespace

bool CriticalLine::stand_on(const Vertex& vertex) {
  x_ = vertex.x;
  status_ = vertex.status;
  x_slope_.setZero();
  held_force_ = Eigen::VectorXd::Zero(form_.weights());
  held_rows_ = Eigen::VectorXd::Zero(form_.row_count());
  for (Eigen::Index i = 0; i < form_.first_artificial(); ++i) {
    if (status(i) != Status::free) count_held(i, 1);
  }
  return set_.reset(vertex.basis);
}

Outcome CriticalLine::start(const Eigen::VectorXd& cost, Vertex& vertex) {
  const SimplexEnd end = find_vertex(form_, cost, vertex);
  if (end == SimplexEnd::infeasible) return Outcome::infeasible;
  if (end == SimplexEnd::out_of_steps) return Outcome::out_of_steps;
  return stand_on(vertex) ? Outcome::done : Outcome::out_of_steps;
}

bool CriticalLine::start_from(const std::vector<signed char>& states) {
  if (states.size() != count_of(form_.variables())) return false;
  Vertex vertex;
  vertex.x = form_.lower;
  for (Eigen::Index j = 0; j < form_.variables(); ++j) {
    const auto at = static_cast<Status>(states[count_of(j)]);
    const bool artificial = j >= form_.first_artificial();
    if (artificial && at == Status::free) return false;
    vertex.status.push_back(artificial ? Status::at_lower : at);
    if (artificial) {
      vertex.x(j) = form_.lower(j) = form_.upper(j) = 0;
    } else if (at == Status::free) {
      vertex.basis.push_back(j);
    } else if (at == Status::at_upper) {
      vertex.x(j) = form_.upper(j);
    }
  }
  return static_cast<Eigen::Index>(vertex.basis.size()) >= form_.row_count() && stand_on(vertex);
}

Outcome CriticalLine::start_at_highest_return() {
  Vertex vertex;
  const Outcome outcome = start(-form_.linear_slope, vertex);
  if (outcome != Outcome::done) return outcome;
  // Where returns tie, the vertex is one of many; the least variance among them is what lambda = infinity means.
  std::vector<bool> frozen(count_of(form_.variables()));
  bool ties = false;
  for (Eigen::Index i = 0; i < form_.variables(); ++i) {
    const bool tied = std::abs(vertex.reduced_cost(i)) <= stray * mean_scale_ && !is_fixed(i);
    frozen[count_of(i)] = !tied;
    ties = ties || (tied && status(i) != Status::free);
  }
  return ties ? settle(0, frozen) : Outcome::done;
}

Outcome CriticalLine::minimize(double lambda, const std::vector<signed char>& states) {
  if (!states.empty() && start_from(states) && pivot_blocks(lambda)) return Outcome::done;
  Vertex vertex;
  Eigen::VectorXd cost = form_.linear_base - lambda * form_.linear_slope;
  const Eigen::VectorXd variances = columns_.variances();
  for (Eigen::Index j = 0; j < form_.pieces(); ++j) cost(j) += 0.5 * variances(form_.asset_of(j));
  const Outcome outcome = start(cost, vertex);
  if (outcome != Outcome::done) return outcome;
  if (pivot_blocks(lambda)) return Outcome::done;
  if (!stand_on(vertex)) return Outcome::out_of_steps;
  return settle(lambda, std::vector<bool>(count_of(form_.variables()), false));
}

// Whole blocks of variables change sides: all that left their bounds are held, the worst of those that want to move are
// released, until nothing is wrong. Usually a few rounds; nothing is promised, so that the caller has another way.
bool CriticalLine::pivot_blocks(double lambda) {
  for (int round = 0; round < rounds_max; ++round) {
    right_side(lambda, side_);
    set_.solve(side_, solved_);
    bool dropped = false;
    if (!drop_violated(solved_, dropped)) return false;
    if (dropped) continue;
    take(solved_);
    renew_risk();
    price(lambda);
    bool optimal = false;
    if (!add_violators(lambda, optimal)) return false;
    if (optimal) return is_explained(lambda);
  }
  return false;
}

bool CriticalLine::drop_violated(const Eigen::VectorXd& solved, bool& dropped) {
  const Eigen::Index rows = form_.row_count();
  for (Eigen::Index i = set_.size() - 1; i >= 0; --i) {
    const Eigen::Index variable = free_at(i);
    const double value = solved(rows + i);
    const bool below = value < form_.lower(variable) - stray;
    if (!below && !(value > form_.upper(variable) + stray)) continue;
    if (set_.size() <= rows) return false;
    dropped = true;
    // Removing puts the last variable here: it was looked at already.
    if (!leave(i, below)) return false;
  }
  return true;
}

bool CriticalLine::add_violators(double lambda, bool& optimal) {
  struct Violator {
    Eigen::Index variable;
    double gain;
  };
  std::vector<Violator> violators;
  const double tolerance = price_tolerance(lambda);
  for (Eigen::Index j = 0; j < gradient_.size(); ++j) {
    const Status at = status(j);
    if (at == Status::free) continue;
    const double violation = at == Status::at_lower ? -gradient_(j) : gradient_(j);
    if (violation <= tolerance || is_fixed(j)) continue;
    const double curvature = std::max(set_.curvature_of(j), 1e-6 * covariance_scale_);
    violators.push_back({j, violation * violation / curvature});
  }
  optimal = violators.empty();
  if (optimal) return true;
  const std::size_t wanted = std::min(violators.size(), std::max<std::size_t>(4, count_of(set_.size())));
  std::partial_sort(violators.begin(), violators.begin() + static_cast<std::ptrdiff_t>(wanted), violators.end(),
                    [](const Violator& a, const Violator& b) {
                      return a.gain != b.gain ? a.gain > b.gain : a.variable < b.variable;
                    });
  bool any = false;
  for (std::size_t k = 0; k < wanted; ++k) {
    const Eigen::Index variable = violators[k].variable;
    const WorkingSet::Entry entry = set_.entry_of(variable);
    if (!(entry.curvature > zero_curvature(variable, entry))) continue;
    release(variable);
    if (!set_.add(variable, entry.curvature)) return false;
    any = true;
  }
  return any;
}

Eigen::Index CriticalLine::violator(double lambda, const std::vector<bool>& frozen, bool first) const {
  Eigen::Index worst = -1;
  double most = price_tolerance(lambda);
  for (Eigen::Index j = 0; j < gradient_.size(); ++j) {
    if (status(j) == Status::free || frozen[count_of(j)] || is_fixed(j)) continue;
    const double violation = status(j) == Status::at_lower ? -gradient_(j) : gradient_(j);
    if (violation <= most) continue;
    worst = j;
    most = violation;
    if (first) break;
  }
  return worst;
}

Outcome CriticalLine::settle(double lambda, const std::vector<bool>& frozen) {
  const Eigen::Index rows = form_.row_count();
  int standstill = 0;
  for (Eigen::Index step = 0; step < step_limit(); ++step) {
    right_side(lambda, side_);
    set_.solve(side_, solved_);
    double share = 1;
    Eigen::Index blocker = -1;
    bool to_lower = false;
    for (Eigen::Index i = 0; i < set_.size(); ++i) {
      const Eigen::Index variable = free_at(i);
      const double target = solved_(rows + i), now = x_(variable);
      const bool below = target < form_.lower(variable) - stray;
      if (!below && !(target > form_.upper(variable) + stray)) continue;
      const double bound = below ? form_.lower(variable) : form_.upper(variable);
      const double room = target == now ? 0.0 : std::max(0.0, (bound - now) / (target - now));
      const bool earlier = room < share || (room == share && blocker >= 0 && variable < free_at(blocker));
      if (!earlier) continue;
      share = room;
      blocker = i;
      to_lower = below;
    }
    for (Eigen::Index i = 0; i < set_.size(); ++i) {
      double& now = x_(free_at(i));
      now = share == 1 ? solved_(rows + i) : now + share * (solved_(rows + i) - now);
    }
    standstill = share > 0 ? 0 : standstill + 1;
    if (blocker >= 0) {
      if (!leave(blocker, to_lower)) return Outcome::out_of_steps;
      continue;
    }
    y_ = -solved_.head(rows);
    renew_risk();
    price(lambda);
    const Eigen::Index entering = violator(lambda, frozen, standstill > 20);
    if (entering < 0) return Outcome::done;
    const Outcome outcome = enter(entering);
    if (outcome != Outcome::done) return outcome;
  }
  return Outcome::out_of_steps;
}

}  // namespace rebalancer::active_set
