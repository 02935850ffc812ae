#include "core/quant/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace rebalancer {

Sensitivity sensitivity_to_returns(const Eigen::VectorXd& mean, const Eigen::VectorXd& standard_error,
                                   const Eigen::VectorXd& weights, const Resolve& resolve, Eigen::Index assets_max) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(mean.size()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return std::abs(weights(a)) > std::abs(weights(b)); });
  order.resize(static_cast<std::size_t>(std::clamp<Eigen::Index>(assets_max, 0, mean.size())));
  Sensitivity out;
  double squares = 0;
  Eigen::VectorXd moved = mean;
  for (const Eigen::Index asset : order) {
    moved(asset) = mean(asset) + standard_error(asset);
    const Result<Eigen::VectorXd> other = resolve(moved);
    moved(asset) = mean(asset);
    if (!other) continue;
    const double distance = 0.5 * (*other - weights).cwiseAbs().sum();
    ++out.assets;
    squares += distance * distance;
    if (out.most >= 0 && distance <= out.distance_max) continue;
    out.most = asset;
    out.distance_max = distance;
  }
  if (out.assets > 0) out.distance_mean_square_root = std::sqrt(squares / static_cast<double>(out.assets));
  return out;
}

Eigen::Index sensitivity_assets_max(Eigen::Index count) {
  constexpr Eigen::Index most = 200, steps_max = 4'000'000;
  return std::clamp<Eigen::Index>(steps_max / std::max<Eigen::Index>(1, count * count), 1, most);
}

}  // namespace rebalancer
