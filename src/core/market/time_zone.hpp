// One zone of the system's tz database: from a day and a time on the wall to an instant, and back.
#pragma once
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace date {
class time_zone;
}

namespace rebalancer {

class TimeZone {
 public:
  // Reads the database at the first call in the process (milliseconds). Errors: not_found for an unknown name,
  // unavailable when the machine has no database.
  [[nodiscard]] static Result<TimeZone> named(std::string_view name);

  // `minute_of_day` from 0 to 1439. A time that happens twice is the first of the two; one that a jump of the clock
  // skips is the moment of the jump.
  [[nodiscard]] Instant instant_of(Date date, int minute_of_day) const;
  [[nodiscard]] Date date_of(Instant instant) const;
  [[nodiscard]] int minute_of_day(Instant instant) const;
  [[nodiscard]] const std::string& name() const;

 private:
  explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;  // lives as long as the process
};

}  // namespace rebalancer
