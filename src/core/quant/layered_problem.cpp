#include "core/quant/layered_problem.hpp"

#include <algorithm>
#include <cmath>

#include "core/quant/monotone_root.hpp"

namespace rebalancer {
namespace {

Eigen::VectorXd force_of(const MeanVarianceProblem& problem, const Eigen::VectorXd& weights) {
  if (!problem.factors) return problem.covariance.selfadjointView<Eigen::Lower>() * weights;
  const FactorCovariance& factors = *problem.factors;
  Eigen::VectorXd out = factors.specific_variance.cwiseProduct(weights);
  out.noalias() += factors.loadings * (factors.loadings.transpose() * weights);
  return out;
}

double squared_tracking_error(const MeanVarianceProblem& problem, const TrackingError& tracking,
                              const Eigen::VectorXd& weights) {
  const double cross = tracking.benchmark_covariance.dot(weights);
  return std::max(0.0, weights.dot(force_of(problem, weights)) - 2 * cross + tracking.benchmark_variance);
}

// One point of the search: the answer, and where it stands.
struct Point {
  LayeredSolution answer;
  double variance = 0, earned = 0;
};

class Search {
 public:
  Search(const MeanVarianceProblem& problem, const Layers& layers)
      : problem_(problem), layers_(layers), working_(problem) {
    if (problem.factors) {
      diagonal_ = problem.factors->specific_variance;
      largest_ = (diagonal_ + problem.factors->loadings.rowwise().squaredNorm()).maxCoeff();
    } else {
      diagonal_ = problem.covariance.diagonal();
      largest_ = diagonal_.maxCoeff();
    }
    if (!(largest_ > 0)) largest_ = 1;
  }

  // The optimum at `lambda` that keeps the tracking error.
  Result<Point> at(double lambda) {
    Result<Point> free = at(lambda, 0);
    if (!free || !layers_.tracking) return free;
    const TrackingError& tracking = *layers_.tracking;
    const double allowed = tracking.maximum * tracking.maximum;
    const double rounding = 1e-14 * largest_;
    const auto excess = [&](const Point& point) {
      return squared_tracking_error(problem_, tracking, point.answer.solution.weights) - allowed;
    };
    if (excess(*free) <= rounding) return free;
    // Falls as the tracking error's price theta rises; share = 0 is free of charge, 1 dearest.
    const double unit = 1 + lambda / lambda_unit;
    const auto price_of = [&](double share) { return unit * share / (1 - share); };
    RootEnd<Point> far{0, *std::move(free)};
    for (const double share : {0.9, 0.99, 1 - 1e-3, 1 - 1e-4, 1 - 1e-5, 1 - 1e-6, 1 - 1e-7}) {
      Result<Point> near = at(lambda, price_of(share));
      // So high a price leaves too little of the rest to solve for.
      if (!near && near.error().code == ErrorCode::exhausted && share > 0.999) break;
      if (!near) return near;
      if (excess(*near) > rounding) {
        far = {share, *std::move(near)};
        continue;
      }
      return blended(monotone_root<Point>([&](double between) { return at(lambda, price_of(between)); }, excess,
                                          std::move(far), {share, *std::move(near)}),
                     excess);
    }
    Result<Point> nearest = nearest_to_benchmark();
    if (!nearest) return nearest;
    if (excess(*nearest) > rounding) {
      return fail(
          ErrorCode::conflict,
          "tracking_error_max is {:.6g}, but the nearest to the benchmark that the other limits allow is {:.6g}",
          tracking.maximum, std::sqrt(allowed + excess(*nearest)));
    }
    // The limit leaves next to no choice: its price is not known well, and the certificate says so.
    LayeredSolution priced = far.point.answer;
    priced.solution.weights = std::move(nearest->answer.solution.weights);
    nearest->answer = std::move(priced);
    return blended(RootBracket<Point>{std::move(far), {1, *std::move(nearest)}}, excess);
  }

  // Between lambda = 0 and the highest return, where `sign`, falling or rising once along lambda, passes zero; ends at
  // the side where it is not positive.
  template <class Sign>
  Result<Point> between(const Sign& sign, Point low, Point high) {
    const auto at_share = [&](double share) { return at(lambda_unit * share / (1 - share)); };
    return blended(monotone_root<Point>(at_share, sign, {0, std::move(low)}, {highest_share_, std::move(high)}), sign);
  }

  Result<Point> lowest_variance() { return at(0); }
  // As nearly as the numbers allow: so much lambda that variance only breaks ties.
  Result<Point> highest_return() {
    Result<Point> found = fail(ErrorCode::internal, "nothing was tried");
    for (const double share : {1 - 1e-8, 1 - 1e-6, 1 - 1e-4}) {
      highest_share_ = share;
      found = at(lambda_unit * share / (1 - share));
      if (found || found.error().code != ErrorCode::exhausted) break;
    }
    return found;
  }

 private:
  static constexpr double lambda_unit = 0.1;  // where typical answers lie: variance / return

