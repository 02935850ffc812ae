#include "core/market/price_frame.hpp"

#include <cmath>
#include <set>

namespace rebalancer {

Result<PriceFrame> PriceFrame::make(std::vector<Date> dates, std::vector<Symbol> symbols, Eigen::MatrixXd values) {
  if (static_cast<std::size_t>(values.rows()) != dates.size() ||
      static_cast<std::size_t>(values.cols()) != symbols.size()) {
    return fail(ErrorCode::invalid, "a price frame of {} dates and {} symbols was given {} x {} values", dates.size(),
                symbols.size(), values.rows(), values.cols());
  }
  for (std::size_t row = 1; row < dates.size(); ++row) {
    if (dates[row] <= dates[row - 1]) {
      return fail(ErrorCode::invalid, "{} follows {}, dates must ascend", dates[row].to_string(),
                  dates[row - 1].to_string());
    }
  }
  std::set<Symbol> seen;
  for (const Symbol& symbol : symbols) {
    if (!seen.insert(symbol).second) return fail(ErrorCode::invalid, "symbol {} appears twice", symbol);
  }
  for (Eigen::Index col = 0; col < values.cols(); ++col) {
    for (Eigen::Index row = 0; row < values.rows(); ++row) {
      const double value = values(row, col);
      if (std::isnan(value) || (value > 0 && !std::isinf(value))) continue;
      return fail(ErrorCode::invalid, "price of {} on {} is {}, must be positive",
                  symbols[static_cast<std::size_t>(col)], dates[static_cast<std::size_t>(row)].to_string(), value);
    }
  }
  return PriceFrame(std::move(dates), std::move(symbols), std::move(values));
}

}  // namespace rebalancer
