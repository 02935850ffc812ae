// The shapes of what the surfaces answer, as JSON Schema 2020-12. A test sends every real answer through them.
#include "http/surfaces/surfaces.hpp"

namespace rebalancer::http {
namespace {

constexpr std::string_view schemas = R"json({
"Decimal":{"type":"string","pattern":"^-?[0-9]+(\\.[0-9]{1,9})?$","examples":["250.5"]},
"MaybeDecimal":{"type":["string","null"],"pattern":"^-?[0-9]+(\\.[0-9]{1,9})?$"},
"Date":{"type":"string","format":"date"},
"Instant":{"type":"string","format":"date-time"},
"MaybeInstant":{"type":["string","null"],"format":"date-time"},
"MaybeNumber":{"type":["number","null"]},
"Weights":{"type":"object","description":"fractions by symbol; cash under its own name","additionalProperties":{"type":"number"}},
"Health":{"type":"object","additionalProperties":false,"required":["status","version","uptime_seconds"],"properties":{
  "status":{"const":"ok"},"version":{"type":"string"},"uptime_seconds":{"type":"number","minimum":0}}},
"Readiness":{"type":"object","additionalProperties":false,"required":["ready","checks"],"properties":{
  "ready":{"type":"boolean"},
  "checks":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["name","ok","reason"],"properties":{
    "name":{"type":"string"},"ok":{"type":"boolean"},"reason":{"type":"string","description":"why it is, or is not"}}}}}},
"FetchSummary":{"type":"object","additionalProperties":false,
  "required":["as_of","source","simulated","symbols","symbols_current","bars_received","bars_new"],"properties":{
  "as_of":{"$ref":"#/components/schemas/Date"},"source":{"type":"string"},"simulated":{"type":"boolean"},
  "symbols":{"type":"integer"},"symbols_current":{"type":"integer"},"bars_received":{"type":"integer"},"bars_new":{"type":"integer"}}},
"Bars":{"type":"object","additionalProperties":false,"required":["symbol","basis","source","bars"],"properties":{
  "symbol":{"type":"string"},"basis":{"enum":["raw","adjusted"]},"source":{"type":"string"},
  "bars":{"type":"array","items":{"type":"object","additionalProperties":false,
    "required":["date","open","high","low","close","volume","dividend","split"],"properties":{
    "date":{"$ref":"#/components/schemas/Date"},"open":{"$ref":"#/components/schemas/MaybeNumber"},
    "high":{"$ref":"#/components/schemas/MaybeNumber"},"low":{"$ref":"#/components/schemas/MaybeNumber"},
    "close":{"$ref":"#/components/schemas/MaybeNumber"},"volume":{"$ref":"#/components/schemas/MaybeNumber"},
    "dividend":{"type":"number"},"split":{"type":"number"}}}}}},
"Quality":{"type":"object","additionalProperties":false,"required":["as_of","bars_examined","stops","findings"],"properties":{
  "as_of":{"$ref":"#/components/schemas/Date"},"bars_examined":{"type":"integer"},"stops":{"type":"boolean"},
  "findings":{"type":"array","items":{"type":"object","additionalProperties":false,
    "required":["symbol","check","severity","date","message"],"properties":{
    "symbol":{"type":"string"},"check":{"enum":["gap","jump","frozen","age","history","non_positive"]},
    "severity":{"enum":["ignore","warning","stop"]},"date":{"type":["string","null"],"format":"date"},"message":{"type":"string"}}}}}},
"Certificate":{"type":["object","null"],"additionalProperties":false,"required":["kkt_residual","duality_gap","max_violation"],"properties":{
  "kkt_residual":{"$ref":"#/components/schemas/MaybeNumber"},"duality_gap":{"$ref":"#/components/schemas/MaybeNumber"},
  "max_violation":{"$ref":"#/components/schemas/MaybeNumber"}}},
