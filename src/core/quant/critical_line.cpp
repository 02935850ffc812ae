#include "core/quant/critical_line.hpp"

#include <cmath>
#include <limits>

namespace rebalancer::active_set {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
// How far a weight may stray over its bound, or a relative slope be rounding, before it counts.
constexpr double stray = 1e-13;

}  // namespace

CriticalLine::CriticalLine(const MeanVarianceProblem& problem, double singular_within)
    : problem_(problem),
      form_(problem),
      singular_within_(singular_within),
      mean_scale_(std::max(problem.mean.cwiseAbs().maxCoeff(), 1e-300)),
      covariance_scale_(std::max(problem.covariance.diagonal().maxCoeff(), 1e-300)),
      set_(form_, problem.covariance) {}

Outcome CriticalLine::start(const Eigen::VectorXd& cost, Vertex& vertex) {
  const SimplexEnd end = find_vertex(form_, cost, vertex);
  if (end == SimplexEnd::infeasible) return Outcome::infeasible;
  if (end == SimplexEnd::out_of_steps) return Outcome::out_of_steps;
  x_ = vertex.x;
  status_ = vertex.status;
  held_force_ = Eigen::VectorXd::Zero(form_.weights());
  for (Eigen::Index i = 0; i < form_.weights(); ++i) {
    if (status(i) != Status::free && x_(i) != 0) held_force_ += problem_.covariance.col(i) * x_(i);
  }
  started_ = set_.reset(vertex.basis);
  return started_ ? Outcome::done : Outcome::out_of_steps;
}

Outcome CriticalLine::start_at_highest_return() {
  Vertex vertex;
  const Outcome outcome = start(-problem_.mean, vertex);
  if (outcome != Outcome::done) return outcome;
  // Where returns tie, the vertex is one of many; the least variance among them is what lambda = infinity means.
  std::vector<bool> frozen(static_cast<std::size_t>(form_.variables()));
  bool ties = false;
  for (Eigen::Index i = 0; i < form_.variables(); ++i) {
    const bool tied = std::abs(vertex.reduced_cost(i)) <= stray * mean_scale_ && form_.lower(i) < form_.upper(i);
    frozen[static_cast<std::size_t>(i)] = !tied;
    ties = ties || (tied && status(i) != Status::free);
  }
  return ties ? settle(0, frozen) : Outcome::done;
}

Outcome CriticalLine::minimize(double lambda) {
  if (!started_) {
    Vertex vertex;
    const Eigen::VectorXd cost = 0.5 * problem_.covariance.diagonal() - lambda * problem_.mean;
    const Outcome outcome = start(cost, vertex);
    if (outcome != Outcome::done) return outcome;
  }
  return settle(lambda, std::vector<bool>(static_cast<std::size_t>(form_.variables()), false));
}

Eigen::MatrixXd CriticalLine::right_side() const {
  const Eigen::Index rows = form_.row_count(), weights = form_.weights();
  Eigen::MatrixXd right = Eigen::MatrixXd::Zero(set_.order(), 2);
  right.col(0).head(rows) = form_.right;
  Eigen::VectorXd column(rows);
  for (Eigen::Index j = 0; j < form_.variables(); ++j) {
    if (status(j) == Status::free || x_(j) == 0) continue;
    form_.column(j, column);
    right.col(0).head(rows) -= column * x_(j);
  }
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    const Eigen::Index variable = set_.free()[static_cast<std::size_t>(i)];
    if (variable >= weights) continue;
    right(rows + i, 0) = -held_force_(variable);
    right(rows + i, 1) = problem_.mean(variable);
  }
  return right;
}

