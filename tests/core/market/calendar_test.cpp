#include "core/market/calendar.hpp"

#include <fstream>
#include <map>
#include <sstream>

#include <doctest/doctest.h>

#include "core/market/nyse.hpp"
#include "core/market/time_zone.hpp"
#include "support/reference.hpp"

using namespace rebalancer;

namespace {

Date day(const char* iso) { return Date::parse(iso).value(); }
std::shared_ptr<const Calendar> xnys() { return calendar_named("XNYS").value(); }
std::string text(Instant instant) { return instant.to_string().substr(0, 16) + "Z"; }

}  // namespace

TEST_CASE("every day from 1990 to 2030 is the session, with the hours, that the reference calendar says") {
  const auto file = test::reference_file("protocols/calendars/XNYS-sessions-1990-2030.csv");
  if (!file) return;
  struct Hours {
    std::string open, close;
    bool early;
  };
  std::map<Date, Hours> expected;
  std::ifstream in(*file);
  std::string line;
  std::getline(in, line);
  REQUIRE(line == "date,open_local,close_local,open_utc,close_utc,early_close");
  while (std::getline(in, line)) {
    std::stringstream cells(line);
    std::string date, open_local, close_local, open, close, early;
    for (std::string* cell : {&date, &open_local, &close_local, &open, &close, &early}) std::getline(cells, *cell, ',');
    expected[Date::parse(date).value()] = {open, close, early == "1"};
  }
  REQUIRE(expected.size() == 10322);
  const auto calendar = xnys();
  int differences = 0;
  for (Date date = day("1990-01-01"); date <= day("2030-12-31"); date = date.plus_days(1)) {
    const auto found = expected.find(date);
    bool same = calendar->is_session(date) == (found != expected.end());
    if (same && found != expected.end()) {
      same = text(calendar->open(date)) == found->second.open && text(calendar->close(date)) == found->second.close &&
             calendar->is_early_close(date) == found->second.early;
    }
    if (!same) MESSAGE("differs: " << date.to_string());
    differences += same ? 0 : 1;
  }
  CHECK(differences == 0);
}

TEST_CASE("the exchange is closed on holidays, kept on the nearest weekday, and on days of mourning") {
  const auto calendar = xnys();
  for (const char* closed : {"2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19",
                             "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25", "2012-10-29", "2001-09-11",
                             "2025-01-09", "2026-11-21", "2026-11-22", "2022-06-20"}) {
    CAPTURE(closed);
    CHECK_FALSE(calendar->is_session(day(closed)));
    CHECK_FALSE(calendar->is_early_close(day(closed)));
  }
  // A Saturday New Year is not kept; Juneteenth and King's day only since their first years; Columbus day never.
  for (const char* open : {"2021-12-31", "2021-06-18", "1997-01-20", "2026-10-12", "2026-11-11"}) {
    CAPTURE(open);
    CHECK(calendar->is_session(day(open)));
  }
}

TEST_CASE("hours follow New York's clock through the changes to and from daylight saving time") {
  const auto calendar = xnys();
  CHECK(text(calendar->open(day("2026-03-06"))) == "2026-03-06T14:30Z");
  CHECK(text(calendar->open(day("2026-03-09"))) == "2026-03-09T13:30Z");
  CHECK(text(calendar->close(day("2026-10-30"))) == "2026-10-30T20:00Z");
  CHECK(text(calendar->close(day("2026-11-02"))) == "2026-11-02T21:00Z");
  // Until 2006 the changes were in April and October.
  CHECK(text(calendar->open(day("2006-03-13"))) == "2006-03-13T14:30Z");
  CHECK(text(calendar->close(day("2026-11-27"))) == "2026-11-27T18:00Z");
  CHECK(calendar->is_early_close(day("2026-11-27")));
}

TEST_CASE("a session is completed at its close and not before") {
  const auto calendar = xnys();
  const Instant close = calendar->close(day("2026-11-23"));
  const auto before = Instant::from_nanoseconds(close.nanoseconds() - 1);
  CHECK(calendar->last_completed_session(close) == day("2026-11-23"));
  CHECK(calendar->last_completed_session(before) == day("2026-11-20"));
  CHECK(calendar->last_completed_session(calendar->close(day("2026-11-27"))) == day("2026-11-27"));
  // Saturday in Greenwich is still Friday evening in New York.
  CHECK(calendar->last_completed_session(calendar->open(day("2026-11-23"))) == day("2026-11-20"));
}

TEST_CASE("sessions are counted after the first day and up to the last") {
  const auto calendar = xnys();
  CHECK(calendar->session_count(day("2026-11-25"), day("2026-11-30")) == 2);  // Thanksgiving, a weekend
  CHECK(calendar->session_count(day("2026-11-30"), day("2026-11-30")) == 0);
  CHECK(calendar->session_count(day("2026-12-30"), day("2026-11-30")) == 0);
  CHECK(calendar->previous_session(day("2026-11-30")) == day("2026-11-27"));
  CHECK(calendar->next_session(day("2026-11-25")) == day("2026-11-27"));
  CHECK(calendar->session_on_or_before(day("2026-11-26")) == day("2026-11-25"));
  CHECK(calendar->session_on_or_before(day("2026-11-25")) == day("2026-11-25"));
  const auto sessions = calendar->sessions(day("2026-11-25"), day("2026-11-30"));
  REQUIRE(sessions.size() == 3);
  CHECK(sessions[1] == day("2026-11-27"));
  CHECK(calendar->sessions(day("2026-01-01"), day("2026-12-31")).size() == 251);
}

TEST_CASE("an asset that never closes has every day as a session of 24 hours in UTC") {
  const auto calendar = calendar_named("24x7").value();
  CHECK(calendar->is_session(day("2026-12-25")));
  CHECK(text(calendar->open(day("2026-12-25"))) == "2026-12-25T00:00Z");
  CHECK(text(calendar->close(day("2026-12-25"))) == "2026-12-26T00:00Z");
  CHECK(calendar->last_completed_session(calendar->close(day("2026-12-25"))) == day("2026-12-25"));
  CHECK(calendar->session_count(day("2026-12-20"), day("2026-12-27")) == 7);
}

TEST_CASE("an unknown calendar is refused with the names that are known") {
  const auto calendar = calendar_named("XXXX");
  REQUIRE_FALSE(calendar);
  CHECK(calendar.error().code == ErrorCode::not_found);
  CHECK(calendar.error().message == "calendar \"XXXX\" is not known, must be XNYS or 24x7");
}

TEST_CASE("a zone gives back the day and the minute that an instant was made of") {
  const auto zone = TimeZone::named("America/New_York").value();
  CHECK(zone.name() == "America/New_York");
  for (Date date = day("2026-01-01"); date <= day("2026-12-31"); date = date.plus_days(1)) {
    for (const int minute : {0, 570, 960, 1439}) {
      const Instant instant = zone.instant_of(date, minute);
      REQUIRE(zone.date_of(instant) == date);
      REQUIRE(zone.minute_of_day(instant) == minute);
    }
  }
  // 01:30 happens twice on 2026-11-01 (the first counts), 02:30 never on 2026-03-08 (the jump at 02:00 counts).
  CHECK(text(zone.instant_of(day("2026-11-01"), 90)) == "2026-11-01T05:30Z");
  CHECK(text(zone.instant_of(day("2026-03-08"), 150)) == "2026-03-08T07:00Z");
  const auto wrong = TimeZone::named("Mars/Olympus");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::not_found);
}
