// Looking: what is known, as JSON.
#include <algorithm>

#include "adapters/system/digest.hpp"
#include "app/build_info.hpp"
#include "app/decision_source.hpp"
#include "app/limit_texts.hpp"
#include "app/plugin_json.hpp"
#include "app/service/failure_error.hpp"
#include "app/service/service.hpp"
#include "services/derive.hpp"
#include "services/frontier.hpp"
#include "services/report_json.hpp"

namespace rebalancer::app {
namespace {

// More than a page can be asked for at once; the cursor is looked for among these.
constexpr int records_max = 100'000;

// The part of `records` behind the cursor, and the cursor of the next one. Errors: not_found for a cursor that is gone.
template <class T, class Id>
Result<std::pair<std::vector<const T*>, std::string>> page_of(const std::vector<T>& records,
                                                              const http::PageRequest& request, Id id) {
  std::size_t from = 0;
  if (!request.after.empty()) {
    const auto found =
        std::find_if(records.begin(), records.end(), [&](const T& record) { return id(record) == request.after; });
    if (found == records.end()) return fail(ErrorCode::invalid, "there is no {} to go on behind", request.after);
    from = static_cast<std::size_t>(found - records.begin()) + 1;
  }
  std::vector<const T*> part;
  for (std::size_t i = from; i < records.size() && part.size() < static_cast<std::size_t>(request.limit); ++i) {
    part.push_back(&records[i]);
  }
  const bool more = from + part.size() < records.size();
  return std::pair(part, more ? std::string(id(*part.back())) : std::string());
}

// The constraints of a what-if. Errors: invalid.
Result<void> change(OptimizerSettings& settings, const Service::OptimizeRequest& request) {
  if (request.min_weight) settings.weight_min = *request.min_weight;
  if (request.max_weight) settings.weight_max = *request.max_weight;
  if (request.turnover_max) settings.turnover_max = request.turnover_max;
  if (request.gross_max) settings.gross_max = request.gross_max;
  if (request.tracking_error_max) settings.tracking_error_max = request.tracking_error_max;
  if (request.position_min) settings.position_min = *request.position_min;
  if (request.positions_max) settings.positions_max = *request.positions_max;
  if (settings.weight_min < 0 && !settings.gross_max) {
    return fail(ErrorCode::invalid, "constraints.min_weight is {}, which needs constraints.gross_max",
                settings.weight_min);
  }
  if (!request.groups) return {};
  settings.class_limits.clear();
  for (const std::string& text : *request.groups) {
    auto limit = parse_class_limit(text);
    if (!limit) return fail(ErrorCode::invalid, "constraints.groups has \"{}\", {}", text, limit.error().message);
    settings.class_limits.push_back(*std::move(limit));
  }
  if (settings.gross_max) open_sides(settings.class_limits, *settings.gross_max);
  return {};
}

// The weights held now, which strategies weigh against what a trade costs; none when the broker does not say.
std::optional<Weights> held_now(Application& application) {
  const auto holdings = application.holdings(std::nullopt);
  if (!holdings) return std::nullopt;
  const auto valued = value_book(holdings->book, holdings->prices);
  if (!valued) return std::nullopt;
  return current_weights(holdings->book, holdings->prices, valued->equity);
}

}  // namespace

Service::Json Service::health() {
  const double uptime = std::chrono::duration<double>(application_.clock().monotonic() - started_).count();
  JsonText json;
  json.object().member("status", "ok").member("version", build_version);
  return json.key("uptime_seconds").raw(fmt::format("{:.3f}", uptime)).end().str();
}

std::string Service::metrics() {
  refresh_gauges();
  return metrics_.text();
}

Result<http::Page> Service::data(const Symbol& symbol, const DataRequest& request) {
  const Date first = *Date::make(1900, 1, 1);
  const Date last = *Date::make(2199, 12, 31);
  const Date from = std::max(request.from.value_or(first), request.after ? request.after->plus_days(1) : first);
  if (request.from && request.to && *request.from > *request.to) {
    return fail(ErrorCode::invalid, "from is {}, must not be after to, {}", request.from->to_string(),
                request.to->to_string());
  }
  auto table = prices_->read(symbol, from, request.to.value_or(last), std::nullopt);
  if (!table) return fail(table.error());
  if (table->bars().empty()) {
    auto known = prices_->last_date(symbol);
    if (!known) return fail(known.error());
    if (!*known) return fail(ErrorCode::not_found, "no prices of {} are stored", symbol);
  }
  const auto count = std::min(table->bars().size(), static_cast<std::size_t>(request.limit));
  JsonText json;
  json.object().member("symbol", symbol.str());
  json.member("basis", table->basis() == PriceBasis::raw ? "raw" : "adjusted").member("source", table->source());
  json.key("bars").array();
  for (const Bar& bar : table->bars().first(count)) {
    json.object().member("date", bar.date.to_string()).member("open", bar.open).member("high", bar.high);
    json.member("low", bar.low).member("close", bar.close).member("volume", bar.volume);
    json.member("dividend", bar.dividend).member("split", bar.split_ratio).end();
  }
  json.end().end();
  const bool more = count < table->bars().size();
  return http::Page{json.str(), more ? table->bars()[count - 1].date.to_string() : std::string()};
}

Service::Json Service::quality(std::optional<Symbol> symbol) {
  auto day = application_.session(std::nullopt);
  if (!day) return fail(error_of(day.error()));
  std::vector<Symbol> symbols = config().portfolio.tickers;
  if (symbol) {
    auto known = prices_->last_date(*symbol);
    if (!known) return fail(known.error());
    const bool configured = std::find(symbols.begin(), symbols.end(), *symbol) != symbols.end();
    if (!*known && !configured) return fail(ErrorCode::not_found, "no prices of {} are stored", *symbol);
    symbols = {*symbol};
  }
  auto tables = fetcher_->stored(symbols, *day, config().lookback_days + 1);
  if (!tables) return fail(tables.error());
  return quality_json(judge_quality(*tables, *calendar_, *day, config().quality), *day);
}

Result<Service::Stored> Service::stored_prices() {
  auto day = application_.session(std::nullopt);
  if (!day) return fail(error_of(day.error()));
  auto tables = fetcher_->stored(config().portfolio.tickers, *day, config().lookback_days + 1);
  if (!tables) return fail(tables.error());
  const QualityVerdict verdict = judge_quality(*tables, *calendar_, *day, config().quality);
  if (verdict.stops()) {
    return fail(ErrorCode::unavailable, "{}; POST /fetch gets what is missing", verdict_text(verdict, Severity::stop));
  }
  auto priced = read_prices(*tables, config().portfolio.tickers, *day);
  if (!priced) return fail(priced.error());
  return Stored{std::move(priced->frame), *day};
}

Result<RunReport> Service::look() {
  auto pipeline = application_.pipeline({}, Application::Purpose::look);
  if (!pipeline) return fail(error_of(pipeline.error()));
  RunReport report = (*pipeline)->run({.fetch = false, .journal = false});
  application_.events_of_thread_end();
  if (report.hold && report.hold->stage == Stage::fetch) {
    return fail(ErrorCode::unavailable, "{}; POST /fetch gets what is missing", report.reason);
  }
  if (report.hold && report.hold->stage == Stage::optimize) return fail(report.hold->error.code, "{}", report.reason);
  if (!report.plan) return fail(report.hold ? report.hold->error.code : ErrorCode::internal, "{}", report.reason);
  return report;
}

Service::Json Service::plan() {
  auto report = look();
  if (!report) return fail(report.error());
  return to_json(*report);
}

Service::Json Service::drift() {
  auto report = look();
  if (!report) return fail(report.error());
  return drift_json(report->as_of, *report->drift_before);
}

Result<Solved> Service::solve(const OptimizeRequest& request) {
  auto stored = stored_prices();
  if (!stored) return fail(stored.error());
  OptimizerSettings settings = config().optimizer;
  if (auto age = config().age_on(stored->as_of)) settings.age_years = *age;
  if (request.user_age_years) settings.age_years = *request.user_age_years;
  if (auto changed = change(settings, request); !changed) return fail(changed.error());
  auto strategy = application_.strategy();
  if (!strategy) return fail(error_of(strategy.error()));
  Strategy* chosen = *strategy;
  const std::string name = request.strategy.value_or(config().strategy.use);
  if (name != config().strategy.use) {
    const std::lock_guard lock(state_mutex_);
    auto& made = strategies_[name];
    if (made == nullptr) {
      auto created = application_.plain_strategy(name);
      if (!created) {
        strategies_.erase(name);
        return fail(ErrorCode::invalid, "{}", created.error().message);
      }
      made = *std::move(created);
    }
    chosen = made.get();
  }
  const auto started = application_.clock().monotonic();
  auto result = rebalancer::optimize(*chosen, stored->frame, settings, held_now(application_));
  const double seconds = std::chrono::duration<double>(application_.clock().monotonic() - started).count();
  if (!result) return fail(result.error());
  return Solved{*std::move(result), name, stored->as_of, seconds};
}

Result<Solved> Service::latest() {
  {
    const std::lock_guard lock(state_mutex_);
    if (latest_) return *latest_;
  }
  auto solved = solve({});
  if (solved) keep(*solved);
  return solved;
}

Service::Json Service::latest_optimization() {
  auto solved = latest();
  if (!solved) return fail(solved.error());
  return optimization_json(*solved);
}

Service::Json Service::optimize(const OptimizeRequest& request) {
  auto solved = solve(request);
  if (!solved) return fail(solved.error());
  if (!request.changes_anything()) keep(*solved);
  return optimization_json(*solved);
}

Service::Json Service::allocation() {
  auto solved = latest();
  if (!solved) return fail(solved.error());
  JsonText json;
  json.object().member("strategy", solved->strategy).member("as_of", solved->as_of.to_string()).key("weights");
  write_weights(json, solved->result.weights);
  json.member("expected_return", solved->result.expected_return).member("volatility", solved->result.volatility);
  return json.member("sharpe_ratio", solved->result.sharpe_ratio).end().str();
}

std::uint64_t Service::allocation_revision() { return allocations_; }

Service::Json Service::risk() {
  auto solved = latest();
  if (!solved) return fail(solved.error());
  auto stored = stored_prices();
  if (!stored) return fail(stored.error());
  return risk_json(stored->frame, config().optimizer, solved->result.weights, stored->as_of);
}

Service::Json Service::frontier(int points) {
  auto stored = stored_prices();
  if (!stored) return fail(stored.error());
  auto frontier = frontier_of(stored->frame, config().optimizer, points, stored->as_of);
  if (!frontier) return fail(frontier.error());
  return frontier_json(*frontier);
}

Service::Json Service::positions() {
  auto holdings = application_.holdings(std::nullopt);
  if (!holdings) return fail(error_of(holdings.error()));
  auto json = positions_json(holdings->book, holdings->prices, holdings->as_of);
  if (!json) return fail(ErrorCode::unavailable, "{}", json.error().message);
  return json;
}

Result<http::Page> Service::orders(const http::PageRequest& request, std::optional<std::string> state) {
  auto records = journal_->orders(records_max);
  if (!records) return fail(records.error());
  if (state) {
    std::erase_if(*records, [&](const OrderRecord& record) { return name_of(record.state) != *state; });
  }
  auto part = page_of(*records, request, [](const OrderRecord& record) { return record.order.client_id; });
  if (!part) return fail(part.error());
  JsonText json;
  json.object().key("orders").array();
  for (const OrderRecord* record : part->first) write_order(json, *record);
  return http::Page{json.end().end().str(), part->second};
}

Service::Json Service::order(const std::string& id) {
  auto record = journal_->order(id);
  if (!record) return fail(record.error());
  if (!*record) return fail(ErrorCode::not_found, "there is no order {}", id);
  auto history = journal_->history_of(id);
  if (!history) return fail(history.error());
  auto fills = journal_->fills_of(id);
  if (!fills) return fail(fills.error());
  return order_json(**record, *history, *fills);
}

Service::Json Service::reconcile() {
  auto told = rebalancer::reconcile(*broker_, *journal_, config().portfolio.id);
  if (!told) return fail(told.error());
  return reconciliation_json(*told);
}

Service::Json Service::status() {
  auto facts = status_facts(*journal_, config().portfolio.id);
  if (!facts) return fail(facts.error());
  auto day = application_.session(std::nullopt);
  if (!day) return fail(error_of(day.error()));
  facts->mode = name_of(config().mode);
  facts->broker = config().broker.use;
  facts->session = *day;
  facts->trading = application_.trading_switch().read();
  // The run at work is not interrupted: it is at work.
  if (running_ && facts->interrupted_runs > 0) --facts->interrupted_runs;
  JsonText json;
  json.object();
  write_status(json, *facts);
  json.member("version", build_version).member("started_at", started_at_.to_string()).key("at_work");
  const auto job = jobs_ == nullptr ? std::nullopt : jobs_->at_work();
  if (job) {
    json.object().member("job", job->id).member("kind", job->kind).member("doing", job->doing);
    json.member("fraction", job->fraction);
    json.member("started_at", job->started_at ? std::optional(job->started_at->to_string()) : std::nullopt).end();
  } else {
    json.null();
  }
  json.key("next");
  const std::lock_guard lock(schedule_mutex_);
  if (const auto next = scheduler_->next_after(application_.clock().now())) {
    json.object().member("session", next->session.to_string()).member("due_at", next->due_at.to_string()).end();
  } else {
    json.null();
  }
  return json.end().str();
}

std::uint64_t Service::status_revision() {
  // Sessions end and turns fall due with time alone: a second is as old as an answer gets.
  const auto second = static_cast<std::uint64_t>(application_.clock().now().nanoseconds() / 1'000'000'000);
  const std::uint64_t jobs = jobs_ == nullptr ? 0 : jobs_->revision();
  // The file system is asked every millisecond, not for each of 50,000 requests a second.
  const auto now = application_.clock().monotonic();
  if (now - switch_looked_at_.load(std::memory_order_relaxed) > std::chrono::milliseconds(1)) {
    switch_seen_.store(switch_revision(), std::memory_order_relaxed);
    switch_looked_at_.store(now, std::memory_order_relaxed);
  }
  return ((changes_ * 1'000'003 + journal_->revision()) * 1'000'033 + jobs) * 1'000'037 + switch_seen_ * 131 + second;
}

Result<http::Page> Service::history(const http::PageRequest& request) {
  auto runs = journal_->runs(records_max);
  if (!runs) return fail(runs.error());
  auto part = page_of(*runs, request, [](const RunRecord& run) { return run.id; });
  if (!part) return fail(part.error());
  JsonText json;
  json.object().key("runs").array();
  for (const RunRecord* run : part->first) write_run(json, *run);
  return http::Page{json.end().end().str(), part->second};
}

Result<http::Page> Service::decisions(const http::PageRequest& request) {
  auto seals = journal_->seals();
  if (!seals) return fail(seals.error());
  std::reverse(seals->begin(), seals->end());
  auto part = page_of(*seals, request, [](const SealRecord& seal) { return seal.run_id; });
  if (!part) return fail(part.error());
  JsonText json;
  json.object().key("decisions").array();
  for (const SealRecord* seal : part->first) {
    json.object().member("id", seal->run_id).member("sequence", seal->sequence).member("sha256", seal->sha256);
    json.member("previous", seal->previous).end();
  }
  return http::Page{json.end().end().str(), part->second};
}

Service::Json Service::decision(const std::string& id) { return application_.decisions().read(id); }

Service::Json Service::explanation(const std::string& id, std::optional<int> order) {
  auto text = application_.decisions().read(id);
  if (!text) return fail(text.error());
  return explanation_json(*text, order);
}

Service::Json Service::plugins() {
  JsonText json;
  json.object().key("plugins").array();
  for (const PluginInfo& plugin : application_.plugins().plugins()) write_plugin(json, plugin);
  return json.end().end().str();
}

}  // namespace rebalancer::app
