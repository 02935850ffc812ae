#include "services/scheduler.hpp"

#include <algorithm>

namespace rebalancer {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr int missed_count_max = 10;
constexpr int retry_delay_max_seconds = 15 * 60;

Instant after(Instant moment, std::int64_t nanoseconds) {
  return Instant::from_nanoseconds(moment.nanoseconds() + nanoseconds);
}

// After attempt 1, 2, 3, ...
std::int64_t delay_after(int attempt, int first_seconds) {
  std::int64_t seconds = first_seconds;
  for (int i = 1; i < attempt && seconds < retry_delay_max_seconds; ++i) seconds *= 2;
  return std::min<std::int64_t>(seconds, retry_delay_max_seconds) * second;
}

std::string joined(const std::string& reason, const std::string& more) {
  return reason.empty() ? more : reason + "; " + more;
}

}  // namespace

Scheduler::Scheduler(std::string portfolio, const Calendar& calendar, TurnStore& turns, Clock& clock, Events& events,
                     SchedulePolicy policy)
    : portfolio_(std::move(portfolio)),
      calendar_(calendar),
      turns_(turns),
      clock_(clock),
      events_(events),
      policy_(policy) {
  schedule_.enabled = false;
  schedule_.at.anchor = DayTime::Anchor::close;
}

Result<void> Scheduler::check(const Schedule& schedule, const std::optional<TimeZone>& zone) const {
  const int minutes = schedule.at.minutes;
  if (schedule.at.anchor == DayTime::Anchor::midnight) {
    if (!zone) return fail(ErrorCode::not_found, "a time of day needs a time zone such as America/New_York");
    if (minutes >= 0 && minutes < 24 * 60) return {};
    return fail(ErrorCode::invalid, "{} minutes after midnight is no time of day", minutes);
  }
  auto exchange = TimeZone::named(calendar_.time_zone());
  if (!exchange) return fail(exchange.error());
  // Sessions differ only in that some close early, and not ten in a row do.
  Date session = calendar_.session_on_or_before(clock_.now().utc_date());
  for (int i = 0; i < 10; ++i, session = calendar_.previous_session(session)) {
    const Instant anchor =
        schedule.at.anchor == DayTime::Anchor::open ? calendar_.open(session) : calendar_.close(session);
    const Instant due = after(anchor, minutes * minute);
    if (due < exchange->instant_of(session, 0) || due > exchange->instant_of(session.plus_days(1), 0)) {
      return fail(ErrorCode::invalid, "{} is outside the session's day", to_string(schedule.at));
    }
  }
  return {};
}

Result<void> Scheduler::set(const Schedule& schedule) {
  std::optional<TimeZone> zone;
  if (!schedule.zone.empty()) {
    auto found = TimeZone::named(schedule.zone);
    if (!found) return fail(found.error());
    zone = *found;
  }
  if (auto good = check(schedule, zone); !good) return good;
  if (is_set_ && schedule == schedule_) return {};
  if (is_set_) changed_at_ = clock_.now();
  is_set_ = true;
  schedule_ = schedule;
  zone_ = zone;
  is_stale_ = true;
  return {};
}

Instant turn_of(const Schedule& schedule, const std::optional<TimeZone>& zone, const Calendar& calendar, Date session) {
  switch (schedule.at.anchor) {
    case DayTime::Anchor::open:
      return after(calendar.open(session), schedule.at.minutes * minute);
    case DayTime::Anchor::close:
      return after(calendar.close(session), schedule.at.minutes * minute);
    case DayTime::Anchor::midnight:
      break;
  }
  return zone->instant_of(session, schedule.at.minutes);
}

Instant Scheduler::due_of(Date session) const { return turn_of(schedule_, zone_, calendar_, session); }

// The latest session whose turn is due by now.
Date Scheduler::last_due(Instant now) const {
  // West of Greenwich a day begins later, east of it earlier; never by more than a day.
  Date session = calendar_.session_on_or_before(now.utc_date().plus_days(1));
  while (due_of(session) > now) session = calendar_.previous_session(session);
  return session;
}

std::optional<Scheduler::Next> Scheduler::next_after(Instant now) const {
  if (!schedule_.enabled) return std::nullopt;
  const Date session = calendar_.next_session(last_due(now));
  return Next{session, due_of(session)};
}