  Result<Point> nearest_to_benchmark() {
    MeanVarianceProblem nearest = problem_;
    nearest.pull = layers_.tracking->benchmark_covariance;
    if (nearest.trading) nearest.trading->variance_cost = {};
    Result<MeanVarianceSolution> found = minimize_at(nearest, 0);
    if (!found) return fail(found.error());
    Point point{{*std::move(found), 0}, 0, 0};
    measure(point);
    return point;
  }

  // Where the covariance is singular the answer may jump: both ends are then optimal at the price between them, and so
  // is everything on the way from one to the other.
  template <class Value>
  Result<Point> blended(Result<RootBracket<Point>> bracket, const Value& value) const {
    if (!bracket) return fail(bracket.error());
    Point& high = bracket->high.point;
    const Eigen::VectorXd end = high.answer.solution.weights;
    const Eigen::VectorXd step = bracket->low.point.answer.solution.weights - end;
    double inside = 0, outside = 1;
    constexpr double nothing = 1e-13;
    for (int halving = 0; halving < 60 && outside * step.cwiseAbs().maxCoeff() > nothing && value(high) != 0;
         ++halving) {
      const double share = 0.5 * (inside + outside);
      Point between = high;
      between.answer.solution.weights = end + share * step;
      measure(between);
      if (value(between) > 0) {
        outside = share;
      } else {
        inside = share;
        high = std::move(between);
      }
      if (outside - inside <= 1e-16) break;
    }
    return std::move(high);
  }

  void measure(Point& point) const {
    const Eigen::VectorXd& weights = point.answer.solution.weights;
    point.variance = weights.dot(force_of(problem_, weights));
    point.earned = expected_return(problem_, layers_, weights);
  }

  Result<Point> at(double lambda, double tracking_price) {
    // All divided by 1 + theta, so that the covariance stays as it is.
    const double scale = 1 / (1 + tracking_price);
    const double quadratic = 2 * scale * (layers_.variance_cost_quadratic + lambda * layers_.return_cost_quadratic);
    Eigen::VectorXd pull = Eigen::VectorXd::Zero(problem_.mean.size());
    if (problem_.pull.size() > 0) pull += scale * problem_.pull;
    if (layers_.tracking) pull += scale * tracking_price * layers_.tracking->benchmark_covariance;
    if (quadratic > 0) pull += quadratic * layers_.held;
    working_.pull = std::move(pull);
    const Eigen::VectorXd diagonal = diagonal_.array() + quadratic;
    if (problem_.factors) {
      working_.factors->specific_variance = diagonal;
    } else {
      working_.covariance.diagonal() = diagonal;
    }
    if (problem_.trading && problem_.trading->variance_cost.size() > 0) {
      working_.trading->variance_cost = scale * problem_.trading->variance_cost;
    }
    Result<MeanVarianceSolution> found =
        minimize_at(working_, scale * lambda, last_.weights.size() > 0 ? &last_ : nullptr);
    // From nothing, when the way from the last answer was too long.
    if (!found && found.error().code == ErrorCode::exhausted) found = minimize_at(working_, scale * lambda);
    if (!found) return fail(found.error());
    last_ = *found;
    Point point;
    MeanVarianceSolution& solution = point.answer.solution;
    solution = *std::move(found);
    solution.lambda = lambda;
    for (double* price : {&solution.budget_price, &solution.turnover_price, &solution.gross_price}) *price /= scale;
    solution.limit_prices /= scale;
    solution.bound_prices /= scale;
    point.answer.tracking_price = tracking_price;
    measure(point);
    return point;
  }

