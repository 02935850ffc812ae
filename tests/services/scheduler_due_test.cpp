// When turns are due.
#include <doctest/doctest.h>

#include "support/scheduler_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;
using Scene = SchedulerScene;

TEST_CASE("a turn is due at the right instant: changes of the clock, early closes, leap days, other zones") {
  struct Row {
    const char* calendar;
    const char* at;
    const char* zone;
    const char* session;
    const char* due;  // by hand, UTC
  };
  const Row rows[] = {
      // New York is UTC-5 in winter, UTC-4 from 2026-03-08 to 2026-11-01.
      {"XNYS", "16:30", "America/New_York", "2026-03-06", "2026-03-06 21:30"},
      {"XNYS", "16:30", "America/New_York", "2026-03-09", "2026-03-09 20:30"},
      {"XNYS", "16:30", "America/New_York", "2026-10-30", "2026-10-30 20:30"},
      {"XNYS", "16:30", "America/New_York", "2026-11-02", "2026-11-02 21:30"},
      {"XNYS", "open+30m", "America/New_York", "2026-03-06", "2026-03-06 15:00"},
      {"XNYS", "open+30m", "America/New_York", "2026-03-09", "2026-03-09 14:00"},
      {"XNYS", "close-20m", "America/New_York", "2026-10-30", "2026-10-30 19:40"},
      {"XNYS", "close-20m", "America/New_York", "2026-11-02", "2026-11-02 20:40"},
      // The day after Thanksgiving and Christmas Eve close at 13:00; a time of day does not care.
      {"XNYS", "close-20m", "America/New_York", "2026-11-25", "2026-11-25 20:40"},
      {"XNYS", "close-20m", "America/New_York", "2026-11-27", "2026-11-27 17:40"},
      {"XNYS", "close-20m", "America/New_York", "2026-12-24", "2026-12-24 17:40"},
      {"XNYS", "close+30m", "America/New_York", "2026-11-27", "2026-11-27 18:30"},
      {"XNYS", "16:30", "America/New_York", "2026-11-27", "2026-11-27 21:30"},
      {"XNYS", "open", "America/New_York", "2026-11-27", "2026-11-27 14:30"},
      // 2028 is a leap year, and its 29 February a Tuesday.
      {"XNYS", "16:30", "America/New_York", "2028-02-28", "2028-02-28 21:30"},
      {"XNYS", "16:30", "America/New_York", "2028-02-29", "2028-02-29 21:30"},
      {"XNYS", "close-1h", "America/New_York", "2028-02-29", "2028-02-29 20:00"},
      {"XNYS", "16:30", "America/New_York", "2028-03-01", "2028-03-01 21:30"},
      // The session's date, in that zone: Tokyo is UTC+9, Kiritimati UTC+14, Honolulu UTC-10.
      {"XNYS", "06:00", "Asia/Tokyo", "2026-11-23", "2026-11-22 21:00"},
      {"XNYS", "23:59", "Asia/Tokyo", "2026-11-23", "2026-11-23 14:59"},
      {"XNYS", "00:30", "Pacific/Kiritimati", "2026-11-23", "2026-11-22 10:30"},
      {"XNYS", "23:00", "Pacific/Honolulu", "2026-11-23", "2026-11-24 09:00"},
      {"XNYS", "21:00", "UTC", "2026-11-23", "2026-11-23 21:00"},
      // London changes on 2026-03-29, three weeks after New York.
      {"XNYS", "21:00", "Europe/London", "2026-03-27", "2026-03-27 21:00"},
      {"XNYS", "21:00", "Europe/London", "2026-03-30", "2026-03-30 20:00"},
      // Every day is a session: 02:30 does not exist on 8 March, 01:30 exists twice on 1 November.
      {"24x7", "02:30", "America/New_York", "2026-03-07", "2026-03-07 07:30"},
      {"24x7", "02:30", "America/New_York", "2026-03-08", "2026-03-08 07:00"},
      {"24x7", "02:30", "America/New_York", "2026-03-09", "2026-03-09 06:30"},
      {"24x7", "01:30", "America/New_York", "2026-10-31", "2026-10-31 05:30"},
      {"24x7", "01:30", "America/New_York", "2026-11-01", "2026-11-01 05:30"},
      {"24x7", "01:30", "America/New_York", "2026-11-02", "2026-11-02 06:30"},
      {"24x7", "close-20m", "America/New_York", "2026-11-22", "2026-11-22 23:40"},
      {"24x7", "close", "America/New_York", "2026-11-22", "2026-11-23 00:00"},
      {"24x7", "open", "America/New_York", "2028-02-29", "2028-02-29 00:00"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.at);
    CAPTURE(row.zone);
    CAPTURE(row.session);
    Scene scene(row.at, "2026-01-05 12:00", {}, row.calendar);
    scene.change(schedule_of(row.at, row.zone));
    REQUIRE(scene.calendar->is_session(day(row.session)));
    const Instant due = scene.scheduler->due_of(day(row.session));
    CHECK(due.to_string() == utc(row.due).to_string());
    // And it is the next one until the very moment.
    const auto next = scene.scheduler->next_after(Instant::from_nanoseconds(due.nanoseconds() - 1));
    REQUIRE(next.has_value());
    CHECK(next->session == day(row.session));
    CHECK(next->due_at == due);
    CHECK(scene.scheduler->next_after(due)->session == scene.calendar->next_session(day(row.session)));
    // It begins then and not a nanosecond before.
    scene.clock.set(Instant::from_nanoseconds(due.nanoseconds() - 3'600'000'000'000));
    REQUIRE_FALSE(scene.scheduler->step().value().has_value());
    scene.clock.set(Instant::from_nanoseconds(due.nanoseconds() - 1));
    REQUIRE_FALSE(scene.scheduler->step().value().has_value());
    scene.clock.set(due);
    const auto turn = scene.scheduler->step().value();
    REQUIRE(turn.has_value());
    CHECK(turn->session == day(row.session));
    CHECK(turn->due_at == due);
  }
}

