#include "core/quant/critical_line.hpp"

#include <cmath>
#include <limits>

#include "core/quant/kernels.hpp"

namespace rebalancer::active_set {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
// How far a weight may stray over its bound, or a relative slope be rounding, before it counts.
constexpr double stray = 1e-13;
// Moved along so many stretches, S w is made again from the weights.
constexpr int risk_renewed_after = 16;

std::size_t count_of(Eigen::Index index) { return static_cast<std::size_t>(index); }
double scale_of(const Eigen::VectorXd& values) { return values.size() == 0 ? 0.0 : values.cwiseAbs().maxCoeff(); }

}  // namespace

CriticalLine::CriticalLine(const MeanVarianceProblem& problem, double singular_within)
    : problem_(problem),
      form_(problem),
      columns_(problem),
      singular_within_(singular_within),
      mean_scale_(std::max(scale_of(form_.linear_slope), 1e-300)),
      covariance_scale_(std::max(columns_.variances().maxCoeff(), 1e-300)),
      base_scale_(scale_of(form_.linear_base)),
      set_(form_, columns_) {
  const Eigen::Index rows = form_.row_count(), variables = form_.variables();
  y_ = y_slope_ = Eigen::VectorXd::Zero(rows);
  risk_ = risk_slope_ = Eigen::VectorXd::Zero(form_.weights());
  gradient_ = gradient_slope_ = Eigen::VectorXd::Zero(variables);
  x_slope_ = Eigen::VectorXd::Zero(variables);
  side_ = solved_ = Eigen::VectorXd::Zero(rows + variables + 8);  // whole lanes are written
}

double CriticalLine::return_here() const {
  return kernels::dot(form_.linear_slope.data(), x_.data(), count_of(form_.pieces())) + form_.return_offset;
}

double CriticalLine::variance_here() const {
  double variance = kernels::dot(x_.data(), risk_.data(), count_of(form_.weights()));
  for (Eigen::Index j = form_.weights(); j < form_.pieces(); ++j) variance += x_(j) * risk_(form_.asset_of(j));
  return variance;
}

void CriticalLine::right_side(double lambda, Eigen::VectorXd& out) const {
  const Eigen::Index rows = form_.row_count(), pieces = form_.pieces();
  out.head(rows) = form_.right - held_rows_;
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    const Eigen::Index variable = free_at(i);
    out(rows + i) = variable >= pieces ? 0.0
                                       : lambda * form_.linear_slope(variable) - form_.linear_base(variable) -
                                             held_force_(form_.asset_of(variable));
  }
}

void CriticalLine::slope_side(Eigen::VectorXd& out) const {
  const Eigen::Index rows = form_.row_count(), pieces = form_.pieces();
  out.head(rows).setZero();
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    const Eigen::Index variable = free_at(i);
    out(rows + i) = variable >= pieces ? 0.0 : form_.linear_slope(variable);
  }
}

void CriticalLine::take(const Eigen::VectorXd& solved) {
  const Eigen::Index rows = form_.row_count();
  y_ = -solved.head(rows);
  for (Eigen::Index i = 0; i < set_.size(); ++i) x_(free_at(i)) = solved(rows + i);
}

// One more correction against the system at this very lambda: what moved here step by step becomes exact again.
void CriticalLine::correct(double lambda) {
  const Eigen::Index rows = form_.row_count();
  right_side(lambda, side_);
  solved_.head(rows) = -y_;
  for (Eigen::Index i = 0; i < set_.size(); ++i) solved_(rows + i) = x_(free_at(i));
  set_.refine(side_, solved_);
  take(solved_);
}

void CriticalLine::renew_risk() {
  risk_ = held_force_;
  std::vector<const double*> columns;
  std::vector<double> factors;
  for (const Eigen::Index variable : set_.free()) {
    if (variable >= form_.pieces()) continue;
    columns.push_back(columns_.column(form_.asset_of(variable)));
    factors.push_back(x_(variable));
  }
  kernels::combine(risk_.data(), columns.data(), factors.data(), columns.size(), count_of(form_.weights()));
}

