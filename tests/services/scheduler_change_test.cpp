// What people and stores do to a scheduler.
#include <doctest/doctest.h>

#include "support/scheduler_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;
using Scene = SchedulerScene;

TEST_CASE("a schedule can be changed, and what is past under the new one is not owed") {
  Scene scene;
  CHECK(scene.idle_at("2026-11-18 12:00"));
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
