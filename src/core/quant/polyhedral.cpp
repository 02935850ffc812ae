#include "core/quant/polyhedral.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/LU>

#include "core/quant/kernels.hpp"

namespace rebalancer::polyhedral {
namespace {

constexpr double value_within = 4e-15;  // of losses, as a share of the largest
constexpr double apart_share = 1e-9;    // likewise
constexpr double feasible_within = 1e-12;
constexpr int refresh_every_steps = 50;

std::size_t at(Eigen::Index index) { return static_cast<std::size_t>(index); }

}  // namespace

Descent::Descent(Program program) : program_(std::move(program)), by_scenario_(program_.returns) {
  count_ = program_.returns.rows();
  if (program_.offsets.size() == 0) program_.offsets = Eigen::VectorXd::Zero(count_);
  loss_scale_ = program_.returns.size() > 0 ? program_.returns.cwiseAbs().maxCoeff() : 0.0;
  if (!(loss_scale_ > 0)) loss_scale_ = 1e-300;
  cost_scale_ = program_.cost.cwiseAbs().maxCoeff();
  place_.assign(at(variables()), -1);
  row_active_.assign(at(program_.rows.rows()), 0);
  side_.assign(at(count_), Side::below);
}

double Descent::coefficient(const Active& active, Eigen::Index variable) const {
  return active.is_row ? program_.rows(active.index, variable)
                       : -program_.returns(active.index, program_.asset[at(variable)]);
}

Eigen::VectorXd Descent::coefficients(const Active& active) const {
  Eigen::VectorXd out(size());
  for (std::size_t i = 0; i < free_.size(); ++i) out(static_cast<Eigen::Index>(i)) = coefficient(active, free_[i]);
  if (program_.with_level) out(static_cast<Eigen::Index>(free_.size())) = active.is_row ? 0 : -1;
  return out;
}

void Descent::reserve(Eigen::Index wanted) {
  if (inverse_.rows() >= wanted) return;
  const Eigen::Index room = std::max<Eigen::Index>(2 * wanted, 32);
  inverse_.conservativeResize(room, room);
}

double Descent::gradient_scale() const { return std::max(loss_scale_, cost_scale_); }

double Descent::loss_rounding() const { return value_within * loss_scale_; }

// Excesses, row values and the sum of the scenarios above, from x and level alone.
void Descent::reset_sums() {
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(program_.returns.cols());
  for (Eigen::Index p = 0; p < variables(); ++p) weights(program_.asset[at(p)]) += x_(p);
  excess_ = program_.offsets.head(count_);
  pointers_.clear();
  factors_.clear();
  for (Eigen::Index a = 0; a < weights.size(); ++a) {
    if (weights(a) == 0) continue;
    pointers_.push_back(program_.returns.col(a).data());
    factors_.push_back(-weights(a));
  }
  kernels::combine(excess_.data(), pointers_.data(), factors_.data(), pointers_.size(), at(count_));
  excess_.array() -= level_;
  row_value_ = program_.rows * x_;
  for (const Active& active : active_) {
    if (!active.is_row) excess_(active.index) = 0;
  }
  const double within = loss_rounding();
  above_sum_ = Eigen::VectorXd::Zero(program_.returns.cols());
  above_count_ = 0;
  for (Eigen::Index t = 0; t < count_; ++t) {
    Side& side = side_[at(t)];
    if (side == Side::kink) continue;
    if (excess_(t) > within) side = Side::above;
    if (excess_(t) < -within) side = Side::below;
    if (side != Side::above) continue;
    kernels::add_scaled(above_sum_.data(), by_scenario_.row(t).data(), 1, at(above_sum_.size()));
    ++above_count_;
  }
}

void Descent::start(const Eigen::VectorXd& x) {
  x_ = x.cwiseMax(program_.lower).cwiseMin(program_.upper);
  restart();
}

// One variable and the level are free; all others count as standing where they are.
void Descent::restart() {
  active_.clear();
  free_.clear();
  std::fill(place_.begin(), place_.end(), -1);
  std::fill(row_active_.begin(), row_active_.end(), static_cast<signed char>(0));
  std::fill(side_.begin(), side_.end(), Side::below);
  level_ = 0;
  reset_sums();
  Eigen::Index roomiest = 0;
  (x_ - program_.lower).cwiseMin(program_.upper - x_).maxCoeff(&roomiest);
  free_.push_back(roomiest);
  place_[at(roomiest)] = 0;
  active_.push_back({true, 0, true});
  row_active_[0] = 1;
  if (program_.with_level) {
    std::vector<Eigen::Index> order(at(count_));
    for (Eigen::Index t = 0; t < count_; ++t) order[at(t)] = t;
    const auto worse = [&](Eigen::Index a, Eigen::Index b) {
      return excess_(a) != excess_(b) ? excess_(a) > excess_(b) : a < b;
    };
    const auto above = std::min<Eigen::Index>(static_cast<Eigen::Index>(std::floor(1 / program_.price)), count_ - 1);
    std::nth_element(order.begin(), order.begin() + above, order.end(), worse);
    level_ = excess_(order[at(above)]);
    // Scenarios as bad as the level's count as the side they were sorted to.
    for (Eigen::Index k = 0; k < above; ++k) side_[at(order[at(k)])] = Side::above;
    for (Eigen::Index k = above + 1; k < count_; ++k) side_[at(order[at(k)])] = Side::below;
    side_[at(order[at(above)])] = Side::kink;
    active_.push_back({false, order[at(above)], false});
  }
  reset_sums();
}

bool Descent::start(const Eigen::VectorXd& x, const std::vector<Eigen::Index>& kinks) {
  x_ = x.cwiseMax(program_.lower).cwiseMin(program_.upper);
  active_.clear();
  free_.clear();
  std::fill(place_.begin(), place_.end(), -1);
  std::fill(row_active_.begin(), row_active_.end(), static_cast<signed char>(0));
  std::fill(side_.begin(), side_.end(), Side::below);
  level_ = 0;
  for (Eigen::Index p = 0; p < variables(); ++p) {
    if (x_(p) <= program_.lower(p) || x_(p) >= program_.upper(p)) continue;
    place_[at(p)] = static_cast<Eigen::Index>(free_.size());
    free_.push_back(p);
  }
  for (const Eigen::Index t : kinks) {
    if (t < 0 || t >= count_ || side_[at(t)] == Side::kink) return false;
    side_[at(t)] = Side::kink;
    active_.push_back({false, t, false});
  }
  const Eigen::VectorXd values = program_.rows * x_;
  for (Eigen::Index g = 0; g < values.size(); ++g) {
    const bool low = std::abs(values(g) - program_.row_lower(g)) <= 1e-9;
    const bool high = std::abs(values(g) - program_.row_upper(g)) <= 1e-9;
    if (g > 0 && !low && !high) continue;
    active_.push_back({true, g, g == 0 || high});
    row_active_[at(g)] = 1;
  }
  const std::size_t wanted = free_.size() + (program_.with_level ? 1 : 0);
  return active_.size() == wanted && refresh() && is_feasible(1e-12);
}

bool Descent::is_feasible(double within) const {
  for (Eigen::Index p = 0; p < variables(); ++p) {
    if (x_(p) < program_.lower(p) - within || x_(p) > program_.upper(p) + within) return false;
  }
  for (Eigen::Index g = 0; g < row_value_.size(); ++g) {
    if (row_value_(g) < program_.row_lower(g) - within || row_value_(g) > program_.row_upper(g) + within) return false;
  }
  return true;
}

void Descent::add_scenario(const Eigen::VectorXd& returns) {
  const Eigen::Index t = count_++;
  if (program_.returns.rows() < count_) {
    const Eigen::Index room = 2 * count_ + 64;
    program_.returns.conservativeResize(room, Eigen::NoChange);
    by_scenario_.conservativeResize(room, Eigen::NoChange);
    program_.offsets.conservativeResize(room);
  }
  program_.returns.row(t) = returns.transpose();
  by_scenario_.row(t) = returns.transpose();
  program_.offsets(t) = 0;
  loss_scale_ = std::max(loss_scale_, returns.cwiseAbs().maxCoeff());
  side_.push_back(Side::below);
}

// The vertex from what is active, to full precision. False: the active ones do not determine it.
bool Descent::refresh() {
  const Eigen::Index count = size(), free_count = static_cast<Eigen::Index>(free_.size());
  reserve(count);
  Eigen::MatrixXd matrix(count, count);
  Eigen::VectorXd right(count);
  Eigen::VectorXd fixed = x_;
  for (const Eigen::Index p : free_) fixed(p) = 0;
  std::vector<Eigen::Index> standing;
  for (Eigen::Index p = 0; p < variables(); ++p) {
    if (fixed(p) != 0) standing.push_back(p);
  }
  for (Eigen::Index i = 0; i < count; ++i) {
    const Active& active = active_[at(i)];
    matrix.row(i) = coefficients(active).transpose();
    double value = active.is_row
                       ? (active.at_upper ? program_.row_upper(active.index) : program_.row_lower(active.index))
                       : -program_.offsets(active.index);
    for (const Eigen::Index p : standing) value -= coefficient(active, p) * fixed(p);
    right(i) = value;
  }
  const Eigen::PartialPivLU<Eigen::MatrixXd> lu(matrix);
  const auto diagonal = lu.matrixLU().diagonal().cwiseAbs();
  if (!(diagonal.minCoeff() > 1e-13 * std::min(loss_scale_, 1.0))) return false;
  inverse_.topLeftCorner(count, count) = lu.inverse();
  Eigen::VectorXd solution = lu.solve(right);
  for (int round = 0; round < 2; ++round) {
    Eigen::VectorXd residual(count);
    for (Eigen::Index i = 0; i < count; ++i) {
      long double sum = right(i);
      for (Eigen::Index k = 0; k < count; ++k) {
        sum -= static_cast<long double>(matrix(i, k)) * static_cast<long double>(solution(k));
      }
      residual(i) = static_cast<double>(sum);
    }
    solution += lu.solve(residual);
  }
  if (!solution.allFinite()) return false;
  for (Eigen::Index i = 0; i < free_count; ++i) x_(free_[at(i)]) = solution(i);
  level_ = program_.with_level ? solution(free_count) : 0;
  reset_sums();
  return true;
}

// The multipliers of what is active, and what is left of the gradient of each variable.
void Descent::price_everything() {
  const Eigen::Index count = size(), free_count = static_cast<Eigen::Index>(free_.size());
  Eigen::VectorXd gradient(count);
  for (Eigen::Index i = 0; i < free_count; ++i) {
    const Eigen::Index p = free_[at(i)];
    gradient(i) = program_.cost(p) - program_.price * above_sum_(program_.asset[at(p)]);
  }
  if (program_.with_level) gradient(free_count) = 1 - program_.price * static_cast<double>(above_count_);
  multipliers_.noalias() = -(inverse_.topLeftCorner(count, count).transpose() * gradient);
  asset_force_ = program_.price * above_sum_;
  pointers_.clear();
  factors_.clear();
  for (Eigen::Index i = 0; i < count; ++i) {
    if (active_[at(i)].is_row) continue;
    pointers_.push_back(by_scenario_.row(active_[at(i)].index).data());
    factors_.push_back(multipliers_(i));
  }
  kernels::combine(asset_force_.data(), pointers_.data(), factors_.data(), pointers_.size(), at(asset_force_.size()));
  reduced_ = program_.cost;
  for (Eigen::Index p = 0; p < variables(); ++p) reduced_(p) -= asset_force_(program_.asset[at(p)]);
  for (Eigen::Index i = 0; i < count; ++i) {
    if (active_[at(i)].is_row) reduced_ += multipliers_(i) * program_.rows.row(active_[at(i)].index).transpose();
  }
  for (const Eigen::Index p : free_) reduced_(p) = 0;
}

// Many kinks in one point make steps of no length. Those that stand at the level without being needed are moved off it
// a little, each by its own amount and to the side it counts for, so that the point stays what it was.
void Descent::move_kinks_apart() {
  if (true_offsets_.size() == 0) true_offsets_ = program_.offsets;
  const double most = apart_share * loss_scale_;
  for (Eigen::Index t = 0; t < count_; ++t) {
    const Side side = side_[at(t)];
    if (side == Side::kink || std::abs(excess_(t)) > most) continue;
    const double shift = static_cast<double>(side) * most * (0.5 + random_.uniform());
    program_.offsets(t) += shift;
    excess_(t) += shift;
  }
  standstill_ = 0;
}

// Back to the problem that was asked. False: it had been as it is.
bool Descent::move_kinks_back() {
  if (true_offsets_.size() == 0) return false;
  program_.offsets = std::move(true_offsets_);
  true_offsets_.resize(0);
  return true;
}

End Descent::run() {
  standstill_ = 0;
  random_ = Random(1);
  int restarts = 0;
  const auto renew = [&] {
    if (refresh()) return;
    ++restarts;
    restart();
    // The start's own vertex has a triangular system: never singular.
    (void)refresh();
  };
  renew();
  bool exact = true;
  const long most = 2000 + 40 * static_cast<long>(variables() + program_.rows.rows()) + 20 * static_cast<long>(count_);
  int since_refresh = 0;
  for (long step = 0; step < most && restarts < 50; ++step) {
    price_everything();
    const Entering entering = choose();
    if (!entering.found) {
      const bool moved = move_kinks_back();
      if (exact && !moved) return End::optimal;
      renew();
      if (moved && !is_feasible(feasible_within)) {
        ++restarts;
        start(Eigen::VectorXd(x_));
        renew();
      }
      exact = true;
      since_refresh = 0;
      continue;
    }
    move(entering);
    ++steps_;
    exact = false;
    if (standstill_ > patience_steps) move_kinks_apart();
    if (++since_refresh >= refresh_every_steps) {
      renew();
      since_refresh = 0;
    }
  }
  (void)move_kinks_back();
  return End::out_of_steps;
}

Eigen::VectorXd Descent::scenario_weights() const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(count_);
  for (Eigen::Index t = 0; t < count_; ++t) {
    if (side_[at(t)] == Side::above) out(t) = program_.price;
  }
  for (Eigen::Index i = 0; i < size(); ++i) {
    if (active_[at(i)].is_row) continue;
    out(active_[at(i)].index) = std::min(std::max(multipliers_(i), 0.0), program_.price);
  }
  return out;
}

Eigen::VectorXd Descent::row_prices() const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(program_.rows.rows());
  for (Eigen::Index i = 0; i < size(); ++i) {
    if (active_[at(i)].is_row) out(active_[at(i)].index) = -multipliers_(i);
  }
  return out;
}

}  // namespace rebalancer::polyhedral
