#include "core/market/bar.hpp"

namespace rebalancer {

Result<BarTable> BarTable::make(Symbol symbol, std::vector<Bar> bars, PriceBasis basis, std::string source) {
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    if (i > 0 && bar.date <= bars[i - 1].date) {
      return fail(ErrorCode::invalid, "{}: {} follows {}, dates must ascend", symbol, bar.date.to_string(),
                  bars[i - 1].date.to_string());
    }
    if (!(bar.split_ratio > 0) || std::isinf(bar.split_ratio)) {
      return fail(ErrorCode::invalid, "{}: split ratio on {} is {}, must be positive", symbol, bar.date.to_string(),
                  bar.split_ratio);
    }
    if (!(bar.dividend >= 0) || std::isinf(bar.dividend)) {
      return fail(ErrorCode::invalid, "{}: dividend on {} is {}, must not be negative", symbol, bar.date.to_string(),
                  bar.dividend);
    }
  }
  return BarTable(std::move(symbol), std::move(bars), basis, std::move(source));
}

}  // namespace rebalancer
