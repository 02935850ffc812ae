// The critical line method: optima of a mean-variance problem followed along lambda, or for one lambda. At every moment
// a working set of free variables has a nonsingular system; variables enter when their price changes sign and leave
// when they reach a bound. Where the curvature towards an entering variable is zero (duplicates, fewer days than
// assets) it takes the place of the one that blocks it, so that singular covariances are no special case. Source:
// Markowitz (1956); Niedermayer and Niedermayer (2006) for following it with updates of one inverse; Hintermueller, Ito
// and Kunisch (2003) for moving whole blocks of variables at once.
#pragma once
#include <functional>
#include <vector>

#include "core/quant/simplex.hpp"
#include "core/quant/working_set.hpp"

namespace rebalancer::active_set {

enum class Outcome { done, infeasible, out_of_steps, not_convex };

// A stretch of the critical line: between its ends the weights are linear in lambda. On it (with neither pull nor
// variance_cost) the net return is return_base + lambda return_slope and the variance is variance_base + lambda^2
// return_slope.
struct Segment {
  double lambda_high = 0, lambda_low = 0;
  double return_base = 0, return_slope = 0, variance_base = 0;
  [[nodiscard]] double return_at(double lambda) const {
    return return_slope == 0 ? return_base : return_base + lambda * return_slope;
  }
  [[nodiscard]] double variance_at(double lambda) const {
    return return_slope == 0 ? variance_base : variance_base + lambda * lambda * return_slope;
  }
};

class CriticalLine {
 public:
  // `singular_within`: curvature below this share of its terms counts as zero. The problem must outlive this.
  CriticalLine(const MeanVarianceProblem& problem, double singular_within);

  // Goes to the portfolio that is optimal for lambda = infinity: among those of the highest return, the least variance.
  [[nodiscard]] Outcome start_at_highest_return();
  // Calls `segment` for every stretch from infinity to 0, before it is walked, until it returns false: solution() then
  // answers for every lambda of it. Calls `corner` wherever two stretches meet, at the top and at 0; weights_here() is
  // the corner. After start_at_highest_return.
  [[nodiscard]] Outcome follow(const std::function<bool(const Segment&)>& segment,
                               const std::function<void(double lambda)>& corner = {});

  // The optimum at one lambda: from an earlier answer's states, or from nothing when they are empty or lead nowhere.
  [[nodiscard]] Outcome minimize(double lambda, const std::vector<signed char>& states);
  // The stretch that the optimum found by minimize(lambda) stands on; its ends are not known.
  [[nodiscard]] Segment segment_of_optimum(double lambda);

  // The optimum at `lambda` on the current working set.
  [[nodiscard]] MeanVarianceSolution solution(double lambda);
  [[nodiscard]] Eigen::VectorXd weights_here() const { return form_.weights_of(x_); }
  [[nodiscard]] double return_here() const;
  [[nodiscard]] double variance_here() const;

 private:
  struct Event {
    double lambda = 0;  // 0: none
    Eigen::Index entering = -1, leaving_position = -1;
    bool to_lower = false;
  };
  [[nodiscard]] Outcome start(const Eigen::VectorXd& cost, Vertex& vertex);
  [[nodiscard]] bool stand_on(const Vertex& vertex);
  [[nodiscard]] bool start_from(const std::vector<signed char>& states);
  void right_side(double lambda, Eigen::VectorXd& out) const;
  void slope_side(Eigen::VectorXd& out) const;
  void take(const Eigen::VectorXd& solved);
  void correct(double lambda);
  void renew_risk();
  void price(double lambda);
  void find_slopes();
  [[nodiscard]] bool is_explained(double lambda) const;
  [[nodiscard]] Segment segment_here(double lambda) const;
  [[nodiscard]] Event next_event(double high, bool at_top) const;
  [[nodiscard]] bool pivot_blocks(double lambda);
  [[nodiscard]] bool drop_violated(const Eigen::VectorXd& solved, bool& dropped);
  [[nodiscard]] bool add_violators(double lambda, bool& optimal);
  [[nodiscard]] Outcome settle(double lambda, const std::vector<bool>& frozen);
  [[nodiscard]] Eigen::Index violator(double lambda, const std::vector<bool>& frozen, bool first) const;
  [[nodiscard]] bool is_negative_curvature(Eigen::Index variable, const WorkingSet::Entry& entry) const;
  [[nodiscard]] double zero_curvature(Eigen::Index variable, const WorkingSet::Entry& entry) const;
  [[nodiscard]] Outcome enter(Eigen::Index variable);
  [[nodiscard]] bool leave(Eigen::Index position, bool to_lower);
  void hold(Eigen::Index variable, bool at_lower);
  void release(Eigen::Index variable);
  void count_held(Eigen::Index variable, double factor);
  [[nodiscard]] Status status(Eigen::Index variable) const { return status_[static_cast<std::size_t>(variable)]; }
  [[nodiscard]] Eigen::Index free_at(Eigen::Index position) const {
    return set_.free()[static_cast<std::size_t>(position)];
  }
  [[nodiscard]] bool is_fixed(Eigen::Index variable) const { return !(form_.lower(variable) < form_.upper(variable)); }
  [[nodiscard]] Eigen::Index step_limit() const { return 500 + 30 * form_.variables(); }
  [[nodiscard]] double price_tolerance(double lambda) const {
    return 1e-14 * (covariance_scale_ + lambda * mean_scale_ + base_scale_);
  }

  const MeanVarianceProblem& problem_;
  Form form_;
  CovarianceColumns columns_;
  double singular_within_;
  double mean_scale_, covariance_scale_, base_scale_;
  WorkingSet set_;
  Eigen::VectorXd x_;  // all variables
  Eigen::VectorXd y_;  // prices of the rows
  std::vector<Status> status_;
  Eigen::VectorXd held_force_, held_rows_;  // S times the weights held at bounds, E times the variables held
  Eigen::VectorXd risk_;                    // S times the weights
  Eigen::VectorXd gradient_;                // of all variables: what the rows' prices do not explain
  // Per unit of lambda: of the free variables, the prices, the risk and the gradient.
  Eigen::VectorXd x_slope_, y_slope_, risk_slope_, gradient_slope_;
  Eigen::VectorXd side_, solved_;  // room for one system
};

}  // namespace rebalancer::active_set