// What is left of every gradient at this lambda once the rows have been paid for.
void CriticalLine::price(double lambda) {
  const Eigen::Index pieces = form_.pieces(), weights = form_.weights();
  gradient_.head(pieces) = form_.linear_base - lambda * form_.linear_slope;
  gradient_.head(weights) += risk_;
  for (Eigen::Index j = weights; j < pieces; ++j) gradient_(j) += risk_(form_.asset_of(j));
  for (Eigen::Index row = 0; row < form_.row_count(); ++row) {
    if (y_(row) == 0) continue;
    kernels::add_scaled(gradient_.data(), form_.coefficients.col(row).data(), -y_(row), count_of(pieces));
  }
  for (Eigen::Index j = pieces; j < form_.variables(); ++j) gradient_(j) = -form_.times_column(y_, j);
}

void CriticalLine::find_slopes() {
  const Eigen::Index rows = form_.row_count(), pieces = form_.pieces(), weights = form_.weights();
  slope_side(side_);
  set_.solve(side_, solved_);
  y_slope_ = -solved_.head(rows);
  risk_slope_.setZero();
  std::vector<const double*> columns;
  std::vector<double> factors;
  columns.reserve(count_of(set_.size()));
  factors.reserve(count_of(set_.size()));
  for (Eigen::Index i = 0; i < set_.size(); ++i) {
    const Eigen::Index variable = free_at(i);
    x_slope_(variable) = solved_(rows + i);
    if (variable >= pieces) continue;
    columns.push_back(columns_.column(form_.asset_of(variable)));
    factors.push_back(solved_(rows + i));
  }
  kernels::combine(risk_slope_.data(), columns.data(), factors.data(), columns.size(), count_of(weights));
  gradient_slope_.head(pieces) = -form_.linear_slope;
  gradient_slope_.head(weights) += risk_slope_;
  for (Eigen::Index j = weights; j < pieces; ++j) gradient_slope_(j) += risk_slope_(form_.asset_of(j));
  for (Eigen::Index row = 0; row < rows; ++row) {
    if (y_slope_(row) == 0) continue;
    kernels::add_scaled(gradient_slope_.data(), form_.coefficients.col(row).data(), -y_slope_(row), count_of(pieces));
  }
  for (Eigen::Index j = pieces; j < form_.variables(); ++j) gradient_slope_(j) = -form_.times_column(y_slope_, j);
}

Segment CriticalLine::segment_here(double lambda) const {
  Segment segment;
  segment.lambda_high = segment.lambda_low = lambda;
  double slope = 0;
  for (const Eigen::Index variable : set_.free()) {
    if (variable < form_.pieces()) slope += form_.linear_slope(variable) * x_slope_(variable);
  }
  segment.return_slope = std::isinf(lambda) ? 0.0 : std::max(0.0, slope);
  const double now = std::isinf(lambda) ? 0.0 : lambda;
  segment.return_base = return_here() - now * segment.return_slope;
  segment.variance_base = std::max(0.0, variance_here() - now * now * segment.return_slope);
  return segment;
}

// The next lambda, going down from `high`, at which a free variable meets a bound or a held one wants to move. At the
// top nothing moves with lambda, and gradients are those of lambda = 0.
CriticalLine::Event CriticalLine::next_event(double high, bool at_top) const {
  Event event;
  if (!at_top) {
    for (Eigen::Index i = 0; i < set_.size(); ++i) {
      const Eigen::Index variable = free_at(i);
      const double slope = x_slope_(variable);
      if (std::abs(slope) * high <= stray) continue;
      const bool to_lower = slope > 0;  // lambda falls
      const double bound = to_lower ? form_.lower(variable) : form_.upper(variable);
      const double lambda = std::min(high + (bound - x_(variable)) / slope, high);
      if (lambda > event.lambda) event = {lambda, -1, i, to_lower};
    }
  }
  const double least = stray * mean_scale_;
  for (Eigen::Index j = 0; j < gradient_.size(); ++j) {
    const Status at = status(j);
    if (at == Status::free || is_fixed(j)) continue;
    const double slope = at == Status::at_lower ? gradient_slope_(j) : -gradient_slope_(j);
    if (slope <= least) continue;
    const double now = at == Status::at_lower ? gradient_(j) : -gradient_(j);
    const double lambda = at_top ? -now / slope : std::min(high - now / slope, high);
    if (lambda > event.lambda) event = {lambda, j, -1, false};
  }
  return event;
}

