// What comes before the first stage: the mode is entered, and what earlier runs left behind is brought to an end.
#include <algorithm>

#include "services/pipeline_run.hpp"
#include "services/reconciler.hpp"

namespace rebalancer {
namespace {

// Orders that may exist at the broker belong to one account; another one must not be asked about them.
constexpr std::string_view interrupted_before = "its run was interrupted";

}  // namespace

Result<void> Pipeline::Run::begin() {
  if (request.journal) {
    // A seal in the journal whose file was still staged when a process died.
    auto last = parts().store.last_seal();
    if (!last) return fail(last.error());
    if (*last) {
      if (auto published = parts().decisions.publish((*last)->run_id); !published) {
        parts().events.emit(EventLevel::warning, "decision_missing", published.error().message,
                            {{"run_id", (*last)->run_id}});
      }
    }
  }
  auto entered = enter();
  if (entered && request.journal) entered = finish_interrupted_runs();
  if (entered && interrupted_plan) return {};
  if (request.journal) {
    RunRecord begun = record();
    begun.report_json = draft_now();
    if (auto written = parts().store.begin_run(begun); !written) return fail(written.error());
    journaled = true;
  }
  if (!entered) return entered;
  if (gate) {
    // Nothing is decided on a book that may still change.
    if (auto settled = settle_the_rest(interrupted_before); !settled) return settled;
  }
  return reconcile_account();
}

// Nothing is decided on an account that nobody can explain. A look sends nothing and a dry run neither: they go on, but
// do not make what they saw the new truth.
Result<void> Pipeline::Run::reconcile_account() {
  const auto started = parts().clock.monotonic();
  auto told = reconcile(view(), parts().store, settings().portfolio, ReconcileScope::book);
  // Cash may follow the fills that an earlier process was told of.
  const auto cash_alone = [&] {
    return std::all_of(told->gaps.begin(), told->gaps.end(), [](const auto& gap) { return gap.kind == "cash"; });
  };
  while (gate && told && !told->gaps.empty() && cash_alone() && !request.accept_account &&
         parts().clock.monotonic() - started < parts().executor.cash_timeout && !request.stop.stop_requested()) {
    parts().clock.wait(parts().executor.poll_interval, request.stop);
    told = reconcile(view(), parts().store, settings().portfolio, ReconcileScope::book);
  }
  if (!told) return fail(told.error());
  for (const AccountMovement& movement : told->explained_by) {
    parts().events.emit(level(), "account_moved", fmt::format("{}: {}", movement.kind, movement.text),
                        {{"run_id", report.id},
                         {"movement", movement.id},
                         {"cash", movement.cash.to_string()},
                         {"quantity", movement.quantity.to_string()}});
  }
  report.book_before = told->book;
  shares_moved = share_movements(*told);
  if (request.accept_account) {
    accepted = true;
    book_seen = told->book;
    report.reason = fmt::format("the account was taken as it is: {} ({})", *request.accept_account, summary_of(*told));
    parts().events.emit(EventLevel::warning, "account_accepted", report.reason, {{"run_id", report.id}});
    return {};
  }
  for (const ReconciliationGap& gap : told->gaps) {
    parts().events.emit(EventLevel::warning, "reconciliation_gap", gap.sentence,
                        {{"run_id", report.id}, {"kind", gap.kind}, {"subject", gap.subject}});
  }
  // Until the prices are known to be of the same shares, the next run must see what moved them again.
  if (is_certain(*told)) (shares_moved.empty() ? book_seen : book_after_moves) = told->book;
  if (told->gaps.empty()) return {};
  if (!gate) return {};
  report.ambiguous = true;
  return fail(ErrorCode::conflict,
              "{}; nothing is sent until that is explained: look at the account, then 'rebalancer reconcile --accept "
              "REASON' takes it as it is",
              summary_of(*told));
}

Result<void> Pipeline::Run::enter() {
  auto entered = parts().enter_mode();
  if (!entered) return fail(entered.error());
  mode = *std::move(entered);
  auto able = view().capabilities();
  if (!able) return fail(able.error());
  capabilities = *able;
  if (!request.journal) return {};
  bool real_money = false;
  if (const auto* paper = std::get_if<Paper>(&*mode)) {
    account = paper->account();
    gate.emplace(*paper, parts().trading_switch);
  } else if (const auto* live = std::get_if<Live>(&*mode)) {
    account = live->account();
    real_money = true;
    if (parts().arming == nullptr)
      return fail(ErrorCode::internal, "mode is live, and nothing says whether it is armed");
    gate.emplace(*live, parts().trading_switch, *parts().arming);
  }
  if (!gate) return {};
  gate->set_hours([this] { return market_is_open(); });
  return parts().store.bind_owner({settings().broker, account, real_money});
}

Result<void> Pipeline::Run::market_is_open() {
  if (!settings().within_market_hours || capabilities.embedded) return {};
  const Calendar& calendar = parts().calendar;
  const Instant now = parts().clock.now();
  const Instant opens = calendar.open(calendar.next_session(calendar.last_completed_session(now)));
  if (opens <= now) return {};
  return fail(ErrorCode::unavailable, "{} is closed until {}, and execution.outside_market_hours is off",
              calendar.name(), opens.to_string());
}

// A process that ended in the middle left its run unfinished. One of this session goes on: this run is its next life.
// An older one is too old to go on: its orders are settled and it is closed.
Result<void> Pipeline::Run::finish_interrupted_runs() {
  auto unfinished = parts().store.unfinished_runs(settings().portfolio);
  if (!unfinished) return fail(unfinished.error());
  for (const RunRecord& interrupted : *unfinished) {
    auto plan = parts().store.plan_of(interrupted.id);
    if (!plan) return fail(plan.error());
    if (*plan && !gate) continue;  // a dry run leaves alone what may have sent orders
    if (*plan && interrupted.session == report.as_of) {
      report.id = interrupted.id;
      report.started_at = interrupted.started_at;
      report.resumed = true;
      draft = (*plan)->draft;
      interrupted_plan = **plan;
      continue;
    }
    if (auto closed = close_interrupted(interrupted, *plan); !closed) return closed;
  }
  return {};
}

Result<void> Pipeline::Run::settle_the_rest(std::string_view why) {
  Executor executor(*gate, parts().store, parts().clock, parts().events, parts().executor);
  auto settled = executor.settle(capabilities, why, request.stop);
  if (!settled) return fail(settled.error());
  if (settled->ambiguous.empty()) return {};
  report.ambiguous = true;
  return fail(ErrorCode::timeout, "the outcome of order {} of an earlier run is not known, a human is needed",
              settled->ambiguous.front().client_id);
}

Result<void> Pipeline::Run::close_interrupted(const RunRecord& interrupted, const std::optional<PlanRecord>& plan) {
  DecisionEnd end;
  end.finished_at = parts().clock.now();
  end.resumed = true;
  end.outcome = name_of(RunOutcome::held);
  end.reason = "interrupted before its plan was written down; nothing was sent";
  std::optional<Book> book;
  if (plan) {
    auto settled = settle_the_rest(interrupted_before);
    if (!settled && !report.ambiguous) return settled;
    end.ambiguous = report.ambiguous;
    auto legs = legs_of(interrupted.id);
    if (!legs) return fail(legs.error());
    end.legs = *std::move(legs);
    const auto filled = std::count_if(end.legs.begin(), end.legs.end(), [](const ExecutedLeg& leg) {
      return leg.record.report.filled.decimal().is_positive();
    });
    if (filled > 0) end.outcome = name_of(RunOutcome::traded);
    end.reason = fmt::format("interrupted; a later run settled its orders, something filled in {} of {}", filled,
                             end.legs.size());
    auto unsealed = unsealed_book(interrupted, plan->draft);
    if (!unsealed) return fail(unsealed.error());
    auto seen = reconcile(view(), parts().store, settings().portfolio, ReconcileScope::book, *unsealed);
    if (!seen) return fail(seen.error());
    end.book_after = seen->book;
    // What nobody can explain must not become what is expected, nor shares whose prices nobody has looked at.
    if (is_certain(*seen) && share_movements(*seen).empty()) {
      book = seen->book;
    } else if (*unsealed) {
      book = (*unsealed)->book;
    }
    if (!settled) {
      // Known as far as it can be; the run that closes it holds for the same reason.
      end.hold = Hold{Stage::execute, settled.error()};
    }
  }
  RunRecord ended = interrupted;
  ended.finished_at = end.finished_at;
  ended.outcome = end.outcome;
  ended.reason = end.reason;
  ended.exit_code = end.ambiguous ? 8 : 0;
  const std::string begun_with = plan ? plan->draft : interrupted.report_json;
  parts().events.emit(EventLevel::warning, "run_closed", end.reason, {{"run_id", interrupted.id}});
  auto sealed = seal(std::move(ended), begun_with, std::move(end), book);
  if (!sealed) return sealed;
  if (report.ambiguous) {
    return fail(ErrorCode::timeout, "the outcome of an order of run {} is not known, a human is needed",
                interrupted.id.substr(0, 8));
  }
  return {};
}

Result<StageReport> Pipeline::Run::resume(const PlanRecord& plan) {
  // Until its orders have been asked about, the run is not at its end: a later process goes on with it.
  PriceList marks;
  auto records = parts().store.orders_of(plan.run_id);
  if (!records) return fail(records.error());
  for (const OrderRecord& record : *records) {
    if (record.reference) marks.emplace(record.order.symbol, *record.reference);
  }
  if (auto marked = gate->set_marks(marks, report.as_of); !marked) return fail(marked.error());
  Executor executor(*gate, parts().store, parts().clock, parts().events, parts().executor);
  auto executed = executor.resume(plan, execution_rules(), request.stop);
  journaled = executed.has_value();
  auto told = tell_execution(std::move(executed));
  report.reason = "went on with an interrupted run; " + report.reason;
  return told;
}

}  // namespace rebalancer
