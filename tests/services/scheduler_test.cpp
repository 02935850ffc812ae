#include "services/scheduler.hpp"

#include <charconv>

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"
#include "support/memory_turn_store.hpp"
#include "support/recording_events.hpp"

using namespace rebalancer;
using test::FakeClock;
using test::MemoryTurnStore;
using test::RecordingEvents;

namespace {

Date day(const char* iso) { return Date::parse(iso).value(); }

// "2026-11-27 17:40", or with seconds; UTC.
Instant utc(const std::string& text) {
  const auto number = [&](std::size_t place) {
    int value = 0;
    std::from_chars(text.data() + place, text.data() + place + 2, value);
    return value;
  };
  const std::int64_t seconds = text.size() > 16 ? number(17) : 0;
  return Instant::from_seconds(std::int64_t{day(text.substr(0, 10).c_str()).days()} * 86'400 + number(11) * 3'600 +
                               number(14) * 60 + seconds);
}

Schedule schedule_of(const char* at, const char* zone = "America/New_York", bool enabled = true) {
  return {enabled, parse_day_time(at).value(), zone};
}

// A scheduler with all it needs; restart() is a new process on the same store.
struct Scene {
  explicit Scene(const char* at = "16:30", const std::string& now = "2026-11-18 12:00", SchedulePolicy limits = {},
                 const char* calendar_name = "XNYS")
      : calendar(calendar_named(calendar_name).value()), clock(utc(now)), policy(limits), schedule(schedule_of(at)) {
    restart();
  }
  void restart() {
    scheduler.emplace("default", *calendar, store, clock, events, policy);
    REQUIRE(scheduler->set(schedule));
  }
  void change(const Schedule& wanted) {
    schedule = wanted;
    REQUIRE(scheduler->set(wanted));
  }
  std::optional<Turn> step_at(const std::string& text) {
    clock.set(utc(text));
    auto turn = scheduler->step();
    REQUIRE(turn.has_value());
    return *turn;
  }
  Turn begun_at(const std::string& text) {
    auto turn = step_at(text);
    REQUIRE(turn.has_value());
    return *turn;
  }
  bool idle_at(const std::string& text) { return !step_at(text).has_value(); }
  Turn finish_at(const std::string& text, const Turn& turn, bool may_be_repeated = false) {
    clock.set(utc(text));
    const AttemptEnd end = may_be_repeated ? AttemptEnd{"aa11", "held", "the provider is down", true}
                                           : AttemptEnd{"aa11", "traded", "2 of 2 orders filled", false};
    auto ended = scheduler->finish(turn, end);
    REQUIRE(ended.has_value());
    return *ended;
  }
  // As "2026-11-18 done 1", oldest first.
  std::vector<std::string> history() {
    std::vector<std::string> lines;
    const auto turns = store.turns("default", 100).value();
    for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
      lines.push_back(fmt::format("{} {} {}", turn->session.to_string(), name_of(turn->state), turn->attempts));
    }
    return lines;
  }

  std::shared_ptr<const Calendar> calendar;
  MemoryTurnStore store;
  FakeClock clock;
  RecordingEvents events;
  SchedulePolicy policy;
  Schedule schedule;
  std::optional<Scheduler> scheduler;
};

using Lines = std::vector<std::string>;

}  // namespace

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