Outcome CriticalLine::follow(const std::function<bool(const Segment&)>& visit,
                             const std::function<void(double lambda)>& corner) {
  // Below this the expected returns weigh less than the rounding of the covariance.
  const double lambda_floor = 1e-14 * covariance_scale_ / mean_scale_;
  double high = infinite;
  renew_risk();
  if (corner) corner(high);
  int moved = 0;
  for (Eigen::Index step = 0; step < step_limit(); ++step) {
    const bool at_top = std::isinf(high);
    if (at_top) {
      // The prices of lambda = 0; those of lambda itself are infinite.
      right_side(0, side_);
      set_.solve(side_, solved_);
      y_ = -solved_.head(form_.row_count());
    }
    find_slopes();
    price(at_top ? 0.0 : high);
    if (!at_top && !is_explained(high)) {
      renew_risk();
      correct(high);
      renew_risk();
      price(high);
      if (!is_explained(high)) return Outcome::out_of_steps;
    }
    Event event = next_event(high, at_top);
    if (event.lambda <= lambda_floor) event.lambda = 0;
    Segment segment = segment_here(high);
    segment.lambda_low = event.lambda;
    if (!visit(segment)) return Outcome::done;

    if (at_top) {
      y_ += event.lambda * y_slope_;
    } else {
      const double move = event.lambda - high;
      for (const Eigen::Index variable : set_.free()) x_(variable) += move * x_slope_(variable);
      y_ += move * y_slope_;
      kernels::add_scaled(risk_.data(), risk_slope_.data(), move, count_of(form_.weights()));
      correct(event.lambda);
      if (++moved % risk_renewed_after == 0) renew_risk();
    }
    // Of the working sets that meet at an event, the smaller one is the better conditioned: it gives the corner.
    if (event.leaving_position >= 0) {
      if (!leave(event.leaving_position, event.to_lower)) return Outcome::out_of_steps;
      correct(event.lambda);
    }
    if (corner) corner(event.lambda);
    if (event.lambda <= 0) return Outcome::done;
    if (event.entering >= 0) {
      const Outcome outcome = enter(event.entering);
      if (outcome != Outcome::done) return outcome;
    }
    high = event.lambda;
  }
  return Outcome::out_of_steps;
}

// A free variable's gradient is what its row in the system says: zero, unless rounding has got out of hand.
bool CriticalLine::is_explained(double lambda) const {
  double worst = 0;
  for (const Eigen::Index variable : set_.free()) worst = std::max(worst, std::abs(gradient_(variable)));
  if (!(worst <= 1e-11 * (covariance_scale_ + lambda * mean_scale_ + base_scale_))) return false;
  Eigen::VectorXd missing = form_.right - held_rows_, column(form_.row_count());
  for (const Eigen::Index variable : set_.free()) {
    form_.column(variable, column);
    missing -= x_(variable) * column;
  }
  return missing.cwiseAbs().maxCoeff() <= 1e-11;
}

Segment CriticalLine::segment_of_optimum(double lambda) {
  find_slopes();
  return segment_here(lambda);
}

double CriticalLine::zero_curvature(Eigen::Index variable, const WorkingSet::Entry& entry) const {
  const double own = set_.curvature_of(variable);
  return singular_within_ * std::max(own + std::abs(own - entry.curvature), 1e-6 * covariance_scale_);
}

// The variance of the move itself: negative beyond rounding only if the covariance is at fault, not the system.
bool CriticalLine::is_negative_curvature(Eigen::Index variable, const WorkingSet::Entry& entry) const {
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(form_.weights());
  const auto move = [&](Eigen::Index j, double by) {
    if (j < form_.pieces()) weights(form_.asset_of(j)) += by;
  };
  move(variable, 1);
  for (Eigen::Index i = 0; i < set_.size(); ++i) move(free_at(i), entry.response(form_.row_count() + i));
  double variance = 0, terms = 0;
  for (Eigen::Index i = 0; i < weights.size(); ++i) {
    if (weights(i) == 0) continue;
    const Eigen::Map<const Eigen::VectorXd> column(columns_.column(i), weights.size());
    variance += weights(i) * column.dot(weights);
    terms += std::abs(weights(i)) * column.cwiseAbs().dot(weights.cwiseAbs());
  }
  return variance < -1e-10 * terms;
}

