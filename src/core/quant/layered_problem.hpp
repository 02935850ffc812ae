// Tracking error and quadratic trading cost on top of a mean-variance problem. Neither fits its shape as it stands, but
// at a fixed price each is one more quadratic term: exact solves inside a search over one or two monotone numbers.
#pragma once
#include <optional>

#include "core/quant/certificate.hpp"
#include "core/quant/mean_variance.hpp"

namespace rebalancer {

// (w - b)'S(w - b) <= maximum^2, where b is the benchmark: Sb is its covariance with each asset, b'Sb its variance.
struct TrackingError {
  Eigen::VectorXd benchmark_covariance;
  double benchmark_variance = 0;
  double maximum = 0;  // per year, as a volatility
};

struct Layers {
  std::optional<TrackingError> tracking = {};
  // Of each trade's square, sum (w - held)^2; needs the weights held. Taken from the expected return, or added to
  // 1/2 w'Sw. Not negative.
  double return_cost_quadratic = 0, variance_cost_quadratic = 0;
  Eigen::VectorXd held = {};

  [[nodiscard]] bool none() const { return !tracking && return_cost_quadratic == 0 && variance_cost_quadratic == 0; }
};

// The optimum of
//   1/2 w'Sw - (pull + lambda mean)'w + (variance_cost + lambda return_cost)'|w - held|
//     + (variance_cost_quadratic + lambda return_cost_quadratic) |w - held|^2
// under the problem's constraints and the tracking error. The prices are of that objective; `tracking_price` is the
// multiplier of 1/2 (tracking error)^2.
struct LayeredSolution {
  MeanVarianceSolution solution;
  double tracking_price = 0;
};

// The questions of mean_variance.hpp, and the same without layers. Errors also: conflict, saying what is attainable,
// when no weights come near enough to the benchmark; invalid for layers that are not finite or negative.
// `minimize_variance_for_return` takes the lowest variance that earns at least `target`.
[[nodiscard]] Result<LayeredSolution> minimize_variance(const MeanVarianceProblem& problem, const Layers& layers);
[[nodiscard]] Result<LayeredSolution> minimize_at(const MeanVarianceProblem& problem, const Layers& layers,
                                                  double lambda);
[[nodiscard]] Result<LayeredSolution> maximize_sharpe(const MeanVarianceProblem& problem, const Layers& layers,
                                                      double risk_free);
[[nodiscard]] Result<LayeredSolution> minimize_variance_for_return(const MeanVarianceProblem& problem,
                                                                   const Layers& layers, double target);
[[nodiscard]] Result<LayeredSolution> maximize_return_for_volatility(const MeanVarianceProblem& problem,
                                                                     const Layers& layers, double target);

// mean'w less the linear and the quadratic cost.
[[nodiscard]] double expected_return(const MeanVarianceProblem& problem, const Layers& layers,
                                     const Eigen::VectorXd& weights);
// sqrt((w - b)'S(w - b)).
[[nodiscard]] double tracking_error(const MeanVarianceProblem& problem, const TrackingError& tracking,
                                    const Eigen::VectorXd& weights);

// From the problem, the layers and the answer alone; shares no code with the search.
[[nodiscard]] OptimalityProof prove(const MeanVarianceProblem& problem, const Layers& layers,
                                    const LayeredSolution& solution);

}  // namespace rebalancer
