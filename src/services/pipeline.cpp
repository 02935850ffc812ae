#include "services/pipeline.hpp"

#include <algorithm>
#include <set>

#include "core/market/corporate_action.hpp"
#include "services/analytics.hpp"
#include "services/report_json.hpp"

namespace rebalancer {

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::fetch:
      return "fetch";
    case Stage::optimize:
      return "optimize";
    case Stage::plan:
      return "plan";
    case Stage::check:
      return "check";
    case Stage::execute:
      return "execute";
    case Stage::analyze:
      return "analyze";
  }
  return "analyze";
}

std::string_view name_of(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::traded:
      return "traded";
    case RunOutcome::held:
      return "held";
    case RunOutcome::in_band:
      return "in_band";
  }
  return "held";
}

// One run's state. Each stage returns what it has to say, or the error that makes the run hold.
struct Pipeline::Run {
  Pipeline& pipeline;
  const RunRequest& request;
  RunReport report;
  BrokerCapabilities capabilities;
  std::vector<BarTable> tables;  // of every symbol wanted or held
  std::optional<PriceFrame> frame;
  bool journaled = false;

  PipelineParts& parts() { return pipeline.parts_; }
  const PipelineSettings& settings() { return pipeline.settings_; }
  // A mere look is not news.
  EventLevel level() const { return request.journal ? EventLevel::info : EventLevel::debug; }

  // Runs one stage, times it and writes down how it went. False: the run holds here.
  template <class Body>
  bool stage(Stage which, Body&& body) {
    if (pipeline.listener_) pipeline.listener_(report, which, nullptr);
    const auto started = parts().clock.monotonic();
    Result<StageReport> ended = request.stop.stop_requested()
                                    ? Result<StageReport>(fail(ErrorCode::unavailable, "stopped on request"))
                                    : body();
    if (!ended) {
      report.hold = Hold{which, ended.error()};
      report.outcome = RunOutcome::held;
      report.reason = ended.error().message;
      ended = StageReport{which, "held", 0, ended.error().message};
    }
    ended->stage = which;
    ended->seconds = std::chrono::duration<double>(parts().clock.monotonic() - started).count();
    report.stages.push_back(*ended);
    parts().events.emit(ended->outcome == "held" ? EventLevel::error : level(), "stage_finished", ended->detail,
                        {{"run_id", report.id},
                         {"stage", std::string(name_of(which))},
                         {"outcome", ended->outcome},
                         {"seconds", fmt::format("{:.6f}", ended->seconds)}});
    if (pipeline.listener_) pipeline.listener_(report, which, &report.stages.back());
    return !report.hold;
  }

  Result<void> begin();
  Result<StageReport> fetch();
  Result<StageReport> optimize_weights();
  Result<StageReport> plan();
  Result<StageReport> check();
  Result<StageReport> execute();
  Result<StageReport> analyze_target();
  Result<void> read_prices();
  RunRecord record();
  void finish();
};

namespace {

// Symbols of the configuration and of the book, sorted and distinct.
std::vector<Symbol> wanted_or_held(const std::vector<Symbol>& wanted, const Book& book) {
  std::set<Symbol> symbols(wanted.begin(), wanted.end());
  for (const Position& position : book.positions) symbols.insert(position.symbol);
  return {symbols.begin(), symbols.end()};
}

std::string already_rebalanced(const RunRecord& earlier) {
  return fmt::format("session {} was already rebalanced by run {}", earlier.session.to_string(),
                     earlier.id.substr(0, 8));
}

std::string describe(const QualityVerdict& verdict, bool stops) {
  for (const QualityFinding& finding : verdict.findings) {
    if (finding.severity != (stops ? Severity::stop : Severity::warning)) continue;
    const std::size_t others =
        stops ? static_cast<std::size_t>(
                    std::count_if(verdict.findings.begin(), verdict.findings.end(),
                                  [](const QualityFinding& other) { return other.severity == Severity::stop; })) -
                    1
              : verdict.warning_count() - 1;
    return others == 0 ? finding.message : fmt::format("{} (and {} more)", finding.message, others);
  }
  return "";
}

}  // namespace

