// Bars across the contract, both ways; providers and stores share it.
#pragma once
#include <vector>

#include "adapters/plugin_host/instance.hpp"

namespace rebalancer {

// Collects what a plugin emits. A callback runs in the plugin's frames: it copies, and keeps the first thing wrong.
class BarCollector {
 public:
  // `source_default`: for a table that has bars but does not say whose.
  BarCollector(Date from, Date to, std::string source_default)
      : from_(from), to_(to), source_default_(std::move(source_default)) {}

  static void on_bars(void* self, const rb_bars* bars) noexcept { static_cast<BarCollector*>(self)->take(bars); }
  [[nodiscard]] std::vector<BarTable>& tables() { return tables_; }
  [[nodiscard]] const std::string& broken() const { return broken_; }  // "bars of ...": completes "x returned"

 private:
  void take(const rb_bars* bars);
  [[nodiscard]] Result<BarTable> table_of(const rb_bars& bars) const;
  [[nodiscard]] Result<Bar> bar_of(const rb_bar& bar) const;

  Date from_, to_;
  std::string source_default_;
  std::vector<BarTable> tables_;
  std::string broken_;
};

[[nodiscard]] std::vector<rb_bar> lent_bars(const BarTable& table);
// Borrows from `table` and `bars`.
[[nodiscard]] rb_bars lent_table(const BarTable& table, const std::vector<rb_bar>& bars);

}  // namespace rebalancer
