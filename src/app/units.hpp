// Values as people write them: "5%", "25bp", "$50", "close-20m". Shared by the configuration and the command line.
// Errors of every function: invalid, the message says only the rule ("must be between 0% and 100%, as in 5%"), so that
// the caller can put the name and the value in front.
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/error.hpp"
#include "core/market/day_time.hpp"

namespace rebalancer::app {

// "true", "yes", "on", "1" and their opposites, in any case.
[[nodiscard]] Result<bool> parse_boolean(std::string_view text);
// Digits with an optional sign; no leading zeros.
[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view text, std::int64_t minimum, std::int64_t maximum);
// A finite decimal number.
[[nodiscard]] Result<double> parse_number(std::string_view text, double minimum, double maximum);
// "5%", "25bp", "0.05". A bare number above 1 is refused with a question, even where more than 100% is allowed.
[[nodiscard]] Result<double> parse_fraction(std::string_view text, double minimum, double maximum);
// "$250", "250 USD", "1,000.50". Never through double; not negative.
[[nodiscard]] Result<Decimal> parse_money(std::string_view text);
// "45m", "24h", "7d": a whole number of minutes, hours or days, more than none.
[[nodiscard]] Result<std::chrono::minutes> parse_duration(std::string_view text, std::chrono::minutes maximum);
// "A=0.5,B=0.5"; each name once.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_assignments(std::string_view text);

// "5%" when that reads back as the same number, else the shortest number that does.
[[nodiscard]] std::string fraction_text(double fraction);

// Times of the trading day are the scheduler's words too.
using rebalancer::DayTime;
using rebalancer::parse_day_time;
using rebalancer::to_string;

[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] std::string upper_case(std::string_view text);
// Pieces between separators, trimmed. An empty text has no pieces.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

}  // namespace rebalancer::app