Result<void> Pipeline::Run::begin() {
  auto able = parts().broker.capabilities();
  if (!able) return fail(able.error());
  capabilities = *able;
  Executor executor(parts().broker, parts().store, parts().clock, parts().events);
  if (pipeline.sends(request)) {
    // What an interrupted run left open comes first: nothing is decided on a book that may still change.
    auto settled = executor.settle(capabilities, request.stop);
    if (!settled) return fail(settled.error());
    if (!settled->ambiguous.empty()) {
      report.ambiguous = true;
      return fail(ErrorCode::timeout, "the outcome of order {} of an earlier run is not known, a human is needed",
                  settled->ambiguous.front().client_id);
    }
  }
  if (request.journal) {
    if (auto begun = parts().store.begin_run(record()); !begun) return fail(begun.error());
    journaled = true;
  }
  if (settings().mode == "paper" && !capabilities.simulated) {
    return fail(ErrorCode::rejected, "mode is paper, but broker {} is not simulated", settings().broker);
  }
  if (settings().mode == "live" && capabilities.simulated) {
    return fail(ErrorCode::rejected, "mode is live, but broker {} is simulated", settings().broker);
  }
  auto book = executor.book();
  if (!book) return fail(book.error());
  report.book_before = *std::move(book);
  return {};
}

Result<StageReport> Pipeline::Run::fetch() {
  const auto symbols = wanted_or_held(settings().symbols, *report.book_before);
  // One price more than returns wanted.
  const int history = settings().lookback_sessions + 1;
  std::optional<Error> unreachable;
  std::string detail = "stored prices only";
  if (request.fetch) {
    auto fetched = parts().fetcher.fetch(symbols, report.as_of, history, request.stop);
    if (fetched) {
      detail = fmt::format("{} symbols, {} bars received, {} new", symbols.size(), fetched->bars_received,
                           fetched->bars_new);
    } else {
      // What is stored may still be fresh enough when nobody could be asked; the verdict below decides. An answer that
      // is wrong (no such symbol, a broken file) is no reason to decide on older prices.
      const ErrorCode code = fetched.error().code;
      const bool nobody_answered =
          code == ErrorCode::unavailable || code == ErrorCode::timeout || code == ErrorCode::exhausted;
      if (!nobody_answered) return fail(fetched.error());
      unreachable = fetched.error();
    }
  }
  auto stored = parts().fetcher.stored(symbols, report.as_of, history);
  if (!stored) return fail(stored.error());
  tables = *std::move(stored);
  std::set<std::string> sources;
  for (const BarTable& table : tables) {
    if (!table.source().empty()) sources.insert(table.source());
  }
  report.data_source = fmt::format("{}", fmt::join(sources, ", "));
  report.data_simulated = std::any_of(sources.begin(), sources.end(), [](const std::string& source) {
    return source.find("simulated") != std::string::npos;
  });
  if (report.data_simulated && settings().mode == "live") {
    return fail(ErrorCode::rejected, "mode is live, but the prices are simulated ({})", report.data_source);
  }

  report.quality = judge_quality(tables, parts().calendar, report.as_of, settings().quality);
  if (report.quality->stops()) {
    const std::string why = describe(*report.quality, true);
    if (unreachable) return fail(unreachable->code, "{}; and {}", unreachable->message, why);
    return fail(ErrorCode::rejected, "{}", why);
  }
  if (auto priced = read_prices(); !priced) return fail(priced.error());

  const std::size_t warnings = report.quality->warning_count();
  if (unreachable) {
    return StageReport{Stage::fetch, "warning", 0,
                       fmt::format("stored prices used, they are fresh enough: {}", unreachable->message)};
  }
  if (warnings > 0) {
    return StageReport{Stage::fetch, "warning", 0, fmt::format("{}; {}", detail, describe(*report.quality, false))};
  }
  return StageReport{Stage::fetch, "ok", 0, detail};
}

Result<void> Pipeline::Run::read_prices() {
  std::vector<BarTable> wanted;
  Date first = report.as_of;
  for (const BarTable& table : tables) {
    // The verdict saw to it that every table has a recent close.
    const auto bars = table.bars();
    const auto last = std::find_if(bars.rbegin(), bars.rend(), [](const Bar& bar) { return bar.close > 0; });
    if (last == bars.rend()) return fail(ErrorCode::not_found, "no price of {} is stored", table.symbol());
    auto price = Price::from_double(last->close);
    if (!price) return fail(ErrorCode::invalid, "{}: {}", table.symbol(), price.error().message);
    report.prices.emplace(table.symbol(), *price);
    if (std::find(settings().symbols.begin(), settings().symbols.end(), table.symbol()) != settings().symbols.end()) {
      wanted.push_back(table);
      first = std::min(first, bars.front().date);
    }
  }
  auto whole = adjusted_frame(wanted, first, report.as_of);
  if (!whole) return fail(whole.error());
  frame = *std::move(whole);

  auto valuation = value_book(*report.book_before, report.prices);
  if (!valuation) return fail(valuation.error());
  report.equity_before = valuation->equity;
  return {};
}