"Optimization":{"type":"object","additionalProperties":false,
  "required":["strategy","as_of","weights","expected_return","volatility","sharpe_ratio","objective","certificate","risk_model","solve_seconds","report"],"properties":{
  "strategy":{"type":"string"},"as_of":{"$ref":"#/components/schemas/Date"},"weights":{"$ref":"#/components/schemas/Weights"},
  "expected_return":{"type":"number"},"volatility":{"type":"number"},"sharpe_ratio":{"$ref":"#/components/schemas/MaybeNumber"},
  "objective":{"$ref":"#/components/schemas/MaybeNumber"},"certificate":{"$ref":"#/components/schemas/Certificate"},
  "risk_model":{"type":"object","additionalProperties":false,"required":["name","shrinkage"],"properties":{
    "name":{"type":"string"},"shrinkage":{"$ref":"#/components/schemas/MaybeNumber"}}},
  "solve_seconds":{"type":"number"},"report":{"type":"object","description":"the strategy's own words"}}},
"Allocation":{"type":"object","additionalProperties":false,
  "required":["strategy","as_of","weights","expected_return","volatility","sharpe_ratio"],"properties":{
  "strategy":{"type":"string"},"as_of":{"$ref":"#/components/schemas/Date"},"weights":{"$ref":"#/components/schemas/Weights"},
  "expected_return":{"type":"number"},"volatility":{"type":"number"},"sharpe_ratio":{"$ref":"#/components/schemas/MaybeNumber"}}},