  const MeanVarianceProblem& problem_;
  const Layers& layers_;
  MeanVarianceProblem working_;
  MeanVarianceSolution last_;
  Eigen::VectorXd diagonal_;
  double largest_ = 1, highest_share_ = 1;
};

Result<void> check(const MeanVarianceProblem& problem, const Layers& layers) {
  const auto count = problem.mean.size();
  for (const double cost : {layers.return_cost_quadratic, layers.variance_cost_quadratic}) {
    if (!(cost >= 0) || !std::isfinite(cost)) {
      return fail(ErrorCode::invalid, "the quadratic cost is {}, must be a number of at least 0", cost);
    }
    if (cost > 0 && (layers.held.size() != count || !layers.held.allFinite())) {
      return fail(ErrorCode::invalid, "the quadratic cost needs {} weights held now, got {}", count,
                  layers.held.size());
    }
  }
  if (!layers.tracking) return {};
  const TrackingError& tracking = *layers.tracking;
  if (!(tracking.maximum >= 0) || !std::isfinite(tracking.maximum)) {
    return fail(ErrorCode::invalid, "tracking_error_max is {}, must be a number of at least 0", tracking.maximum);
  }
  if (tracking.benchmark_covariance.size() != count || !tracking.benchmark_covariance.allFinite() ||
      !(tracking.benchmark_variance >= 0) || !std::isfinite(tracking.benchmark_variance)) {
    return fail(ErrorCode::invalid, "the benchmark's covariance with {} assets must be as many finite numbers", count);
  }
  return {};
}

Result<LayeredSolution> plain(Result<MeanVarianceSolution> found) {
  if (!found) return fail(found.error());
  return LayeredSolution{*std::move(found), 0};
}

Result<LayeredSolution> answer_of(Result<Point> found) {
  if (!found) return fail(found.error());
  return std::move(found->answer);
}

}  // namespace

Result<LayeredSolution> minimize_variance(const MeanVarianceProblem& problem, const Layers& layers) {
  if (layers.none()) return plain(minimize_variance(problem));
  return minimize_at(problem, layers, 0);
}

Result<LayeredSolution> minimize_at(const MeanVarianceProblem& problem, const Layers& layers, double lambda) {
  if (layers.none()) return plain(minimize_at(problem, lambda));
  if (const Result<void> checked = check(problem, layers); !checked) return fail(checked.error());
  return answer_of(Search(problem, layers).at(lambda));
}

Result<LayeredSolution> maximize_sharpe(const MeanVarianceProblem& problem, const Layers& layers, double risk_free) {
  if (layers.none()) return plain(maximize_sharpe(problem, risk_free));
  if (const Result<void> checked = check(problem, layers); !checked) return fail(checked.error());
  if (!std::isfinite(risk_free)) return fail(ErrorCode::invalid, "the risk-free rate is {}, must be finite", risk_free);
  Search search(problem, layers);
  Result<Point> low = search.lowest_variance();
  if (!low) return fail(low.error());
  Result<Point> high = search.highest_return();
  if (!high) return fail(high.error());
  const double rounding = 1e-12 * problem.mean.cwiseAbs().maxCoeff();
  if (!(high->earned - risk_free > rounding)) {
    return fail(ErrorCode::conflict,
                "the highest attainable expected return is {:.6g}, which is not above the risk-free rate {:.6g}: no "
                "portfolio has a positive Sharpe ratio",
                high->earned, risk_free);
  }
  // Along the efficient portfolios the ratio rises as long as variance > lambda (return - risk_free), and rises once.
  const auto rises = [&](const Point& point) {
    return point.variance - point.answer.solution.lambda * (point.earned - risk_free);
  };
  if (!(low->variance > 0) && low->earned > risk_free) {
    return fail(ErrorCode::conflict,
                "a portfolio without any volatility is expected to earn {:.6g}, more than the risk-free rate, {:.6g}: "
                "the Sharpe ratio has no maximum",
                low->earned, risk_free);
  }
  if (rises(*high) >= 0) return std::move(high->answer);
  return answer_of(search.between(rises, *std::move(low), *std::move(high)));
}

Result<LayeredSolution> minimize_variance_for_return(const MeanVarianceProblem& problem, const Layers& layers,
                                                     double target) {
  if (layers.none()) return plain(minimize_variance_for_return(problem, target));
  if (const Result<void> checked = check(problem, layers); !checked) return fail(checked.error());
  if (!std::isfinite(target)) return fail(ErrorCode::invalid, "the target return is {}, must be finite", target);
  Search search(problem, layers);
  Result<Point> low = search.lowest_variance();
  if (!low || low->earned >= target) return answer_of(std::move(low));
  Result<Point> high = search.highest_return();
  if (!high) return fail(high.error());
  const double within = 1e-12 * problem.mean.cwiseAbs().maxCoeff();
  if (high->earned < target - within) {
    return fail(ErrorCode::conflict, "target return {:.6g} is above the highest attainable, {:.6g}", target,
                high->earned);
  }
  const auto lacks = [&](const Point& point) { return target - point.earned; };
  if (lacks(*high) >= 0) return std::move(high->answer);
  return answer_of(search.between(lacks, *std::move(low), *std::move(high)));
}

Result<LayeredSolution> maximize_return_for_volatility(const MeanVarianceProblem& problem, const Layers& layers,
                                                       double target) {
  if (layers.none()) return plain(maximize_return_for_volatility(problem, target));
  if (const Result<void> checked = check(problem, layers); !checked) return fail(checked.error());
  if (!(target >= 0) || !std::isfinite(target)) {
    return fail(ErrorCode::invalid, "the target volatility is {}, must be a number of at least 0", target);
  }
  Search search(problem, layers);
  Result<Point> low = search.lowest_variance();
  if (!low) return fail(low.error());
  if (low->variance > target * target * (1 + 1e-12)) {
    return fail(ErrorCode::conflict, "target volatility {:.6g} is below the lowest attainable, {:.6g}", target,
                std::sqrt(low->variance));
  }
  Result<Point> high = search.highest_return();
  if (!high || high->variance <= target * target) return answer_of(std::move(high));
  const auto spare = [&](const Point& point) { return target * target - point.variance; };
  return answer_of(search.between(spare, *std::move(low), *std::move(high)));
}

double expected_return(const MeanVarianceProblem& problem, const Layers& layers, const Eigen::VectorXd& weights) {
  const double earned = expected_return(problem, weights);
  if (layers.return_cost_quadratic == 0) return earned;
  return earned - layers.return_cost_quadratic * (weights - layers.held).squaredNorm();
}

double tracking_error(const MeanVarianceProblem& problem, const TrackingError& tracking,
                      const Eigen::VectorXd& weights) {
  return std::sqrt(squared_tracking_error(problem, tracking, weights));
}

}  // namespace rebalancer
