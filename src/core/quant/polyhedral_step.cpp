// One step of the descent: what to leave, how far to go, and what that does to the inverse.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/quant/kernels.hpp"
#include "core/quant/polyhedral.hpp"

namespace rebalancer::polyhedral {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double multiplier_within = 1e-11;  // as a share of the price
constexpr double gradient_within = 1e-12;    // as a share of the largest loss or cost
constexpr double pivot_within = 1e-11;

std::size_t at(Eigen::Index index) { return static_cast<std::size_t>(index); }

}  // namespace

Descent::Entering Descent::choose() {
  Entering best;
  std::uint64_t seen = 0;
  const bool at_random = standstill_ > patience_steps / 2;
  const auto offer = [&](bool is_variable, Eigen::Index index, double sign, double slope, double length) {
    const double score = -slope / length;
    // Every candidate has the same chance: the k-th replaces those before it with probability 1 / k.
    const bool taken = at_random ? random_.below(++seen) == 0 : score > best.score;
    if (taken) best = {true, is_variable, index, sign, slope, score};
  };
  const Eigen::Index count = size();
  for (Eigen::Index i = 0; i < count; ++i) {
    const Active& active = active_[at(i)];
    const double multiplier = multipliers_(i);
    double sign = 0, slope = 0;
    if (active.is_row) {
      if (program_.row_lower(active.index) == program_.row_upper(active.index)) continue;
      sign = active.at_upper ? -1 : 1;
      slope = -multiplier * sign;
      if (slope >= -gradient_within * gradient_scale()) continue;
    } else {
      const double within = multiplier_within * program_.price;
      if (multiplier < -within) {
        sign = -1;
        slope = multiplier;
      } else if (multiplier > program_.price + within) {
        sign = 1;
        slope = program_.price - multiplier;
      } else {
        continue;
      }
    }
    const auto column = inverse_.col(i).head(count);
    offer(false, i, sign, slope, std::sqrt(column.squaredNorm()) + 1e-300);
  }
  for (Eigen::Index p = 0; p < variables(); ++p) {
    if (place_[at(p)] >= 0 || program_.lower(p) == program_.upper(p)) continue;
    const double force = reduced_(p);
    if (std::abs(force) <= gradient_within * gradient_scale()) continue;
    if (force < 0 ? x_(p) >= program_.upper(p) : x_(p) <= program_.lower(p)) continue;
    offer(true, p, force < 0 ? 1 : -1, -std::abs(force), 1.4);
  }
  return best;
}

// Bounds of variables and limits of rows: the nearest, the largest pivot of those equally near.
Descent::Block Descent::first_hard_block(const Entering& entering) const {
  Block block;
  block.step = infinite;
  const auto offer = [&](Block::Kind kind, Eigen::Index index, double room, double rate, bool at_upper) {
    const double step = std::max(0.0, room) / std::abs(rate);
    const double tie = 1e-14;
    if (step < block.step - tie || (step <= block.step + tie && std::abs(rate) > std::abs(block.pivot))) {
      block = {kind, index, std::min(step, block.step + tie), rate, at_upper};
    }
  };
  const auto free_count = static_cast<Eigen::Index>(free_.size());
  for (Eigen::Index i = 0; i < free_count; ++i) {
    const double rate = direction_(i);
    const Eigen::Index p = free_[at(i)];
    if (std::abs(rate) <= pivot_within) continue;
    offer(Block::Kind::free_variable, i, rate > 0 ? program_.upper(p) - x_(p) : x_(p) - program_.lower(p), rate,
          rate > 0);
  }
  for (Eigen::Index g = 0; g < program_.rows.rows(); ++g) {
    if (row_active_[at(g)] != 0) continue;
    double rate = entering.is_variable ? entering.sign * program_.rows(g, entering.index) : 0;
    for (Eigen::Index i = 0; i < free_count; ++i) rate += program_.rows(g, free_[at(i)]) * direction_(i);
    if (std::abs(rate) <= pivot_within) continue;
    const double room = rate > 0 ? program_.row_upper(g) - row_value_(g) : row_value_(g) - program_.row_lower(g);
    if (std::isfinite(room)) offer(Block::Kind::row, g, room, rate, rate > 0);
  }
  if (entering.is_variable) {
    const Eigen::Index p = entering.index;
    const double room = entering.sign > 0 ? program_.upper(p) - x_(p) : x_(p) - program_.lower(p);
    // No pivot at all: wins every tie.
    if (room <= block.step) block = {Block::Kind::own_bound, p, room, infinite, entering.sign > 0};
  } else if (const Active& leaving = active_[at(entering.index)]; leaving.is_row) {
    const double room = program_.row_upper(leaving.index) - program_.row_lower(leaving.index);
    if (room <= block.step) block = {Block::Kind::own_limit, entering.index, room, infinite, !leaving.at_upper};
  }
  return block;
}