"Risk":{"type":"object","additionalProperties":false,"required":["as_of","risk_model","days","volatility","symbols","correlations"],"properties":{
  "as_of":{"$ref":"#/components/schemas/Date"},"risk_model":{"type":"string"},"days":{"type":"integer"},
  "volatility":{"$ref":"#/components/schemas/MaybeNumber"},
  "symbols":{"type":"object","additionalProperties":{"type":"object","additionalProperties":false,
    "required":["weight","volatility","marginal","component","fraction"],"properties":{
    "weight":{"type":"number"},"volatility":{"$ref":"#/components/schemas/MaybeNumber"},"marginal":{"$ref":"#/components/schemas/MaybeNumber"},
    "component":{"$ref":"#/components/schemas/MaybeNumber"},"fraction":{"$ref":"#/components/schemas/MaybeNumber"}}}},
  "correlations":{"type":"object","additionalProperties":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/MaybeNumber"}}}}},
"Frontier":{"type":"object","additionalProperties":false,"required":["as_of","risk_model","corner_portfolios","points","tangency"],"properties":{
  "as_of":{"$ref":"#/components/schemas/Date"},"risk_model":{"type":"string"},
  "corner_portfolios":{"type":"array","items":{"type":"object","additionalProperties":false,
    "required":["expected_return","volatility","lambda","weights"],"properties":{
    "expected_return":{"type":"number"},"volatility":{"type":"number"},
    "lambda":{"type":["number","null"],"description":"null: infinite, the portfolio of the highest return"},
    "weights":{"$ref":"#/components/schemas/Weights"}}}},
  "points":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["expected_return","volatility","weights"],"properties":{
    "expected_return":{"type":"number"},"volatility":{"type":"number"},"weights":{"$ref":"#/components/schemas/Weights"}}}},
  "tangency":{"type":["object","null"],"additionalProperties":false,
    "description":"of the highest Sharpe ratio; null: no portfolio has a positive one",
    "required":["expected_return","volatility","sharpe_ratio","weights"],"properties":{
    "expected_return":{"type":"number"},"volatility":{"type":"number"},"sharpe_ratio":{"type":"number"},
    "weights":{"$ref":"#/components/schemas/Weights"}}}}},
"Drift":{"type":["object","null"],"additionalProperties":false,"required":["largest","symbols","cash"],"properties":{
  "largest":{"type":"number"},
  "symbols":{"type":"object","additionalProperties":{"type":"object","additionalProperties":false,"required":["actual","target","drift"],"properties":{
    "actual":{"type":"number"},"target":{"type":"number"},"drift":{"type":"number"}}}},
  "cash":{"type":"object","additionalProperties":false,"required":["actual","target"],"properties":{
    "actual":{"type":"number"},"target":{"type":"number"}}}}},
"DriftNow":{"type":"object","additionalProperties":false,"required":["as_of","drift"],"properties":{
  "as_of":{"$ref":"#/components/schemas/Date"},"drift":{"$ref":"#/components/schemas/Drift"}}},
"OrderState":{"enum":["intent","sending","unknown","acknowledged","partial","filled","cancelled","rejected","parked"]},
"RunOrder":{"type":"object","additionalProperties":false,
  "required":["id","symbol","side","quantity","limit","reference","reason","state","filled","average_price","fee"],"properties":{
  "id":{"type":"string"},"symbol":{"type":"string"},"side":{"enum":["buy","sell"]},"quantity":{"$ref":"#/components/schemas/Decimal"},
  "limit":{"$ref":"#/components/schemas/Decimal"},"reference":{"$ref":"#/components/schemas/Decimal"},"reason":{"type":"string"},
  "state":{"$ref":"#/components/schemas/OrderState"},"filled":{"$ref":"#/components/schemas/Decimal"},
  "average_price":{"$ref":"#/components/schemas/MaybeDecimal"},"fee":{"$ref":"#/components/schemas/Decimal"},"state_reason":{"type":"string"}}},
"RunReport":{"type":"object","additionalProperties":false,
  "required":["mode","data_source","simulated","broker","portfolio","strategy","as_of","started_at","decision","resumed","sha256","outcome","reason","hold","stages","quality","weights","certificate","drift_before","drift_after","orders","non_orders","cost","equity_before","equity_after","prices","proof","analysis"],"properties":{
  "mode":{"enum":["dry_run","paper","live"]},"data_source":{"type":"string"},"simulated":{"type":"boolean"},"broker":{"type":"string"},
  "portfolio":{"type":"string"},"strategy":{"type":"string"},"as_of":{"$ref":"#/components/schemas/Date"},
  "started_at":{"$ref":"#/components/schemas/Instant"},"decision":{"type":"string"},"resumed":{"type":"boolean"},
  "sha256":{"type":["string","null"]},"outcome":{"enum":["traded","held","in_band"]},"reason":{"type":"string"},
  "hold":{"type":["object","null"],"additionalProperties":false,"required":["stage","code","message"],"properties":{
    "stage":{"type":"string"},"code":{"type":"string"},"message":{"type":"string"}}},
  "stages":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["name","outcome","seconds","detail"],"properties":{
    "name":{"type":"string"},"outcome":{"type":"string"},"seconds":{"type":"number"},"detail":{"type":"string"}}}},
  "quality":{"type":["object","null"],"additionalProperties":false,"required":["bars_examined","findings"],"properties":{
    "bars_examined":{"type":"integer"},"findings":{"type":"array","items":{"type":"object"}}}},
  "weights":{"$ref":"#/components/schemas/Weights"},"certificate":{"$ref":"#/components/schemas/Certificate"},
  "drift_before":{"$ref":"#/components/schemas/Drift"},"drift_after":{"$ref":"#/components/schemas/Drift"},
  "orders":{"type":"array","items":{"$ref":"#/components/schemas/RunOrder"}},
  "non_orders":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["symbol","reason"],"properties":{
    "symbol":{"type":"string"},"reason":{"type":"string"}}}},
  "cost":{"$ref":"#/components/schemas/MaybeDecimal"},"equity_before":{"$ref":"#/components/schemas/MaybeDecimal"},
  "equity_after":{"$ref":"#/components/schemas/MaybeDecimal"},
  "prices":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/Decimal"}},
  "proof":{"type":["object","null"],"additionalProperties":false,"required":["lowest_cash","rules"],"properties":{
    "lowest_cash":{"$ref":"#/components/schemas/Decimal"},"rules":{"type":"array","items":{"type":"object","additionalProperties":false,
      "required":["rule","evidence"],"properties":{"rule":{"type":"string"},"evidence":{"type":"string"}}}}}},
  "analysis":{"type":"object"}}},)json"
                                     R"json(