TEST_CASE("a turn is written down before it is given out, ends once, and is never begun again") {
  Scene scene;
  CHECK(scene.idle_at("2026-11-18 21:29:59"));
  const Turn turn = scene.begun_at("2026-11-18 21:30:01");
  CHECK(turn.portfolio == "default");
  CHECK(turn.session == day("2026-11-18"));
  CHECK(turn.due_at == utc("2026-11-18 21:30"));
  CHECK(turn.state == TurnState::running);
  CHECK(turn.attempts == 1);
  CHECK(turn.started_at == utc("2026-11-18 21:30:01"));
  CHECK(scene.store.turn("default", turn.session).value() == turn);
  CHECK(scene.idle_at("2026-11-18 21:30:02"));  // one at a time
  const Turn done = scene.finish_at("2026-11-18 21:32", turn);
  CHECK(done.state == TurnState::done);
  CHECK(done.finished_at == utc("2026-11-18 21:32"));
  CHECK(done.run_id == "aa11");
  CHECK(done.outcome == "traded");
  CHECK(done.reason == "2 of 2 orders filled");
  CHECK(scene.store.turn("default", turn.session).value() == done);
  for (const char* time : {"21:32", "21:33", "22:30", "23:59"}) CHECK(scene.idle_at(std::string("2026-11-18 ") + time));
  // However the clock goes back.
  for (const char* moment : {"2026-11-18 21:30", "2026-11-18 21:29:59", "2026-11-18 21:31", "2026-11-18 05:00",
                             "2026-11-18 21:30:30", "2026-11-17 21:30", "2026-11-18 21:30"}) {
    CAPTURE(moment);
    CHECK(scene.idle_at(moment));
  }
  scene.restart();
  CHECK(scene.idle_at("2026-11-18 21:30"));
  CHECK(scene.begun_at("2026-11-19 21:30").session == day("2026-11-19"));
  REQUIRE(scene.events.events.size() == 3);
  CHECK(scene.events.events[0].name == "turn_begun");
  CHECK(scene.events.events[1].name == "turn_done");
  CHECK(scene.events.events[2].name == "turn_begun");
  CHECK(scene.events.events[1].fields == std::map<std::string, std::string>{{"session", "2026-11-18"},
                                                                            {"due_at", "2026-11-18T21:30:00.000Z"},
                                                                            {"attempt", "1"}});
}

TEST_CASE("nothing was missed before the first start, not even a minute before") {
  Scene scene("16:30", "2026-11-18 21:31");
  CHECK(scene.idle_at("2026-11-18 21:31"));
  CHECK(scene.idle_at("2026-11-18 21:45"));
  CHECK(scene.history().empty());
  CHECK(scene.begun_at("2026-11-19 21:30").session == day("2026-11-19"));
}

TEST_CASE("from the first start on turns are owed, even when the process dies before the first of them") {
  Scene scene("16:30", "2026-11-18 20:00");
  CHECK(scene.idle_at("2026-11-18 20:00"));
  scene.clock.set(utc("2026-11-18 22:10"));
  scene.restart();
  CHECK(scene.begun_at("2026-11-18 22:10").session == day("2026-11-18"));
}