void Descent::set_side(Eigen::Index scenario, Side side) {
  Side& now = side_[at(scenario)];
  const auto add = [&](double factor) {
    kernels::add_scaled(above_sum_.data(), by_scenario_.row(scenario).data(), factor, at(above_sum_.size()));
    above_count_ += factor > 0 ? 1 : -1;
  };
  if (now == Side::above && side != Side::above) add(-1);
  if (now != Side::above && side == Side::above) add(1);
  now = side;
}

// Goes on past kinks while the objective still falls; the one where it turns ends the step.
void Descent::pass_kinks(const Entering& entering, Block& block) {
  // How far each kink lies ahead; towards it a loss above falls and one below rises.
  ahead_.resize(count_);
  const double smallest = pivot_within * loss_scale_;
  for (Eigen::Index t = 0; t < count_; ++t) {
    const double side = static_cast<double>(side_[at(t)]);
    const double nearing = -side * slope_(t);
    const double step = std::max(0.0, side * excess_(t)) / nearing;
    ahead_(t) = nearing > smallest ? step : infinite;
  }
  // Few of them are passed: only those within reach are sorted, and the reach grows until the slope turns within it.
  const auto later = std::greater<>();
  double reach = std::min(2 * last_step_, block.step);
  for (;; reach = reach > 0 ? std::min(8 * reach, block.step) : block.step) {
    kinks_ahead_.clear();
    double gained = 0;
    for (Eigen::Index t = 0; t < count_; ++t) {
      if (!(ahead_(t) <= reach) || ahead_(t) == infinite) continue;
      kinks_ahead_.emplace_back(ahead_(t), t);
      gained += program_.price * std::abs(slope_(t));
    }
    if (reach >= block.step || entering.slope + gained >= 0) break;
  }
  std::make_heap(kinks_ahead_.begin(), kinks_ahead_.end(), later);
  double slope = entering.slope;
  while (!kinks_ahead_.empty()) {
    std::pop_heap(kinks_ahead_.begin(), kinks_ahead_.end(), later);
    const auto [step, scenario] = kinks_ahead_.back();
    kinks_ahead_.pop_back();
    slope += program_.price * std::abs(slope_(scenario));
    if (slope >= -1e-15 * gradient_scale()) {
      block = {Block::Kind::scenario, scenario, step, slope_(scenario), false};
      break;
    }
    set_side(scenario, side_[at(scenario)] == Side::above ? Side::below : Side::above);
  }
  if (block.step > 0) last_step_ = block.step;
}

void Descent::move(const Entering& entering) {
  const Eigen::Index count = size(), free_count = static_cast<Eigen::Index>(free_.size());
  const auto inverse = inverse_.topLeftCorner(count, count);
  if (entering.is_variable) {
    Eigen::VectorXd column(count);
    for (Eigen::Index i = 0; i < count; ++i) column(i) = coefficient(active_[at(i)], entering.index);
    direction_.noalias() = -entering.sign * (inverse * column);
  } else {
    direction_ = entering.sign * inverse.col(entering.index);
  }
  slope_.setConstant(count_, program_.with_level ? -direction_(free_count) : 0.0);
  pointers_.clear();
  factors_.clear();
  for (Eigen::Index i = 0; i < free_count; ++i) {
    pointers_.push_back(program_.returns.col(program_.asset[at(free_[at(i)])]).data());
    factors_.push_back(-direction_(i));
  }
  if (entering.is_variable) {
    pointers_.push_back(program_.returns.col(program_.asset[at(entering.index)]).data());
    factors_.push_back(-entering.sign);
  }
  kernels::combine(slope_.data(), pointers_.data(), factors_.data(), pointers_.size(), at(count_));
  for (const Active& active : active_) {
    if (!active.is_row) slope_(active.index) = 0;
  }
  if (!entering.is_variable && !active_[at(entering.index)].is_row) {
    slope_(active_[at(entering.index)].index) = entering.sign;
  }

  Block block = first_hard_block(entering);
  pass_kinks(entering, block);
  standstill_ = block.step * -entering.slope > 1e-15 * gradient_scale() ? 0 : standstill_ + 1;
  kernels::add_scaled(excess_.data(), slope_.data(), block.step, at(count_));
  for (Eigen::Index i = 0; i < free_count; ++i) x_(free_[at(i)]) += block.step * direction_(i);
  if (program_.with_level) level_ += block.step * direction_(free_count);
  if (entering.is_variable) x_(entering.index) += block.step * entering.sign;
  row_value_.noalias() = program_.rows * x_;
  exchange(entering, block);
}

