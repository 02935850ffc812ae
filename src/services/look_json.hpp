// What people see of a running system as JSON: the command line with --json and the REST surfaces print the same.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "core/base/json_text.hpp"
#include "core/market/quality.hpp"
#include "core/portfolio/shortfall.hpp"
#include "core/portfolio/trading_state.hpp"
#include "core/ports/run_store.hpp"
#include "services/fetcher.hpp"
#include "services/optimizer.hpp"
#include "services/pipeline.hpp"
#include "services/reconciler.hpp"

namespace rebalancer {

// Against the price the order was decided at; see core/portfolio/shortfall.hpp.
struct Shortfall {
  Decimal amount;
  double bp = 0;
};
// None while nothing is filled. Without fills it goes by the average price.
[[nodiscard]] std::optional<Shortfall> shortfall_of(const OrderRecord& record, std::span<const Fill> fills = {});

// {"id", "run", "symbol", "side", "quantity", "limit", "reason", "state", "filled", "average_price", "fee",
// "broker_id", "state_reason", "reference", "shortfall", "shortfall_bp"}; without the closing brace, for those who have
// more to say.
void open_order(JsonText& json, const OrderRecord& record, std::span<const Fill> fills);
void write_order(JsonText& json, const OrderRecord& record);
// The same with "sequence", "price_date", every answer in the order written, and every fill.
[[nodiscard]] std::string order_json(const OrderRecord& record, std::span<const OrderReport> history,
                                     std::span<const Fill> fills);
// {"id", "portfolio", "session", "started_at", "finished_at", "mode", "outcome", "reason", "exit_code"}
void write_run(JsonText& json, const RunRecord& run);
// "trading_state", "reason", "by", "set_at" as members of the open object.
void write_trading_state(JsonText& json, const TradingStateRecord& record);

// {"as_of", "source", "simulated", "symbols", "symbols_current", "bars_received", "bars_new"}
[[nodiscard]] std::string fetch_json(const FetchSummary& summary, Date as_of, std::size_t symbols);
// {"as_of", "bars_examined", "stops", "findings": [{"symbol", "check", "severity", "date", "message"}]}
[[nodiscard]] std::string quality_json(const QualityVerdict& verdict, Date as_of);
// {"as_of", "drift": {...}}
[[nodiscard]] std::string drift_json(Date as_of, const Drift& drift);
// {"reconciled", "gaps": [...], "positions_compared", "orders_compared", "fills_compared", "last_seen_by"}
[[nodiscard]] std::string reconciliation_json(const Reconciliation& told);

struct Solved {
  OptimizerResult result;
  std::string strategy;
  Date as_of;
  double seconds = 0;
};
// {"strategy", "as_of", "weights", "expected_return", "volatility", "sharpe_ratio", "objective", "certificate",
// "risk_model": {"name", "shrinkage"}, "solve_seconds", "report"}
[[nodiscard]] std::string optimization_json(const Solved& solved);

// What `status` tells.
struct StatusFacts {
  std::string mode, portfolio, broker;
  Date session;  // the last completed one
  TradingStateRecord trading;
  std::size_t open_orders = 0;
  std::size_t ambiguous_orders = 0;
  std::size_t interrupted_runs = 0;
  std::optional<SealRecord> last_seal;
  std::optional<RunRecord> last_run;
};
// Errors: the journal's.
[[nodiscard]] Result<StatusFacts> status_facts(RunStore& store, const std::string& portfolio);
// As members of the open object.
void write_status(JsonText& json, const StatusFacts& facts);

// Not known to have ended, and perhaps at the broker.
[[nodiscard]] bool is_ambiguous(const OrderRecord& order);

}  // namespace rebalancer
