// The verdict on the data that comes before any decision.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/market/bar.hpp"
#include "core/market/calendar.hpp"

namespace rebalancer {

enum class Severity { ignore, warning, stop };

[[nodiscard]] std::string_view name_of(Severity severity);

struct QualityRules {
  int gap_sessions_max = 5;        // sessions without a close in a row, inside the history
  double jump_fraction_max = 0.5;  // |close/previous - 1| after adjustment
  int frozen_sessions_max = 10;    // identical closes in a row
  int age_sessions_max = 1;        // sessions between the last close and `as_of`
  int history_sessions_min = 30;   // closes needed before anything is estimated
  Severity gap = Severity::stop;
  Severity jump = Severity::warning;
  Severity frozen = Severity::warning;
  Severity age = Severity::stop;
  Severity history = Severity::stop;
  Severity non_positive = Severity::stop;  // also: high below low, NaN close on the last session
};

struct QualityFinding {
  Symbol symbol;
  std::string check;  // "gap", "jump", "frozen", "age", "history", "non_positive"
  Severity severity;
  std::optional<Date> date;  // where it is, or where it starts
  std::string message;       // "SPY: 7 sessions without a price from 2026-03-02 to 2026-03-10, at most 5 allowed"
};

struct QualityVerdict {
  std::vector<QualityFinding> findings;  // by symbol, then date
  std::size_t bars_examined = 0;

  [[nodiscard]] bool stops() const;
  [[nodiscard]] std::size_t warning_count() const;
};

// `tables` is what is about to be used; a table without bars is a stop of its own ("history").
[[nodiscard]] QualityVerdict judge_quality(std::span<const BarTable> tables, const Calendar& calendar, Date as_of,
                                           const QualityRules& rules);

}  // namespace rebalancer
