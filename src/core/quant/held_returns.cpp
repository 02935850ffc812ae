#include "core/quant/held_returns.hpp"

namespace rebalancer {

std::vector<double> held_returns(const Eigen::MatrixXd& returns, const std::vector<Date>& dates,
                                 const Eigen::VectorXd& weights, Reset reset) {
  std::vector<double> out;
  out.reserve(dates.size());
  Eigen::VectorXd held = weights;  // value of each position, as fractions of the value at the last reset
  for (std::size_t t = 0; t < dates.size(); ++t) {
    const auto row = returns.row(static_cast<Eigen::Index>(t)).transpose();
    const double before = held.sum();
    held.array() *= 1 + row.array();
    out.push_back(held.sum() / before - 1);
    const bool month_ends =
        t + 1 < dates.size() && (dates[t + 1].month() != dates[t].month() || dates[t + 1].year() != dates[t].year());
    if (reset == Reset::daily || month_ends) held = weights;
  }
  return out;
}

}  // namespace rebalancer
