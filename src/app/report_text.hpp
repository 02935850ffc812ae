// A run's report for people: what mode and data, how each stage went, what was traded and why, what to type next.
#pragma once
#include <string>

#include "app/terminal.hpp"
#include "services/pipeline.hpp"

namespace rebalancer::app {

[[nodiscard]] std::string report_text(const RunReport& report, const Terminal& terminal);

// "PAPER broker · SIMULATED prices", loud where nothing is real and louder where it is.
[[nodiscard]] std::string banner(const RunReport& report, const Terminal& terminal);

// "-3.2%", "+0.4%", and "0.0%" for what rounds to nothing.
[[nodiscard]] std::string signed_percent(double fraction);

// One line per figure of every analysis, as far as figures are plain numbers and texts.
[[nodiscard]] std::string analysis_text(const RunReport& report);

// "3.1 ms", "2.4 s"
[[nodiscard]] std::string duration_text(double seconds);
// "12,345.67": two places, half-even; for print only.
[[nodiscard]] std::string amount_text(Decimal amount);

}  // namespace rebalancer::app
