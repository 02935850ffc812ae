#include "services/report_json.hpp"

namespace rebalancer {
namespace {

void write_orders(JsonText& json, const RunReport& report) {
  json.key("orders").array();
  const auto write = [&json](const PlannedOrder& planned, const OrderReport& state) {
    json.object();
    json.member("id", state.client_id);
    json.member("symbol", planned.symbol.str());
    json.member("side", name_of(planned.side));
    json.member("quantity", planned.quantity.to_string());
    json.member("limit", planned.limit.to_string());
    json.member("reference", planned.reference.to_string());
    json.member("reason", planned.reason);
    json.member("state", name_of(state.state));
    json.member("filled", state.filled.to_string());
    json.key("average_price");
    if (state.average_price) {
      json.value(state.average_price->to_string());
    } else {
      json.null();
    }
    json.member("fee", state.fee.to_string());
    if (!state.reason.empty()) json.member("state_reason", state.reason);
    json.end();
  };
  for (const ExecutedOrder& order : report.orders) write(order.planned, order.report);
  if (report.orders.empty() && report.plan) {
    for (const PlannedOrder& planned : report.plan->orders) {
      OrderReport state;
      state.client_id = client_order_id(report.id, planned.symbol, planned.side, 1);
      state.state = OrderState::intent;
      write(planned, state);
    }
  }
  json.end();
}

void write_money(JsonText& json, std::string_view name, const std::optional<Money>& money) {
  json.key(name);
  if (money) {
    json.value(money->amount().to_string());
  } else {
    json.null();
  }
}

void write_quality(JsonText& json, const QualityVerdict& verdict) {
  json.object().member("bars_examined", verdict.bars_examined).key("findings").array();
  for (const QualityFinding& finding : verdict.findings) {
    json.object()
        .member("symbol", finding.symbol.str())
        .member("check", finding.check)
        .member("severity", name_of(finding.severity))
        .member("message", finding.message)
        .end();
  }
  json.end().end();
}

void write_optional_drift(JsonText& json, std::string_view name, const std::optional<Drift>& drift) {
  json.key(name);
  if (drift) {
    write_drift(json, *drift);
  } else {
    json.null();
  }
}

}  // namespace

void write_weights(JsonText& json, const Weights& weights) {
  json.object();
  for (const Weight& entry : weights.entries()) json.member(entry.symbol.str(), entry.fraction);
  if (weights.cash_fraction() != 0) json.member("cash", weights.cash_fraction());
  json.end();
}

void write_drift(JsonText& json, const Drift& drift) {
  json.object().member("largest", drift.largest_fraction).key("symbols").object();
  for (const DriftEntry& entry : drift.entries) {
    json.key(entry.symbol.str())
        .object()
        .member("actual", entry.actual_fraction)
        .member("target", entry.target_fraction)
        .member("drift", entry.drift_fraction())
        .end();
  }
  json.end()
      .key("cash")
      .object()
      .member("actual", drift.cash_actual_fraction)
      .member("target", drift.cash_target_fraction)
      .end()
      .end();
}

void write_certificate(JsonText& json, const std::optional<Certificate>& certificate) {
  if (!certificate) {
    json.null();
    return;
  }
  json.object()
      .member("kkt_residual", certificate->kkt_residual)
      .member("duality_gap", certificate->duality_gap)
      .member("max_violation", certificate->max_violation)
      .end();
}

Result<std::string> positions_json(const Book& book, const PriceList& prices, Date as_of) {
  auto valuation = value_book(book, prices);
  if (!valuation) return fail(valuation.error());
  const double equity = valuation->equity.amount().to_double();
  JsonText json;
  json.object().key("positions").array();
  for (const Position& position : book.positions) {
    const Money& value = valuation->values.at(position.symbol);
    json.object()
        .member("symbol", position.symbol.str())
        .member("quantity", position.quantity.to_string())
        .member("price", prices.at(position.symbol).to_string())
        .member("value", value.amount().to_string());
    json.key("weight");
    if (equity > 0) {
      json.value(value.amount().to_double() / equity);
    } else {
      json.null();
    }
    json.end();
  }
  json.end()
      .member("cash", book.cash.amount().to_string())
      .member("equity", valuation->equity.amount().to_string())
      .member("currency", book.cash.currency().to_string())
      .member("as_of", as_of.to_string())
      .end();
  return json.str();
}

std::string to_json(const RunReport& report) {
  JsonText json;
  json.object();
  json.member("mode", report.mode);
  json.member("data_source", report.data_source);
  json.member("simulated", report.data_simulated);
  json.member("broker", report.broker);
  json.member("portfolio", report.portfolio);
  json.member("strategy", report.strategy);
  json.member("as_of", report.as_of.to_string());
  json.member("started_at", report.started_at.to_string());
  json.member("decision", report.id);
  json.member("resumed", report.resumed);
  json.key("sha256");
  if (report.sha256.empty()) {
    json.null();
  } else {
    json.value(report.sha256);
  }
  json.member("outcome", name_of(report.outcome));
  json.member("reason", report.reason);
  json.key("hold");
  if (report.hold) {
    json.object()
        .member("stage", name_of(report.hold->stage))
        .member("code", name_of(report.hold->error.code))
        .member("message", report.hold->error.message)
        .end();
  } else {
    json.null();
  }
  json.key("stages").array();
  for (const StageReport& stage : report.stages) {
    json.object()
        .member("name", name_of(stage.stage))
        .member("outcome", stage.outcome)
        .member("seconds", stage.seconds)
        .member("detail", stage.detail)
        .end();
  }
  json.end();
  json.key("quality");
  if (report.quality) {
    write_quality(json, *report.quality);
  } else {
    json.null();
  }
  json.key("weights");
  if (report.optimized) {
    write_weights(json, report.optimized->weights);
  } else {
    json.object().end();
  }
  json.key("certificate");
  write_certificate(json, report.optimized ? report.optimized->certificate : std::nullopt);
  write_optional_drift(json, "drift_before", report.drift_before);
  write_optional_drift(json, "drift_after", report.drift_after);
  write_orders(json, report);
  json.key("non_orders").array();
  if (report.plan) {
    for (const NonOrder& left : report.plan->non_orders) {
      json.object().member("symbol", left.symbol.str()).member("reason", left.reason).end();
    }
  }
  json.end();
  write_money(json, "cost", report.cost);
  write_money(json, "equity_before", report.equity_before);
  write_money(json, "equity_after", report.equity_after);
  json.key("prices").object();
  for (const auto& [symbol, price] : report.prices) json.member(symbol.str(), price.to_string());
  json.end();
  json.key("proof");
  if (report.proof) {
    json.object().member("lowest_cash", report.proof->lowest_cash().to_string()).key("rules").array();
    for (const ProvedRule& rule : report.proof->rules()) {
      json.object().member("rule", rule.rule).member("evidence", rule.evidence).end();
    }
    json.end().end();
  } else {
    json.null();
  }
  json.key("analysis").object();
  for (const auto& [name, answer] : report.analysis) json.key(name).raw(answer);
  json.end();
  json.end();
  return json.str();
}

}  // namespace rebalancer