TEST_CASE("days that are no session have no turn") {
  struct Row {
    const char* last;  // its turn is due at 16:30
    const char* next;
  };
  const Row rows[] = {{"2026-04-02", "2026-04-06"},  // Good Friday
                      {"2026-05-22", "2026-05-26"},  // Memorial Day
                      {"2026-06-18", "2026-06-22"},  // Juneteenth
                      {"2026-07-02", "2026-07-06"},  // Independence Day, a Saturday, kept on Friday
                      {"2026-11-25", "2026-11-27"},  // Thanksgiving
                      {"2026-12-24", "2026-12-28"},  // Christmas
                      {"2026-12-31", "2027-01-04"},  // New Year, a Friday
                      {"2027-12-31", "2028-01-03"},  // New Year, a Saturday, kept by nobody
                      {"2027-02-26", "2027-03-01"},  // no leap year
                      {"2028-02-28", "2028-02-29"}, {"2028-02-29", "2028-03-01"}};
  for (const Row& row : rows) {
    CAPTURE(row.last);
    Scene scene("16:30", std::string(row.last) + " 12:00");
    CHECK(scene.idle_at(std::string(row.last) + " 12:00"));
    CHECK(scene.scheduler->next_after(scene.clock.now())->session == day(row.last));
    scene.finish_at(std::string(row.last) + " 21:31", scene.begun_at(std::string(row.last) + " 21:30"));
    CHECK(scene.scheduler->next_after(scene.clock.now())->session == day(row.next));
    for (Date date = day(row.last).plus_days(1); date < day(row.next); date = date.plus_days(1)) {
      for (const char* time : {" 14:30", " 20:30", " 21:30", " 23:59"}) CHECK(scene.idle_at(date.to_string() + time));
    }
    CHECK(scene.begun_at(std::string(row.next) + " 21:30").session == day(row.next));
    CHECK(scene.events.count("turn_missed") == 0);
  }
}

TEST_CASE("a schedule that cannot be kept is refused, and the one in force stays") {
  Scene scene;
  const auto refused = [&](const Schedule& schedule) {
    auto set = scene.scheduler->set(schedule);
    CHECK(scene.scheduler->schedule() == schedule_of("16:30"));
    return set ? std::string("taken") : std::string(name_of(set.error().code));
  };
  CHECK(refused(schedule_of("16:30", "Mars/Olympus")) == "not_found");
  CHECK(refused(schedule_of("16:30", "")) == "not_found");
  CHECK(refused(schedule_of("close-20m", "Mars/Olympus")) == "not_found");
  CHECK(refused({true, {DayTime::Anchor::midnight, 1'440}, "UTC"}) == "invalid");
  CHECK(refused({true, {DayTime::Anchor::midnight, -1}, "UTC"}) == "invalid");
  CHECK(refused(schedule_of("close+9h")) == "invalid");
  CHECK(refused(schedule_of("open-10h")) == "invalid");
  CHECK(scene.scheduler->set(schedule_of("close-20m", "")));
  CHECK(scene.scheduler->set(schedule_of("close+8h")));
  CHECK(scene.scheduler->set(schedule_of("open-570m")));
  Scene always("close", "2026-11-18 12:00", {}, "24x7");
  CHECK_FALSE(always.scheduler->set(schedule_of("close+1m")));
  CHECK_FALSE(always.scheduler->set(schedule_of("open-1m")));
}
