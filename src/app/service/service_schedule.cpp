// The schedule, and the switch that stops trading.
#include "app/service/failure_error.hpp"
#include "app/service/service.hpp"

namespace rebalancer::app {
namespace {

void write_schedule(JsonText& json, const Schedule& schedule) {
  json.member("enabled", schedule.enabled).member("at", to_string(schedule.at)).member("zone", schedule.zone);
}

std::optional<std::string> text_of(const std::optional<Instant>& instant) {
  return instant ? std::optional(instant->to_string()) : std::nullopt;
}

void write_turn(JsonText& json, const Turn& turn) {
  json.object().member("session", turn.session.to_string()).member("due_at", turn.due_at.to_string());
  json.member("state", name_of(turn.state)).member("attempts", turn.attempts);
  json.member("next_attempt_at", text_of(turn.next_attempt_at)).member("started_at", text_of(turn.started_at));
  json.member("finished_at", text_of(turn.finished_at)).member("run", turn.run_id);
  json.member("outcome", turn.outcome).member("reason", turn.reason).end();
}

void write_texts(JsonText& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).array();
  for (const std::string& text : texts) json.value(text);
  json.end();
}

}  // namespace

Schedule Service::configured_schedule() const {
  return {config().schedule.enabled, config().schedule.at, config().schedule.zone};
}

Result<void> Service::apply_schedule(const Schedule& schedule) {
  if (auto set = scheduler_->set(schedule); !set) return set;
  changes_.fetch_add(1);
  const auto next = scheduler_->next_after(application_.clock().now());
  application_.events().emit(EventLevel::info, "schedule_set",
                             next ? fmt::format("the next run is due at {}", next->due_at.to_string())
                                  : std::string("nothing is started by itself"),
                             {{"at", to_string(schedule.at)},
                              {"zone", schedule.zone},
                              {"enabled", schedule.enabled ? "true" : "false"},
                              {"source", schedule_requested_ ? "request" : "configuration"}});
  metrics_.next_run(next ? std::optional(next->due_at) : std::nullopt);
  return {};
}

// With the schedule's mutex held.
Service::Json Service::schedule_json() {
  auto turns = journal_->turns(config().portfolio.id, 30);
  if (!turns) return fail(turns.error());
  const SchedulePolicy& policy = config().schedule.policy;
  JsonText json;
  json.object();
  write_schedule(json, scheduler_->schedule());
  json.member("calendar", config().schedule.calendar);
  json.member("source", schedule_requested_ ? "request" : "configuration").key("configured").object();
  write_schedule(json, configured_schedule());
  json.end().key("next");
  if (const auto next = scheduler_->next_after(application_.clock().now())) {
    json.object().member("session", next->session.to_string()).member("due_at", next->due_at.to_string()).end();
  } else {
    json.null();
  }
  json.member("late_minutes_max", policy.late_minutes_max).member("attempts_max", policy.attempts_max);
  json.member("retry_delay_seconds", policy.retry_delay_seconds).key("turns").array();
  for (const Turn& turn : *turns) write_turn(json, turn);
  return json.end().end().str();
}

Service::Json Service::schedule() {
  const std::lock_guard lock(schedule_mutex_);
  return schedule_json();
}

Service::Json Service::set_schedule(const ScheduleRequest& request) {
  const std::lock_guard lock(schedule_mutex_);
  const Schedule before = scheduler_->schedule();
  Schedule wanted = before;
  if (request.at) {
    auto at = parse_day_time(*request.at);
    if (!at) return fail(ErrorCode::invalid, "at is \"{}\", {}", *request.at, at.error().message);
    wanted.at = *at;
  }
  if (request.zone) wanted.zone = *request.zone;
  if (request.enabled) wanted.enabled = *request.enabled;
  // Tried first, so that what is kept is a schedule that works; kept before it is in force, so that a restart agrees.
  if (auto tried = scheduler_->set(wanted); !tried) return fail(ErrorCode::invalid, "{}", tried.error().message);
  if (auto kept = schedule_file_.write(wanted); !kept) {
    static_cast<void>(scheduler_->set(before));
    return fail(kept.error());
  }
  schedule_requested_ = true;
  if (auto set = apply_schedule(wanted); !set) return fail(set.error());
  return schedule_json();
}

Service::Json Service::reset_schedule() {
  const std::lock_guard lock(schedule_mutex_);
  if (auto removed = schedule_file_.remove(); !removed) return fail(removed.error());
  schedule_requested_ = false;
  if (auto set = apply_schedule(configured_schedule()); !set) return fail(set.error());
  return schedule_json();
}

Service::Json Service::switch_to(TradingState state, const std::string& reason) {
  const TradingStateRecord wanted{state, reason, "request", application_.clock().now()};
  if (auto written = application_.trading_switch().set(wanted); !written) return fail(written.error());
  changes_.fetch_add(1);
  std::vector<std::string> cancelled;
  std::vector<std::string> warnings;
  // The state is written: whatever breaks now is a warning.
  if (state != TradingState::active) {
    const std::unique_lock lock(orders_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) {
      warnings.emplace_back("a run is at work and cancels its open orders itself");
    } else if (auto summary = application_.cancel_open_orders()) {
      cancelled = std::move(summary->cancelled);
      warnings = std::move(summary->sentences);
    } else {
      warnings.push_back(fmt::format("open orders were not cancelled: {}", summary.error().message));
    }
  }
  const TradingStateRecord record = application_.trading_switch().read();
  JsonText json;
  json.object();
  write_trading_state(json, record);
  write_texts(json, "cancelled", cancelled);
  write_texts(json, "warnings", warnings);
  return json.end().str();
}

Service::Json Service::halt(const std::string& reason, bool reducing) {
  return switch_to(reducing ? TradingState::reducing : TradingState::halted, reason);
}

Service::Json Service::resume(const std::string& reason) { return switch_to(TradingState::active, reason); }

Result<http::Backend::CancelAnswer> Service::cancel_order(const std::string& id) {
  auto record = journal_->order(id);
  if (!record) return fail(record.error());
  if (!*record) return fail(ErrorCode::not_found, "there is no order {}", id);
  if (is_terminal((*record)->state)) {
    return fail(ErrorCode::conflict, "order {} is {} already", id, name_of((*record)->state));
  }
  const std::unique_lock lock(orders_mutex_, std::try_to_lock);
  if (lock.owns_lock()) {
    auto summary = application_.cancel_orders([&id](const OrderRecord& open) { return open.order.client_id == id; },
                                              "cancelled on request");
    if (!summary) return fail(error_of(summary.error()));
    if (summary->cancelled.empty() && !summary->sentences.empty()) {
      application_.events().emit(EventLevel::warning, "order_not_cancelled", summary->sentences.front(),
                                 {{"order", id}});
    }
  } else if (auto asked = application_.ask_to_cancel(id); !asked) {
    return fail(asked.error());
  }
  changes_.fetch_add(1);
  auto now = journal_->order(id);
  if (!now) return fail(now.error());
  auto json = order(id);
  if (!json) return fail(json.error());
  return CancelAnswer{*now && is_terminal((*now)->state), *std::move(json)};
}

}  // namespace rebalancer::app
