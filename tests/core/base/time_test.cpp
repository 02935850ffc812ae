#include "core/base/time.hpp"

#include <limits>
#include <tuple>

#include <doctest/doctest.h>

namespace rebalancer {
namespace {

TEST_CASE("every day from 1900 to 2199 goes there and back") {
  // Counted by hand: month lengths and the Gregorian leap rule, from 1970-01-01 backwards and forwards.
  constexpr unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto is_leap = [](int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; };
  std::int32_t days = 0;
  for (int year = 1900; year < 1970; ++year) days -= is_leap(year) ? 366 : 365;
  int weekday = 1;  // 1900-01-01 was a Monday
  int count = 0;
  for (int year = 1900; year <= 2199; ++year) {
    for (unsigned month = 1; month <= 12; ++month) {
      const unsigned length = lengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
      for (unsigned day = 1; day <= length; ++day) {
        const Date date = Date::make(year, month, day).value();
        REQUIRE(date.days() == days);
        REQUIRE(date.year() == year);
        REQUIRE(date.month() == month);
        REQUIRE(date.day() == day);
        REQUIRE(date.weekday() == weekday);
        REQUIRE(date == Date::from_days(days));
        const std::string text = fmt::format("{:04}-{:02}-{:02}", year, month, day);
        REQUIRE(date.to_string() == text);
        REQUIRE(Date::parse(text).value() == date);
        ++days;
        ++count;
        weekday = (weekday + 1) % 7;
      }
      REQUIRE_FALSE(Date::make(year, month, length + 1));
      REQUIRE_FALSE(Date::make(year, month, 0));
    }
  }
  CHECK(count == 109'573);
  CHECK(Date::make(1970, 1, 1)->days() == 0);
}

TEST_CASE("there is no day outside the calendar, however its numbers are wrapped") {
  for (const auto& [year, month, day] : {std::tuple{1899, 12u, 31u},
                                         {2200, 1u, 1u},
                                         {2026, 0u, 1u},
                                         {2026, 13u, 1u},
                                         {2026, 2u, 29u},
                                         {2100, 2u, 29u},
                                         {2026, 257u, 1u},
                                         {2026, 1u, 257u},
                                         {2026 + 65536, 1u, 1u},
                                         {-2026, 1u, 1u}}) {
    CAPTURE(year);
    CAPTURE(month);
    CAPTURE(day);
    CHECK_FALSE(Date::make(year, month, day));
  }
  CHECK(Date::make(2026, 2, 29).error().message == "2026-02-29 is not a day between 1900-01-01 and 2199-12-31");
}

TEST_CASE("a date is read in one form only") {
  CHECK(Date::parse("2026-11-23")->to_string() == "2026-11-23");
  for (const char* bad : {"", "2026-11-2", "2026-11-233", "26-11-23", "2026/11/23", "2026-1-023", "+026-11-23",
                          "2026-11-2x", "2026-+1-23", " 2026-11-23", "2026-13-01", "2026-00-10", "0000-01-01"}) {
    CAPTURE(bad);
    REQUIRE_FALSE(Date::parse(bad));
    CHECK(Date::parse(bad).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("days before 1970 have the right weekday and arithmetic") {
  CHECK(Date::make(1969, 12, 31)->weekday() == 3);
  CHECK(Date::make(2026, 11, 23)->weekday() == 1);
  CHECK(Date::make(2024, 2, 28)->plus_days(2).to_string() == "2024-03-01");
  CHECK(Date::make(2024, 3, 1)->plus_days(-1).to_string() == "2024-02-29");
}

TEST_CASE("an instant prints in UTC with milliseconds, on both sides of 1970") {
  CHECK(Instant::from_seconds(1'795'419'000).to_string() == "2026-11-23T07:30:00.000Z");
  CHECK(Instant().to_string() == "1970-01-01T00:00:00.000Z");
  CHECK(Instant::from_nanoseconds(-1).to_string() == "1969-12-31T23:59:59.999Z");
  CHECK(Instant::from_nanoseconds(-1).utc_date().to_string() == "1969-12-31");
  CHECK(Instant::from_nanoseconds(1'999'999).to_string() == "1970-01-01T00:00:00.001Z");
  CHECK(Instant::from_seconds(86'400).utc_date().days() == 1);
  CHECK(Instant::from_seconds(-86'400).utc_date().days() == -1);
  CHECK(Instant::from_seconds(-86'400).to_string() == "1969-12-31T00:00:00.000Z");
  CHECK(Instant::from_nanoseconds(std::numeric_limits<std::int64_t>::max()).to_string() == "2262-04-11T23:47:16.854Z");
  CHECK(Instant::from_nanoseconds(std::numeric_limits<std::int64_t>::min()).to_string() == "1677-09-21T00:12:43.145Z");
}

}  // namespace
}  // namespace rebalancer

TEST_CASE("times of RFC 3339 are read to the nanosecond, in any offset, and nothing else is") {
  const auto read = [](std::string_view text) { return rebalancer::Instant::parse(text).value(); };
  using rebalancer::Instant;
  CHECK(read("2026-11-23T07:30:00Z") == Instant::from_seconds(1'795'419'000));
  CHECK(read("2026-11-23t07:30:00z") == Instant::from_seconds(1'795'419'000));
  CHECK(read("2026-11-23T02:30:00-05:00") == Instant::from_seconds(1'795'419'000));
  CHECK(read("2026-11-23T13:00:00+05:30") == Instant::from_seconds(1'795'419'000));
  CHECK(read("2026-11-23T07:30:00.123456789Z").nanoseconds() == 1'795'419'000'123'456'789);
  CHECK(read("2026-11-23T07:30:00.5-00:00").nanoseconds() == 1'795'419'000'500'000'000);
  CHECK(read("1969-12-31T23:59:59.999Z").nanoseconds() == -1'000'000);
  for (const char* wrong :
       {"", "2026-11-23", "2026-11-23T07:30:00", "2026-11-23 07:30:00Z", "2026-11-23T07:30Z", "2026-11-23T24:00:00Z",
        "2026-11-23T07:60:00Z", "2026-11-23T07:30:60Z", "2026-02-30T07:30:00Z", "2026-11-23T07:30:00.Z",
        "2026-11-23T07:30:00.1234567890Z", "2026-11-23T07:30:00+0500", "2026-11-23T07:30:00+24:00",
        "2026-11-23T07:30:00ZZ", "2026-11-23T-7:30:00Z", "2026-11-23T07:30:00.1", "2026-11-23T07:30:00 Z"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Instant::parse(wrong).has_value());
  }
}
