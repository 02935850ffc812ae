// How a run ends: its decision is sealed, and journal and file say so in an order that no crash can break.
#include "core/portfolio/book_after.hpp"
#include "services/decision_body.hpp"
#include "services/order_desk.hpp"
#include "services/pipeline_run.hpp"
#include "services/report_json.hpp"

namespace rebalancer {

RunRecord Pipeline::Run::record() {
  RunRecord record;
  record.id = report.id;
  record.portfolio = report.portfolio;
  record.session = report.as_of;
  record.started_at = report.started_at;
  record.mode = report.mode;
  record.broker = report.broker;
  return record;
}

std::string Pipeline::Run::draft_now() {
  const bool able = mode.has_value() && capabilities.quantity_increment.is_positive();
  return draft_decision({report, settings(), able ? &capabilities : nullptr, tables, parts().calendar,
                         parts().trading_switch.read(), account},
                        parts().digest)
      .text();
}

Result<std::vector<ExecutedLeg>> Pipeline::Run::legs_of(const std::string& run_id) {
  auto records = parts().store.orders_of(run_id);
  if (!records) return fail(records.error());
  std::vector<ExecutedLeg> legs;
  for (OrderRecord& record : *records) {
    auto history = parts().store.history_of(record.order.client_id);
    if (!history) return fail(history.error());
    auto fills = parts().store.fills_of(record.order.client_id);
    if (!fills) return fail(fills.error());
    legs.push_back({std::move(record), *std::move(history), *std::move(fills)});
  }
  return legs;
}

// What the account must hold after a run when no one before it has seen the account: what it held when the plan was
// made, and the fills since. None when an earlier run has, or not every fill was told.
Result<std::optional<ExpectedBook>> Pipeline::Run::unsealed_book(const RunRecord& run,
                                                                 std::string_view decision_draft) {
  auto sealed = parts().store.expected_book(settings().portfolio);
  if (!sealed) return fail(sealed.error());
  if (*sealed) return std::optional<ExpectedBook>();
  const auto document = CanonicalJson::parse(decision_draft);
  if (!document) return fail(document.error());
  const auto body = read_draft(*document);
  if (!body) return fail(body.error());
  auto legs = legs_of(run.id);
  if (!legs) return fail(legs.error());
  std::vector<Fill> fills;
  for (const ExecutedLeg& leg : *legs) {
    Ticket ticket(leg.record.order, leg.record.report, leg.record.reference, 0);
    ticket.count(leg.fills);
    if (ticket.fills != leg.record.report.filled) return std::optional<ExpectedBook>();
    fills.insert(fills.end(), leg.fills.begin(), leg.fills.end());
  }
  if (!body->book) return std::optional<ExpectedBook>();
  auto book = book_after(*body->book, fills);
  if (!book) return fail(book.error());
  return std::optional<ExpectedBook>({*std::move(book), run.id, run.started_at});
}

// The text is on the disk before the journal says that it is sealed, and gets its name after: whatever dies when, a
// decision that the journal knows is there, and one that it does not know is nobody's.
Result<void> Pipeline::Run::seal(RunRecord ended, std::string_view decision_draft, DecisionEnd end,
                                 const std::optional<Book>& book) {
  auto last = parts().store.last_seal();
  if (!last) return fail(last.error());
  SealRecord next{1, ended.id, "", std::string(64, '0')};
  if (*last) {
    next.sequence = (*last)->sequence + 1;
    next.previous = (*last)->sha256;
  }
  auto sealed = seal_decision(decision_draft, end, next.sequence, next.previous, parts().digest);
  if (!sealed) return fail(sealed.error());
  next.sha256 = sealed->sha256;
  if (auto staged = parts().decisions.stage(ended.id, sealed->text); !staged) return staged;
  if (auto written = parts().store.finish_run(ended, next, book); !written) return written;
  if (ended.id == report.id) report.sha256 = next.sha256;
  if (auto published = parts().decisions.publish(ended.id); !published) {
    // Sealed all the same; the next run gives it its name.
    parts().events.emit(EventLevel::warning, "decision_not_published", published.error().message,
                        {{"run_id", ended.id}});
  }
  return {};
}

void Pipeline::Run::finish() {
  if (journaled) {
    DecisionEnd end;
    end.finished_at = parts().clock.now();
    end.outcome = name_of(report.outcome);
    end.reason = report.reason;
    end.hold = report.hold;
    end.ambiguous = report.ambiguous;
    end.resumed = report.resumed;
    end.book_after = report.book_after;
    RunRecord ended = record();
    ended.finished_at = end.finished_at;
    ended.outcome = end.outcome;
    ended.reason = end.reason;
    ended.exit_code = parts().exit_code(report);
    ended.report_json = to_json(report);
    auto legs = legs_of(report.id);
    Result<void> sealed = legs ? Result<void>() : fail(legs.error());
    if (legs) {
      end.legs = *std::move(legs);
      sealed = seal(std::move(ended), draft.empty() ? draft_now() : draft, std::move(end), book_seen);
    }
    if (!sealed) {
      // The orders are what they are; that the end could not be written down must not stay unsaid.
      report.reason += "; the journal could not record the end of this run: " + sealed.error().message;
      if (!report.hold) report.hold = Hold{Stage::execute, sealed.error()};
    }
  }
  parts().events.emit(report.hold ? EventLevel::error : level(), "run_finished", report.reason,
                      {{"run_id", report.id}, {"outcome", std::string(name_of(report.outcome))}});
}

}  // namespace rebalancer
