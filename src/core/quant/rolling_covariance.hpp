// The sample covariance of a window that moves through time: the walk-forward's estimates. What leaves and what enters
// changes a sum of products, a product of a few rows instead of the whole window:
//
//   G = sum over the window of (r - o)(r - o)',  s = sum of (r - o),  S = (G - s s' / T) / (T - 1)
//
// with o fixed near the mean. Equal to sample_covariance of the same rows to about 1e-12 of the two deviations: G is
// made anew once a whole window has passed, and before that when what is left of a symbol's own sum of squares is a
// hundredth of what has been in it (a crash has left the window) or a hundredth of its part about o (the mean went
// elsewhere), because then rounding of numbers no longer there would be seen.
#pragma once
#include "core/base/error.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer {

class RollingCovariance {
 public:
  // Of `days` >= 2 rows of `returns` (days x symbols), which must outlive it, beginning with the first. Errors: invalid
  // for fewer than two days, more than there are, or returns that are not finite.
  [[nodiscard]] static Result<RollingCovariance> make(const Eigen::MatrixXd& returns, Eigen::Index days);

  // Moves the window by `step` >= 0 rows. False, and nothing moves, when it would pass the last row.
  [[nodiscard]] bool advance(Eigen::Index step);

  // The rows first() to first() + days - 1.
  [[nodiscard]] Eigen::Index first() const { return first_; }
  [[nodiscard]] Eigen::VectorXd mean(double periods_per_year) const;
  [[nodiscard]] Eigen::MatrixXd covariance(double periods_per_year) const;
  // Into a matrix kept from the last time.
  void covariance(double periods_per_year, Eigen::MatrixXd& out) const;

  // How often G was made from the whole window.
  [[nodiscard]] Eigen::Index rebuilds() const { return rebuilds_; }

 private:
  RollingCovariance(const Eigen::MatrixXd& returns, Eigen::Index days);
  void rebuild();
  void add(Eigen::Index from, Eigen::Index count, double sign);
  [[nodiscard]] bool worn() const;

  const Eigen::MatrixXd* returns_;
  Eigen::Index days_, first_ = 0, moved_ = 0, rebuilds_ = 0;  // moved_: rows since the last rebuild
  Eigen::MatrixXd products_;                                  // G, lower triangle
  Eigen::MatrixXd rows_;                                      // of the last move, less the origin
  Eigen::VectorXd origin_, sum_, peak_;                       // peak_: highest diagonal of G since the last rebuild
};

}  // namespace rebalancer
