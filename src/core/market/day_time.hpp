// When somebody acts on a trading day, as people write it: "16:30", "open+15m", "close-20m".
#pragma once
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace rebalancer {

// A time of day, or one relative to the session.
struct DayTime {
  enum class Anchor { midnight, open, close };
  Anchor anchor = Anchor::midnight;
  int minutes = 0;  // after the anchor; negative is before

  friend bool operator==(const DayTime&, const DayTime&) = default;
};

// "16:30", "open+15m", "close", "close-20m", "close-1h"; at most twelve hours from open or close. Errors: invalid, the
// message says only the rule, so that the caller can put the name and the value in front.
[[nodiscard]] Result<DayTime> parse_day_time(std::string_view text);
// Reads back as the same time.
[[nodiscard]] std::string to_string(const DayTime& time);

}  // namespace rebalancer
