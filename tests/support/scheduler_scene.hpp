// A scheduler on a clock that stands still and a store that forgets, for tests of what it does at a given moment.
#pragma once
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "services/scheduler.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_turn_store.hpp"
#include "support/recording_events.hpp"

namespace rebalancer::test {

inline Date day(const char* iso) { return Date::parse(iso).value(); }

// "2026-11-27 17:40", or with seconds; UTC.
inline Instant utc(const std::string& text) {
  const auto number = [&](std::size_t place) {
    int value = 0;
    std::from_chars(text.data() + place, text.data() + place + 2, value);
    return value;
  };
  const std::int64_t seconds = text.size() > 16 ? number(17) : 0;
  return Instant::from_seconds(std::int64_t{day(text.substr(0, 10).c_str()).days()} * 86'400 + number(11) * 3'600 +
                               number(14) * 60 + seconds);
}

inline Schedule schedule_of(const char* at, const char* zone = "America/New_York", bool enabled = true) {
  return {enabled, parse_day_time(at).value(), zone};
}

// A scheduler with all it needs; restart() is a new process on the same store.
struct SchedulerScene {
  explicit SchedulerScene(const char* at = "16:30", const std::string& now = "2026-11-18 12:00",
                          SchedulePolicy limits = {}, const char* calendar_name = "XNYS")
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

}  // namespace rebalancer::test
