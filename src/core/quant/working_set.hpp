// The variables strictly between their bounds, and the inverse of the system that determines them:
//   [ 0   E_F ] [ -y  ]   [ right ]
//   [ E_F' S_F ] [ x_F ] = [ force ]
#pragma once
#include <vector>

#include "core/quant/product_blocks.hpp"
#include "core/quant/simplex.hpp"

namespace rebalancer::active_set {

class WorkingSet {
 public:
  WorkingSet(const Form& form, const Eigen::MatrixXd& covariance) : form_(form), covariance_(covariance) {}

  [[nodiscard]] const std::vector<Eigen::Index>& free() const { return free_; }
  [[nodiscard]] Eigen::Index size() const { return static_cast<Eigen::Index>(free_.size()); }
  [[nodiscard]] Eigen::Index order() const { return form_.row_count() + size(); }  // of the system
  [[nodiscard]] double curvature_of(Eigen::Index variable) const {
    return variable < form_.weights() ? covariance_(variable, variable) : 0.0;
  }

  // Starts over with these; false when the system is singular.
  [[nodiscard]] bool reset(std::vector<Eigen::Index> free);

  // Multipliers -y first, then x_F; refined once against the system itself.
  [[nodiscard]] Eigen::MatrixXd solve(const Eigen::MatrixXd& right) const;

  // One correction of a solution against the system.
  void refine(const Eigen::VectorXd& right, Eigen::VectorXd& solution) const;

  // How x_F (the tail) moves per unit of `variable`, and the curvature along that move: zero when the system with it
  // would be singular.
  struct Entry {
    Eigen::VectorXd response;
    double curvature;
  };
  [[nodiscard]] Entry entry_of(Eigen::Index variable) const;

  // False when it cannot be done accurately.
  [[nodiscard]] bool add(Eigen::Index variable, const Entry& entry);
  [[nodiscard]] bool remove(Eigen::Index position);
  [[nodiscard]] bool replace(Eigen::Index position, Eigen::Index variable);

 private:
  [[nodiscard]] double covariance(Eigen::Index a, Eigen::Index b) const {
    return a < form_.weights() && b < form_.weights() ? covariance_(a, b) : 0.0;
  }
  [[nodiscard]] Eigen::VectorXd border(Eigen::Index variable) const;
  void reserve(Eigen::Index order);
  bool invert();

  const Form& form_;
  const Eigen::MatrixXd& covariance_;
  std::vector<Eigen::Index> free_;
  Eigen::MatrixXd system_, inverse_;  // the leading order() rows and columns are in use
  int updates_ = 0;
};

}  // namespace rebalancer::active_set