"Positions":{"type":"object","additionalProperties":false,"required":["positions","cash","equity","currency","as_of"],"properties":{
  "positions":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["symbol","quantity","price","value","weight"],"properties":{
    "symbol":{"type":"string"},"quantity":{"$ref":"#/components/schemas/Decimal"},"price":{"$ref":"#/components/schemas/Decimal"},
    "value":{"$ref":"#/components/schemas/Decimal"},"weight":{"$ref":"#/components/schemas/MaybeNumber"}}}},
  "cash":{"$ref":"#/components/schemas/Decimal"},"equity":{"$ref":"#/components/schemas/Decimal"},"currency":{"type":"string"},
  "as_of":{"$ref":"#/components/schemas/Date"}}},
"Order":{"type":"object","additionalProperties":false,
  "required":["id","run","symbol","side","quantity","limit","reason","state","filled","average_price","fee","broker_id","state_reason","reference","shortfall","shortfall_bp"],"properties":{
  "id":{"type":"string"},"run":{"type":"string"},"symbol":{"type":"string"},"side":{"enum":["buy","sell"]},
  "quantity":{"$ref":"#/components/schemas/Decimal"},"limit":{"$ref":"#/components/schemas/MaybeDecimal"},"reason":{"type":"string"},
  "state":{"$ref":"#/components/schemas/OrderState"},"filled":{"$ref":"#/components/schemas/Decimal"},
  "average_price":{"$ref":"#/components/schemas/MaybeDecimal"},"fee":{"$ref":"#/components/schemas/Decimal"},
  "broker_id":{"type":"string"},"state_reason":{"type":"string"},"reference":{"$ref":"#/components/schemas/MaybeDecimal"},
  "shortfall":{"$ref":"#/components/schemas/MaybeDecimal"},"shortfall_bp":{"type":["number","null"],"description":"what was paid more, or received less, than at the reference, in hundredths of a percent"}}},
"Orders":{"type":"object","additionalProperties":false,"required":["orders"],"properties":{
  "orders":{"type":"array","items":{"$ref":"#/components/schemas/Order"}}}},
"OrderInFull":{"type":"object","additionalProperties":false,
  "required":["id","run","symbol","side","quantity","limit","reason","state","filled","average_price","fee","broker_id","state_reason","reference","shortfall","shortfall_bp","sequence","price_date","history","fills"],"properties":{
  "id":{"type":"string"},"run":{"type":"string"},"symbol":{"type":"string"},"side":{"enum":["buy","sell"]},
  "quantity":{"$ref":"#/components/schemas/Decimal"},"limit":{"$ref":"#/components/schemas/MaybeDecimal"},"reason":{"type":"string"},
  "state":{"$ref":"#/components/schemas/OrderState"},"filled":{"$ref":"#/components/schemas/Decimal"},
  "average_price":{"$ref":"#/components/schemas/MaybeDecimal"},"fee":{"$ref":"#/components/schemas/Decimal"},
  "broker_id":{"type":"string"},"state_reason":{"type":"string"},"reference":{"$ref":"#/components/schemas/MaybeDecimal"},
  "shortfall":{"$ref":"#/components/schemas/MaybeDecimal"},"shortfall_bp":{"type":["number","null"],"description":"what was paid more, or received less, than at the reference, in hundredths of a percent"},
  "sequence":{"type":"integer"},"price_date":{"type":["string","null"],"format":"date"},
  "history":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["at","state","filled","average_price","reason"],"properties":{
    "at":{"$ref":"#/components/schemas/Instant"},"state":{"$ref":"#/components/schemas/OrderState"},"filled":{"$ref":"#/components/schemas/Decimal"},
    "average_price":{"$ref":"#/components/schemas/MaybeDecimal"},"reason":{"type":"string"}}}},
  "fills":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id","at","quantity","price","fee"],"properties":{
    "id":{"type":"string"},"at":{"$ref":"#/components/schemas/Instant"},"quantity":{"$ref":"#/components/schemas/Decimal"},
    "price":{"$ref":"#/components/schemas/Decimal"},"fee":{"$ref":"#/components/schemas/Decimal"}}}}}},
