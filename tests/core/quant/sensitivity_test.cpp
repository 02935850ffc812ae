#include "core/quant/sensitivity.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace rebalancer;

TEST_CASE("the largest and the typical distance are those of the moved optima") {
  Eigen::VectorXd mean(3), error(3), weights(3);
  mean << 0.1, 0.2, 0.3;
  error << 0.01, 0.02, 0.04;
  weights << 0.2, 0.5, 0.3;
  // Each raised return takes as much of the last asset's weight as it rose, the last gives its own to the first.
  const Resolve resolve = [&](const Eigen::VectorXd& moved) -> Result<Eigen::VectorXd> {
    Eigen::VectorXd out = weights;
    const Eigen::VectorXd rise = moved - mean;
    if (rise(1) > 0) return fail(ErrorCode::conflict, "none");
    out(0) += rise(0) + rise(2);
    out(2) -= rise(0) + rise(2);
    return out;
  };
  const Sensitivity all = sensitivity_to_returns(mean, error, weights, resolve, 10);
  CHECK(all.assets == 2);
  CHECK(all.most == 2);
  CHECK(std::abs(all.distance_max - 0.04) <= 1e-15);
  CHECK(std::abs(all.distance_mean_square_root - std::sqrt((0.04 * 0.04 + 0.01 * 0.01) / 2)) <= 1e-15);
  // The two with the largest weights.
  const Sensitivity some = sensitivity_to_returns(mean, error, weights, resolve, 2);
  CHECK(some.assets == 1);
  CHECK(some.most == 2);
  const Sensitivity none = sensitivity_to_returns(mean, error, weights, resolve, 0);
  CHECK(none.assets == 0);
  CHECK(none.most == -1);
}

TEST_CASE("the work is bounded whatever the number of assets") {
  CHECK(sensitivity_assets_max(3) == 200);
  CHECK(sensitivity_assets_max(200) == 100);
  CHECK(sensitivity_assets_max(5000) == 1);
}
