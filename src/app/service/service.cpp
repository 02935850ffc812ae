// What changes something, and the clockwork's questions.
#include "app/service/service.hpp"

#include <sys/stat.h>

#include "app/service/failure_error.hpp"
#include "app/service/figures.hpp"
#include "app/service/service_probe.hpp"
#include "core/market/corporate_action.hpp"
#include "services/derive.hpp"
#include "services/report_json.hpp"

namespace rebalancer::app {
namespace {

// How far a run has come, for those who wait.
double fraction_done(Stage stage, bool finished) {
  const auto before = static_cast<double>(static_cast<int>(stage));
  return (before + (finished ? 1 : 0)) / 6;
}

bool may_be_repeated(const RunReport& report) {
  if (!report.hold || report.ambiguous || report.refused || !report.orders.empty()) return false;
  switch (report.hold->error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::exhausted:
      return true;
    default:
      return false;
  }
}

}  // namespace

Service::Service(Application& application, system::Metrics& metrics)
    : application_(application),
      metrics_(metrics),
      watch_(application.clock(), application.config().schedule.stage_seconds_max),
      schedule_file_(ScheduleFile::file_beside(application.config().directory / application.config().journal_path)),
      started_at_(application.clock().now()),
      started_(application.clock().monotonic()),
      clock_watch_(application.clock()),
      account_watch_(application.clock(), application.events(), metrics, application.config().portfolio.id),
      probe_(std::make_unique<BrokerProbe>()) {}

Service::~Service() = default;

Application::Built<void> Service::prepare() {
  if (auto checked = application_.check_plugins(); !checked) return tl::unexpected(checked.error());
  auto calendar = application_.calendar();
  if (!calendar) return tl::unexpected(calendar.error());
  auto journal = application_.run_store();
  if (!journal) return tl::unexpected(journal.error());
  auto prices = application_.price_store();
  if (!prices) return tl::unexpected(prices.error());
  // The pipeline wants everything else; what it builds stays with the application.
  auto pipeline = application_.pipeline({}, Application::Purpose::as_configured);
  if (!pipeline) return tl::unexpected(pipeline.error());
  calendar_ = *calendar;
  journal_ = *journal;
  prices_ = *prices;
  broker_ = *application_.broker();
  fetcher_ = *application_.fetcher();
  scheduler_ = std::make_unique<Scheduler>(config().portfolio.id, *calendar_, *journal_, application_.clock(),
                                           application_.events(), config().schedule.policy);
  auto requested = schedule_file_.read();
  if (!requested) return failed(Area::configuration, requested.error());
  schedule_requested_ = requested->has_value();
  if (auto set = apply_schedule(requested->value_or(configured_schedule())); !set) {
    return failed(Area::configuration, set.error());
  }
  // A halt of before is nothing new: its open orders were seen to then, or by the first run.
  seen_switch_ = switch_revision();
  seen_state_ = application_.trading_switch().read().state;
  refresh_gauges();
  // When it last went well is known from before.
  if (auto runs = journal_->runs(100)) {
    const auto good = std::find_if(runs->begin(), runs->end(),
                                   [](const RunRecord& run) { return run.finished_at && run.exit_code == 0; });
    if (good != runs->end()) metrics_.job_succeeded("rebalance", *good->finished_at);
  }
  return {};
}

Service::Json Service::fetch(std::optional<Date> as_of, const http::Call& call) {
  auto day = application_.session(as_of);
  if (!day) return fail(error_of(day.error()));
  call.progress("fetch", 0);
  const auto started = application_.clock().monotonic();
  auto summary = fetcher_->fetch(config().portfolio.tickers, *day, config().lookback_days + 1, call.stop);
  const double seconds = std::chrono::duration<double>(application_.clock().monotonic() - started).count();
  metrics_.stage_finished("fetch", summary ? "ok" : "held", seconds);
  changes_.fetch_add(1);
  if (!summary && call.stop.stop_requested()) {
    return fail(ErrorCode::unavailable, "stopped on request; {}", summary.error().message);
  }
  if (!summary) return fail(summary.error());
  metrics_.job_succeeded("fetch", application_.clock().now());
  return fetch_json(*summary, *day, config().portfolio.tickers.size());
}

Result<RunReport> Service::run(Application::Purpose purpose, RunRequest request, const http::Call& call) {
  std::stop_source stop;
  const std::stop_callback passes_on(call.stop, [&stop] { stop.request_stop(); });
  request.stop = stop.get_token();
  request.why_stopped = [this] { return watch_.exceeded(); };
  const auto listen = [this, &call](const RunReport&, Stage stage, const StageReport* finished) {
    if (finished == nullptr) {
      watch_.enter(stage);
    } else {
      metrics_.stage_finished(name_of(stage), finished->outcome, finished->seconds);
    }
    call.progress(name_of(stage), fraction_done(stage, finished != nullptr));
  };
  auto pipeline = application_.pipeline(listen, purpose, request.as_of);
  if (!pipeline) return fail(error_of(pipeline.error()));
  const std::lock_guard lock(orders_mutex_);
  watch_.begin(stop);
  running_ = true;
  account_watch_.run_begins();
  changes_.fetch_add(1);
  RunReport report = (*pipeline)->run(request);
  account_watch_.run_ends();
  running_ = false;
  watch_.end();
  application_.events_of_thread_end();
  metrics_.run_finished(run_figures(report, application_.clock().now()));
  if (report.optimized) {
    double seconds = 0;
    for (const StageReport& stage : report.stages) {
      if (stage.stage == Stage::optimize) seconds = stage.seconds;
    }
    keep({*report.optimized, report.strategy, report.as_of, seconds});
  }
  changes_.fetch_add(1);
  refresh_gauges();
  return report;
}

Result<http::RunAnswer> Service::execute(const ExecuteRequest& request, const http::Call& call) {
  const auto purpose = request.dry_run ? Application::Purpose::dry_run : Application::Purpose::as_configured;
  auto report = run(purpose, {.as_of = request.as_of, .fetch = request.fetch}, call);
  if (!report) return fail(report.error());
  return http::RunAnswer{200, to_json(*report)};
}

Result<http::RunAnswer> Service::accept_account(const std::string& reason, const http::Call& call) {
  auto report = run(Application::Purpose::as_configured, {.fetch = false, .accept_account = reason}, call);
  if (!report) return fail(report.error());
  return http::RunAnswer{200, to_json(*report)};
}

void Service::take_turn(Turn turn, const http::Call& call) {
  AttemptEnd end;
  if (auto report = run(Application::Purpose::as_configured, {}, call)) {
    end = {report->id, std::string(name_of(report->outcome)), report->reason, may_be_repeated(*report),
           report->left_undone && !report->ambiguous && !report->refused};
  } else {
    end = {"", std::string(name_of(RunOutcome::held)), report.error().message, false};
  }
  // Ended because the program ends: the next start takes the turn up where this one left it.
  if (closing_ && end.may_be_repeated) return;
  const std::lock_guard lock(schedule_mutex_);
  auto finished = scheduler_->finish(std::move(turn), end);
  if (!finished) {
    application_.events().emit(EventLevel::error, "turn_not_recorded", finished.error().message, {});
    return;
  }
  metrics_.turn_ended(name_of(finished->state));
  changes_.fetch_add(1);
}

void Service::give_turn_back(Turn turn, const std::string& why) {
  const std::lock_guard lock(schedule_mutex_);
  auto finished = scheduler_->finish(std::move(turn), {"", std::string(name_of(RunOutcome::held)), why, true});
  if (!finished) application_.events().emit(EventLevel::error, "turn_not_recorded", finished.error().message, {});
}

void Service::cancel_what_is_forbidden() {
  const std::unique_lock lock(orders_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  auto summary = application_.cancel_open_orders();
  if (!summary) {
    application_.events().emit(EventLevel::error, "cancel_failed", summary.error().message, {});
    return;
  }
  for (const std::string& order : summary->cancelled) {
    application_.events().emit(EventLevel::warning, "order_cancelled", "cancelled because trading was halted",
                               {{"order", order}});
  }
  for (const std::string& sentence : summary->sentences) {
    application_.events().emit(EventLevel::warning, "order_not_cancelled", sentence, {});
  }
  changes_.fetch_add(1);
}

std::optional<Turn> Service::due_turn() {
  const std::lock_guard lock(schedule_mutex_);
  auto due = scheduler_->step();
  if (!due) {
    application_.events().emit(EventLevel::error, "schedule_not_known", due.error().message, {});
    return std::nullopt;
  }
  if (*due) changes_.fetch_add(1);
  return *std::move(due);
}

std::uint64_t Service::switch_revision() const {
  // Made, changed and removed by any process: what the file system says of it is what changed.
  struct stat told {};
  const auto& file = application_.trading_switch_file();
  if (stat(file.c_str(), &told) != 0) return 1;
  return static_cast<std::uint64_t>(told.st_mtim.tv_sec) * 1'000'000'007u +
         static_cast<std::uint64_t>(told.st_mtim.tv_nsec) * 31u + static_cast<std::uint64_t>(told.st_ino) * 7u +
         static_cast<std::uint64_t>(told.st_size) + 2;
}

bool Service::newly_halted() {
  const std::uint64_t revision = switch_revision();
  const std::lock_guard lock(state_mutex_);
  if (revision == seen_switch_) return false;
  seen_switch_ = revision;
  const TradingStateRecord record = application_.trading_switch().read();
  metrics_.trading_state(record.state);
  const bool is_new = record.state != TradingState::active && record.state != seen_state_;
  if (record.state != seen_state_) {
    application_.events().emit(EventLevel::warning, "trading_state_changed", describe(record),
                               {{"trading_state", std::string(name_of(record.state))}});
  }
  seen_state_ = record.state;
  return is_new;
}

void Service::watch_clock() {
  const auto moved = clock_watch_.check();
  if (!moved) return;
  application_.events().emit(EventLevel::warning, "clock_jumped",
                             fmt::format("the clock was moved by {:.3f} s", *moved),
                             {{"seconds", fmt::format("{:.3f}", *moved)}});
  changes_.fetch_add(1);
}

bool Service::lacks_prices() {
  auto day = application_.session(std::nullopt);
  if (!day) return false;
  for (const Symbol& symbol : config().portfolio.tickers) {
    auto last = prices_->last_date(symbol);
    if (last && (!*last || **last < *day)) return true;
  }
  return false;
}

void Service::refresh_gauges() {
  metrics_.trading_state(application_.trading_switch().read().state);
  const Instant now = application_.clock().now();
  std::map<Symbol, std::chrono::seconds> ages;
  for (const Symbol& symbol : config().portfolio.tickers) {
    auto last = prices_->last_date(symbol);
    if (!last || !*last || !calendar_->is_session(**last)) continue;
    const std::chrono::nanoseconds age(now.nanoseconds() - calendar_->close(**last).nanoseconds());
    ages.emplace(symbol, std::chrono::duration_cast<std::chrono::seconds>(age));
  }
  metrics_.data_ages(ages);
  auto open = journal_->open_orders();
  metrics_.orders_open(open ? std::optional(open_order_figures(*open)) : std::nullopt);
  const std::lock_guard lock(schedule_mutex_);
  const auto next = scheduler_->next_after(now);
  metrics_.next_run(next ? std::optional(next->due_at) : std::nullopt);
}

void Service::keep(Solved solved) {
  const std::lock_guard lock(state_mutex_);
  latest_ = std::move(solved);
  allocations_.fetch_add(1);
}

}  // namespace rebalancer::app
