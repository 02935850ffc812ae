#include "core/quant/simplex.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/LU>

namespace rebalancer::active_set {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double feasible_within = 1e-11;
constexpr double pivot_min = 1e-9;

class Simplex {
 public:
  Simplex(const Form& form, Vertex& vertex) : form_(form), vertex_(vertex) {}

  // Moves from the vertex it is given to an optimal one; false when the steps run out.
  bool minimize(const Eigen::VectorXd& cost) {
    const double tolerance = 1e-13 * (1e-300 + cost.cwiseAbs().maxCoeff());
    const Eigen::Index limit = 200 + 40 * form_.variables();
    int standstill = 0;
    for (Eigen::Index step = 0; step < limit; ++step) {
      refresh(cost);
      const Eigen::Index entering = choose(tolerance, standstill > 20);
      if (entering < 0) return true;
      standstill = advance(entering, standstill > 20) > 0 ? 0 : standstill + 1;
    }
    return false;
  }

 private:
  // Basis, basic values and reduced costs from scratch: rows are few, and nothing drifts.
  void refresh(const Eigen::VectorXd& cost) {
    const Eigen::Index rows = form_.row_count();
    Eigen::MatrixXd basis(rows, rows);
    Eigen::VectorXd right = form_.right;
    Eigen::VectorXd basic_cost(rows);
    Eigen::VectorXd column(rows);
    for (Eigen::Index i = 0; i < rows; ++i) {
      const Eigen::Index variable = vertex_.basis[static_cast<std::size_t>(i)];
      form_.column(variable, column);
      basis.col(i) = column;
      basic_cost(i) = cost(variable);
    }
    for (Eigen::Index j = 0; j < form_.variables(); ++j) {
      if (vertex_.status[static_cast<std::size_t>(j)] == Status::free || vertex_.x(j) == 0) continue;
      form_.column(j, column);
      right -= column * vertex_.x(j);
    }
    inverse_ = basis.partialPivLu().inverse();
    const Eigen::VectorXd values = inverse_ * right;
    for (Eigen::Index i = 0; i < rows; ++i) vertex_.x(vertex_.basis[static_cast<std::size_t>(i)]) = values(i);
    const Eigen::VectorXd prices = inverse_.transpose() * basic_cost;
    for (Eigen::Index j = 0; j < form_.variables(); ++j) {
      const bool basic = vertex_.status[static_cast<std::size_t>(j)] == Status::free;
      vertex_.reduced_cost(j) = basic ? 0.0 : cost(j) - form_.times_column(prices, j);
    }
  }

  // The steepest reduced cost; the first one (Bland) once the vertex no longer moves.
  Eigen::Index choose(double tolerance, bool first) const {
    Eigen::Index best = -1;
    double gain = tolerance;
    for (Eigen::Index j = 0; j < form_.variables(); ++j) {
      const Status status = vertex_.status[static_cast<std::size_t>(j)];
      if (status == Status::free || !(form_.lower(j) < form_.upper(j))) continue;
      const double slope = status == Status::at_lower ? -vertex_.reduced_cost(j) : vertex_.reduced_cost(j);
      if (slope <= gain) continue;
      best = j;
      gain = slope;
      if (first) break;
    }
    return best;
  }

  double advance(Eigen::Index entering, bool first) {
    Status& status = vertex_.status[static_cast<std::size_t>(entering)];
    const double direction = status == Status::at_lower ? 1.0 : -1.0;
    Eigen::VectorXd column(form_.row_count());
    form_.column(entering, column);
    const Eigen::VectorXd change = inverse_ * column * -direction;
    double step = form_.upper(entering) - form_.lower(entering);
    Eigen::Index leaving = -1;
    for (Eigen::Index i = 0; i < change.size(); ++i) {
      if (std::abs(change(i)) < pivot_min) continue;
      const Eigen::Index variable = vertex_.basis[static_cast<std::size_t>(i)];
      const double bound = change(i) < 0 ? form_.lower(variable) : form_.upper(variable);
      const double room = std::max(0.0, (bound - vertex_.x(variable)) / change(i));
      if (room > step + 1e-15) continue;
      const bool tie = leaving >= 0 && room > step - 1e-15;
      const bool better = !tie || (first ? variable < vertex_.basis[static_cast<std::size_t>(leaving)]
                                         : std::abs(change(i)) > std::abs(change(leaving)));
      if (better) leaving = i;
      step = std::min(step, room);
    }
    if (leaving < 0) {
      status = status == Status::at_lower ? Status::at_upper : Status::at_lower;
      vertex_.x(entering) = status == Status::at_lower ? form_.lower(entering) : form_.upper(entering);
      return step;
    }
    const Eigen::Index variable = vertex_.basis[static_cast<std::size_t>(leaving)];
    const bool low = change(leaving) < 0;
    vertex_.status[static_cast<std::size_t>(variable)] = low ? Status::at_lower : Status::at_upper;
    vertex_.x(variable) = low ? form_.lower(variable) : form_.upper(variable);
    status = Status::free;
    vertex_.basis[static_cast<std::size_t>(leaving)] = entering;
    return step;
  }