"TradingState":{"type":"object","additionalProperties":false,"required":["trading_state","reason","by","set_at","cancelled","warnings"],"properties":{
  "trading_state":{"enum":["active","reducing","halted"]},"reason":{"type":"string"},"by":{"type":"string"},
  "set_at":{"$ref":"#/components/schemas/MaybeInstant"},"cancelled":{"type":"array","items":{"type":"string"}},
  "warnings":{"type":"array","items":{"type":"string"}}}},
"Reconciliation":{"type":"object","additionalProperties":false,
  "required":["reconciled","gaps","explained_by","positions_compared","orders_compared","fills_compared","last_seen_by"],"properties":{
  "reconciled":{"type":"boolean"},"gaps":{"type":"array","items":{"type":"object","additionalProperties":false,
    "required":["kind","subject","expected","actual","sentence"],"properties":{
    "kind":{"enum":["position","cash","order","fill"]},"subject":{"type":"string"},"expected":{"type":"string"},
    "actual":{"type":"string"},"sentence":{"type":"string"}}}},
  "explained_by":{"type":"array","items":{"type":"object","additionalProperties":false,
    "required":["id","kind","symbol","cash","quantity","at","text"],"properties":{
    "id":{"type":"string"},"kind":{"type":"string"},"symbol":{"type":["string","null"]},"cash":{"type":"string"},
    "quantity":{"type":"string"},"at":{"$ref":"#/components/schemas/Instant"},"text":{"type":"string"}}}},
  "positions_compared":{"type":"integer"},"orders_compared":{"type":"integer"},"fills_compared":{"type":"integer"},
  "last_seen_by":{"type":["string","null"]}}},
"Run":{"type":"object","additionalProperties":false,
  "required":["id","portfolio","session","started_at","finished_at","mode","outcome","reason","exit_code"],"properties":{
  "id":{"type":"string"},"portfolio":{"type":"string"},"session":{"$ref":"#/components/schemas/Date"},
  "started_at":{"$ref":"#/components/schemas/Instant"},"finished_at":{"$ref":"#/components/schemas/MaybeInstant"},
  "mode":{"enum":["dry_run","paper","live"]},"outcome":{"enum":["traded","held","in_band",""]},"reason":{"type":"string"},
  "exit_code":{"type":"integer"}}},
"MaybeRun":{"anyOf":[{"$ref":"#/components/schemas/Run"},{"type":"null"}]},
"History":{"type":"object","additionalProperties":false,"required":["runs"],"properties":{
  "runs":{"type":"array","items":{"$ref":"#/components/schemas/Run"}}}},
"Seal":{"type":"object","additionalProperties":false,"required":["decision","sequence","sha256"],"properties":{
  "decision":{"type":"string"},"sequence":{"type":"integer"},"sha256":{"type":"string"}}},
"Next":{"type":["object","null"],"additionalProperties":false,"required":["session","due_at"],"properties":{
  "session":{"$ref":"#/components/schemas/Date"},"due_at":{"$ref":"#/components/schemas/Instant"}}},
