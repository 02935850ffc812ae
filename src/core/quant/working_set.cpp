#include "core/quant/working_set.hpp"

#include <cmath>

#include "core/quant/kernels.hpp"

namespace rebalancer::active_set {
namespace {

// Updates accumulate rounding; the refinement hides it for long, not for ever.
constexpr int updates_max = 100;

std::size_t count_of(Eigen::Index index) { return static_cast<std::size_t>(index); }

// Whole lanes: the matrices' rows and the vectors' ends are padded, and what stands there is never read.
std::size_t padded(Eigen::Index count) { return (count_of(count) + 7) / 8 * 8; }

}  // namespace

bool WorkingSet::reset(std::vector<Eigen::Index> free) {
  free_ = std::move(free);
  reserve(order());
  const Eigen::Index rows = form_.row_count();
  system_.topLeftCorner(rows, rows).setZero();
  for (Eigen::Index i = 0; i < size(); ++i) {
    border(free_[count_of(i)], edge_);
    system_.col(rows + i).head(order()) = edge_.head(order());
    system_.row(rows + i).head(rows) = edge_.head(rows).transpose();
  }
  return invert();
}

// Gauss and Jordan's elimination in place, the largest entry of each row as its pivot.
bool WorkingSet::invert() {
  updates_ = 0;
  const Eigen::Index count = order();
  const auto system = system_.topLeftCorner(count, count);
  auto inverse = inverse_.topLeftCorner(count, count);
  inverse = system;
  swaps_.resize(count_of(count));
  double* data = inverse_.data();
  const Eigen::Index stride = inverse_.outerStride();
  for (Eigen::Index k = 0; k < count; ++k) {
    Eigen::Index pivot = k;
    for (Eigen::Index j = k + 1; j < count; ++j) {
      if (std::abs(data[j * stride + k]) > std::abs(data[pivot * stride + k])) pivot = j;
    }
    swaps_[count_of(k)] = pivot;
    if (pivot != k) inverse.col(k).swap(inverse.col(pivot));
    double* column = data + k * stride;
    const double scale = 1 / column[k];
    if (!std::isfinite(scale)) return false;
    column[k] = 1;
    for (Eigen::Index i = 0; i < count; ++i) column[i] *= scale;
    for (Eigen::Index j = 0; j < count; ++j) {
      edge_(j) = j == k ? 0.0 : -data[j * stride + k];
      if (j != k) data[j * stride + k] = 0;
    }
    kernels::add_outer(data, count_of(stride), column, edge_.data(), count_of(k), padded(count));
    kernels::add_outer(data + (k + 1) * stride, count_of(stride), column, edge_.data() + k + 1, count_of(count - k - 1),
                       padded(count));
  }
  for (Eigen::Index k = count - 1; k >= 0; --k) {
    if (swaps_[count_of(k)] != k) inverse.row(k).swap(inverse.row(swaps_[count_of(k)]));
  }
  if (!inverse.allFinite()) return false;
  for (Eigen::Index j = 0; j < count; ++j) {
    for (Eigen::Index i = 0; i < j; ++i) inverse(i, j) = inverse(j, i) = 0.5 * (inverse(i, j) + inverse(j, i));
  }
  // The system times one, and back.
  edge_.head(count).setOnes();
  residual_.head(count).setZero();
  multiply(system_columns_, edge_, residual_);
  correction_.head(count).setZero();
  multiply(inverse_columns_, residual_, correction_);
  return (correction_.head(count) - edge_.head(count)).cwiseAbs().maxCoeff() <= 1e-4;
}

void WorkingSet::reserve(Eigen::Index wanted) {
  if (system_.rows() >= wanted) return;
  const Eigen::Index capacity = (wanted + 2 * system_.rows() + 23) / 8 * 8;
  const Eigen::Index before = system_.rows();
  system_.conservativeResize(capacity, capacity);
  inverse_.conservativeResize(capacity, capacity);
  for (Eigen::VectorXd* vector : {&edge_, &response_, &residual_, &correction_, &scaled_}) {
    vector->conservativeResize(capacity);
    vector->tail(capacity - before).setZero();
  }
  point_at_columns();
}

void WorkingSet::point_at_columns() {
  system_columns_.clear();
  inverse_columns_.clear();
  for (Eigen::Index i = 0; i < system_.cols(); ++i) {
    system_columns_.push_back(system_.col(i).data());
    inverse_columns_.push_back(inverse_.col(i).data());
  }
}

// out += matrix * by
void WorkingSet::multiply(const Columns& columns, const Eigen::VectorXd& by, Eigen::VectorXd& out) const {
  kernels::combine(out.data(), columns.data(), by.data(), count_of(order()), padded(order()));
}

void WorkingSet::solve(const Eigen::VectorXd& right, Eigen::VectorXd& solution) const {
  solution.head(order()).setZero();
  multiply(inverse_columns_, right, solution);
  refine(right, solution);
}

double WorkingSet::refine(const Eigen::VectorXd& right, Eigen::VectorXd& solution) const {
  const Eigen::Index count = order();
  residual_.head(count) = -right.head(count);
  multiply(system_columns_, solution, residual_);
  correction_.head(count).setZero();
  multiply(inverse_columns_, residual_, correction_);
  solution.head(count) -= correction_.head(count);
  return count == 0 ? 0.0 : correction_.head(count).cwiseAbs().maxCoeff();
}

void WorkingSet::border(Eigen::Index variable, Eigen::VectorXd& out) const {
  const Eigen::Index rows = form_.row_count();
  form_.column(variable, out.head(rows));
  if (variable >= form_.pieces()) {
    out.segment(rows, size()).setZero();
    return;
  }
  const double* column = covariance_.column(form_.asset_of(variable));
  for (Eigen::Index i = 0; i < size(); ++i) {
    const Eigen::Index other = free_[count_of(i)];
    out(rows + i) = other < form_.pieces() ? column[form_.asset_of(other)] : 0.0;
  }
}

WorkingSet::Entry WorkingSet::entry_of(Eigen::Index variable) {
  border(variable, edge_);
  edge_.head(order()) = -edge_.head(order());
  solve(edge_, response_);
  const double along = kernels::dot(edge_.data(), response_.data(), count_of(order()));
  return {response_, curvature_of(variable) - along};
}

bool WorkingSet::add(Eigen::Index variable, double curvature) {
  const Eigen::Index old = order();
  reserve(old + 1);  // keeps edge_ and response_: capacity only grows
  system_.col(old).head(old) = -edge_.head(old);
  system_.row(old).head(old) = -edge_.head(old).transpose();
  system_(old, old) = curvature_of(variable);
  free_.push_back(variable);
  if (++updates_ > updates_max) return invert();
  const double scale = 1 / curvature;
  scaled_.head(old) = scale * response_.head(old);
  kernels::add_outer(inverse_.data(), count_of(inverse_.outerStride()), response_.data(), scaled_.data(), count_of(old),
                     padded(old));
  inverse_.col(old).head(old) = scale * response_.head(old);
  inverse_.row(old).head(old) = scale * response_.head(old).transpose();
  inverse_(old, old) = scale;
  return std::isfinite(scale);
}

bool WorkingSet::remove(Eigen::Index position) {
  const Eigen::Index place = form_.row_count() + position, last = order() - 1;
  if (place != last) {
    for (Eigen::MatrixXd* matrix : {&system_, &inverse_}) {
      matrix->row(place).head(last + 1).swap(matrix->row(last).head(last + 1));
      matrix->col(place).head(last + 1).swap(matrix->col(last).head(last + 1));
    }
    std::swap(free_[count_of(position)], free_.back());
  }
  free_.pop_back();
  if (++updates_ > updates_max) return invert();
  const double pivot = inverse_(last, last);
  if (!(pivot > 0)) return invert();
  scaled_.head(last) = (-1 / pivot) * inverse_.col(last).head(last);
  kernels::add_outer(inverse_.data(), count_of(inverse_.outerStride()), inverse_.col(last).data(), scaled_.data(),
                     count_of(last), padded(last));
  return true;
}

bool WorkingSet::replace(Eigen::Index position, Eigen::Index variable) {
  std::vector<Eigen::Index> free = free_;
  free[count_of(position)] = variable;
  return reset(std::move(free));
}

}  // namespace rebalancer::active_set