  const Form& form_;
  Vertex& vertex_;
  Eigen::MatrixXd inverse_;
};

}  // namespace

namespace {

// With the budget as the only row the cheapest pieces are filled until they sum to one.
SimplexEnd fill_budget(Form& form, const Eigen::VectorXd& cost, Vertex& vertex) {
  const Eigen::Index pieces = form.pieces();
  form.upper(form.first_artificial()) = form.lower(form.first_artificial()) = 0;
  vertex.x = form.lower;
  double missing = 1 - form.lower.head(pieces).sum();
  if (missing < -feasible_within) return SimplexEnd::infeasible;
  const auto cost_of = [&](Eigen::Index j) { return j < cost.size() ? cost(j) : 0.0; };
  const auto dearer = [&](Eigen::Index a, Eigen::Index b) {
    return cost_of(a) != cost_of(b) ? cost_of(a) > cost_of(b) : a > b;
  };
  std::vector<Eigen::Index> heap;
  heap.reserve(static_cast<std::size_t>(pieces));
  for (Eigen::Index j = 0; j < pieces; ++j) {
    if (form.lower(j) < form.upper(j)) heap.push_back(j);
  }
  std::make_heap(heap.begin(), heap.end(), dearer);
  Eigen::Index basic = heap.empty() ? 0 : heap.front();
  while (missing > 0 && !heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), dearer);
    basic = heap.back();
    heap.pop_back();
    const double step = std::min(missing, form.upper(basic) - form.lower(basic));
    vertex.x(basic) += step;
    vertex.status[static_cast<std::size_t>(basic)] = Status::at_upper;
    missing = step < missing ? missing - step : 0;
  }
  if (missing > feasible_within) return SimplexEnd::infeasible;
  vertex.x(basic) += missing;
  vertex.status[static_cast<std::size_t>(basic)] = Status::free;
  vertex.basis = {basic};
  for (Eigen::Index j = 0; j < pieces; ++j) vertex.reduced_cost(j) = cost_of(j) - cost_of(basic);
  vertex.reduced_cost(basic) = 0;
  return SimplexEnd::optimal;
}

}  // namespace

SimplexEnd find_vertex(Form& form, const Eigen::VectorXd& cost, Vertex& vertex) {
  const Eigen::Index variables = form.variables(), row_count = form.row_count(), first = form.first_artificial();
  vertex.x = form.lower;
  vertex.status.assign(static_cast<std::size_t>(variables), Status::at_lower);
  vertex.reduced_cost = Eigen::VectorXd::Zero(variables);
  vertex.basis.clear();
  if (row_count == 1) return fill_budget(form, cost, vertex);
  for (Eigen::Index slack = form.pieces(); slack < first; ++slack) {
    if (form.lower(slack) > form.upper(slack)) return SimplexEnd::infeasible;
  }
  Eigen::VectorXd missing = form.right - form.coefficients.transpose() * form.lower.head(form.pieces());
  for (Eigen::Index g = 0; g < form.slacks(); ++g) missing(1 + g) += vertex.x(form.pieces() + g);
  Eigen::VectorXd phase_cost = Eigen::VectorXd::Zero(variables);
  for (Eigen::Index row = 0; row < row_count; ++row) {
    form.artificial_sign(row) = missing(row) < 0 ? -1.0 : 1.0;
    form.lower(first + row) = 0;
    form.upper(first + row) = infinite;
    phase_cost(first + row) = 1;
    vertex.basis.push_back(first + row);
    vertex.status[static_cast<std::size_t>(first + row)] = Status::free;
  }
  Simplex simplex(form, vertex);
  if (!simplex.minimize(phase_cost)) return SimplexEnd::out_of_steps;
  if (vertex.x.tail(row_count).sum() > feasible_within) return SimplexEnd::infeasible;
  form.upper.tail(row_count).setZero();
  phase_cost.setZero();
  phase_cost.head(cost.size()) = cost;
  return simplex.minimize(phase_cost) ? SimplexEnd::optimal : SimplexEnd::out_of_steps;
}

}  // namespace rebalancer::active_set
