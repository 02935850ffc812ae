// Months of a scheduler's life from a seed: clocks that jump, processes that die, runs that fail, stores that fail,
// people who change the schedule. Says what was broken; empty: nothing.
#pragma once
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "services/scheduler.hpp"
#include "support/fake_clock.hpp"

namespace rebalancer::test {

// What became of each session, as told; and the first promise that was broken.
class TurnWatch final : public Events {
 public:
  struct Seen {
    int begun = 0;
    bool ended = false;
  };

  explicit TurnWatch(int attempts_max) : attempts_max_(attempts_max) {}
  void emit(EventLevel, std::string_view name, std::string_view, std::initializer_list<Field> fields) override {
    ++count;
    Seen& seen = sessions[fields.begin()->second];
    const bool ends = name == "turn_done" || name == "turn_failed" || name == "turn_missed";
    if (seen.ended) say(std::string(name) + " after the end of session " + fields.begin()->second);
    if (name == "turn_begun" && ++seen.begun > attempts_max_) say("too many attempts at " + fields.begin()->second);
    if (name == "turn_missed" && seen.begun > 0) say("begun and missed: " + fields.begin()->second);
    seen.ended = seen.ended || ends;
  }
  void progress(std::string_view, std::size_t, std::size_t) override {}
  void say(const std::string& what) {
    if (broken.empty()) broken = what;
  }

  std::string broken;
  std::size_t count = 0;
  std::map<std::string, Seen> sessions;