"Status":{"type":"object","additionalProperties":false,
  "required":["mode","portfolio","broker","session","trading_state","trading_state_reason","open_orders","ambiguous_orders","interrupted_runs","last_seal","last_run","version","started_at","at_work","next"],"properties":{
  "mode":{"enum":["dry_run","paper","live"]},"portfolio":{"type":"string"},"broker":{"type":"string"},
  "session":{"$ref":"#/components/schemas/Date"},"trading_state":{"enum":["active","reducing","halted"]},
  "trading_state_reason":{"type":"string"},"open_orders":{"type":"integer"},"ambiguous_orders":{"type":"integer"},
  "interrupted_runs":{"type":"integer"},"last_seal":{"anyOf":[{"$ref":"#/components/schemas/Seal"},{"type":"null"}]},
  "last_run":{"$ref":"#/components/schemas/MaybeRun"},"version":{"type":"string"},
  "started_at":{"$ref":"#/components/schemas/Instant"},
  "at_work":{"type":["object","null"],"additionalProperties":false,"required":["job","kind","doing","fraction","started_at"],"properties":{
    "job":{"type":"string"},"kind":{"type":"string"},"doing":{"type":"string"},"fraction":{"type":"number"},
    "started_at":{"$ref":"#/components/schemas/MaybeInstant"}}},
  "next":{"$ref":"#/components/schemas/Next"}}},
"Turn":{"type":"object","additionalProperties":false,
  "required":["session","due_at","state","attempts","next_attempt_at","started_at","finished_at","run","outcome","reason"],"properties":{
  "session":{"$ref":"#/components/schemas/Date"},"due_at":{"$ref":"#/components/schemas/Instant"},
  "state":{"enum":["running","waiting","done","failed","missed"]},"attempts":{"type":"integer"},
  "next_attempt_at":{"$ref":"#/components/schemas/MaybeInstant"},"started_at":{"$ref":"#/components/schemas/MaybeInstant"},
  "finished_at":{"$ref":"#/components/schemas/MaybeInstant"},"run":{"type":"string"},"outcome":{"type":"string"},"reason":{"type":"string"}}},
"Schedule":{"type":"object","additionalProperties":false,
  "required":["enabled","at","zone","calendar","source","configured","next","late_minutes_max","attempts_max","retry_delay_seconds","turns"],"properties":{
  "enabled":{"type":"boolean"},"at":{"type":"string"},"zone":{"type":"string"},"calendar":{"type":"string"},
  "source":{"enum":["configuration","request"],"description":"request: PUT /schedule said so"},
  "configured":{"type":"object","additionalProperties":false,"required":["enabled","at","zone"],"properties":{
    "enabled":{"type":"boolean"},"at":{"type":"string"},"zone":{"type":"string"}}},
  "next":{"$ref":"#/components/schemas/Next"},"late_minutes_max":{"type":"integer"},"attempts_max":{"type":"integer"},
  "retry_delay_seconds":{"type":"integer"},"turns":{"type":"array","description":"the last 30, newest first","items":{"$ref":"#/components/schemas/Turn"}}}},
"Decisions":{"type":"object","additionalProperties":false,"required":["decisions"],"properties":{
  "decisions":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id","sequence","sha256","previous"],"properties":{
    "id":{"type":"string"},"sequence":{"type":"integer"},"sha256":{"type":"string"},"previous":{"type":"string"}}}}}},
"Decision":{"type":"object","required":["body"],"description":"see docs/decision-format.md"},
"Explanation":{"type":"object"},
"Plugins":{"type":"object","additionalProperties":false,"required":["plugins"],"properties":{
  "plugins":{"type":"array","items":{"type":"object","additionalProperties":false,
    "required":["file","kind","name","version","summary","status","reason"],"properties":{
    "file":{"type":"string"},"kind":{"type":["string","null"]},"name":{"type":"string"},"version":{"type":"string"},
    "summary":{"type":"string"},"status":{"enum":["ok","refused"]},"reason":{"type":"string"}}}}}}
})json";

}  // namespace

std::string_view schemas_json() { return schemas; }

}  // namespace rebalancer::http
