// The days and hours of the New York Stock Exchange, as rules. Checked against exchange_calendars for 1990 to 2030;
// earlier years follow the rules of 1990. Unscheduled late opens and halts inside a day are not told.
#pragma once
#include "core/base/time.hpp"

namespace rebalancer::nyse {

inline constexpr int open_minute_of_day = 9 * 60 + 30;
inline constexpr int regular_close_minute_of_day = 16 * 60;

[[nodiscard]] bool is_session(Date date);
// 16:00, or 13:00 (14:00 until 1992) on a day that closes early. New York time; `date` must be a session.
[[nodiscard]] int close_minute_of_day(Date date);

}  // namespace rebalancer::nyse
