// The variables strictly between their bounds, and the inverse of the system that determines them:
//   [ 0   E_F ] [ -y  ]   [ right ]
//   [ E_F' S_F ] [ x_F ] = [ force ]
// Kept explicitly: every step needs it against several sides, and one variable more or less changes it by a rank of
// one.
#pragma once
#include <vector>

#include "core/quant/covariance_columns.hpp"
#include "core/quant/form.hpp"

namespace rebalancer::active_set {

class WorkingSet {
 public:
  WorkingSet(const Form& form, const CovarianceColumns& covariance) : form_(form), covariance_(covariance) {}

  [[nodiscard]] const std::vector<Eigen::Index>& free() const { return free_; }
  [[nodiscard]] Eigen::Index size() const { return static_cast<Eigen::Index>(free_.size()); }
  [[nodiscard]] Eigen::Index order() const { return form_.row_count() + size(); }  // of the system
  [[nodiscard]] double curvature_of(Eigen::Index variable) const {
    return variable < form_.pieces() ? covariance_.variance(form_.asset_of(variable)) : 0.0;
  }

  // Starts over with these; false when the system is singular.
  [[nodiscard]] bool reset(std::vector<Eigen::Index> free);

  // Multipliers -y first, then x_F: order() numbers of each; a solution needs room for 8 more, which may be written.
  // Refined once against the system itself.
  void solve(const Eigen::VectorXd& right, Eigen::VectorXd& solution) const;

  // One correction of a solution against the system; returns the largest correction.
  double refine(const Eigen::VectorXd& right, Eigen::VectorXd& solution) const;

  // How the system's unknowns move per unit of `variable` (multipliers first, then x_F), and the curvature along that
  // move: zero when the system with it would be singular. Valid until the next call.
  struct Entry {
    const Eigen::VectorXd& response;  // the leading order() numbers
    double curvature;
  };
  [[nodiscard]] Entry entry_of(Eigen::Index variable);

  // After entry_of(variable). False when it cannot be done accurately.
  [[nodiscard]] bool add(Eigen::Index variable, double curvature);
  [[nodiscard]] bool remove(Eigen::Index position);
  [[nodiscard]] bool replace(Eigen::Index position, Eigen::Index variable);

 private:
  using Columns = std::vector<const double*>;
  void border(Eigen::Index variable, Eigen::VectorXd& out) const;
  void reserve(Eigen::Index order);
  void point_at_columns();
  bool invert();
  void multiply(const Columns& columns, const Eigen::VectorXd& by, Eigen::VectorXd& out) const;

  const Form& form_;
  const CovarianceColumns& covariance_;
  std::vector<Eigen::Index> free_;
  Eigen::MatrixXd system_, inverse_;  // the leading order() rows and columns are in use
  Columns system_columns_, inverse_columns_;
  Eigen::VectorXd edge_, response_, scaled_;
  mutable Eigen::VectorXd residual_, correction_;
  std::vector<Eigen::Index> swaps_;
  int updates_ = 0;
};

}  // namespace rebalancer::active_set
