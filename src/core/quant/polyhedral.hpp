// Programs whose objective is a sum of kinks: the simplex method on weights and level, with steps that pass many kinks.
#pragma once
#include <vector>

#include "core/base/random.hpp"
#include "core/quant/product_blocks.hpp"

namespace rebalancer::polyhedral {

// minimize  cost'x + level + price * sum over scenarios t of max(loss_t(x) - level, 0)
// where     loss_t(x) = offset_t - sum_p returns(t, asset_p) x_p,  row_lower <= rows x <= row_upper,  lower <= x <=
// upper. The level is a variable without bounds, or absent (zero, and not in the sum). The first row is the budget: an
// equality whose coefficients are all 1. With a level, price * number of scenarios must exceed 1, else there is no
// minimum.
struct Program {
  Eigen::MatrixXd returns;  // scenarios x assets
  Eigen::VectorXd offsets;  // one per scenario
  double price = 1;
  bool with_level = true;
  std::vector<Eigen::Index> asset;  // of each variable: several may be pieces of one asset's weight
  Eigen::VectorXd cost, lower, upper;
  Eigen::MatrixXd rows;
  Eigen::VectorXd row_lower, row_upper;
};

enum class End { optimal, out_of_steps };

// A point is a vertex of the variables in `free` and the level: as many kinks and rows hold with equality as those are.
// Each step leaves one of them, or moves a variable that stood at a bound, and goes down until the slope turns.
// Variables that start between their bounds are moved likewise, so that any feasible point is a start.
class Descent {
 public:
  explicit Descent(Program program);

  // x must keep bounds and rows up to rounding.
  void start(const Eigen::VectorXd& x);
  // From the kinks of an earlier optimum, when they still make a vertex that keeps bounds and rows; else false.
  [[nodiscard]] bool start(const Eigen::VectorXd& x, const std::vector<Eigen::Index>& kinks);
  // One more scenario, of offset zero; the search goes on from where it stands.
  void add_scenario(const Eigen::VectorXd& returns);
  [[nodiscard]] End run();

  [[nodiscard]] const Eigen::VectorXd& x() const { return x_; }
  [[nodiscard]] double level() const { return level_; }
  [[nodiscard]] Eigen::Index scenario_count() const { return count_; }
  // Of the optimum: in [0, price] per scenario, summing to 1 when there is a level; Lagrange multipliers of the rows,
  // positive at a lower limit; and what is left of each variable's gradient, its bound's price.
  [[nodiscard]] Eigen::VectorXd scenario_weights() const;
  [[nodiscard]] Eigen::VectorXd row_prices() const;
  [[nodiscard]] const Eigen::VectorXd& reduced_cost() const { return reduced_; }
  // A scenario whose loss differs from the level by less counts as standing at it.
  [[nodiscard]] double loss_rounding() const;
  [[nodiscard]] long steps() const { return steps_; }

 private:
  enum class Side : signed char { below = -1, kink = 0, above = 1 };
  struct Active {  // what holds with equality: a scenario's kink, or a row at one of its limits
    bool is_row;
    Eigen::Index index;
    bool at_upper;
  };
  struct Entering {
    bool found = false, is_variable = false;
    Eigen::Index index = 0;  // a variable, or a place in active_
    double sign = 0, slope = 0, score = 0;
  };
  struct Block {  // what ends a step
    // The last two: what moves meets its own other bound or limit.
    enum class Kind { none, scenario, row, free_variable, own_bound, own_limit } kind = Kind::none;
    Eigen::Index index = 0;
    double step = 0, pivot = 0;
    bool at_upper = false;
  };

  [[nodiscard]] Eigen::Index size() const { return static_cast<Eigen::Index>(active_.size()); }
  [[nodiscard]] Eigen::Index variables() const { return program_.lower.size(); }
  [[nodiscard]] double coefficient(const Active& active, Eigen::Index variable) const;
  [[nodiscard]] Eigen::VectorXd coefficients(const Active& active) const;  // over free_ and the level
  [[nodiscard]] double gradient_scale() const;
  void reset_sums();
  [[nodiscard]] bool refresh();
  [[nodiscard]] bool is_feasible(double within) const;
  void restart();
  void price_everything();
  [[nodiscard]] Entering choose();
  void move(const Entering& entering);
  [[nodiscard]] Block first_hard_block(const Entering& entering) const;
  void pass_kinks(const Entering& entering, Block& block);
  void set_side(Eigen::Index scenario, Side side);
  void exchange(const Entering& entering, const Block& block);
  void reserve(Eigen::Index size);
  void move_kinks_apart();
  bool move_kinks_back();

  // Steps without progress before kinks are moved apart; after half of them the choice is random.
  static constexpr int patience_steps = 25;

  Program program_;
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> by_scenario_;
  Eigen::Index count_ = 0;
  double loss_scale_ = 0, cost_scale_ = 0;

  std::vector<Eigen::Index> free_;   // variables that the active ones determine
  std::vector<Eigen::Index> place_;  // of each variable in free_, or -1
  std::vector<Active> active_;       // free_.size() + (1 with a level)
  std::vector<signed char> row_active_;
  Eigen::MatrixXd inverse_;  // top left corner: of the active ones' coefficients, a row for each
  std::vector<Side> side_;
  Eigen::VectorXd x_, excess_, row_value_;  // excess: loss less level
  Eigen::VectorXd true_offsets_;            // while kinks are moved apart; else empty
  double level_ = 0;
  Eigen::VectorXd above_sum_;  // of the returns of the scenarios above, per asset
  Eigen::Index above_count_ = 0;

  Eigen::VectorXd multipliers_, reduced_, direction_, slope_, asset_force_, ahead_;
  std::vector<std::pair<double, Eigen::Index>> kinks_ahead_;
  std::vector<const double*> pointers_;
  std::vector<double> factors_;
  double last_step_ = 1e-3;
  Random random_{1};
  int standstill_ = 0;
  long steps_ = 0;
};

}  // namespace rebalancer::polyhedral
