// The six stages of a run.
#include <algorithm>
#include <set>

#include "services/analytics.hpp"
#include "services/derive.hpp"
#include "services/pipeline_run.hpp"
#include "services/reconciler.hpp"

namespace rebalancer {
namespace {

// Symbols of the configuration and of the book, sorted and distinct.
std::vector<Symbol> wanted_or_held(const std::vector<Symbol>& wanted, const Book& book) {
  std::set<Symbol> symbols(wanted.begin(), wanted.end());
  for (const Position& position : book.positions) symbols.insert(position.symbol);
  return {symbols.begin(), symbols.end()};
}

}  // namespace

std::string already_rebalanced(const RunRecord& earlier) {
  return fmt::format("session {} was already rebalanced by run {}", earlier.session.to_string(),
                     earlier.id.substr(0, 8));
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
    const std::string why = verdict_text(*report.quality, Severity::stop);
    if (unreachable) return fail(unreachable->code, "{}; and {}", unreachable->message, why);
    return fail(ErrorCode::rejected, "{}", why);
  }
  auto priced = read_prices(tables, settings().symbols, report.as_of);
  if (!priced) return fail(priced.error());
  auto valuation = value_book(*report.book_before, priced->prices);
  if (!valuation) return fail(valuation.error());
  report.prices = std::move(priced->prices);
  frame = std::move(priced->frame);
  report.equity_before = valuation->equity;

  const std::size_t warnings = report.quality->warning_count();
  if (unreachable) {
    return StageReport{Stage::fetch, "warning", 0,
                       fmt::format("stored prices used, they are fresh enough: {}", unreachable->message)};
  }
  if (warnings > 0) {
    return StageReport{Stage::fetch, "warning", 0,
                       fmt::format("{}; {}", detail, verdict_text(*report.quality, Severity::warning))};
  }
  return StageReport{Stage::fetch, "ok", 0, detail};
}

Result<StageReport> Pipeline::Run::optimize_weights() {
  const auto current = current_weights(*report.book_before, report.prices, *report.equity_before);
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
  auto traded = parts().store.traded_value(settings().portfolio, report.as_of);
  if (!traded) return fail(traded.error());
  auto sent = parts().store.sent_orders(settings().portfolio, report.as_of);
  if (!sent) return fail(sent.error());
  report.limits = settings().limits;
  report.limits.turnover_today = *traded;
  report.limits.orders_today = static_cast<int>(sent->size());
  auto proof =
      check_plan(*report.plan, *report.book_before, report.prices, settings().rebalance, report.limits, capabilities);
  if (!proof) return fail(proof.error());
  report.proof = *std::move(proof);
  return StageReport{
      Stage::check, "ok", 0,
      fmt::format("{} rules proved, cash never below {} {}", report.proof->rules().size(),
                  report.proof->lowest_cash().to_string(), report.book_before->cash.currency().to_string())};
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
  if (!gate) {
    report.outcome = RunOutcome::held;
    report.reason =
        fmt::format("{}: {} orders planned, none sent", request.journal ? "dry run" : "a look only", planned.size());
    return StageReport{Stage::execute, "skipped", 0, report.reason};
  }
  auto earlier = parts().store.traded_run(settings().portfolio, report.as_of);
  if (!earlier) return fail(earlier.error());
  if (*earlier) {
    auto undone = left_undone((*earlier)->id);
    if (!undone) return fail(undone.error());
    if (!*undone) {
      report.outcome = RunOutcome::held;
      report.reason = already_rebalanced(**earlier);
      return StageReport{Stage::execute, "skipped", 0, report.reason};
    }
  }
  if (const TradingStateRecord state = gate->trading_state(); state.state == TradingState::halted) {
    report.refused = true;
    return fail(ErrorCode::rejected, "{}; {} orders planned, none sent", describe(state), planned.size());
  }
  if (auto open = market_is_open(); !open) {
    report.outcome = RunOutcome::held;
    report.reason = fmt::format("{}: {} orders planned, none sent", open.error().message, planned.size());
    return StageReport{Stage::execute, "skipped", 0, report.reason};
  }
  if (auto armed = gate->armed(); !armed) {
    report.refused = true;
    return fail(armed.error().code, "{}; {} orders planned, none sent", armed.error().message, planned.size());
  }
  if (auto marked = gate->set_marks(report.prices, report.as_of); !marked) return fail(marked.error());

  ExecutionRequest wanted{report.id, *report.plan, *report.proof, *report.equity_before, {}, {}};
  for (const BarTable& table : tables) wanted.price_dates.emplace(table.symbol(), last_priced_bar(table)->date);
  draft = draft_now();
  wanted.draft = draft;
  // From here on what was seen before is no longer what the account holds.
  book_seen.reset();
  Executor executor(*gate, parts().store, parts().clock, parts().events, parts().executor);
  return tell_execution(executor.execute(wanted, execution_rules(), request.stop));
}

