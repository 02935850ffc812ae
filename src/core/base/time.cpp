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

Result<Instant> Instant::parse(std::string_view rfc3339) {
  const auto wrong = [rfc3339] {
    return fail(ErrorCode::invalid, "\"{}\" is not a time of the form 2026-11-23T07:30:00Z", rfc3339.substr(0, 64));
  };
  constexpr std::size_t whole = 19;  // up to the seconds
  if (rfc3339.size() <= whole || (rfc3339[10] != 'T' && rfc3339[10] != 't') || rfc3339[13] != ':' ||
      rfc3339[16] != ':') {
    return wrong();
  }
  const auto date = Date::parse(rfc3339.substr(0, 10));
  int hour = 0, minute = 0, second = 0;
  const bool clock = date && read_number(rfc3339.substr(11, 2), hour) && read_number(rfc3339.substr(14, 2), minute) &&
                     read_number(rfc3339.substr(17, 2), second) && hour < 24 && minute < 60 && second < 60;
  if (!clock) return wrong();
  std::string_view rest = rfc3339.substr(whole);
  int fraction_ns = 0;
  if (rest.front() == '.') {
    rest.remove_prefix(1);
    std::size_t digits = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits) {
      if (digits == 9) return wrong();
      fraction_ns = fraction_ns * 10 + (rest[digits] - '0');
    }
    if (digits == 0) return wrong();
    rest.remove_prefix(digits);
    for (; digits < 9; ++digits) fraction_ns *= 10;
  }
  int offset_minutes = 0;
  if (rest != "Z" && rest != "z") {
    int hours = 0, minutes = 0;
    const bool shaped = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' &&
                        read_number(rest.substr(1, 2), hours) && read_number(rest.substr(4, 2), minutes) &&
                        hours < 24 && minutes < 60;
    if (!shaped) return wrong();
    offset_minutes = (rest[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
  const std::int64_t minutes = (std::int64_t{date->days()} * 24 + hour) * 60 + minute - offset_minutes;
  return from_nanoseconds((minutes * 60 + second) * 1'000'000'000 + fraction_ns);
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
