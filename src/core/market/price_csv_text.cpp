#include <cmath>
#include <iterator>

#include "core/market/corporate_action.hpp"
#include "core/market/price_csv.hpp"

namespace rebalancer {
namespace {

void cell(fmt::memory_buffer& out, double value) {
  if (!std::isfinite(value)) {
    out.push_back(',');
  } else {
    fmt::format_to(std::back_inserter(out), ",{}", value);
  }
}

}  // namespace

std::string wide_csv(const PriceFrame& frame) {
  fmt::memory_buffer out;
  out.append(std::string_view("date"));
  for (const Symbol& symbol : frame.symbols()) fmt::format_to(std::back_inserter(out), ",{}", symbol);
  out.push_back('\n');
  for (std::size_t row = 0; row < frame.rows(); ++row) {
    out.append(frame.dates()[row].to_string());
    for (std::size_t col = 0; col < frame.cols(); ++col) {
      cell(out, frame.values()(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(col)));
    }
    out.push_back('\n');
  }
  return fmt::to_string(out);
}

Result<std::string> long_csv(std::span<const BarTable> tables) {
  const bool is_raw = tables.empty() || tables.front().basis() == PriceBasis::raw;
  fmt::memory_buffer out;
  out.append(std::string_view(is_raw ? "date,symbol,open,high,low,close,adjusted_close,volume,dividend,split\n"
                                     : "date,symbol,open,high,low,adjusted_close,volume\n"));
  for (const BarTable& table : tables) {
    if ((table.basis() == PriceBasis::raw) != is_raw) {
      return fail(ErrorCode::invalid, "{} has {} prices and {} has {} ones, one file must have one kind",
                  tables.front().symbol(), is_raw ? "raw" : "adjusted", table.symbol(), is_raw ? "adjusted" : "raw");
    }
    const auto adjusted = adjusted_closes(table);
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      const Bar& bar = table.bars()[i];
      fmt::format_to(std::back_inserter(out), "{},{}", bar.date.to_string(), table.symbol());
      for (const double value : {bar.open, bar.high, bar.low}) cell(out, value);
      if (is_raw) cell(out, bar.close);
      cell(out, adjusted[i]);
      cell(out, bar.volume);
      if (is_raw) {
        cell(out, bar.dividend);
        cell(out, bar.split_ratio);
      }
      out.push_back('\n');
    }
  }
  return fmt::to_string(out);
}

}  // namespace rebalancer