// Where base and slope are large and nearly cancel, their sum is only as exact as they are; one more correction against
// the system at this very lambda makes it as exact as the weights themselves.
Eigen::VectorXd CriticalLine::weights_at(const Segment& segment, double lambda) const {
  const Eigen::Index rows = form_.row_count();
  const Eigen::MatrixXd right = right_side();
  Eigen::VectorXd guess(set_.order());
  guess.head(rows) = -(segment.price_base + lambda * segment.price_slope);
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    const Eigen::Index variable = set_.free()[static_cast<std::size_t>(i)];
    guess(rows + i) = segment.base(variable) + lambda * segment.slope(variable);
  }
  set_.refine(right.col(0) + lambda * right.col(1), guess);
  Eigen::VectorXd out = x_;
  for (Eigen::Index i = 0; i < set_.size(); ++i) out(set_.free()[static_cast<std::size_t>(i)]) = guess(rows + i);
  return out;
}

Segment CriticalLine::segment_here() const {
  const Eigen::Index rows = form_.row_count(), weights = form_.weights();
  const Eigen::MatrixXd solved = set_.solve(right_side());

  Segment segment;
  segment.base = x_;
  segment.slope = Eigen::VectorXd::Zero(form_.variables());
  segment.price_base = -solved.col(0).head(rows);
  segment.price_slope = -solved.col(1).head(rows);
  segment.gradient_base = Eigen::VectorXd::Zero(form_.variables());
  segment.gradient_slope = Eigen::VectorXd::Zero(form_.variables());
  auto base = segment.gradient_base.head(weights);
  auto slope = segment.gradient_slope.head(weights);
  base = held_force_;
  slope = -problem_.mean;
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    const Eigen::Index variable = set_.free()[static_cast<std::size_t>(i)];
    segment.base(variable) = solved(rows + i, 0);
    segment.slope(variable) = solved(rows + i, 1);
    if (variable >= weights) continue;
    base += problem_.covariance.col(variable) * solved(rows + i, 0);
    slope += problem_.covariance.col(variable) * solved(rows + i, 1);
  }
  base -= form_.rows.transpose() * segment.price_base;
  slope -= form_.rows.transpose() * segment.price_slope;
  for (Eigen::Index j = weights; j < form_.variables(); ++j) {
    segment.gradient_base(j) = -form_.times_column(segment.price_base, j);
    segment.gradient_slope(j) = -form_.times_column(segment.price_slope, j);
  }
  return segment;
}

CriticalLine::Event CriticalLine::next_event(const Segment& segment) const {
  Event event;
  const double high = segment.lambda_high;
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    const Eigen::Index variable = set_.free()[static_cast<std::size_t>(i)];
    const double slope = segment.slope(variable), base = segment.base(variable);
    if (std::abs(slope) * (std::isinf(high) ? 1.0 : high) <= stray) continue;
    const bool to_lower = slope > 0;  // lambda falls
    const double bound = to_lower ? form_.lower(variable) : form_.upper(variable);
    const double lambda = std::min((bound - base) / slope, high);
    if (lambda > event.lambda) event = {lambda, -1, i, to_lower};
  }
  for (Eigen::Index j = 0; j < form_.variables(); ++j) {
    if (status(j) == Status::free || !(form_.lower(j) < form_.upper(j))) continue;
    const double slope = status(j) == Status::at_lower ? segment.gradient_slope(j) : -segment.gradient_slope(j);
    const double base = status(j) == Status::at_lower ? segment.gradient_base(j) : -segment.gradient_base(j);
    if (slope <= stray * mean_scale_) continue;
    const double lambda = std::min(-base / slope, high);
    if (lambda > event.lambda) event = {lambda, j, -1, false};
  }
  return event;
}

Outcome CriticalLine::follow(const std::function<bool(const Segment&)>& visit) {
  double high = infinite;
  bool has_left = false;
  // Below this the expected returns weigh less than the rounding of the covariance.
  const double lambda_floor = 1e-14 * covariance_scale_ / mean_scale_;
  for (Eigen::Index step = 0; step < step_limit(); ++step) {
    Segment segment = segment_here();
    segment.lambda_high = high;
    // At the very top nothing moves with lambda: what is not zero here is rounding.
    if (std::isinf(high)) segment.slope.setZero();
    Event event = next_event(segment);
    if (event.lambda <= lambda_floor) event.lambda = 0;
    segment.lambda_low = event.lambda;
    // Of the working sets that meet at an event, the smaller one is the better conditioned: it gives the corner.
    segment.at_high = has_left ? weights_at(segment, high) : x_;
    segment.at_low = weights_at(segment, event.lambda);
    x_ = segment.at_low;
    has_left = event.leaving_position >= 0;
    segment.ends_by_leaving = has_left && event.lambda > 0;
    if (!visit(segment) || event.lambda <= 0) return Outcome::done;
    if (event.leaving_position >= 0) {
      if (!leave(event.leaving_position, event.to_lower)) return Outcome::out_of_steps;
    } else {
      const Outcome outcome = enter(event.entering);
      if (outcome != Outcome::done) return outcome;
    }
    high = event.lambda;
  }
  return Outcome::out_of_steps;
}