// What left and what came, in the inverse: a row or a column replaced, or one of each added or taken away.
void Descent::exchange(const Entering& entering, const Block& block) {
  using Kind = Block::Kind;
  const auto bound_of = [&](Eigen::Index p, bool upper) { return upper ? program_.upper(p) : program_.lower(p); };
  if (block.kind == Kind::own_bound) {
    x_(block.index) = bound_of(block.index, block.at_upper);
    return;
  }
  if (block.kind == Kind::own_limit) {
    active_[at(block.index)].at_upper = block.at_upper;
    return;
  }
  const Eigen::Index count = size(), free_count = static_cast<Eigen::Index>(free_.size());
  auto inverse = inverse_.topLeftCorner(count, count);
  const bool comes = block.kind == Kind::scenario || block.kind == Kind::row;
  const Active coming{block.kind == Kind::row, block.index, block.at_upper};
  if (!entering.is_variable) {
    const Active leaving = active_[at(entering.index)];
    if (leaving.is_row) {
      row_active_[at(leaving.index)] = 0;
    } else {
      set_side(leaving.index, entering.sign > 0 ? Side::above : Side::below);
    }
  }
  if (comes && coming.is_row) row_active_[at(coming.index)] = 1;
  if (comes && !coming.is_row) {
    set_side(coming.index, Side::kink);
    excess_(coming.index) = 0;
  }

  if (!entering.is_variable && comes) {  // row for row
    const Eigen::Index r = entering.index;
    const Eigen::VectorXd column = inverse.col(r);
    Eigen::RowVectorXd change = coefficients(coming).transpose() * inverse;
    const double pivot = change(r);
    change(r) -= 1;
    inverse.noalias() -= column * (change / pivot);
    active_[at(r)] = coming;
    return;
  }
  if (entering.is_variable && !comes) {  // column for column
    const Eigen::Index i = block.index, gone = free_[at(i)];
    Eigen::VectorXd change = -entering.sign * direction_;  // the inverse times the coming column
    const double pivot = change(i);
    change(i) -= 1;
    const Eigen::RowVectorXd row = inverse.row(i) / pivot;
    inverse.noalias() -= change * row;
    x_(gone) = bound_of(gone, block.at_upper);
    place_[at(gone)] = -1;
    free_[at(i)] = entering.index;
    place_[at(entering.index)] = i;
    return;
  }
  if (entering.is_variable) {  // both come: a border, the variable before the level, the row last
    const Eigen::VectorXd column = -entering.sign * direction_;
    const Eigen::RowVectorXd row = coefficients(coming).transpose() * inverse;
    const double pivot = block.pivot / entering.sign;
    Eigen::MatrixXd grown(count + 1, count + 1);
    const Eigen::Index after = count - free_count;  // the level's place
    const Eigen::MatrixXd inner = inverse + column * (row / pivot);
    grown.topLeftCorner(free_count, count) = inner.topRows(free_count);
    grown.bottomLeftCorner(after, count) = inner.bottomRows(after);
    grown.row(free_count).head(count) = -row / pivot;
    grown.col(count).head(free_count) = -column.head(free_count) / pivot;
    grown.col(count).tail(after) = -column.tail(after) / pivot;
    grown(free_count, count) = 1 / pivot;
    reserve(count + 1);
    inverse_.topLeftCorner(count + 1, count + 1) = grown;
    place_[at(entering.index)] = free_count;
    free_.push_back(entering.index);
    active_.push_back(coming);
    return;
  }
  // Both leave.
  const Eigen::Index r = entering.index, i = block.index, gone = free_[at(i)];
  const Eigen::VectorXd column = inverse.col(r) / inverse(i, r);
  const Eigen::RowVectorXd row = inverse.row(i);
  Eigen::MatrixXd inner = inverse - column * row;
  // The last free variable and the last active one take the places left.
  const Eigen::Index last_free = free_count - 1, last = count - 1;
  inner.row(i) = inner.row(last_free).eval();
  for (Eigen::Index k = last_free; k + 1 < count; ++k) inner.row(k) = inner.row(k + 1).eval();
  inner.col(r) = inner.col(last).eval();
  inverse_.topLeftCorner(last, last) = inner.topLeftCorner(last, last);
  x_(gone) = bound_of(gone, block.at_upper);
  place_[at(gone)] = -1;
  if (i != last_free) {
    free_[at(i)] = free_[at(last_free)];
    place_[at(free_[at(i)])] = i;
  }
  free_.pop_back();
  active_[at(r)] = active_.back();
  active_.pop_back();
}

}  // namespace rebalancer::polyhedral