Scheduler::Taken Scheduler::step() {
  const Instant now = clock_.now();
  if (given_out_) return std::nullopt;
  const bool went_back = now < seen_at_;
  seen_at_ = now;
  if (!is_stale_ && !went_back && (!wakes_at_ || now < *wakes_at_)) return std::nullopt;
  is_stale_ = true;  // until all of it went well
  wakes_at_.reset();
  auto taken = look(now);
  if (taken && !*taken) is_stale_ = false;
  return taken;
}

Scheduler::Taken Scheduler::look(Instant now) {
  if (auto kept = keep_ended(); !kept) return fail(kept.error());
  if (!is_set_) return std::nullopt;
  if (auto settled = settle_debt(now); !settled) return fail(settled.error());
  const Date newest = last_due(now);
  auto open = turns_.open_turns(portfolio_);
  if (!open) return fail(open.error());
  for (Turn& turn : *open) {
    auto taken = resume(std::move(turn), newest, now);
    if (!taken || *taken) return taken;
  }
  if (!schedule_.enabled) return std::nullopt;
  wake_at(due_of(calendar_.next_session(newest)));
  return take_due(newest, now);
}

void Scheduler::wake_at(Instant moment) { wakes_at_ = wakes_at_ ? std::min(*wakes_at_, moment) : moment; }

// Since when turns are owed. Durable, so that a restart knows what was missed from what nobody had asked for.
Result<void> Scheduler::settle_debt(Instant now) {
  auto since = turns_.owed_since(portfolio_);
  if (!since) return fail(since.error());
  std::optional<Instant> wanted = schedule_.enabled ? *since : std::nullopt;
  // A clock that goes back to before it must not let everything pass until it is there again.
  if (schedule_.enabled && (!wanted || *wanted > now)) wanted = now;
  if (schedule_.enabled && changed_at_) wanted = std::min(*changed_at_, now);
  if (wanted != *since) {
    if (auto kept = turns_.set_owed_since(portfolio_, wanted); !kept) return kept;
  }
  changed_at_.reset();
  return {};
}

bool Scheduler::is_in_session(const Turn& turn) const {
  return turn.due_at >= calendar_.open(turn.session) && turn.due_at < calendar_.close(turn.session);
}

// Why an attempt that was planned for `planned_at` may not begin now; empty: it may.
std::string Scheduler::why_not(const Turn& turn, Instant planned_at, Date newest, Instant now) const {
  if (!schedule_.enabled) return "the schedule was turned off";
  if (turn.attempts >= policy_.attempts_max) return "no attempt is left";
  if (newest > turn.session) return "the next turn is due";
  if (is_in_session(turn) && now >= calendar_.close(turn.session)) return "the session has closed";
  const std::int64_t late_minutes = (now.nanoseconds() - planned_at.nanoseconds()) / minute;
  if (late_minutes <= policy_.late_minutes_max) return {};
  return fmt::format("{} minutes late, must be at most {}", late_minutes, policy_.late_minutes_max);
}

// Why there will be no other attempt, at that moment; empty: there will.
std::string Scheduler::why_no_other(const Turn& turn, Instant next_attempt_at) const {
  if (!schedule_.enabled) return "the schedule was turned off";
  if (turn.attempts >= policy_.attempts_max) return "no attempt is left";
  if (is_in_session(turn) && next_attempt_at >= calendar_.close(turn.session)) {
    return "the session closes before another attempt";
  }
  if (next_attempt_at >= due_of(calendar_.next_session(turn.session))) return "the next turn is due by then";
  return {};
}

Scheduler::Taken Scheduler::resume(Turn turn, Date newest, Instant now) {
  const bool is_orphan = turn.state == TurnState::running;
  if (is_orphan) {
    turn.reason = fmt::format("the process ended during attempt {}", turn.attempts);
    turn.outcome.clear();
  }
  const Instant planned_at = turn.next_attempt_at.value_or(turn.due_at);
  if (const std::string why = why_not(turn, planned_at, newest, now); !why.empty()) {
    return give_up(std::move(turn), why);
  }
  if (now >= planned_at) return begin(std::move(turn), now);
  wake_at(planned_at);
  if (!is_orphan) return std::nullopt;
  // Begun on a clock that was ahead.
  turn.state = TurnState::waiting;
  turn.next_attempt_at = planned_at;
  if (auto kept = turns_.update_turn(turn); !kept) return fail(kept.error());
  return std::nullopt;
}

