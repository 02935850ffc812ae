#include "core/quant/form.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer::active_set {
namespace {

constexpr double narrowest_piece = 1e-13;

struct Piece {
  Eigen::Index asset;
  double from, to;
};

// Where a weight's cost bends, strictly inside its bounds.
void cut(const MeanVarianceProblem& problem, Eigen::Index asset, bool traded, bool gross, std::vector<double>& at) {
  const double lower = problem.lower(asset), upper = problem.upper(asset);
  at.clear();
  const auto add = [&](double kink) {
    if (kink > lower + narrowest_piece && kink < upper - narrowest_piece) at.push_back(kink);
  };
  if (traded) add(problem.trading->held(asset));
  if (gross) add(0);
  std::sort(at.begin(), at.end());
  if (at.size() == 2 && at[1] - at[0] <= narrowest_piece) at.pop_back();
}

double at(const Eigen::VectorXd& values, Eigen::Index index) { return values.size() == 0 ? 0.0 : values(index); }

}  // namespace

Form::Form(const MeanVarianceProblem& problem)
    : weight_count(problem.lower.size()), limit_count(static_cast<Eigen::Index>(problem.limits.size())) {
  const bool traded = problem.trading && problem.trading->held.size() == weight_count;
  const bool turnover = traded && std::isfinite(problem.trading->turnover_max);
  const bool gross = std::isfinite(problem.gross_max);
  const bool kinked =
      gross ||
      (traded && (turnover || problem.trading->return_cost.size() > 0 || problem.trading->variance_cost.size() > 0));
  const bool has_linear = problem.mean.size() == weight_count;

  std::vector<Piece> list;
  list.reserve(static_cast<std::size_t>(weight_count));
  for (Eigen::Index i = 0; i < weight_count; ++i) list.push_back({i, problem.lower(i), problem.upper(i)});
  if (kinked) {
    std::vector<double> kinks;
    for (Eigen::Index i = 0; i < weight_count; ++i) {
      cut(problem, i, traded, gross, kinks);
      for (std::size_t k = 0; k < kinks.size(); ++k) {
        if (k == 0) list[static_cast<std::size_t>(i)].to = kinks[0];
        list.push_back({i, kinks[k], k + 1 < kinks.size() ? kinks[k + 1] : problem.upper(i)});
        further_asset.push_back(i);
      }
    }
  }
  const auto count = static_cast<Eigen::Index>(list.size());
  Eigen::Index rows = 1 + limit_count;
  if (turnover) turnover_row = rows++;
  if (gross) gross_row = rows++;
  coefficients = Eigen::MatrixXd::Ones(count, rows);
  right = Eigen::VectorXd::Zero(rows);
  right(0) = 1;
  artificial_sign = Eigen::VectorXd::Ones(rows);
  lower = Eigen::VectorXd::Zero(variables());
  upper = Eigen::VectorXd::Zero(variables());
  linear_base = Eigen::VectorXd::Zero(count);
  linear_slope = Eigen::VectorXd::Zero(count);
  for (Eigen::Index g = 0; g < limit_count; ++g) {
    const LinearLimit& limit = problem.limits[static_cast<std::size_t>(g)];
    coefficients.col(1 + g).head(weight_count) = limit.coefficients;
    lower(count + g) = limit.lower;
    upper(count + g) = limit.upper;
  }
  // What the sums of absolute values leave out of row'z: the first pieces count from their weight, not from zero.
  double turnover_offset = 0, gross_offset = 0;
  for (Eigen::Index j = 0; j < count; ++j) {
    const Piece& piece = list[static_cast<std::size_t>(j)];
    const bool first = j < weight_count;
    lower(j) = first ? piece.from : 0;
    upper(j) = first ? piece.to : piece.to - piece.from;
    if (!first) {
      for (Eigen::Index g = 0; g < limit_count; ++g) coefficients(j, 1 + g) = coefficients(piece.asset, 1 + g);
    }
    if (has_linear) {
      linear_base(j) = -at(problem.pull, piece.asset);
      linear_slope(j) = problem.mean(piece.asset);
    }
    const double middle = 0.5 * (piece.from + piece.to);
    if (traded) {
      const double held = problem.trading->held(piece.asset), sign = middle < held ? -1.0 : 1.0;
      const double offset = first ? std::abs(piece.from - held) - sign * piece.from : 0.0;
      const double return_cost = at(problem.trading->return_cost, piece.asset);
      linear_base(j) += sign * at(problem.trading->variance_cost, piece.asset);
      linear_slope(j) -= sign * return_cost;
      return_offset -= return_cost * offset;
      if (turnover) {
        coefficients(j, turnover_row) = sign;
        turnover_offset += offset;
      }
    }
    if (gross) {
      const double sign = middle < 0 ? -1.0 : 1.0;
      coefficients(j, gross_row) = sign;
      gross_offset += first ? std::abs(piece.from) - sign * piece.from : 0.0;
    }
  }
  const double widest = -std::numeric_limits<double>::infinity();
  if (turnover) {
    lower(count + turnover_row - 1) = widest;
    upper(count + turnover_row - 1) = problem.trading->turnover_max - turnover_offset;
  }
  if (gross) {
    lower(count + gross_row - 1) = widest;
    upper(count + gross_row - 1) = problem.gross_max - gross_offset;
  }
  // No wider than the bounds allow, so that every variable has a finite bound on both sides.
  for (Eigen::Index row = 1; row < rows; ++row) {
    const Eigen::ArrayXd at_lower = coefficients.col(row).array() * lower.head(count).array();
    const Eigen::ArrayXd at_upper = coefficients.col(row).array() * upper.head(count).array();
    double& least = lower(count + row - 1);
    double& greatest = upper(count + row - 1);
    least = std::max(least, at_lower.min(at_upper).sum() - 1);
    greatest = std::min(greatest, at_lower.max(at_upper).sum() + 1);
  }
}

void Form::column(Eigen::Index variable, Eigen::Ref<Eigen::VectorXd> out) const {
  if (variable < pieces()) {
    out = coefficients.row(variable).transpose();
    return;
  }
  out.setZero();
  if (variable < first_artificial()) {
    out(1 + variable - pieces()) = -1;
  } else {
    out(variable - first_artificial()) = artificial_sign(variable - first_artificial());
  }
}

double Form::times_column(const Eigen::VectorXd& prices, Eigen::Index variable) const {
  if (variable < pieces()) return coefficients.row(variable).dot(prices);
  if (variable < first_artificial()) return -prices(1 + variable - pieces());
  return prices(variable - first_artificial()) * artificial_sign(variable - first_artificial());
}

Eigen::VectorXd Form::weights_of(const Eigen::VectorXd& x) const {
  Eigen::VectorXd out = x.head(weight_count);
  for (Eigen::Index j = weight_count; j < pieces(); ++j) out(asset_of(j)) += x(j);
  return out;
}

}  // namespace rebalancer::active_set
