#include "services/decision.hpp"

#include "services/decision_body.hpp"

namespace rebalancer {
namespace {

RecordedLeg recorded(const ExecutedLeg& leg) {
  const OrderRecord& record = leg.record;
  RecordedLeg out{record.order.client_id,
                  record.order.symbol,
                  record.order.side,
                  record.order.quantity,
                  record.order.limit,
                  record.state,
                  record.report.broker_id,
                  record.report.filled,
                  record.report.average_price,
                  record.report.fee,
                  record.report.reason,
                  leg.history,
                  {}};
  for (const Fill& fill : leg.fills) {
    out.fills.push_back({fill.id, fill.quantity, fill.price, fill.fee.amount(), fill.fee.currency(), fill.at});
  }
  return out;
}

RecordedEnd recorded(const DecisionEnd& end) {
  RecordedEnd out{end.finished_at, end.outcome, end.reason, end.hold, end.ambiguous, end.resumed, {}, end.book_after};
  for (const ExecutedLeg& leg : end.legs) out.legs.push_back(recorded(leg));
  return out;
}

}  // namespace

CanonicalJson draft_decision(const DecisionSources& sources, Digest digest) {
  const RunReport& report = sources.report;
  const PipelineSettings& settings = sources.settings;
  const Provenance& provenance = settings.provenance;
  DecisionBody body;
  body.id = report.id;
  body.portfolio = report.portfolio;
  body.mode = report.mode;
  body.session = report.as_of;
  body.started_at = report.started_at;
  body.program = {provenance.program_version, provenance.program_commit};
  body.plugins = provenance.plugins;
  body.calendar = {std::string(sources.calendar.name()), std::string(sources.calendar.time_zone())};
  body.configuration = provenance.configuration_digest;
  body.settings = {settings.symbols,
                   settings.lookback_sessions,
                   settings.quality,
                   settings.optimizer,
                   settings.rebalance,
                   report.limits.turnover_today ? report.limits : settings.limits,  // set when it came to the check
                   settings.strategy,
                   provenance.strategy_settings_json};
  body.broker.name = settings.broker;
  body.broker.account = sources.account;
  if (sources.capabilities != nullptr) body.broker.capabilities = *sources.capabilities;
  body.trading_state = sources.trading_state;
  body.book = report.book_before;
  CanonicalJson::Object blocks;
  if (!sources.tables.empty()) {
    body.prices = prices_used(sources.tables, report.prices, sources.calendar, report.as_of, digest);
    for (std::size_t i = 0; i < sources.tables.size(); ++i) {
      blocks.emplace((*body.prices)[i].block, to_json(sources.tables[i]));
    }
  }
  body.quality = report.quality;
  body.target = report.optimized;
  if (report.plan) body.plan = plan_section(*report.plan, report.id);
  if (report.proof) body.proof = proof_section(*report.proof);

  CanonicalJson draft;
  draft["blocks"] = std::move(blocks);
  draft["body"] = to_json(body);
  draft["format"] = decision_format;
  return draft;
}

Result<SealedDecision> seal_decision(std::string_view draft, const DecisionEnd& end, std::int64_t sequence,
                                     std::string_view previous, Digest digest) {
  auto document = CanonicalJson::parse(draft);
  if (!document) return fail(ErrorCode::invalid, "the draft of a decision: {}", document.error().message);
  if (const auto body = read_draft(*document); !body) {
    return fail(ErrorCode::invalid, "the draft of a decision: {}", body.error().message);
  }
  (*document)["body"]["end"] = to_json(recorded(end));
  CanonicalJson& seal = (*document)["seal"];
  seal["previous"] = previous;
  seal["sequence"] = sequence;
  SealedDecision sealed{{}, digest(document->text())};
  seal["sha256"] = sealed.sha256;
  sealed.text = document->text() + "\n";
  return sealed;
}

}  // namespace rebalancer
