#include "core/quant/rolling_covariance.hpp"

#include <cassert>
#include <limits>

#include "core/quant/covariance.hpp"
#include "core/quant/kernels.hpp"

namespace rebalancer {
namespace {

constexpr double worn_share = 0.01;

std::size_t size_of(Eigen::Index value) { return static_cast<std::size_t>(value); }

}  // namespace

RollingCovariance::RollingCovariance(const Eigen::MatrixXd& returns, Eigen::Index days)
    : returns_(&returns), days_(days) {
  rebuild();
}

Result<RollingCovariance> RollingCovariance::make(const Eigen::MatrixXd& returns, Eigen::Index days) {
  if (days < 2 || days > returns.rows()) {
    return fail(ErrorCode::invalid, "a window of {} days, must be from 2 to the {} there are", days, returns.rows());
  }
  if (!returns.allFinite()) return fail(ErrorCode::invalid, "a window moves over returns that are all finite numbers");
  return RollingCovariance(returns, days);
}

void RollingCovariance::rebuild() {
  const auto window = returns_->middleRows(first_, days_);
  origin_ = window.colwise().mean();
  sum_ = Eigen::VectorXd::Zero(window.cols());
  products_ = Eigen::MatrixXd::Zero(window.cols(), window.cols());
  add(first_, days_, 1);
  peak_ = products_.diagonal();
  moved_ = 0;
  ++rebuilds_;
}

// G and s take in the rows, or give them back.
void RollingCovariance::add(Eigen::Index from, Eigen::Index count, double sign) {
  rows_.resize(count, returns_->cols());
  for (Eigen::Index i = 0; i < rows_.cols(); ++i) {
    rows_.col(i).array() = returns_->col(i).segment(from, count).array() - origin_(i);
    sum_(i) += sign * rows_.col(i).sum();
  }
  kernels::gram(products_.data(), size_of(products_.rows()), rows_.data(), size_of(rows_.rows()), size_of(rows_.rows()),
                size_of(rows_.cols()), sign);
}

bool RollingCovariance::worn() const {
  constexpr double epsilon = 4 * std::numeric_limits<double>::epsilon();
  const auto days = static_cast<double>(days_);
  for (Eigen::Index i = 0; i < sum_.size(); ++i) {
    const double square = products_(i, i);
    if (square < worn_share * peak_(i)) return true;
    // A price that grows by the same every day has nothing but rounding about its mean, and always will.
    const double rounding = days * (epsilon * origin_(i)) * (epsilon * origin_(i));
    if (square > rounding && square - sum_(i) * sum_(i) / days < worn_share * square) return true;
  }
  return false;
}

bool RollingCovariance::advance(Eigen::Index step) {
  assert(step >= 0);
  if (step > returns_->rows() - days_ - first_) return false;
  if (step == 0) return true;
  moved_ += step;
  if (2 * step >= days_ || moved_ >= days_) {
    first_ += step;
    rebuild();
    return true;
  }
  add(first_ + days_, step, 1);
  peak_ = peak_.cwiseMax(products_.diagonal());
  add(first_, step, -1);
  first_ += step;
  if (worn()) rebuild();
  return true;
}

Eigen::VectorXd RollingCovariance::mean(double periods_per_year) const {
  return (origin_ + sum_ / static_cast<double>(days_)) * periods_per_year;
}

void RollingCovariance::covariance(double periods_per_year, Eigen::MatrixXd& out) const {
  const auto days = static_cast<double>(days_);
  const double factor = periods_per_year / (days - 1);
  const Eigen::Index count = sum_.size();
  out.resize(count, count);
  for (Eigen::Index j = 0; j < count; ++j) {
    const double share = sum_(j) / days;
    const Eigen::Index rest = count - j;
    out.col(j).tail(rest) = (products_.col(j).tail(rest) - sum_.tail(rest) * share) * factor;
    if (out(j, j) < 0) out(j, j) = 0;
  }
  mirror_lower(out);
}

Eigen::MatrixXd RollingCovariance::covariance(double periods_per_year) const {
  Eigen::MatrixXd out;
  covariance(periods_per_year, out);
  return out;
}

}  // namespace rebalancer
