// Stage 4 of the house, the one that keeps time: when is the next turn, and has this session had its own?
// Plain synchronous code: somebody asks step() at least every second and runs what it says.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/calendar.hpp"
#include "core/market/day_time.hpp"
#include "core/market/time_zone.hpp"
#include "core/ports/events.hpp"
#include "core/ports/turn_store.hpp"

namespace rebalancer {

struct Schedule {
  bool enabled = true;
  DayTime at;        // 16:30 in `zone` on the session's date there, or relative to the session's open or close
  std::string zone;  // of a time of day, whatever the exchange's; of no meaning otherwise and may then be empty

  friend bool operator==(const Schedule&, const Schedule&) = default;
};

// When the turn of a session is; `zone` is that of the schedule, and only a time of day needs it.
[[nodiscard]] Instant turn_of(const Schedule& schedule, const std::optional<TimeZone>& zone, const Calendar& calendar,
                              Date session);

// What becomes of turns that could not be taken on time, or failed.
struct SchedulePolicy {
  // A turn missed by no more than this is taken late, an older one is recorded as missed. The minute in which it is due
  // is not late. A turn that is due while the market is open is never taken after its close: who asks for close-20m
  // wants to trade in that session. No turn is taken when the next one is due.
  int late_minutes_max = 60;
  int attempts_max = 3;
  // Doubled after each attempt, at most 15 minutes. The end of the session and the next turn end the attempts too.
  int retry_delay_seconds = 60;
};

// How an attempt ended, as the scheduler needs to know it.
struct AttemptEnd {
  std::string run_id;
  std::string outcome;  // "traded", "held", "in_band"
  std::string reason;
  bool may_be_repeated = false;  // it held for something that may have passed in a minute: a network, a provider
  bool left_undone = false;      // it traded, but not all: another attempt trades the rest, and none is no failure
};

// Tells "turn_begun", "turn_done", "turn_failed", "turn_missed", and "attempt_failed" when another one follows; each
// with the fields session, due_at and attempt.
class Scheduler {
 public:
  // Off until set() says otherwise. All references outlive it. Not for several threads at once.
  Scheduler(std::string portfolio, const Calendar& calendar, TurnStore& turns, Clock& clock, Events& events,
            SchedulePolicy policy);

  // The first call in a process tells the schedule that was in force before: turns that were due meanwhile are taken
  // late, or were missed. A later call changes it: what would have been due until now under the new one is not owed.
  // A turn keeps the time it was due at. Off, nothing begins, and attempts under way are the last of their turns.
  // Errors, nothing is changed: not_found for an unknown zone; invalid for a time outside the session's day (in the
  // exchange's zone when it is relative to the session; the midnight that ends it is inside).
  [[nodiscard]] Result<void> set(const Schedule& schedule);
  [[nodiscard]] const Schedule& schedule() const { return schedule_; }

  // When a session's turn is due under the schedule in force. Never earlier than an earlier session's.
  [[nodiscard]] Instant due_of(Date session) const;
  struct Next {
    Date session;
    Instant due_at;
  };
  // The first turn that is due after `now`; none when the schedule is off.
  [[nodiscard]] std::optional<Next> next_after(Instant now) const;

  // What to run now: a turn that is due and was never begun, or one whose next attempt is due, already written down as
  // running. None: nothing, or what it gave out last has not ended. Turns that were missed are recorded on the way: of
  // those after the last session that has a turn, the newest 10. With a store that never saw a schedule nothing was
  // missed. Whatever the clock did, a session's turn is begun at most `attempts_max` times, never before it is due, and
  // never again once it is done, failed or missed. A turn that a dead process left running had an attempt.
  // Costs one look at the clock while nothing is due.
  // Errors: the store's; nothing was begun, and the next call tries again.
  [[nodiscard]] Result<std::optional<Turn>> step();
  // The end of the attempt that step() gave out; every attempt needs one. Errors: the store's; step() writes it down
  // before it gives out another turn.
  [[nodiscard]] Result<Turn> finish(Turn turn, const AttemptEnd& end);

 private:
  using Taken = Result<std::optional<Turn>>;

  [[nodiscard]] Result<void> check(const Schedule& schedule, const std::optional<TimeZone>& zone) const;
  [[nodiscard]] Date last_due(Instant now) const;
  [[nodiscard]] Taken look(Instant now);
  [[nodiscard]] Result<void> settle_debt(Instant now);
  [[nodiscard]] Taken resume(Turn turn, Date newest, Instant now);
  [[nodiscard]] Taken take_due(Date newest, Instant now);
  [[nodiscard]] Taken begin(Turn turn, Instant now);
  [[nodiscard]] Taken give_up(Turn turn, const std::string& reason);
  [[nodiscard]] std::string why_not(const Turn& turn, Instant planned_at, Date newest, Instant now) const;
  [[nodiscard]] std::string why_no_other(const Turn& turn, Instant next_attempt_at) const;
  [[nodiscard]] bool is_in_session(const Turn& turn) const;
  [[nodiscard]] Result<void> keep_ended();
  void wake_at(Instant moment);
  void tell(EventLevel level, std::string_view name, std::string_view message, const Turn& turn);

  std::string portfolio_;
  const Calendar& calendar_;
  TurnStore& turns_;
  Clock& clock_;
  Events& events_;
  SchedulePolicy policy_;
  Schedule schedule_;
  std::optional<TimeZone> zone_;
  bool is_set_ = false;
  std::optional<Instant> changed_at_;  // by a set() that step() has not seen

  bool given_out_ = false;
  std::optional<Turn> ended_;  // not yet in the store

  // Nothing is due before `wakes_at_` (none: ever) unless the clock goes back or something changes.
  bool is_stale_ = true;
  Instant seen_at_;
  std::optional<Instant> wakes_at_;
};

}  // namespace rebalancer
