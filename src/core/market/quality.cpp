#include "core/market/quality.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/market/corporate_action.hpp"

namespace rebalancer {
namespace {

// What one symbol's checks share.
class Examination {
 public:
  Examination(const BarTable& table, const Calendar& calendar, Date as_of, const QualityRules& rules,
              std::vector<QualityFinding>& findings)
      : table_(table), calendar_(calendar), as_of_(as_of), rules_(rules), findings_(findings) {
    for (std::size_t i = 0; i < table.bars().size(); ++i) {
      if (!std::isnan(table.bars()[i].close)) priced_.push_back(i);
    }
  }

  void run() {
    if (priced_.empty()) {
      // Nothing can be decided without a price, whatever the rules say.
      add("history", Severity::stop, std::nullopt, "there is no price at all");
      return;
    }
    if (rules_.non_positive != Severity::ignore) prices();
    if (rules_.gap != Severity::ignore) gaps();
    if (rules_.jump != Severity::ignore) jumps();
    if (rules_.frozen != Severity::ignore) frozen();
    if (rules_.age != Severity::ignore) age();
    if (rules_.history != Severity::ignore) history();
  }

 private:
  [[nodiscard]] const Bar& priced(std::size_t i) const { return table_.bars()[priced_[i]]; }

  void add(std::string_view check, Severity severity, std::optional<Date> date, std::string_view message) {
    findings_.push_back(
        {table_.symbol(), std::string(check), severity, date, fmt::format("{}: {}", table_.symbol(), message)});
  }

  // One finding for all impossible prices: a broken file has thousands of them.
  void prices() {
    std::string first;
    Date where;
    std::size_t count = 0;
    const auto found = [&](Date date, std::string message) {
      if (count++ > 0) return;
      where = date;
      first = std::move(message);
    };
    for (const Bar& bar : table_.bars()) {
      const auto date = [&] { return bar.date.to_string(); };
      const auto is_bad = [](double price) { return std::isinf(price) || price <= 0; };  // NaN is no price
      if (is_bad(bar.close)) {
        found(bar.date, fmt::format("close on {} is {}, must be positive", date(), bar.close));
      } else if (is_bad(bar.open) || is_bad(bar.high) || is_bad(bar.low)) {
        const auto [name, value] = is_bad(bar.open)   ? std::pair{"open", bar.open}
                                   : is_bad(bar.high) ? std::pair{"high", bar.high}
                                                      : std::pair{"low", bar.low};
        found(bar.date, fmt::format("{} on {} is {}, must be positive", name, date(), value));
      } else if (bar.high < bar.low) {
        found(bar.date, fmt::format("high on {} is {}, must not be below the low of {}", date(), bar.high, bar.low));
      } else if (std::isnan(bar.close) && &bar == &table_.bars().back()) {
        found(bar.date, fmt::format("there is no close on {}, the last day", date()));
      }
    }
    if (count == 0) return;
    if (count > 1) first += fmt::format("; so on {} days", count);
    add("non_positive", rules_.non_positive, where, first);
  }

  void gaps() {
    for (std::size_t i = 1; i < priced_.size(); ++i) {
      const Date before = priced(i - 1).date;
      const Date after = priced(i).date;
      // Not even the days between would be too many: spares the calendar on the common pair.
      if (after.days() - before.days() - 1 <= rules_.gap_sessions_max) continue;
      const auto missing = calendar_.sessions(before.plus_days(1), after.plus_days(-1));
      if (static_cast<int>(missing.size()) <= rules_.gap_sessions_max) continue;
      add("gap", rules_.gap, missing.front(),
          fmt::format("{} sessions without a price from {} to {}, at most {} allowed", missing.size(),
                      missing.front().to_string(), missing.back().to_string(), rules_.gap_sessions_max));
    }
  }

  void jumps() {
    const auto closes = adjusted_closes(table_);
    for (std::size_t i = 1; i < priced_.size(); ++i) {
      const double before = closes[priced_[i - 1]];
      const double after = closes[priced_[i]];
      if (!(before > 0) || !(after > 0)) continue;  // told as non_positive
      const double change = after / before - 1;
      if (std::abs(change) <= rules_.jump_fraction_max) continue;
      // A ratio within 3 % of a whole number is more likely shares counted anew than a price.
      const double ratio = change < 0 ? before / after : after / before;
      const bool is_like_split = std::abs(ratio / std::round(ratio) - 1) < 0.03;
      add("jump", rules_.jump, priced(i).date,
          fmt::format("{:+.1f}% from {:.6g} on {} to {:.6g} on {}, at most {:.6g}% allowed{}", change * 100, before,
                      priced(i - 1).date.to_string(), after, priced(i).date.to_string(), rules_.jump_fraction_max * 100,
                      is_like_split ? fmt::format("; is a {} split of {:.0f} missing or told twice?",
                                                  change < 0 ? "forward" : "reverse", ratio)
                                    : ""));
    }
  }

  void frozen() {
    std::size_t start = 0;
    for (std::size_t i = 1; i <= priced_.size(); ++i) {
      if (i < priced_.size() && priced(i).close == priced(start).close) continue;
      const std::size_t length = i - start;
      if (length > static_cast<std::size_t>(std::max(1, rules_.frozen_sessions_max))) {
        add("frozen", rules_.frozen, priced(start).date,
            fmt::format("{} equal closes of {:.6g} in a row from {} to {}, at most {} allowed", length,
                        priced(start).close, priced(start).date.to_string(), priced(i - 1).date.to_string(),
                        rules_.frozen_sessions_max));
      }
      start = i;
    }
  }

  void age() {
    const Date last = priced(priced_.size() - 1).date;
    const int sessions = calendar_.session_count(last, as_of_);
    if (sessions <= rules_.age_sessions_max) return;
    add("age", rules_.age, last,
        fmt::format("the last price is of {}, {} sessions before {}, at most {} allowed", last.to_string(), sessions,
                    as_of_.to_string(), rules_.age_sessions_max));
  }

  void history() {
    if (priced_.size() >= static_cast<std::size_t>(std::max(0, rules_.history_sessions_min))) return;
    add("history", rules_.history, priced(0).date,
        fmt::format("{} prices since {}, at least {} needed", priced_.size(), priced(0).date.to_string(),
                    rules_.history_sessions_min));
  }

  const BarTable& table_;
  const Calendar& calendar_;
  Date as_of_;
  const QualityRules& rules_;
  std::vector<QualityFinding>& findings_;
  std::vector<std::size_t> priced_;  // the bars that have a close
};

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::ignore:
      return "ignore";
    case Severity::warning:
      return "warning";
    case Severity::stop:
      return "stop";
  }
  return "unknown";
}

bool QualityVerdict::stops() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const QualityFinding& finding) { return finding.severity == Severity::stop; });
}

std::size_t QualityVerdict::warning_count() const {
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), [](const QualityFinding& finding) {
    return finding.severity == Severity::warning;
  }));
}

QualityVerdict judge_quality(std::span<const BarTable> tables, const Calendar& calendar, Date as_of,
                             const QualityRules& rules) {
  QualityVerdict verdict;
  for (const BarTable& table : tables) {
    verdict.bars_examined += table.bars().size();
    Examination(table, calendar, as_of, rules, verdict.findings).run();
  }
  std::stable_sort(verdict.findings.begin(), verdict.findings.end(),
                   [](const QualityFinding& a, const QualityFinding& b) {
                     return std::tie(a.symbol, a.date) < std::tie(b.symbol, b.date);
                   });
  return verdict;
}

}  // namespace rebalancer
