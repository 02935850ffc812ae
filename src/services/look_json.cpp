#include "services/look_json.hpp"

#include <algorithm>

#include "services/report_json.hpp"

namespace rebalancer {
namespace {

template <class T>
void member_or_null(JsonText& json, std::string_view name, const std::optional<T>& maybe) {
  json.key(name);
  if (maybe) {
    json.value(maybe->to_string());
  } else {
    json.null();
  }
}

}  // namespace

std::optional<Shortfall> shortfall_of(const OrderRecord& record, std::span<const Fill> fills) {
  if (!record.reference) return std::nullopt;
  std::vector<PricedQuantity> pieces;
  for (const Fill& fill : fills) pieces.push_back({fill.quantity, fill.price});
  const auto amount = rebalancer::shortfall_of(record.order.side, record.report.filled, record.report.average_price,
                                               pieces, *record.reference);
  if (!amount) return std::nullopt;
  return Shortfall{*amount, shortfall_bp(*amount, record.report.filled, *record.reference)};
}

void open_order(JsonText& json, const OrderRecord& record, std::span<const Fill> fills) {
  json.object()
      .member("id", record.order.client_id)
      .member("run", record.run_id)
      .member("symbol", record.order.symbol.str())
      .member("side", name_of(record.order.side))
      .member("quantity", record.order.quantity.to_string());
  member_or_null(json, "limit", record.order.limit);
  json.member("reason", record.reason)
      .member("state", name_of(record.state))
      .member("filled", record.report.filled.to_string());
  member_or_null(json, "average_price", record.report.average_price);
  json.member("fee", record.report.fee.to_string()).member("broker_id", record.report.broker_id);
  json.member("state_reason", record.report.reason);
  member_or_null(json, "reference", record.reference);
  const auto shortfall = shortfall_of(record, fills);
  json.key("shortfall");
  shortfall ? json.value(shortfall->amount.to_string()) : json.null();
  json.key("shortfall_bp");
  shortfall ? json.value(shortfall->bp) : json.null();
}

void write_order(JsonText& json, const OrderRecord& record) {
  open_order(json, record, {});
  json.end();
}

std::string order_json(const OrderRecord& record, std::span<const OrderReport> history, std::span<const Fill> fills) {
  JsonText json;
  open_order(json, record, fills);
  json.member("sequence", record.sequence);
  member_or_null(json, "price_date", record.price_date);
  json.key("history").array();
  for (const OrderReport& step : history) {
    json.object().member("at", step.at.to_string()).member("state", name_of(step.state));
    json.member("filled", step.filled.to_string());
    member_or_null(json, "average_price", step.average_price);
    json.member("reason", step.reason).end();
  }
  json.end().key("fills").array();
  for (const Fill& fill : fills) {
    json.object().member("id", fill.id).member("at", fill.at.to_string());
    json.member("quantity", fill.quantity.to_string()).member("price", fill.price.to_string());
    json.member("fee", fill.fee.amount().to_string()).end();
  }
  return json.end().end().str();
}

void write_run(JsonText& json, const RunRecord& run) {
  json.object()
      .member("id", run.id)
      .member("portfolio", run.portfolio)
      .member("session", run.session.to_string())
      .member("started_at", run.started_at.to_string());
  member_or_null(json, "finished_at", run.finished_at);
  json.member("mode", run.mode).member("outcome", run.outcome).member("reason", run.reason);
  json.member("exit_code", run.exit_code).end();
}

void write_trading_state(JsonText& json, const TradingStateRecord& record) {
  json.member("trading_state", name_of(record.state)).member("reason", record.reason).member("by", record.by);
  member_or_null(json, "set_at", record.set_at);
}

std::string fetch_json(const FetchSummary& summary, Date as_of, std::size_t symbols) {
  JsonText json;
  json.object()
      .member("as_of", as_of.to_string())
      .member("source", summary.source)
      .member("simulated", summary.simulated)
      .member("symbols", symbols)
      .member("symbols_current", summary.symbols_current)
      .member("bars_received", summary.bars_received)
      .member("bars_new", summary.bars_new)
      .end();
  return json.str();
}

std::string quality_json(const QualityVerdict& verdict, Date as_of) {
  JsonText json;
  json.object().member("as_of", as_of.to_string()).member("bars_examined", verdict.bars_examined);
  json.member("stops", verdict.stops()).key("findings").array();
  for (const QualityFinding& finding : verdict.findings) {
    json.object()
        .member("symbol", finding.symbol.str())
        .member("check", finding.check)
        .member("severity", name_of(finding.severity));
    member_or_null(json, "date", finding.date);
    json.member("message", finding.message).end();
  }
  return json.end().end().str();
}

std::string drift_json(Date as_of, const Drift& drift) {
  JsonText json;
  json.object().member("as_of", as_of.to_string()).key("drift");
  write_drift(json, drift);
  return json.end().str();
}

std::string reconciliation_json(const Reconciliation& told) {
  JsonText json;
  json.object().member("reconciled", told.gaps.empty()).key("gaps").array();
  for (const ReconciliationGap& gap : told.gaps) {
    json.object().member("kind", gap.kind).member("subject", gap.subject).member("expected", gap.expected);
    json.member("actual", gap.actual).member("sentence", gap.sentence).end();
  }
  json.end().key("explained_by").array();
  for (const AccountMovement& movement : told.explained_by) {
    json.object().member("id", movement.id).member("kind", movement.kind);
    json.member("symbol", movement.symbol ? std::optional(movement.symbol->str()) : std::nullopt);
    json.member("cash", movement.cash.amount().to_string()).member("quantity", movement.quantity.to_string());
    json.member("at", movement.at.to_string()).member("text", movement.text).end();
  }
  json.end().member("positions_compared", told.positions_compared).member("orders_compared", told.orders_compared);
  json.member("fills_compared", told.fills_compared);
  json.member("last_seen_by", told.has_expectation ? std::optional(told.seen_by) : std::nullopt).end();
  return json.str();
}

std::string optimization_json(const Solved& solved) {
  const OptimizerResult& result = solved.result;
  JsonText json;
  json.object().member("strategy", solved.strategy).member("as_of", solved.as_of.to_string()).key("weights");
  write_weights(json, result.weights);
  json.member("expected_return", result.expected_return)
      .member("volatility", result.volatility)
      .member("sharpe_ratio", result.sharpe_ratio)
      .member("objective", result.objective)
      .key("certificate");
  write_certificate(json, result.certificate);
  json.key("risk_model")
      .object()
      .member("name", result.risk_model)
      .member("shrinkage", result.shrinkage)
      .end()
      .member("solve_seconds", solved.seconds);
  json.key("report").raw(result.report_json.empty() ? "{}" : result.report_json);
  return json.end().str();
}

bool is_ambiguous(const OrderRecord& order) {
  return order.state == OrderState::unknown || order.state == OrderState::parked || order.state == OrderState::sending;
}

Result<StatusFacts> status_facts(RunStore& store, const std::string& portfolio) {
  StatusFacts facts;
  facts.portfolio = portfolio;
  auto runs = store.runs(1);
  if (!runs) return fail(runs.error());
  if (!runs->empty()) facts.last_run = std::move(runs->front());
  auto open = store.open_orders();
  if (!open) return fail(open.error());
  facts.open_orders = open->size();
  facts.ambiguous_orders = static_cast<std::size_t>(std::count_if(open->begin(), open->end(), is_ambiguous));
  auto unfinished = store.unfinished_runs(portfolio);
  if (!unfinished) return fail(unfinished.error());
  facts.interrupted_runs = unfinished->size();
  auto seal = store.last_seal();
  if (!seal) return fail(seal.error());
  facts.last_seal = *std::move(seal);
  return facts;
}

void write_status(JsonText& json, const StatusFacts& facts) {
  json.member("mode", facts.mode).member("portfolio", facts.portfolio);
  json.member("broker", facts.broker).member("session", facts.session.to_string());
  json.member("trading_state", name_of(facts.trading.state)).member("trading_state_reason", facts.trading.reason);
  json.member("open_orders", facts.open_orders).member("ambiguous_orders", facts.ambiguous_orders);
  json.member("interrupted_runs", facts.interrupted_runs).key("last_seal");
  if (facts.last_seal) {
    json.object().member("decision", facts.last_seal->run_id).member("sequence", facts.last_seal->sequence);
    json.member("sha256", facts.last_seal->sha256).end();
  } else {
    json.null();
  }
  json.key("last_run");
  if (facts.last_run) {
    write_run(json, *facts.last_run);
  } else {
    json.null();
  }
}

}  // namespace rebalancer