Result<StageReport> Pipeline::Run::optimize_weights() {
  // What is held now, for strategies that weigh the cost of changing it.
  std::optional<Weights> current;
  const double equity = report.equity_before->amount().to_double();
  if (equity > 0) {
    std::vector<Weight> entries;
    double sum = 0;
    for (const Position& position : report.book_before->positions) {
      const double fraction =
          position.quantity.decimal().to_double() * report.prices.at(position.symbol).decimal().to_double() / equity;
      entries.push_back({position.symbol, fraction});
      sum += fraction;
    }
    if (auto made = Weights::make(std::move(entries), 1.0 - sum)) current = *std::move(made);
  }
  auto optimized = optimize(parts().strategy, *frame, settings().optimizer, current);
  if (!optimized) return fail(optimized.error());
  report.optimized = *std::move(optimized);
  std::string detail = fmt::format("{}: {:+.1f}%, volatility {:.1f}%", settings().strategy,
                                   100 * report.optimized->expected_return, 100 * report.optimized->volatility);
  if (report.optimized->equity_share) {
    detail += fmt::format(", {:.0f}% equities", 100 * *report.optimized->equity_share);
  }
  return StageReport{Stage::optimize, "ok", 0, detail};
}

Result<StageReport> Pipeline::Run::plan() {
  auto plan =
      plan_orders(*report.book_before, report.optimized->weights, report.prices, settings().rebalance, capabilities);
  if (!plan) return fail(plan.error());
  report.plan = *std::move(plan);
  report.drift_before = report.plan->before;
  report.drift_after = report.plan->after;
  report.cost = report.plan->cost;
  const auto sells =
      static_cast<std::size_t>(std::count_if(report.plan->orders.begin(), report.plan->orders.end(),
                                             [](const auto& order) { return order.side == Side::sell; }));
  return StageReport{
      Stage::plan, "ok", 0,
      fmt::format("{} sells, {} buys; drift {:.1f}% to {:.1f}%", sells, report.plan->orders.size() - sells,
                  100 * report.plan->before.largest_fraction, 100 * report.plan->after.largest_fraction)};
}

Result<StageReport> Pipeline::Run::check() {
  TradeLimits limits = settings().limits;
  if (limits.turnover_per_day_fraction && !limits.turnover_today) {
    auto traded = parts().store.traded_value(settings().portfolio, report.as_of);
    if (!traded) return fail(traded.error());
    limits.turnover_today = *traded;
  }
  auto proof = check_plan(*report.plan, *report.book_before, report.prices, settings().rebalance, limits, capabilities);
  if (!proof) return fail(proof.error());
  report.proof = *std::move(proof);
  return StageReport{
      Stage::check, "ok", 0,
      fmt::format("{} rules proved, cash never below {} {}", report.proof->rules().size(),
                  report.proof->lowest_cash().to_string(), report.book_before->cash.currency().to_string())};
}

RunRecord Pipeline::Run::record() {
  RunRecord record;
  record.id = report.id;
  record.portfolio = report.portfolio;
  record.session = report.as_of;
  record.started_at = report.started_at;
  record.mode = report.mode;
  return record;
}

Result<StageReport> Pipeline::Run::execute() {
  const auto& planned = report.plan->orders;
  if (planned.empty()) {
    report.outcome = RunOutcome::in_band;
    report.reason = report.plan->triggered ? "nothing worth an order: every trade is below the minimum or not possible"
                                           : "every position is inside its band";
    auto earlier = parts().store.traded_run(settings().portfolio, report.as_of);
    if (!earlier) return fail(earlier.error());
    if (*earlier) report.reason += "; " + already_rebalanced(**earlier);
    return StageReport{Stage::execute, "skipped", 0, report.reason};
  }
  if (!pipeline.sends(request)) {
    report.outcome = RunOutcome::held;
    report.reason =
        fmt::format("{}: {} orders planned, none sent", request.journal ? "dry run" : "a look only", planned.size());
    return StageReport{Stage::execute, "skipped", 0, report.reason};
  }
  auto earlier = parts().store.traded_run(settings().portfolio, report.as_of);
  if (!earlier) return fail(earlier.error());
  if (*earlier) {
    report.outcome = RunOutcome::held;
    report.reason = already_rebalanced(**earlier);
    return StageReport{Stage::execute, "skipped", 0, report.reason};
  }
  if (auto marked = parts().broker.set_marks(report.prices, report.as_of); !marked) return fail(marked.error());

  Executor executor(parts().broker, parts().store, parts().clock, parts().events);
  auto executed =
      executor.execute(report.id, *report.plan, *report.proof, settings().rebalance, capabilities, request.stop);
  if (!executed) return fail(executed.error());
  report.orders = std::move(executed->orders);
  report.cost = executed->cost;
  report.ambiguous = executed->ambiguous;
  if (executed->journal_error) return fail(*executed->journal_error);

  const auto filled = static_cast<std::size_t>(
      std::count_if(report.orders.begin(), report.orders.end(),
                    [](const ExecutedOrder& order) { return order.report.state == OrderState::filled; }));
  const bool anything = std::any_of(report.orders.begin(), report.orders.end(), [](const ExecutedOrder& order) {
    return order.report.filled.decimal().is_positive();
  });
  auto book = executor.book();
  if (!book) return fail(book.error());
  report.book_after = *std::move(book);
  if (auto valuation = value_book(*report.book_after, report.prices)) report.equity_after = valuation->equity;
  if (auto drift = drift_of(*report.book_after, report.prices, report.optimized->weights)) {
    report.drift_after = *std::move(drift);
  }
  const std::string tally = fmt::format("{} of {} orders filled", filled, report.orders.size());
  report.outcome = anything ? RunOutcome::traded : RunOutcome::held;
  report.reason = tally;
  if (report.ambiguous) {
    return fail(ErrorCode::timeout, "{}; the outcome of at least one order is not known, a human is needed", tally);
  }
  return StageReport{Stage::execute, filled == report.orders.size() ? "ok" : "warning", 0, tally};
}

