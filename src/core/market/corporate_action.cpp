#include "core/market/corporate_action.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {

std::vector<double> adjusted_closes(const BarTable& table) {
  const auto bars = table.bars();
  std::vector<double> closes(bars.size());
  std::transform(bars.begin(), bars.end(), closes.begin(), [](const Bar& bar) { return bar.close; });
  if (table.basis() == PriceBasis::adjusted) return closes;

  // Backwards: `factor` carries what every later event does to the days before it.
  double factor = 1;
  for (std::size_t i = bars.size(); i-- > 0;) {
    closes[i] *= factor;
    const Bar& bar = bars[i];
    if (bar.split_ratio != 1) factor /= bar.split_ratio;
    if (bar.dividend == 0) continue;
    std::size_t before = i;
    while (before > 0 && std::isnan(bars[before - 1].close)) --before;
    if (before == 0) continue;  // nothing earlier to adjust
    // The dividend is paid on the shares after a split of the same day, the close before it is of the shares before.
    factor *= 1 - bar.dividend * bar.split_ratio / bars[before - 1].close;
  }
  return closes;
}

std::vector<double> total_returns(const BarTable& table) {
  const auto bars = table.bars();
  std::vector<double> returns;
  if (bars.empty()) return returns;
  returns.reserve(bars.size() - 1);
  double last_close = bars.front().close;
  double shares = 1;  // that one share at the last known close has become
  double cash = 0;    // paid on days without a price, reinvested on the next that has one
  for (const Bar& bar : bars.subspan(1)) {
    if (table.basis() == PriceBasis::raw) {
      shares *= bar.split_ratio;
      cash += shares * bar.dividend;
    }
    returns.push_back((shares * bar.close + cash) / last_close - 1);
    if (std::isnan(bar.close)) continue;
    last_close = bar.close;
    shares = 1;
    cash = 0;
  }
  return returns;
}

Result<PriceFrame> adjusted_frame(std::span<const BarTable> tables, Date from, Date to) {
  std::vector<std::vector<double>> closes;
  std::vector<Symbol> symbols;
  std::vector<Date> dates;
  for (const BarTable& table : tables) {
    symbols.push_back(table.symbol());
    closes.push_back(adjusted_closes(table));
    for (std::size_t i = 0; i < table.bars().size(); ++i) {
      const Date date = table.bars()[i].date;
      if (date < from || date > to || std::isnan(closes.back()[i])) continue;
      if (!(closes.back()[i] > 0) || std::isinf(closes.back()[i])) {
        return fail(ErrorCode::invalid, "adjusted close of {} on {} is {}, must be positive", table.symbol(),
                    date.to_string(), closes.back()[i]);
      }
      dates.push_back(date);
    }
  }
  std::sort(dates.begin(), dates.end());
  dates.erase(std::unique(dates.begin(), dates.end()), dates.end());

  Eigen::MatrixXd values = Eigen::MatrixXd::Constant(static_cast<Eigen::Index>(dates.size()),
                                                     static_cast<Eigen::Index>(tables.size()), no_value);
  for (std::size_t col = 0; col < tables.size(); ++col) {
    const auto bars = tables[col].bars();
    std::size_t row = 0;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      while (row < dates.size() && dates[row] < bars[i].date) ++row;
      if (row == dates.size()) break;
      if (dates[row] != bars[i].date) continue;
      values(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(col)) = closes[col][i];
    }
  }
  return PriceFrame::make(std::move(dates), std::move(symbols), std::move(values));
}

}  // namespace rebalancer