 private:
  int attempts_max_;
};

class SchedulerSimulation {
 public:
  // `break_store(true)` makes the store fail every call until it is called with false.
  SchedulerSimulation(std::uint64_t seed, TurnStore& store, std::string portfolio,
                      std::function<void(bool)> break_store = {})
      : random_(seed),
        store_(store),
        portfolio_(std::move(portfolio)),
        break_store_(std::move(break_store)),
        calendar_(*calendars()[random_.below(5) == 0 ? 1 : 0]),
        // 2026-01-01 to the end of 2028, at any second.
        clock_(Instant::from_seconds(1'767'225'600 + static_cast<std::int64_t>(random_.below(94'694'400)))),
        policy_{static_cast<int>(random_.below(3) * 60), 1 + static_cast<int>(random_.below(4)),
                1 + static_cast<int>(random_.below(600))},
        watch_(policy_.attempts_max) {
    restart();
  }

  // Anything may happen `action_count` times, then the world is in order: what is due from then on is done on time.
  std::string wild(int action_count) {
    for (int i = 0; i < action_count && watch_.broken.empty(); ++i) {
      act();
      step();
    }
    put_in_order();
    return calm(3);
  }

  // Every session gets exactly one turn, in the minute it is due.
  std::string calm(int session_count) {
    for (int i = 0; i < session_count && watch_.broken.empty(); ++i) {
      const auto next = scheduler_->next_after(clock_.now());
      if (!next) return "nothing is next";
      clock_.set(Instant::from_nanoseconds(next->due_at.nanoseconds() - 30 * second));
      for (int tick = 0; tick < 2; ++tick, clock_.advance(std::chrono::seconds(20))) {
        if (step()) return "begun before it was due: " + next->session.to_string();
      }
      if (!step() || running_->session != next->session || running_->attempts != 1) {
        return "not begun in its minute: " + next->session.to_string();
      }
      end_attempt(false);
      if (step()) return "begun twice: " + next->session.to_string();
    }
    return watch_.broken;
  }

  [[nodiscard]] const std::map<std::string, TurnWatch::Seen>& sessions() const { return watch_.sessions; }

 private:
  static constexpr std::int64_t second = 1'000'000'000;
  static constexpr std::int64_t day_seconds = 86'400;

  static const std::array<std::shared_ptr<const Calendar>, 2>& calendars() {
    static const std::array<std::shared_ptr<const Calendar>, 2> both{calendar_named("XNYS").value(),
                                                                     calendar_named("24x7").value()};
    return both;
  }
  Schedule any_schedule() {
    static constexpr std::array<std::array<const char*, 2>, 9> choices{{{"16:30", "America/New_York"},
                                                                        {"close-20m", "America/New_York"},
                                                                        {"09:45", "America/New_York"},
                                                                        {"02:30", "America/New_York"},
                                                                        {"open+30m", ""},
                                                                        {"close-5h", ""},
                                                                        {"06:00", "Asia/Tokyo"},
                                                                        {"00:10", "Pacific/Kiritimati"},
                                                                        {"23:50", "Pacific/Honolulu"}}};
    const auto& choice = choices[random_.below(choices.size())];
    return {random_.below(8) != 0, parse_day_time(choice[0]).value(), choice[1]};
  }
  void restart() {
    running_.reset();
    scheduler_ = std::make_unique<Scheduler>(portfolio_, calendar_, store_, clock_, watch_, policy_);
    if (!schedule_) schedule_ = any_schedule();
    if (!scheduler_->set(*schedule_)) watch_.say("the schedule was not taken");
  }
  void move(std::int64_t seconds) {
    clock_.set(Instant::from_nanoseconds(clock_.now().nanoseconds() + seconds * second));
  }
  std::int64_t up_to(std::int64_t seconds) {
    return 1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(seconds)));
  }
  void go_to_next() {
    // A little before, or up to two hours after.
    if (const auto next = scheduler_->next_after(clock_.now())) {
      clock_.set(Instant::from_nanoseconds(next->due_at.nanoseconds() + (up_to(7'200) - 60) * second));
    }
  }
  void act() {
    switch (random_.below(12)) {
      case 0:
        return move(-up_to(90));
      case 1:
        return move(-up_to(5 * day_seconds));
      case 2:
        return move(up_to(12 * day_seconds));
      case 3:
        return restart();
      case 4:
        schedule_ = any_schedule();
        if (!scheduler_->set(*schedule_)) watch_.say("the schedule was not taken");
        return;
      case 5:
        if (!break_store_) return;
        store_works_ = !store_works_;
        return break_store_(!store_works_);
      case 6:
      case 7:
        return go_to_next();
      case 8:
      case 9:
        if (running_) end_attempt(random_.below(2) == 0);
        return;
      default:
        return move(up_to(900));
    }
  }
  void end_attempt(bool may_be_repeated) {
    const Turn turn = *running_;
    running_.reset();
    auto ended = scheduler_->finish(turn, {"aa11", "held", "why", may_be_repeated});
    if (!ended) {
      if (store_works_) watch_.say("an end was not written: " + ended.error().message);
      return;
    }
    if (!may_be_repeated && ended->state != TurnState::done) watch_.say("an end that was no end");
    if (ended->state == TurnState::waiting && *ended->next_attempt_at < ended->due_at)
      watch_.say("waits for too early");
  }
  // Asks once, and once more when there was nothing: whether something was begun.
  bool step() {
    const std::size_t told = watch_.count;
    auto taken = scheduler_->step();
    if (watch_.count > told + 14) watch_.say("one step did too much");
    if (!taken) {
      if (store_works_) watch_.say("a step failed: " + taken.error().message);
      return false;
    }
    if (!*taken) {
      const std::size_t quiet = watch_.count;
      const auto again = scheduler_->step();
      if (!again || *again || watch_.count != quiet) watch_.say("asked again at once, it did something");
      return false;
    }
    if (running_) watch_.say("two at a time");
    running_ = **taken;
    if (running_->due_at > clock_.now()) watch_.say("begun before it was due: " + running_->session.to_string());
    const auto kept = store_.turn(portfolio_, running_->session);
    if (!kept || kept.value() != running_) watch_.say("begun and not written down");
    return true;
  }
  // A restart on a good clock, later than anything any clock ever said.
  void put_in_order() {
    store_works_ = true;
    if (break_store_) break_store_(false);
    const auto last = store_.turns(portfolio_, 1).value();
    if (!last.empty()) clock_.set(std::max(clock_.now(), last.front().due_at));
    move(15 * day_seconds);
    schedule_->enabled = true;
    restart();
    for (int i = 0; step(); ++i) {
      if (i > 20) return watch_.say("it does not come to rest");
      end_attempt(false);
    }
    if (!store_.open_turns(portfolio_).value().empty()) watch_.say("a turn stays open");
  }

  Random random_;
  TurnStore& store_;
  std::string portfolio_;
  std::function<void(bool)> break_store_;
  const Calendar& calendar_;
  FakeClock clock_;
  SchedulePolicy policy_;
  TurnWatch watch_;
  bool store_works_ = true;
  std::optional<Schedule> schedule_;
  std::unique_ptr<Scheduler> scheduler_;
  std::optional<Turn> running_;
};

}  // namespace rebalancer::test