Outcome CriticalLine::enter(Eigen::Index variable) {
  const WorkingSet::Entry entry = set_.entry_of(variable);
  const double zero = zero_curvature(variable, entry);
  if (entry.curvature < -1e4 * zero) {
    return is_negative_curvature(variable, entry) ? Outcome::not_convex : Outcome::out_of_steps;
  }
  if (entry.curvature > zero) {
    release(variable);
    return set_.add(variable, entry.curvature) ? Outcome::done : Outcome::out_of_steps;
  }
  const double direction = status(variable) == Status::at_lower ? 1.0 : -1.0;
  const Eigen::VectorXd move = direction * entry.response.segment(form_.row_count(), set_.size());
  const double own_room = form_.upper(variable) - form_.lower(variable);
  // Of those that block at nearly the same step, the one that moves most: its system is the best conditioned.
  double most_room = own_room;
  const auto room_of = [&](Eigen::Index i, double slack) {
    const Eigen::Index other = free_at(i);
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
  for (Eigen::Index i = 0; i < set_.size(); ++i) x_(free_at(i)) += step * move(i);
  if (blocker < 0) {
    release(variable);
    hold(variable, direction < 0);
  } else {
    const double reached = x_(variable) + step * direction;
    const Eigen::Index other = free_at(blocker);
    release(variable);
    x_(variable) = reached;
    hold(other, move(blocker) < 0);
    if (!set_.replace(blocker, variable)) return Outcome::out_of_steps;
  }
  renew_risk();
  return Outcome::done;
}

bool CriticalLine::leave(Eigen::Index position, bool to_lower) {
  hold(free_at(position), to_lower);
  return set_.remove(position);
}

void CriticalLine::count_held(Eigen::Index variable, double factor) {
  const double amount = factor * x_(variable);
  if (amount == 0) return;
  if (variable < form_.pieces()) {
    kernels::add_scaled(held_force_.data(), columns_.column(form_.asset_of(variable)), amount,
                        count_of(form_.weights()));
    held_rows_ += amount * form_.coefficients.row(variable).transpose();
  } else {
    Eigen::VectorXd column(form_.row_count());
    form_.column(variable, column);
    held_rows_ += amount * column;
  }
}

void CriticalLine::hold(Eigen::Index variable, bool at_lower) {
  status_[count_of(variable)] = at_lower ? Status::at_lower : Status::at_upper;
  x_(variable) = at_lower ? form_.lower(variable) : form_.upper(variable);
  x_slope_(variable) = 0;
  count_held(variable, 1);
}

void CriticalLine::release(Eigen::Index variable) {
  count_held(variable, -1);
  status_[count_of(variable)] = Status::free;
}

MeanVarianceSolution CriticalLine::solution(double lambda) {
  const Eigen::Index weights = form_.weights(), limits = form_.limit_count;
  const Eigen::VectorXd x_before = x_, y_before = y_, risk_before = risk_;
  right_side(lambda, side_);
  set_.solve(side_, solved_);
  set_.refine(side_, solved_);
  take(solved_);
  renew_risk();
  price(lambda);
  MeanVarianceSolution out;
  out.lambda = lambda;
  // Rounding may leave a weight a hair outside; nobody downstream should have to forgive that.
  out.weights = weights_here().cwiseMax(problem_.lower).cwiseMin(problem_.upper);
  out.budget_price = y_(0);
  out.limit_prices = y_.segment(1, limits);
  if (form_.turnover_row >= 0) out.turnover_price = std::min(0.0, y_(form_.turnover_row));
  if (form_.gross_row >= 0) out.gross_price = std::min(0.0, y_(form_.gross_row));
  // A weight stands on its lower bound when its first piece does, on its upper bound when its last one does.
  out.bound_prices = Eigen::VectorXd::Zero(weights);
  for (Eigen::Index j = 0; j < form_.pieces(); ++j) {
    const Eigen::Index asset = form_.asset_of(j);
    if (j < weights && status(j) == Status::at_lower) out.bound_prices(asset) = gradient_(j);
    const bool last = j + 1 >= form_.pieces() || form_.asset_of(j + 1) != asset || j < weights;
    if (status(j) == Status::at_upper && last) {
      out.bound_prices(asset) = gradient_(j);
    } else if (j >= weights && status(asset) == Status::at_upper) {
      out.bound_prices(asset) = 0;  // it stands inside, in this piece
    }
  }
  out.states.reserve(status_.size());
  for (const Status at : status_) out.states.push_back(static_cast<signed char>(at));
  x_ = x_before;
  y_ = y_before;
  risk_ = risk_before;
  return out;
}

}  // namespace rebalancer::active_set