// Whether a run that traded did not get all it planned: something did not fill in time, or waited for cash that did not
// come. What is missing may be planned again, on what the account holds now. Not so an order that the broker refused,
// nor one that went out and that the broker never had: should it turn up after all, another would be one too many.
Result<bool> Pipeline::Run::left_undone(const std::string& run_id) {
  auto records = parts().store.orders_of(run_id);
  if (!records) return fail(records.error());
  auto sent = parts().store.sent_orders(settings().portfolio, report.as_of);
  if (!sent) return fail(sent.error());
  return std::any_of(records->begin(), records->end(), [&](const OrderRecord& record) {
    if (record.state != OrderState::cancelled || record.report.filled == record.order.quantity) return false;
    return !record.report.broker_id.empty() ||
           std::find(sent->begin(), sent->end(), record.order.client_id) == sent->end();
  });
}

ExecutionRules Pipeline::Run::execution_rules() {
  // An embedded broker trades at the marks of the run's own session; anybody else trades now.
  const auto behind = [this](Date day) {
    const Date latest = capabilities.embedded
                            ? report.as_of
                            : std::max(report.as_of, parts().calendar.last_completed_session(parts().clock.now()));
    return parts().calendar.session_count(day, latest);
  };
  return {settings().portfolio, report.as_of, settings().rebalance, settings().limits, capabilities, behind};
}

// What became of the orders, into the report.
Result<StageReport> Pipeline::Run::tell_execution(Result<ExecutionSummary> executed) {
  if (!executed) return fail(executed.error());
  report.orders = std::move(executed->orders);
  report.cost = executed->cost;
  report.ambiguous = executed->ambiguous;
  report.refused = executed->refused;
  if (executed->journal_error) return fail(*executed->journal_error);

  const auto filled = static_cast<std::size_t>(
      std::count_if(report.orders.begin(), report.orders.end(),
                    [](const ExecutedOrder& order) { return order.report.state == OrderState::filled; }));
  const bool anything = std::any_of(report.orders.begin(), report.orders.end(), [](const ExecutedOrder& order) {
    return order.report.filled.decimal().is_positive();
  });
  report.outcome = anything ? RunOutcome::traded : RunOutcome::held;
  report.reason = fmt::format("{} of {} orders filled", filled, report.orders.size());
  auto undone = left_undone(report.id);
  if (!undone) return fail(undone.error());
  report.left_undone = *undone;
  if (report.left_undone) report.reason += "; another run of this session plans the rest";
  auto unsealed = unsealed_book(record(), draft);
  if (!unsealed) return fail(unsealed.error());
  auto told = reconcile(view(), parts().store, settings().portfolio, ReconcileScope::book, *unsealed);
  if (!told) {
    // Nobody knows what the account holds now, but what it must hold is known: without that, the next run of a
    // journal's first one would take for granted whatever it sees.
    if (*unsealed) book_seen = (*unsealed)->book;
    return fail(told.error());
  }
  report.book_after = told->book;
  if (is_certain(*told)) {
    book_seen = report.book_after;
  } else if (*unsealed) {
    // Else the next run would have nothing to compare with, and take for granted what nobody can explain.
    book_seen = (*unsealed)->book;
  }
  if (!told->gaps.empty()) {
    // Cash or fills may be late; what is not explained when the next run begins holds that one.
    parts().events.emit(EventLevel::warning, "reconciliation_gap", summary_of(*told), {{"run_id", report.id}});
  }
  if (auto valuation = value_book(*report.book_after, report.prices)) report.equity_after = valuation->equity;
  if (report.optimized) {
    if (auto drift = drift_of(*report.book_after, report.prices, report.optimized->weights)) {
      report.drift_after = *std::move(drift);
    }
  }
  if (report.ambiguous) {
    return fail(ErrorCode::timeout, "{}; the outcome of at least one order is not known, a human is needed",
                report.reason);
  }
  if (report.refused) {
    const auto kept = std::find_if(report.orders.begin(), report.orders.end(), [](const ExecutedOrder& order) {
      return order.report.state == OrderState::cancelled && order.report.reason.starts_with("not sent: ");
    });
    if (kept != report.orders.end()) report.reason += "; " + kept->report.reason;
  }
  return StageReport{Stage::execute, filled == report.orders.size() ? "ok" : "warning", 0, report.reason};
}

Result<StageReport> Pipeline::Run::analyze_target() {
  report.analysis = analyze(parts().analytics, *frame, report.optimized->weights, settings().optimizer.risk_free_rate);
  std::vector<std::string> names;
  for (const auto& [name, answer] : report.analysis) names.push_back(name);
  if (names.empty()) return StageReport{Stage::analyze, "skipped", 0, "no analytic is configured"};
  return StageReport{Stage::analyze, "ok", 0, fmt::format("{} over {} days", fmt::join(names, ", "), frame->rows())};
}

}  // namespace rebalancer
