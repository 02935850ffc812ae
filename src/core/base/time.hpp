// Date and Instant: a day, and a moment in UTC. Zones exist only in the calendar and in print.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace rebalancer {

// A day of the proleptic Gregorian calendar, from 1900-01-01 to 2199-12-31.
class Date {
 public:
  constexpr Date() = default;  // 1970-01-01
  [[nodiscard]] static constexpr Date from_days(std::int32_t days_since_epoch) {
    Date date;
    date.days_ = days_since_epoch;
    return date;
  }
  // Errors: invalid when there is no such day.
  [[nodiscard]] static Result<Date> make(int year, unsigned month, unsigned day);
  // Reads exactly "2026-11-23".
  [[nodiscard]] static Result<Date> parse(std::string_view iso);

  [[nodiscard]] constexpr std::int32_t days() const { return days_; }
  [[nodiscard]] int year() const;
  [[nodiscard]] unsigned month() const;  // 1 to 12
  [[nodiscard]] unsigned day() const;    // 1 to 31
  // 0 Sunday to 6 Saturday.
  [[nodiscard]] constexpr int weekday() const {
    const int shifted = (days_ + 4) % 7;  // 1970-01-01 was a Thursday
    return shifted < 0 ? shifted + 7 : shifted;
  }
  [[nodiscard]] constexpr Date plus_days(std::int32_t days) const { return from_days(days_ + days); }
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(Date, Date) = default;

 private:
  std::int32_t days_ = 0;
};

// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
class Instant {
 public:
  constexpr Instant() = default;
  [[nodiscard]] static constexpr Instant from_nanoseconds(std::int64_t since_epoch) {
    Instant instant;
    instant.nanoseconds_ = since_epoch;
    return instant;
  }
  [[nodiscard]] static constexpr Instant from_seconds(std::int64_t since_epoch) {
    return from_nanoseconds(since_epoch * 1'000'000'000);
  }
  [[nodiscard]] constexpr std::int64_t nanoseconds() const { return nanoseconds_; }
  // RFC 3339: "2026-11-23T07:30:00Z", with a fraction of up to nine digits, or an offset such as "-05:00" for the Z.
  // Errors: invalid, also for a leap second, which has no place here.
  [[nodiscard]] static Result<Instant> parse(std::string_view rfc3339);
  [[nodiscard]] Date utc_date() const;
  // RFC 3339 with milliseconds: "2026-11-23T07:30:00.000Z".
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(Instant, Instant) = default;

 private:
  std::int64_t nanoseconds_ = 0;
};

}  // namespace rebalancer
