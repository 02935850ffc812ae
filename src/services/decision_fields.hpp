// How each struct of a decision is written: one description that serves both directions. `of(archive, value)` names
// every member once; FieldWriter makes an object of them, FieldReader takes one apart.
#pragma once
#include "services/decision_body.hpp"

namespace rebalancer {

namespace decision_fields {

// The members of T. Reading starts from blank<T>().
template <class T>
struct Fields {};

template <>
struct Fields<ProgramIdentity> {
  static void of(auto& archive, auto& program) {
    archive("commit", program.commit);
    archive("version", program.version);
  }
};

template <>
struct Fields<PluginUsed> {
  static void of(auto& archive, auto& plugin) {
    archive("file", plugin.file);
    archive("kind", plugin.kind);
    archive("name", plugin.name);
    archive("sha256", plugin.sha256);
    archive("version", plugin.version);
  }
};

template <>
struct Fields<CalendarIdentity> {
  static void of(auto& archive, auto& calendar) {
    archive("name", calendar.name);
    archive("zone", calendar.zone);
  }
};

template <>
struct Fields<QualityRules> {
  static void of(auto& archive, auto& rules) {
    archive("age", rules.age);
    archive("age_sessions_max", rules.age_sessions_max);
    archive("frozen", rules.frozen);
    archive("frozen_sessions_max", rules.frozen_sessions_max);
    archive("gap", rules.gap);
    archive("gap_sessions_max", rules.gap_sessions_max);
    archive("history", rules.history);
    archive("history_sessions_min", rules.history_sessions_min);
    archive("jump", rules.jump);
    archive("jump_fraction_max", rules.jump_fraction_max);
    archive("non_positive", rules.non_positive);
  }
};

template <>
struct Fields<ClassLimit> {
  static void of(auto& archive, auto& limit) {
    archive("label", limit.label);
    archive("lower", limit.lower);
    archive("text", limit.text);
    archive("upper", limit.upper);
  }
};

template <>
struct Fields<std::pair<double, double>> {
  static void of(auto& archive, auto& bounds) {
    archive("lower", bounds.first);
    archive("upper", bounds.second);
  }
};

template <>
struct Fields<OptimizerSettings> {
  static void of(auto& archive, auto& settings) {
    archive("age_years", settings.age_years);
    archive("bonds_of_safe", settings.bonds_of_safe);
    archive("bounds", settings.bounds);
    archive("class_limits", settings.class_limits);
    archive("classes", settings.classes);
    archive("cost_rate", settings.cost_rate);
    archive("expected_returns", settings.expected_returns);
    archive("glide_path", settings.glide_path);
    archive("periods_per_year", settings.periods_per_year);
    archive("risk_free_rate", settings.risk_free_rate);
    archive("risk_model", settings.risk_model);
    archive("weight_max", settings.weight_max);
    archive("weight_min", settings.weight_min);
    const OptimizerSettings absent;
    archive.later("benchmark", settings.benchmark, absent.benchmark);
    archive.later("cost_quadratic", settings.cost_quadratic, absent.cost_quadratic);
    archive.later("ewma_decay", settings.ewma_decay, absent.ewma_decay);
    archive.later("glide_curve", settings.glide_curve, absent.glide_curve);
    archive.later("gross_max", settings.gross_max, absent.gross_max);
    archive.later("labels", settings.labels, absent.labels);
    archive.later("position_min", settings.position_min, absent.position_min);
    archive.later("positions_max", settings.positions_max, absent.positions_max);
    archive.later("tracking_error_max", settings.tracking_error_max, absent.tracking_error_max);
    archive.later("turnover_max", settings.turnover_max, absent.turnover_max);
  }
};

template <>
struct Fields<RebalanceRules> {
  static void of(auto& archive, auto& rules) {
    archive("absolute_band", rules.absolute_band_fraction);
    archive("buy_only", rules.buy_only);
    archive("cash_buffer", rules.cash_buffer);
    archive("price_collar", rules.price_collar_fraction);
    archive("relative_band", rules.relative_band_fraction);
    archive("trade_to", rules.trade_to);
    archive("trade_value_min", rules.trade_value_min);
    archive("untouchable", rules.untouchable);
  }
};

template <>
struct Fields<TradeLimits> {
  static void of(auto& archive, auto& limits) {
    archive("order_quantity_max", limits.order_quantity_max);
    archive("order_value_max", limits.order_value_max);
    archive("orders_max", limits.orders_max);
    archive("orders_per_day_max", limits.orders_per_day_max);
    archive("orders_today", limits.orders_today);
    archive("position_max", limits.position_max_fraction);
    archive("price_age_sessions_max", limits.price_age_sessions_max);
    archive("turnover_per_day", limits.turnover_per_day_fraction);
    archive("turnover_today", limits.turnover_today);
  }
};

template <>
struct Fields<DecisionSettings> {
  static void of(auto& archive, auto& settings) {
    archive("limits", settings.limits);
    archive("lookback_sessions", settings.lookback_sessions);
    archive("optimizer", settings.optimizer);
    archive("quality", settings.quality);
    archive("rebalance", settings.rebalance);
    archive("strategy", settings.strategy);
    archive("strategy_settings", settings.strategy_settings);
    archive("symbols", settings.symbols);
  }
};

template <>
struct Fields<BrokerCapabilities> {
  static void of(auto& archive, auto& able) {
    archive("commission_per_order", able.commission_per_order);
    archive("cost_rate", able.cost_rate);
    archive("dedupe", able.dedupe);
    archive("dedupe_window_s", able.dedupe_window_s);
    archive("embedded", able.embedded);
    archive("limit_orders", able.limit_orders);
    archive("lookup", able.lookup);
    archive("lookup_lag_s", able.lookup_lag_s);
    archive("market_orders", able.market_orders);
    archive("order_value_min", able.order_value_min);
    archive("price_increment", able.price_increment);
    archive("quantity_increment", able.quantity_increment);
    archive("simulated", able.simulated);
  }
};

template <>
struct Fields<BrokerIdentity> {
  static void of(auto& archive, auto& broker) {
    archive("account", broker.account);
    archive("capabilities", broker.capabilities);
    archive("name", broker.name);
  }
};

template <>
struct Fields<TradingStateRecord> {
  static void of(auto& archive, auto& record) {
    archive("by", record.by);
    archive("reason", record.reason);
    archive("set_at", record.set_at);
    archive("state", record.state);
  }
};

template <>
struct Fields<Position> {
  static void of(auto& archive, auto& position) {
    archive("quantity", position.quantity);
    archive("symbol", position.symbol);
  }
};

template <>
struct Fields<PriceUsed> {
  static void of(auto& archive, auto& used) {
    archive("age_sessions", used.age_sessions);
    archive("block", used.block);
    archive("date", used.date);
    archive("price", used.price);
    archive("source", used.source);
    archive("symbol", used.symbol);
  }
};

template <>
struct Fields<QualityFinding> {
  static void of(auto& archive, auto& finding) {
    archive("check", finding.check);
    archive("date", finding.date);
    archive("message", finding.message);
    archive("severity", finding.severity);
    archive("symbol", finding.symbol);
  }
};

template <>
struct Fields<QualityVerdict> {
  static void of(auto& archive, auto& verdict) {
    archive("bars_examined", verdict.bars_examined);
    archive("findings", verdict.findings);
  }
};

template <>
struct Fields<Certificate> {
  static void of(auto& archive, auto& certificate) {
    archive("duality_gap", certificate.duality_gap);
    archive("kkt_residual", certificate.kkt_residual);
    archive("max_violation", certificate.max_violation);
  }
};

template <>
struct Fields<OptimizerResult> {
  static void of(auto& archive, auto& result) {
    archive("certificate", result.certificate);
    archive("equity_share", result.equity_share);
    archive("expected_return", result.expected_return);
    archive("objective", result.objective);
    archive("report", result.report_json);
    archive("risk_model", result.risk_model);
    archive("sharpe_ratio", result.sharpe_ratio);
    archive("shrinkage", result.shrinkage);
    archive("volatility", result.volatility);
    archive("weights", result.weights);
  }
};

template <>
struct Fields<NumberedOrder> {
  static void of(auto& archive, auto& numbered) {
    archive("client_id", numbered.client_id);
    archive("cost_max", numbered.order.cost_max);
    archive("limit", numbered.order.limit);
    archive("number", numbered.number);
    archive("quantity", numbered.order.quantity);
    archive("reason", numbered.order.reason);
    archive("reference", numbered.order.reference);
    archive("side", numbered.order.side);
    archive("symbol", numbered.order.symbol);
  }
};

template <>
struct Fields<NonOrder> {
  static void of(auto& archive, auto& left) {
    archive("reason", left.reason);
    archive("symbol", left.symbol);
  }
};

template <>
struct Fields<DriftEntry> {
  static void of(auto& archive, auto& entry) {
    archive("actual", entry.actual_fraction);
    archive("symbol", entry.symbol);
    archive("target", entry.target_fraction);
  }
};

template <>
struct Fields<Drift> {
  static void of(auto& archive, auto& drift) {
    archive("cash_actual", drift.cash_actual_fraction);
    archive("cash_target", drift.cash_target_fraction);
    archive("entries", drift.entries);
    archive("largest", drift.largest_fraction);
  }
};

template <>
struct Fields<PlanSection> {
  static void of(auto& archive, auto& plan) {
    archive("after", plan.after);
    archive("before", plan.before);
    archive("cost", plan.cost);
    archive("non_orders", plan.non_orders);
    archive("orders", plan.orders);
    archive("triggered", plan.triggered);
  }
};

template <>
struct Fields<ProvedRule> {
  static void of(auto& archive, auto& proved) {
    archive("evidence", proved.evidence);
    archive("rule", proved.rule);
  }
};

template <>
struct Fields<ProofSection> {
  static void of(auto& archive, auto& proof) {
    archive("lowest_cash", proof.lowest_cash);
    archive("rules", proof.rules);
  }
};

template <>
struct Fields<DecisionBody> {
  static void of(auto& archive, auto& body) {
    archive("id", body.id);
    archive("portfolio", body.portfolio);
    archive("mode", body.mode);
    archive("session", body.session);
    archive("started_at", body.started_at);
    archive("program", body.program);
    archive("plugins", body.plugins);
    archive("calendar", body.calendar);
    archive("configuration", body.configuration);
    archive("settings", body.settings);
    archive("broker", body.broker);
    archive("trading_state", body.trading_state);
    archive("book", body.book);  // before all that counts money: it says the currency
    archive("prices", body.prices);
    archive("quality", body.quality);
    archive("target", body.target);
    archive("plan", body.plan);
    archive("proof", body.proof);
  }
};

template <>
struct Fields<Hold> {
  static void of(auto& archive, auto& hold) {
    archive("code", hold.error.code);
    archive("message", hold.error.message);
    archive("stage", hold.stage);
  }
};

template <>
struct Fields<OrderReport> {
  static void of(auto& archive, auto& report) {
    archive("at", report.at);
    archive("average_price", report.average_price);
    archive("broker_id", report.broker_id);
    archive("fee", report.fee);
    archive("filled", report.filled);
    archive("reason", report.reason);
    archive("state", report.state);
  }
};

template <>
struct Fields<RecordedFill> {
  static void of(auto& archive, auto& fill) {
    archive("at", fill.at);
    archive("currency", fill.currency);
    archive("fee", fill.fee);
    archive("id", fill.id);
    archive("price", fill.price);
    archive("quantity", fill.quantity);
  }
};

template <>
struct Fields<RecordedLeg> {
  static void of(auto& archive, auto& leg) {
    archive("average_price", leg.average_price);
    archive("broker_id", leg.broker_id);
    archive("client_id", leg.client_id);
    archive("fee", leg.fee);
    archive("filled", leg.filled);
    archive("fills", leg.fills);
    archive("history", leg.history);
    archive("limit", leg.limit);
    archive("quantity", leg.quantity);
    archive("reason", leg.reason);
    archive("side", leg.side);
    archive("state", leg.state);
    archive("symbol", leg.symbol);
  }
};

template <>
struct Fields<RecordedEnd> {
  static void of(auto& archive, auto& end) {
    archive("ambiguous", end.ambiguous);
    archive("book_after", end.book_after);
    archive("finished_at", end.finished_at);
    archive("hold", end.hold);
    archive("legs", end.legs);
    archive("outcome", end.outcome);
    archive("reason", end.reason);
    archive("resumed", end.resumed);
  }
};

template <>
struct Fields<DecisionSeal> {
  static void of(auto& archive, auto& seal) {
    archive("previous", seal.previous);
    archive("sequence", seal.sequence);
    archive("sha256", seal.sha256);
  }
};

}  // namespace decision_fields
}  // namespace rebalancer
