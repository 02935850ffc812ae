#include "core/base/time.hpp"

#include <charconv>

#include <date/date.h>

namespace rebalancer {
namespace {

date::year_month_day civil(std::int32_t days) { return date::sys_days(date::days(days)); }

bool read_number(std::string_view text, int& value) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
}

}  // namespace

Result<Date> Date::make(int year, unsigned month, unsigned day) {
  const date::year_month_day ymd{date::year(year), date::month(month), date::day(day)};
  // The library keeps a month and a day in a byte: 257 would be January.
  if (month > 12 || day > 31 || !ymd.ok() || year < 1900 || year > 2199) {
    return fail(ErrorCode::invalid, "{:04}-{:02}-{:02} is not a day between 1900-01-01 and 2199-12-31", year, month,
                day);
  }
  return from_days(static_cast<std::int32_t>(date::sys_days(ymd).time_since_epoch().count()));
}

Result<Date> Date::parse(std::string_view iso) {
  int year = 0;
  int month = 0;
  int day = 0;
  const bool shaped = iso.size() == 10 && iso[4] == '-' && iso[7] == '-' && read_number(iso.substr(0, 4), year) &&
                      read_number(iso.substr(5, 2), month) && read_number(iso.substr(8, 2), day);
  if (!shaped) return fail(ErrorCode::invalid, "\"{}\" is not a date of the form 2026-11-23", iso);
  return make(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

int Date::year() const { return static_cast<int>(civil(days_).year()); }
unsigned Date::month() const { return static_cast<unsigned>(civil(days_).month()); }
unsigned Date::day() const { return static_cast<unsigned>(civil(days_).day()); }

std::string Date::to_string() const {
  const auto ymd = civil(days_);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

Date Instant::utc_date() const {
  constexpr std::int64_t day = 86'400'000'000'000;
  std::int64_t days = nanoseconds_ / day;
  if (nanoseconds_ % day < 0) --days;
  return Date::from_days(static_cast<std::int32_t>(days));
}

std::string Instant::to_string() const {
  const Date date = utc_date();
  constexpr std::int64_t day = 86'400'000'000'000;
  const std::int64_t milliseconds = (nanoseconds_ % day + day) % day / 1'000'000;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", date.to_string(), milliseconds / 3'600'000,
                     milliseconds / 60'000 % 60, milliseconds / 1000 % 60, milliseconds % 1000);
}

}  // namespace rebalancer