TEST_CASE("a turn is late within the limit and missed beyond it") {
  SUBCASE("taken late") {
    Scene scene("16:30", "2026-11-18 12:00");
    CHECK(scene.idle_at("2026-11-18 12:00"));
    CHECK(scene.begun_at("2026-11-18 22:30:59").due_at == utc("2026-11-18 21:30"));
  }
  SUBCASE("missed") {
    Scene scene("16:30", "2026-11-18 12:00");
    CHECK(scene.idle_at("2026-11-18 12:00"));
    CHECK(scene.idle_at("2026-11-18 22:31"));
    CHECK(scene.history() == Lines{"2026-11-18 missed 0"});
    CHECK(scene.store.turns("default", 1).value().at(0).reason ==
          "nobody was there in time: 61 minutes late, must be at most 60");
    CHECK(scene.events.count("turn_missed") == 1);
    CHECK(scene.idle_at("2026-11-18 21:30"));  // the clock was wrong, but it is missed
  }
  SUBCASE("a limit of nothing still has the minute in which it is due") {
    Scene scene("16:30", "2026-11-18 12:00", {.late_minutes_max = 0});
    CHECK(scene.idle_at("2026-11-18 12:00"));
    CHECK(scene.begun_at("2026-11-18 21:30:59").attempts == 1);
    Scene later("16:30", "2026-11-18 12:00", {.late_minutes_max = 0});
    CHECK(later.idle_at("2026-11-18 12:00"));
    CHECK(later.idle_at("2026-11-18 21:31"));
    CHECK(later.history() == Lines{"2026-11-18 missed 0"});
  }
  SUBCASE("due while the market is open, it is not taken after the close") {
    Scene scene("close-20m", "2026-11-27 12:00");  // closes at 13:00, 18:00 UTC
    CHECK(scene.idle_at("2026-11-27 12:00"));
    CHECK(scene.idle_at("2026-11-27 18:00"));
    CHECK(scene.history() == Lines{"2026-11-27 missed 0"});
    CHECK(scene.store.turns("default", 1).value().at(0).reason == "nobody was there in time: the session has closed");
    Scene in_time("close-20m", "2026-11-27 12:00");
    CHECK(in_time.idle_at("2026-11-27 12:00"));
    CHECK(in_time.begun_at("2026-11-27 17:59:59").attempts == 1);
  }
  SUBCASE("no turn is taken when the next one is due") {
    Scene scene("16:30", "2026-11-18 12:00", {.late_minutes_max = 1'440});
    CHECK(scene.idle_at("2026-11-18 12:00"));
    CHECK(scene.begun_at("2026-11-19 21:30").session == day("2026-11-19"));
    CHECK(scene.history() == Lines{"2026-11-18 missed 0", "2026-11-19 running 1"});
    CHECK(scene.store.turns("default", 2).value().at(1).reason == "nobody was there in time: the next turn is due");
  }
}

TEST_CASE("days that were slept through are recorded as missed, the newest ten, and only after what is known") {
  Scene scene("16:30", "2026-11-10 12:00");
  scene.finish_at("2026-11-10 21:31", (scene.step_at("2026-11-10 12:00"), scene.begun_at("2026-11-10 21:30")));
  CHECK(scene.idle_at("2026-11-13 22:00") == false);  // Friday's own turn, late
  CHECK(scene.history() ==
        Lines{"2026-11-10 done 1", "2026-11-11 missed 0", "2026-11-12 missed 0", "2026-11-13 running 1"});
  scene.restart();
  CHECK(scene.idle_at("2026-12-15 12:00"));
  // Sessions from 1 December to the 14th, and Friday's died with its process.
  CHECK(scene.history() == Lines{"2026-11-10 done 1", "2026-11-11 missed 0", "2026-11-12 missed 0",
                                 "2026-11-13 failed 1", "2026-12-01 missed 0", "2026-12-02 missed 0",
                                 "2026-12-03 missed 0", "2026-12-04 missed 0", "2026-12-07 missed 0",
                                 "2026-12-08 missed 0", "2026-12-09 missed 0", "2026-12-10 missed 0",
                                 "2026-12-11 missed 0", "2026-12-14 missed 0"});
  const std::size_t count = scene.history().size();
  CHECK(scene.idle_at("2026-12-15 12:01"));
  scene.restart();
  CHECK(scene.idle_at("2026-12-15 12:02"));
  CHECK(scene.history().size() == count);
}

TEST_CASE("a clock that was ahead for a while blocks no session but those it recorded") {
  Scene scene("16:30", "2026-11-18 12:00");
  CHECK(scene.idle_at("2026-11-18 12:00"));
  CHECK(scene.idle_at("2027-11-18 12:00"));  // ten missed of next year
  CHECK(scene.history().size() == 10);
  for (const char* date : {"2026-11-18", "2026-11-19", "2026-11-20", "2026-11-23"}) {
    CAPTURE(date);
    scene.finish_at(std::string(date) + " 21:31", scene.begun_at(std::string(date) + " 21:30"));
  }
  // Even when that was the clock it was started on.
  Scene other("16:30", "2027-11-18 12:00");
  CHECK(other.idle_at("2027-11-18 12:00"));
  CHECK(other.idle_at("2026-11-18 12:00"));
  CHECK(other.begun_at("2026-11-18 21:30").session == day("2026-11-18"));
}

TEST_CASE("attempts are repeated with a delay that doubles, at most 15 minutes") {
  Scene scene("16:30", "2026-11-18 12:00", {.attempts_max = 7, .retry_delay_seconds = 60});
  CHECK(scene.idle_at("2026-11-18 12:00"));
  Turn turn = scene.begun_at("2026-11-18 21:30");
  Instant now = utc("2026-11-18 21:30");
  int attempt = 1;
  for (const int minutes : {1, 2, 4, 8, 15, 15}) {
    CAPTURE(attempt);
    auto ended = scene.scheduler->finish(turn, {"aa11", "held", "the provider is down", true});
    REQUIRE(ended.has_value());
    CHECK(ended->state == TurnState::waiting);
    now = Instant::from_seconds(now.nanoseconds() / 1'000'000'000 + minutes * 60);
    CHECK(ended->next_attempt_at == now);
    scene.clock.set(Instant::from_nanoseconds(now.nanoseconds() - 1));
    CHECK_FALSE(scene.scheduler->step().value().has_value());
    scene.clock.set(now);
    const auto next = scene.scheduler->step().value();
    REQUIRE(next.has_value());
    CHECK(next->session == turn.session);
    CHECK(next->due_at == turn.due_at);
    CHECK(next->attempts == ++attempt);
    CHECK(next->run_id.empty());
    turn = *next;
  }
  auto last = scene.scheduler->finish(turn, {"aa11", "held", "the provider is down", true});
  CHECK(last->state == TurnState::failed);
  CHECK(last->reason == "the provider is down; no attempt is left");
  CHECK(scene.events.count("turn_begun") == 7);
  CHECK(scene.events.count("attempt_failed") == 6);
  CHECK(scene.events.count("turn_failed") == 1);
  CHECK(scene.idle_at("2026-11-18 23:00"));
  CHECK(scene.begun_at("2026-11-19 21:30").session == day("2026-11-19"));  // the next day knows nothing of it
}

TEST_CASE("attempts end with the session, and with the next turn") {
  SUBCASE("the close, when the turn was for the session") {
    Scene scene("close-2m", "2026-11-18 12:00");
    CHECK(scene.idle_at("2026-11-18 12:00"));
    const Turn turn = scene.begun_at("2026-11-18 20:58");
    const Turn waiting = scene.finish_at("2026-11-18 20:58:30", turn, true);
    CHECK(waiting.state == TurnState::waiting);
    const Turn second = scene.begun_at("2026-11-18 20:59:30");
    const Turn failed = scene.finish_at("2026-11-18 20:59:31", second, true);
    CHECK(failed.state == TurnState::failed);
    CHECK(failed.reason == "the provider is down; the session closes before another attempt");
  }
  SUBCASE("a machine that slept until after the close") {
    Scene scene("close-20m", "2026-11-18 12:00");
    CHECK(scene.idle_at("2026-11-18 12:00"));
    scene.finish_at("2026-11-18 20:41", scene.begun_at("2026-11-18 20:40"), true);
    CHECK(scene.idle_at("2026-11-18 21:00"));
    CHECK(scene.history() == Lines{"2026-11-18 failed 1"});
    CHECK(scene.store.turns("default", 1).value().at(0).reason == "the provider is down; the session has closed");
  }
  SUBCASE("after the close there is no close to wait for") {
    Scene scene("16:30", "2026-11-18 12:00");
    CHECK(scene.idle_at("2026-11-18 12:00"));
    scene.finish_at("2026-11-18 21:31", scene.begun_at("2026-11-18 21:30"), true);
    CHECK(scene.idle_at("2026-11-18 23:33"));  // but a limit to being late
    CHECK(scene.history() == Lines{"2026-11-18 failed 1"});
  }
  SUBCASE("the next turn, when an attempt took a day") {
    Scene scene("16:30", "2026-11-18 12:00");
    CHECK(scene.idle_at("2026-11-18 12:00"));
    const Turn turn = scene.begun_at("2026-11-18 21:30");
    CHECK(scene.idle_at("2026-11-19 21:29"));
    const Turn failed = scene.finish_at("2026-11-19 21:29:30", turn, true);
    CHECK(failed.reason == "the provider is down; the next turn is due by then");
    CHECK(scene.begun_at("2026-11-19 21:30").session == day("2026-11-19"));
  }
  SUBCASE("the next turn, when it comes while one waits") {
    Scene scene("16:30", "2026-11-18 12:00", {.late_minutes_max = 1'440});
    CHECK(scene.idle_at("2026-11-18 12:00"));
    scene.finish_at("2026-11-18 21:31", scene.begun_at("2026-11-18 21:30"), true);
    CHECK(scene.begun_at("2026-11-19 21:30").session == day("2026-11-19"));
    CHECK(scene.history() == Lines{"2026-11-18 failed 1", "2026-11-19 running 1"});
  }
}

TEST_CASE("a turn that a dead process left running had an attempt, and may have another") {
  Scene scene("16:30", "2026-11-18 12:00", {.attempts_max = 2});
  CHECK(scene.idle_at("2026-11-18 12:00"));
  REQUIRE(scene.begun_at("2026-11-18 21:30").attempts == 1);
  scene.restart();
  SUBCASE("at once") {
    const Turn again = scene.begun_at("2026-11-18 21:31");
    CHECK(again.attempts == 2);
    CHECK(again.session == day("2026-11-18"));
    scene.restart();
    CHECK(scene.idle_at("2026-11-18 21:32"));
    const Turn failed = scene.store.turns("default", 1).value().at(0);
    CHECK(failed.state == TurnState::failed);
    CHECK(failed.reason == "the process ended during attempt 2; no attempt is left");
    CHECK_FALSE(failed.finished_at.has_value());  // nobody knows
  }
  SUBCASE("but not when it would be late") {
    CHECK(scene.idle_at("2026-11-18 22:31"));
    CHECK(scene.store.turns("default", 1).value().at(0).reason ==
          "the process ended during attempt 1; 61 minutes late, must be at most 60");
    CHECK(scene.events.count("turn_failed") == 1);
  }
  SUBCASE("and not before it is due, when the clock went back meanwhile") {
    CHECK(scene.idle_at("2026-11-18 20:00"));
    CHECK(scene.history() == Lines{"2026-11-18 waiting 1"});
    CHECK(scene.begun_at("2026-11-18 21:30").attempts == 2);
  }
}

TEST_CASE("a clock that goes back during an attempt brings no other one before it is due") {
  Scene scene;
  CHECK(scene.idle_at("2026-11-18 12:00"));
  const Turn waiting = scene.finish_at("2026-11-18 19:30", scene.begun_at("2026-11-18 21:30"), true);
  CHECK(waiting.next_attempt_at == utc("2026-11-18 21:30"));
  CHECK(scene.idle_at("2026-11-18 19:35"));
  CHECK(scene.begun_at("2026-11-18 21:30").attempts == 2);
}

TEST_CASE("a schedule can be changed, and what is past under the new one is not owed") {
  Scene scene;
  CHECK(scene.idle_at("2026-11-18 20:00"));
  SUBCASE("to a time that is past today: tomorrow, as it says") {
    scene.change(schedule_of("14:45"));
    CHECK(scene.scheduler->next_after(scene.clock.now())->due_at == utc("2026-11-19 19:45"));
    CHECK(scene.idle_at("2026-11-18 20:01"));
    CHECK(scene.idle_at("2026-11-18 21:30"));
    scene.restart();
    CHECK(scene.idle_at("2026-11-18 20:30"));
    CHECK(scene.begun_at("2026-11-19 19:45").session == day("2026-11-19"));
    CHECK(scene.events.count("turn_missed") == 0);
  }
  SUBCASE("to an earlier time that is still to come") {
    scene.change(schedule_of("15:05"));
    CHECK(scene.begun_at("2026-11-18 20:05").session == day("2026-11-18"));
  }
  SUBCASE("to a later time before the turn: one turn") {
    scene.change(schedule_of("18:00"));
    CHECK(scene.idle_at("2026-11-18 21:30"));
    scene.finish_at("2026-11-18 23:01", scene.begun_at("2026-11-18 23:00"));
    CHECK(scene.idle_at("2026-11-18 23:02"));
  }
  SUBCASE("to a later time after the turn: no second one") {
    scene.finish_at("2026-11-18 21:31", scene.begun_at("2026-11-18 21:30"));
    scene.change(schedule_of("18:00"));
    CHECK(scene.idle_at("2026-11-18 23:00"));
    CHECK(scene.begun_at("2026-11-19 23:00").session == day("2026-11-19"));
  }
  SUBCASE("while an attempt waits: it keeps its time") {
    scene.finish_at("2026-11-18 21:31", scene.begun_at("2026-11-18 21:30"), true);
    scene.change(schedule_of("18:00"));
    const Turn second = scene.begun_at("2026-11-18 21:32");
    CHECK(second.due_at == utc("2026-11-18 21:30"));
    scene.finish_at("2026-11-18 21:33", second);
    CHECK(scene.idle_at("2026-11-18 23:00"));
  }
  SUBCASE("to what it is: nothing changes") {
    CHECK(scene.idle_at("2026-11-18 21:29"));
    scene.clock.set(utc("2026-11-18 21:31"));
    scene.change(schedule_of("16:30"));
    CHECK(scene.begun_at("2026-11-18 21:31").session == day("2026-11-18"));
  }
}

TEST_CASE("off, nothing begins, and what was not owed then is not missed later") {
  Scene scene;
  CHECK(scene.idle_at("2026-11-18 20:00"));
  SUBCASE("for some days") {
    scene.change(schedule_of("16:30", "America/New_York", false));
    CHECK_FALSE(scene.scheduler->next_after(scene.clock.now()).has_value());
    for (const char* moment : {"2026-11-18 21:30", "2026-11-19 21:30", "2026-11-20 22:00"})
      CHECK(scene.idle_at(moment));
    scene.restart();
    CHECK(scene.idle_at("2026-11-20 22:01"));
    scene.change(schedule_of("16:30"));
    CHECK(scene.idle_at("2026-11-20 22:02"));
    CHECK(scene.history().empty());
    CHECK(scene.begun_at("2026-11-23 21:30").session == day("2026-11-23"));
  }
  SUBCASE("an attempt that waits is given up, so that nothing says another one comes") {
    scene.finish_at("2026-11-18 21:31", scene.begun_at("2026-11-18 21:30"), true);
    scene.change(schedule_of("16:30", "America/New_York", false));
    CHECK(scene.idle_at("2026-11-18 21:31:30"));
    CHECK(scene.store.turns("default", 1).value().at(0).reason == "the provider is down; the schedule was turned off");
    scene.change(schedule_of("16:30"));
    CHECK(scene.idle_at("2026-11-18 21:32"));
  }
  SUBCASE("an attempt under way is the last") {
    const Turn turn = scene.begun_at("2026-11-18 21:30");
    scene.change(schedule_of("16:30", "America/New_York", false));
    CHECK(scene.finish_at("2026-11-18 21:31", turn, true).state == TurnState::failed);
  }
  SUBCASE("from the start") {
    Scene other;
    other.schedule.enabled = false;
    other.restart();
    CHECK(other.idle_at("2026-11-18 21:30"));
    CHECK_FALSE(other.store.owed_since("default").value().has_value());
  }
}

TEST_CASE("before it has a schedule it does nothing") {
  Scene scene;
  Scheduler fresh("default", *scene.calendar, scene.store, scene.clock, scene.events, {});
  CHECK_FALSE(fresh.step().value().has_value());
  CHECK_FALSE(fresh.next_after(scene.clock.now()).has_value());
  CHECK_FALSE(fresh.schedule().enabled);
}

TEST_CASE("a store that fails begins nothing, loses no end, and is tried again") {
  Scene scene;
  CHECK(scene.idle_at("2026-11-18 21:29"));
  const Error full{ErrorCode::exhausted, "the disk is full"};
  scene.store.failure = full;
  scene.clock.set(utc("2026-11-18 21:30"));
  CHECK(scene.scheduler->step().error() == full);
  CHECK(scene.scheduler->step().error() == full);
  CHECK(scene.events.events.empty());
  scene.store.failure.reset();
  const Turn turn = scene.begun_at("2026-11-18 21:31");
  CHECK(turn.attempts == 1);
  scene.store.failure = full;
  CHECK(scene.scheduler->finish(turn, {"aa11", "traded", "", false}).error() == full);
  CHECK(scene.scheduler->step().error() == full);
  CHECK(scene.events.count("turn_done") == 0);
  scene.store.failure.reset();
  CHECK(scene.idle_at("2026-11-18 21:32"));
  CHECK(scene.history() == Lines{"2026-11-18 done 1"});
  CHECK(scene.events.count("turn_done") == 1);
  CHECK(scene.begun_at("2026-11-19 21:30").attempts == 1);
}

TEST_CASE("while nothing is due, asking costs no question to the store") {
  Scene scene("16:30", "2026-11-18 12:00");
  REQUIRE_FALSE(scene.scheduler->step().value().has_value());
  const std::size_t reads = scene.store.reads;
  for (int second = 0; second < 30'000; ++second) {
    scene.clock.advance(std::chrono::seconds(1));
    REQUIRE_FALSE(scene.scheduler->step().value().has_value());
  }
  CHECK(scene.store.reads == reads);
  CHECK(scene.begun_at("2026-11-18 21:30").attempts == 1);
}

TEST_CASE("portfolios that share a store know nothing of each other") {
  Scene scene;
  RecordingEvents events;
  Scheduler other("other", *scene.calendar, scene.store, scene.clock, events, {});
  REQUIRE(other.set(scene.schedule));
  CHECK_FALSE(other.step().value().has_value());
  CHECK(scene.idle_at("2026-11-18 21:29"));
  REQUIRE(scene.begun_at("2026-11-18 21:30").portfolio == "default");
  const auto turn = other.step().value();
  REQUIRE(turn.has_value());
  CHECK(turn->portfolio == "other");
  CHECK(turn->attempts == 1);
}