Eigen::Index CriticalLine::violator(const Segment& segment, double lambda, const std::vector<bool>& frozen,
                                    bool first) const {
  Eigen::Index worst = -1;
  double most = 1e-14 * (covariance_scale_ + lambda * mean_scale_);
  for (Eigen::Index j = 0; j < form_.variables(); ++j) {
    if (status(j) == Status::free || frozen[static_cast<std::size_t>(j)] || !(form_.lower(j) < form_.upper(j)))
      continue;
    const double gradient = segment.gradient_base(j) + lambda * segment.gradient_slope(j);
    const double violation = status(j) == Status::at_lower ? -gradient : gradient;
    if (violation <= most) continue;
    worst = j;
    most = violation;
    if (first) break;
  }
  return worst;
}

Outcome CriticalLine::settle(double lambda, const std::vector<bool>& frozen) {
  int standstill = 0;
  for (Eigen::Index step = 0; step < step_limit(); ++step) {
    const Segment segment = segment_here();
    double share = 1;
    Eigen::Index blocker = -1;
    bool to_lower = false;
    for (Eigen::Index i = 0; i < set_.size(); ++i) {
      const Eigen::Index variable = set_.free()[static_cast<std::size_t>(i)];
      const double target = segment.base(variable) + lambda * segment.slope(variable), now = x_(variable);
      const bool below = target < form_.lower(variable) - stray;
      if (!below && !(target > form_.upper(variable) + stray)) continue;
      const double bound = below ? form_.lower(variable) : form_.upper(variable);
      const double room = target == now ? 0.0 : std::max(0.0, (bound - now) / (target - now));
      const bool earlier =
          room < share || (room == share && blocker >= 0 && variable < set_.free()[static_cast<std::size_t>(blocker)]);
      if (!earlier) continue;
      share = room;
      blocker = i;
      to_lower = below;
    }
    for (const Eigen::Index variable : set_.free()) {
      const double target = segment.base(variable) + lambda * segment.slope(variable);
      x_(variable) = share == 1 ? target : x_(variable) + share * (target - x_(variable));
    }
    standstill = share > 0 ? 0 : standstill + 1;
    if (blocker >= 0) {
      if (!leave(blocker, to_lower)) return Outcome::out_of_steps;
      continue;
    }
    const Eigen::Index entering = violator(segment, lambda, frozen, standstill > 20);
    if (entering < 0) return Outcome::done;
    const Outcome outcome = enter(entering);
    if (outcome != Outcome::done) return outcome;
  }
  return Outcome::out_of_steps;
}

// The variance of the move itself: negative beyond rounding only if the covariance is at fault, not the system.
bool CriticalLine::is_negative_curvature(Eigen::Index variable, const WorkingSet::Entry& entry) const {
  Eigen::VectorXd move = Eigen::VectorXd::Zero(form_.variables());
  move(variable) = 1;
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    move(set_.free()[static_cast<std::size_t>(i)]) = entry.response(form_.row_count() + i);
  }
  const Eigen::VectorXd weights = move.head(form_.weights());
  const double terms = weights.cwiseAbs().dot(problem_.covariance.cwiseAbs() * weights.cwiseAbs());
  return weights.dot(problem_.covariance * weights) < -1e-10 * terms;
}

