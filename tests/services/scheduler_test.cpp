#include "services/scheduler.hpp"

#include <doctest/doctest.h>

#include "support/scheduler_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;
using Scene = SchedulerScene;

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

TEST_CASE("a run that did not get all it planned has another attempt, and is no failure when none is left") {
  Scene scene("16:30", "2026-11-18 12:00", {.attempts_max = 2, .retry_delay_seconds = 60});
  CHECK(scene.idle_at("2026-11-18 12:00"));
  const AttemptEnd partly{.run_id = "aa11", .outcome = "traded", .reason = "1 of 2 orders filled", .left_undone = true};
  Turn turn = scene.begun_at("2026-11-18 21:30");
  CHECK(scene.scheduler->finish(turn, partly).value().state == TurnState::waiting);
  turn = scene.begun_at("2026-11-18 21:31");
  CHECK(turn.attempts == 2);
  const Turn ended = scene.scheduler->finish(turn, partly).value();
  CHECK(ended.state == TurnState::done);
  CHECK(ended.reason == "1 of 2 orders filled; no attempt is left");
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
