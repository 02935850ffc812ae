#include "adapters/plugin_host/bars.hpp"

#include <cmath>
#include <cstddef>
#include <exception>

namespace rebalancer {
namespace {

constexpr std::uint64_t bars_max = 200'000;  // more than the days from 1900 to 2199
constexpr std::size_t tables_max = 100'000;
constexpr std::size_t source_size_max = 200;

}  // namespace

void BarCollector::take(const rb_bars* bars) {
  if (!broken_.empty()) return;
  try {
    if (bars == nullptr || !REBALANCER_COVERS(*bars, rb_bars, count) || (bars->bars == nullptr && bars->count > 0)) {
      broken_ = "bars without a table";
    } else if (tables_.size() >= tables_max) {
      broken_ = fmt::format("more than {} tables", tables_max);
    } else if (auto table = table_of(*bars)) {
      tables_.push_back(*std::move(table));
    } else {
      broken_ = table.error().message;
    }
  } catch (const std::exception& error) {
    broken_ = error.what();
  }
}

Result<BarTable> BarCollector::table_of(const rb_bars& bars) const {
  const std::string name = printable(bars.symbol, 40);
  auto symbol = Symbol::parse(name);
  if (!symbol) return fail(ErrorCode::internal, "bars of a bad symbol: {}", symbol.error().message);
  if (bars.count > bars_max) return fail(ErrorCode::internal, "{} bars of {}, at most {}", bars.count, name, bars_max);
  if (bars.basis != RB_RAW && bars.basis != RB_ADJUSTED) {
    return fail(ErrorCode::internal, "bars of {} of unknown basis {}", name, bars.basis);
  }
  std::vector<Bar> days;
  days.reserve(static_cast<std::size_t>(bars.count));
  for (std::size_t i = 0; i < bars.count; ++i) {
    auto day = bar_of(bars.bars[i]);
    if (!day) return fail(ErrorCode::internal, "bars of {}: {}", name, day.error().message);
    days.push_back(*day);
  }
  std::string source = printable(bars.source, source_size_max);
  if (source.empty() && !days.empty()) source = source_default_;
  auto table = BarTable::make(*std::move(symbol), std::move(days),
                              bars.basis == RB_RAW ? PriceBasis::raw : PriceBasis::adjusted, std::move(source));
  if (!table) return fail(ErrorCode::internal, "bars of {}", table.error().message);
  return table;
}

Result<Bar> BarCollector::bar_of(const rb_bar& bar) const {
  const Date date = Date::from_days(bar.date);
  if (date < from_ || date > to_) {
    return fail(ErrorCode::internal, "day {} is outside {} to {}", bar.date, from_.to_string(), to_.to_string());
  }
  for (const double value : {bar.open, bar.high, bar.low, bar.close, bar.volume}) {
    if (std::isinf(value)) return fail(ErrorCode::internal, "a value on {} is infinite", date.to_string());
  }
  return Bar{date, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend, bar.split_ratio};
}

std::vector<rb_bar> lent_bars(const BarTable& table) {
  std::vector<rb_bar> bars;
  bars.reserve(table.bars().size());
  for (const Bar& bar : table.bars()) {
    bars.push_back(
        {bar.date.days(), 0, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend, bar.split_ratio});
  }
  return bars;
}

rb_bars lent_table(const BarTable& table, const std::vector<rb_bar>& bars) {
  const std::string& symbol = table.symbol().str();
  const std::string& source = table.source();
  const std::uint32_t basis = table.basis() == PriceBasis::raw ? RB_RAW : RB_ADJUSTED;
  return {sizeof(rb_bars), {symbol.data(), symbol.size()}, {source.data(), source.size()}, basis, 0, bars.data(),
          bars.size()};
}

}  // namespace rebalancer