Outcome CriticalLine::enter(Eigen::Index variable) {
  const WorkingSet::Entry entry = set_.entry_of(variable);
  const double terms = set_.curvature_of(variable) + std::abs(set_.curvature_of(variable) - entry.curvature);
  const double zero = singular_within_ * std::max(terms, 1e-6 * covariance_scale_);
  if (entry.curvature < -1e4 * zero) {
    return is_negative_curvature(variable, entry) ? Outcome::not_convex : Outcome::out_of_steps;
  }
  if (entry.curvature > zero) {
    release(variable);
    return set_.add(variable, entry) ? Outcome::done : Outcome::out_of_steps;
  }
  const double direction = status(variable) == Status::at_lower ? 1.0 : -1.0;
  const Eigen::VectorXd move = direction * entry.response.tail(set_.size());
  const double own_room = form_.upper(variable) - form_.lower(variable);
  // Of those that block at nearly the same step, the one that moves most: its system is the best conditioned.
  double most_room = own_room;
  const auto room_of = [&](Eigen::Index i, double slack) {
    const Eigen::Index other = set_.free()[static_cast<std::size_t>(i)];
    const double bound = move(i) < 0 ? form_.lower(other) - slack : form_.upper(other) + slack;
    return std::max(0.0, (bound - x_(other)) / move(i));
  };
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    if (std::abs(move(i)) >= 1e-9) most_room = std::min(most_room, room_of(i, 10 * stray));
  }
  Eigen::Index blocker = -1;
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    if (std::abs(move(i)) < 1e-9 || room_of(i, 0) > most_room) continue;
    if (blocker < 0 || std::abs(move(i)) > std::abs(move(blocker))) blocker = i;
  }
  const double step = blocker < 0 ? own_room : std::min(own_room, room_of(blocker, 0));
  for (Eigen::Index i = 0; i < set_.size(); ++i) x_(set_.free()[static_cast<std::size_t>(i)]) += step * move(i);
  if (blocker < 0) {
    const bool to_lower = direction < 0;
    release(variable);
    hold(variable, to_lower);
    return Outcome::done;
  }
  const double reached = x_(variable) + step * direction;
  const Eigen::Index other = set_.free()[static_cast<std::size_t>(blocker)];
  release(variable);
  x_(variable) = reached;
  hold(other, move(blocker) < 0);
  return set_.replace(blocker, variable) ? Outcome::done : Outcome::out_of_steps;
}

bool CriticalLine::leave(Eigen::Index position, bool to_lower) {
  hold(set_.free()[static_cast<std::size_t>(position)], to_lower);
  return set_.remove(position);
}

void CriticalLine::hold(Eigen::Index variable, bool at_lower) {
  status_[static_cast<std::size_t>(variable)] = at_lower ? Status::at_lower : Status::at_upper;
  x_(variable) = at_lower ? form_.lower(variable) : form_.upper(variable);
  if (variable < form_.weights() && x_(variable) != 0) held_force_ += problem_.covariance.col(variable) * x_(variable);
}

void CriticalLine::release(Eigen::Index variable) {
  if (variable < form_.weights() && x_(variable) != 0) held_force_ -= problem_.covariance.col(variable) * x_(variable);
  status_[static_cast<std::size_t>(variable)] = Status::free;
}

MeanVarianceSolution CriticalLine::solution(double lambda) const {
  const Segment segment = segment_here();
  const Eigen::Index weights = form_.weights();
  MeanVarianceSolution out;
  out.lambda = lambda;
  out.weights = weights_at(segment, lambda).head(weights);
  // Rounding may leave a weight a hair outside; nobody downstream should have to forgive that.
  out.weights = out.weights.cwiseMax(problem_.lower).cwiseMin(problem_.upper);
  const Eigen::VectorXd prices = segment.price_base + lambda * segment.price_slope;
  out.budget_price = prices(0);
  out.limit_prices = prices.tail(form_.limits());
  out.bound_prices = (segment.gradient_base + lambda * segment.gradient_slope).head(weights);
  for (Eigen::Index i = 0; i < weights; ++i) {
    if (status(i) == Status::free) out.bound_prices(i) = 0;
  }
  return out;
}

}  // namespace rebalancer::active_set