Scheduler::Taken Scheduler::give_up(Turn turn, const std::string& reason) {
  turn.state = TurnState::failed;
  turn.next_attempt_at.reset();
  turn.reason = joined(turn.reason, reason);
  ended_ = std::move(turn);
  if (auto kept = keep_ended(); !kept) return fail(kept.error());
  return std::nullopt;
}

Scheduler::Taken Scheduler::take_due(Date newest, Instant now) {
  auto last = turns_.last_turn(portfolio_, newest);
  if (!last) return fail(last.error());
  auto since = turns_.owed_since(portfolio_);
  if (!since) return fail(since.error());
  std::vector<Turn> owed;
  for (Date session = newest; owed.size() < missed_count_max; session = calendar_.previous_session(session)) {
    if (*last && session <= (*last)->session) break;
    const Instant due = due_of(session);
    if (due <= since->value_or(now)) break;
    Turn turn;
    turn.portfolio = portfolio_;
    turn.session = session;
    turn.due_at = due;
    owed.push_back(std::move(turn));
  }
  // Oldest first: dying on the way leaves the rest to be recorded by the next process.
  for (auto turn = owed.rbegin(); turn != owed.rend(); ++turn) {
    const std::string why = why_not(*turn, turn->due_at, newest, now);
    if (why.empty()) return begin(std::move(*turn), now);
    turn->state = TurnState::missed;
    turn->reason = fmt::format("nobody was there in time: {}", why);
    if (auto kept = turns_.begin_turn(*turn); !kept) return fail(kept.error());
    tell(EventLevel::warning, "turn_missed", turn->reason, *turn);
  }
  return std::nullopt;
}

Scheduler::Taken Scheduler::begin(Turn turn, Instant now) {
  const bool is_first = turn.attempts == 0;
  turn.state = TurnState::running;
  ++turn.attempts;
  turn.next_attempt_at.reset();
  turn.started_at = now;
  turn.finished_at.reset();
  turn.run_id.clear();
  turn.outcome.clear();
  turn.reason.clear();
  auto kept = is_first ? turns_.begin_turn(turn) : turns_.update_turn(turn);
  if (!kept) return fail(kept.error());
  given_out_ = true;
  tell(EventLevel::info, "turn_begun",
       fmt::format("attempt {} of at most {} begins", turn.attempts, policy_.attempts_max), turn);
  return turn;
}

Result<Turn> Scheduler::finish(Turn turn, const AttemptEnd& end) {
  const Instant now = clock_.now();
  turn.finished_at = now;
  turn.run_id = end.run_id;
  turn.outcome = end.outcome;
  turn.reason = end.reason;
  turn.state = TurnState::done;
  if (end.may_be_repeated || end.left_undone) {
    // Not before it is due, should the clock have gone back during the attempt.
    const Instant next = std::max(after(now, delay_after(turn.attempts, policy_.retry_delay_seconds)), turn.due_at);
    const std::string why = why_no_other(turn, next);
    turn.state = why.empty() ? TurnState::waiting : end.may_be_repeated ? TurnState::failed : TurnState::done;
    if (why.empty()) turn.next_attempt_at = next;
    if (!why.empty()) turn.reason = joined(turn.reason, why);
  }
  given_out_ = false;
  is_stale_ = true;
  ended_ = turn;
  if (auto kept = keep_ended(); !kept) return fail(kept.error());
  return turn;
}

Result<void> Scheduler::keep_ended() {
  if (!ended_) return {};
  if (auto kept = turns_.update_turn(*ended_); !kept) return kept;
  const Turn turn = *std::exchange(ended_, std::nullopt);
  if (turn.state == TurnState::done) {
    tell(EventLevel::info, "turn_done", turn.reason, turn);
  } else if (turn.state == TurnState::failed) {
    tell(EventLevel::error, "turn_failed", turn.reason, turn);
  } else if (turn.next_attempt_at) {
    tell(EventLevel::warning, "attempt_failed",
         fmt::format("{}; the next one is due at {}", turn.reason, turn.next_attempt_at->to_string()), turn);
  }
  return {};
}

void Scheduler::tell(EventLevel level, std::string_view name, std::string_view message, const Turn& turn) {
  events_.emit(level, name, message,
               {{"session", turn.session.to_string()},
                {"due_at", turn.due_at.to_string()},
                {"attempt", fmt::format("{}", turn.attempts)}});
}

}  // namespace rebalancer
