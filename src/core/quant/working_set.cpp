#include "core/quant/working_set.hpp"

#include <cmath>

#include <Eigen/LU>

namespace rebalancer::active_set {
namespace {
// Updates accumulate rounding; the refinement hides it for long, not for ever.
constexpr int updates_max = 50;
}  // namespace

bool WorkingSet::reset(std::vector<Eigen::Index> free) {
  free_ = std::move(free);
  reserve(order());
  const Eigen::Index rows = form_.row_count();
  system_.topLeftCorner(order(), order()).setZero();
  Eigen::VectorXd column(rows);
  for (Eigen::Index i = 0; i < size(); ++i) {
    const Eigen::Index variable = free_[static_cast<std::size_t>(i)];
    form_.column(variable, column);
    system_.col(rows + i).head(rows) = column;
    system_.row(rows + i).head(rows) = column.transpose();
    for (Eigen::Index k = 0; k < size(); ++k) {
      system_(rows + k, rows + i) = covariance(free_[static_cast<std::size_t>(k)], variable);
    }
  }
  return invert();
}

bool WorkingSet::invert() {
  updates_ = 0;
  const auto system = system_.topLeftCorner(order(), order());
  Eigen::MatrixXd inverse = system.partialPivLu().inverse();
  if (!inverse.allFinite()) return false;
  const Eigen::VectorXd probe = Eigen::VectorXd::Ones(order());
  const Eigen::VectorXd image = system * probe;
  if ((inverse * image - probe).cwiseAbs().maxCoeff() > 1e-4) return false;
  inverse_.topLeftCorner(order(), order()) = 0.5 * (inverse + inverse.transpose());
  return true;
}

void WorkingSet::reserve(Eigen::Index wanted) {
  if (system_.rows() >= wanted) return;
  const Eigen::Index capacity = std::max<Eigen::Index>(wanted, 2 * system_.rows() + 16);
  system_.conservativeResize(capacity, capacity);
  inverse_.conservativeResize(capacity, capacity);
}

Eigen::MatrixXd WorkingSet::solve(const Eigen::MatrixXd& right) const {
  const auto system = system_.topLeftCorner(order(), order());
  const auto inverse = inverse_.topLeftCorner(order(), order());
  Eigen::MatrixXd solution = inverse * right;
  for (int pass = 0; pass < 2; ++pass) {
    const Eigen::MatrixXd residual = right - system * solution;
    solution.noalias() += inverse * residual;
  }
  return solution;
}

void WorkingSet::refine(const Eigen::VectorXd& right, Eigen::VectorXd& solution) const {
  const Eigen::VectorXd residual = right - system_.topLeftCorner(order(), order()) * solution;
  solution.noalias() += inverse_.topLeftCorner(order(), order()) * residual;
}

Eigen::VectorXd WorkingSet::border(Eigen::Index variable) const {
  const Eigen::Index rows = form_.row_count();
  Eigen::VectorXd out(order());
  form_.column(variable, out.head(rows));
  for (Eigen::Index i = 0; i < size(); ++i) out(rows + i) = covariance(free_[static_cast<std::size_t>(i)], variable);
  return out;
}

WorkingSet::Entry WorkingSet::entry_of(Eigen::Index variable) const {
  const Eigen::VectorXd edge = border(variable);
  Entry entry;
  entry.response = -solve(edge);
  entry.curvature = curvature_of(variable) + edge.dot(entry.response);
  return entry;
}

bool WorkingSet::add(Eigen::Index variable, const Entry& entry) {
  const Eigen::Index old = order();
  const Eigen::VectorXd edge = border(variable);
  reserve(old + 1);
  system_.col(old).head(old) = edge;
  system_.row(old).head(old) = edge.transpose();
  system_(old, old) = curvature_of(variable);
  free_.push_back(variable);
  if (++updates_ > updates_max) return invert();
  const double scale = 1 / entry.curvature;
  inverse_.topLeftCorner(old, old).noalias() += scale * entry.response * entry.response.transpose();
  inverse_.col(old).head(old) = scale * entry.response;
  inverse_.row(old).head(old) = scale * entry.response.transpose();
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
    std::swap(free_[static_cast<std::size_t>(position)], free_.back());
  }
  free_.pop_back();
  if (++updates_ > updates_max) return invert();
  const double pivot = inverse_(last, last);
  if (!(pivot > 0)) return invert();
  const Eigen::VectorXd edge = inverse_.col(last).head(last);
  inverse_.topLeftCorner(last, last).noalias() -= (1 / pivot) * edge * edge.transpose();
  return true;
}

bool WorkingSet::replace(Eigen::Index position, Eigen::Index variable) {
  std::vector<Eigen::Index> free = free_;
  free[static_cast<std::size_t>(position)] = variable;
  return reset(std::move(free));
}

}  // namespace rebalancer::active_set
