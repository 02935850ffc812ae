#pragma once
#include <algorithm>

#include <rebalancer/conformance/checker.hpp>

namespace rebalancer::sdk::conformance {

// Tables as a plugin emitted them, copied.
struct Emitted {
  struct Table {
    std::string symbol, source;
    std::uint32_t basis = 0;
    std::vector<rb_bar> bars;
  };
  std::vector<Table> tables;
  static void take(void* ctx, const rb_bars* bars) {
    auto& emitted = *static_cast<Emitted*>(ctx);
    emitted.tables.push_back({text_of(bars->symbol), text_of(bars->source), bars->basis, {}});
    if (bars->bars != nullptr) emitted.tables.back().bars.assign(bars->bars, bars->bars + bars->count);
  }
};

inline bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
inline bool same_bar(const rb_bar& a, const rb_bar& b) {
  return a.date == b.date && same_number(a.open, b.open) && same_number(a.high, b.high) && same_number(a.low, b.low) &&
         same_number(a.close, b.close) && same_number(a.volume, b.volume) && a.dividend == b.dividend &&
         a.split_ratio == b.split_ratio;
}
inline bool same_table(const Emitted::Table& a, const Emitted::Table& b) {
  return a.symbol == b.symbol && a.source == b.source && a.basis == b.basis &&
         std::equal(a.bars.begin(), a.bars.end(), b.bars.begin(), b.bars.end(), same_bar);
}

inline void judge_table(const Emitted::Table& table, rb_date from, rb_date to, Findings& findings) {
  const auto require = [&](bool good, const std::string& what) { findings.require(good, table.symbol + ": " + what); };
  findings.require(is_symbol(table.symbol), "bars of \"" + table.symbol + "\", which is no symbol");
  require(table.basis == RB_RAW || table.basis == RB_ADJUSTED, "the basis is unknown");
  require(table.bars.empty() || !table.source.empty(), "the bars have no source");
  for (std::size_t i = 0; i < table.bars.size(); ++i) {
    const rb_bar& bar = table.bars[i];
    require(i == 0 || bar.date > table.bars[i - 1].date, Sentence() << "day " << bar.date << " does not ascend");
    require(bar.date >= from && bar.date <= to, Sentence() << "day " << bar.date << " was not asked for");
    require(bar.split_ratio > 0 && std::isfinite(bar.split_ratio), "a split ratio is not positive");
    require(bar.dividend >= 0 && std::isfinite(bar.dividend), "a dividend is negative");
    for (const double value : {bar.open, bar.high, bar.low, bar.close, bar.volume}) {
      require(!std::isinf(value), Sentence() << "a value of day " << bar.date << " is infinite; NaN says: not known");
    }
  }
}

inline void check_provider(const rb_plugin& plugin, const Options& options, Findings& findings) {
  Subject subject(plugin, options.config_json);
  if (subject.self() == nullptr) return;
  const std::vector<std::string> names =
      options.symbols.empty() ? std::vector<std::string>{"SPY", "BND"} : options.symbols;
  std::vector<rb_str> symbols;
  for (const std::string& name : names) symbols.push_back(lent(name));
  const auto ask = [&](Emitted& out) {
    return subject.run(findings, "bars", [&] {
      return subject.api<rb_provider>().bars(subject.self(), symbols.data(), symbols.size(), options.from, options.to,
                                             &Emitted::take, &out);
    });
  };
  Emitted first;
  if (ask(first) != RB_OK) return;  // it said why: no network is no breach
  for (const Emitted::Table& table : first.tables) {
    judge_table(table, options.from, options.to, findings);
    findings.require(std::find(names.begin(), names.end(), table.symbol) != names.end(),
                     "bars of " + table.symbol + ", which nobody asked for");
  }
  for (const std::string& name : names) {
    const auto count = std::count_if(first.tables.begin(), first.tables.end(),
                                     [&](const Emitted::Table& table) { return table.symbol == name; });
    findings.require(count == 1, Sentence() << count << " tables for " << name << ", must be one, if without bars");
  }
  Emitted second;
  if (ask(second) == RB_OK) {
    findings.require(
        std::equal(first.tables.begin(), first.tables.end(), second.tables.begin(), second.tables.end(), same_table),
        "the same question was answered differently the second time");
  }
}

}  // namespace rebalancer::sdk::conformance
