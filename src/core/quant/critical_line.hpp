// The critical line method: optima of  minimize 1/2 w'Sw - lambda mean'w  followed along lambda, or for one lambda. At
// every moment a working set of free variables has a nonsingular system; variables enter when their price changes
// sign and leave when they reach a bound. Where the curvature towards an entering variable is zero (duplicates, fewer
// days than assets) it takes the place of the one that blocks it, so that singular covariances are no special case.
#pragma once
#include <functional>
#include <vector>

#include "core/quant/product_blocks.hpp"
#include "core/quant/working_set.hpp"

namespace rebalancer::active_set {

enum class Outcome { done, infeasible, out_of_steps, not_convex };

// Within it, weights are base + lambda * slope, prices and reduced gradients likewise.
struct Segment {
  double lambda_high = 0, lambda_low = 0;
  Eigen::VectorXd base, slope;                    // of all variables
  Eigen::VectorXd at_high, at_low;                // of all variables, more exact than base + lambda * slope
  bool ends_by_leaving = false;                   // then the next segment's at_high is the more exact corner
  Eigen::VectorXd price_base, price_slope;        // one per row
  Eigen::VectorXd gradient_base, gradient_slope;  // of all variables: 1/2 w'Sw - lambda mean'w less price'E
};

class CriticalLine {
 public:
  // `singular_within`: curvature below this share of its terms counts as zero. The problem must outlive this.
  CriticalLine(const MeanVarianceProblem& problem, double singular_within);

  // Goes to the portfolio that is optimal for lambda = infinity: among those of the highest return, the least variance.
  [[nodiscard]] Outcome start_at_highest_return();
  // Calls `visit` for every segment from infinity to 0, until it returns false. After start_at_highest_return.
  [[nodiscard]] Outcome follow(const std::function<bool(const Segment&)>& visit);

  // The optimum at one lambda, from wherever it stands; finds a start by itself.
  [[nodiscard]] Outcome minimize(double lambda);

  // The optimum at `lambda` on the current working set.
  [[nodiscard]] MeanVarianceSolution solution(double lambda) const;

 private:
  struct Event {
    double lambda = 0;  // 0: none
    Eigen::Index entering = -1, leaving_position = -1;
    bool to_lower = false;
  };
  [[nodiscard]] Outcome start(const Eigen::VectorXd& cost, Vertex& vertex);
  [[nodiscard]] Segment segment_here() const;
  [[nodiscard]] Eigen::MatrixXd right_side() const;  // for base and slope
  [[nodiscard]] Eigen::VectorXd weights_at(const Segment& segment, double lambda) const;
  [[nodiscard]] bool is_negative_curvature(Eigen::Index variable, const WorkingSet::Entry& entry) const;
  [[nodiscard]] Event next_event(const Segment& segment) const;
  [[nodiscard]] Outcome settle(double lambda, const std::vector<bool>& frozen);
  [[nodiscard]] Eigen::Index violator(const Segment& segment, double lambda, const std::vector<bool>& frozen,
                                      bool first) const;
  [[nodiscard]] Outcome enter(Eigen::Index variable);
  [[nodiscard]] bool leave(Eigen::Index position, bool to_lower);
  void hold(Eigen::Index variable, bool at_lower);
  void release(Eigen::Index variable);
  [[nodiscard]] Status status(Eigen::Index variable) const { return status_[static_cast<std::size_t>(variable)]; }
  [[nodiscard]] Eigen::Index step_limit() const { return 500 + 30 * form_.variables(); }

  const MeanVarianceProblem& problem_;
  Form form_;
  double singular_within_;
  double mean_scale_, covariance_scale_;
  WorkingSet set_;
  Eigen::VectorXd x_;
  std::vector<Status> status_;
  Eigen::VectorXd held_force_;  // S times the weights held at bounds
  bool started_ = false;
};

}  // namespace rebalancer::active_set