Result<StageReport> Pipeline::Run::analyze_target() {
  report.analysis = analyze(parts().analytics, *frame, report.optimized->weights, settings().optimizer.risk_free_rate);
  std::vector<std::string> names;
  for (const auto& [name, answer] : report.analysis) names.push_back(name);
  if (names.empty()) return StageReport{Stage::analyze, "skipped", 0, "no analytic is configured"};
  return StageReport{Stage::analyze, "ok", 0, fmt::format("{} over {} days", fmt::join(names, ", "), frame->rows())};
}

void Pipeline::Run::finish() {
  if (journaled) {
    RunRecord ended = record();
    ended.finished_at = parts().clock.now();
    ended.outcome = name_of(report.outcome);
    ended.reason = report.reason;
    ended.exit_code = parts().exit_code(report);
    ended.report_json = to_json(report);
    if (auto finished = parts().store.finish_run(ended); !finished) {
      // The orders are what they are; that the end could not be written down must not stay unsaid.
      report.reason += "; the journal could not record the end of this run: " + finished.error().message;
      if (!report.hold) report.hold = Hold{Stage::execute, finished.error()};
    }
  }
  parts().events.emit(report.hold ? EventLevel::error : level(), "run_finished", report.reason,
                      {{"run_id", report.id}, {"outcome", std::string(name_of(report.outcome))}});
}

Pipeline::Pipeline(PipelineParts parts, PipelineSettings settings, Listener listener)
    : parts_(std::move(parts)), settings_(std::move(settings)), listener_(std::move(listener)) {}

bool Pipeline::sends(const RunRequest& request) const {
  return request.send_orders && request.journal && settings_.mode != "dry_run";
}

RunReport Pipeline::run(const RunRequest& request) {
  Run run{*this, request, {}, {}, {}, {}, false};
  RunReport& report = run.report;
  report.portfolio = settings_.portfolio;
  report.mode = sends(request) || !request.journal ? settings_.mode : "dry_run";
  report.strategy = settings_.strategy;
  report.broker = settings_.broker;
  report.started_at = parts_.clock.now();
  report.as_of = request.as_of ? parts_.calendar.session_on_or_before(*request.as_of)
                               : parts_.calendar.last_completed_session(report.started_at);
  report.id = parts_
                  .digest(fmt::format("{}\n{}\n{}\n{}\n", settings_.portfolio, report.as_of.to_string(),
                                      report.started_at.nanoseconds(), settings_.configuration_digest))
                  .substr(0, 32);
  parts_.events.emit(run.level(), "run_started", "a rebalance begins",
                     {{"run_id", report.id}, {"as_of", report.as_of.to_string()}, {"mode", report.mode}});

  if (auto begun = run.begin(); !begun) {
    // Without the book nothing can be decided; the failure belongs to the stage that talks to the broker.
    report.hold = Hold{Stage::execute, begun.error()};
    report.reason = begun.error().message;
    report.stages.push_back({Stage::execute, "held", 0, report.reason});
  } else if (run.stage(Stage::fetch, [&] { return run.fetch(); }) &&
             run.stage(Stage::optimize, [&] { return run.optimize_weights(); }) &&
             run.stage(Stage::plan, [&] { return run.plan(); }) &&
             run.stage(Stage::check, [&] { return run.check(); }) &&
             run.stage(Stage::execute, [&] { return run.execute(); })) {
    run.stage(Stage::analyze, [&] { return run.analyze_target(); });
  }
  run.finish();
  return std::move(run.report);
}

}  // namespace rebalancer
