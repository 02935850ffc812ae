// One rebalance: fetch, optimize, plan, check, execute, analyze. The only place that knows the order of the stages.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/calendar.hpp"
#include "core/market/quality.hpp"
#include "core/portfolio/plan_check.hpp"
#include "core/ports/analytic.hpp"
#include "core/ports/decision_store.hpp"
#include "core/ports/events.hpp"
#include "core/ports/run_store.hpp"
#include "core/ports/trading_switch.hpp"
#include "services/executor.hpp"
#include "services/fetcher.hpp"
#include "services/optimizer.hpp"
#include "services/trading_mode.hpp"

namespace rebalancer {

enum class Stage { fetch, optimize, plan, check, execute, analyze };
[[nodiscard]] std::string_view name_of(Stage stage);

struct StageReport {
  Stage stage;
  std::string outcome;  // "ok", "warning", "held", "skipped"
  double seconds = 0;
  std::string detail;  // one sentence with the numbers
};

enum class RunOutcome { traded, held, in_band };
[[nodiscard]] std::string_view name_of(RunOutcome outcome);

// Why a run ended without doing what it was asked. The app turns stage and code into an exit code.
struct Hold {
  Stage stage;
  Error error;
};

// A plugin that took part: its file is known by its content.
struct PluginUsed {
  std::string kind;  // "strategy"
  std::string name;
  std::string version;
  std::string file;  // without its folder
  std::string sha256;
};

// What a decision was made with. Secrets among the settings are replaced by "***".
struct Provenance {
  std::string program_version;
  std::string program_commit;
  std::vector<PluginUsed> plugins;            // sorted by kind and name
  std::string strategy_settings_json = "{}";  // of the strategy plugin, every default filled in
  std::string configuration_digest;           // SHA-256 of the effective configuration
};

struct RunReport {
  std::string id;  // 32 hex digits
  std::string portfolio;
  std::string mode;         // "dry_run", "paper", "live"
  std::string broker;       // "paper broker"
  std::string data_source;  // "simulated prices", "csv prices.csv"
  bool data_simulated = false;
  std::string strategy;
  Date as_of;  // the session the decision is for
  Instant started_at;

  RunOutcome outcome = RunOutcome::held;
  std::string reason;
  std::optional<Hold> hold;  // set when it held because something was wrong
  bool ambiguous = false;    // an order's outcome is unknown: a human is needed
  bool refused = false;      // a limit or the trading state kept at least one order back
  bool left_undone = false;  // it traded, and not all of it filled: another run of the session plans the rest
  bool resumed = false;      // an earlier process began this run, this one brought it to its end

  std::vector<StageReport> stages;
  std::optional<QualityVerdict> quality;
  std::optional<OptimizerResult> optimized;
  std::optional<Book> book_before, book_after;
  PriceList prices;  // what everything was planned at
  std::optional<Money> equity_before, equity_after;
  std::optional<Drift> drift_before, drift_after;
  std::optional<OrderPlan> plan;
  TradeLimits limits;  // what the plan was proved against, with what was traded today before it
  std::optional<PlanProof> proof;
  std::vector<ExecutedOrder> orders;            // empty unless something was sent
  std::optional<Money> cost;                    // paid when traded, expected when only planned
  std::map<std::string, std::string> analysis;  // JSON per analytic
  std::string sha256;                           // the decision's seal; empty when it was not sealed
};

struct PipelineSettings {
  std::string portfolio = "default";
  std::string mode = "paper";
  std::string strategy;  // its name, for the report
  std::string broker;    // its name
  Provenance provenance;
  std::vector<Symbol> symbols;
  int lookback_sessions = 252;
  QualityRules quality;
  OptimizerSettings optimizer;
  RebalanceRules rebalance;
  TradeLimits limits;
  // Orders leave only while the exchange is open, holidays and early closes by its calendar. An embedded broker has no
  // hours.
  bool within_market_hours = false;
};

// Everything a run works with; all of it outlives the pipeline.
struct PipelineParts {
  Fetcher& fetcher;
  Strategy& strategy;
  // What a run may do, asked for once per run; an error makes it hold.
  std::function<Result<TradingMode>()> enter_mode;
  TradingSwitch& trading_switch;
  RunStore& store;
  DecisionStore& decisions;
  const Calendar& calendar;
  Clock& clock;
  Events& events;
  std::map<std::string, Analytic*> analytics;
  std::string (*digest)(std::string_view);  // SHA-256, hex
  int (*exit_code)(const RunReport&);       // what the run's end means to a shell, for the journal
  ExecutorSettings executor = {};
  LiveArming* arming = nullptr;  // must be there for mode live
};

struct RunRequest {
  std::optional<Date> as_of = {};  // default: the last completed session
  bool fetch = true;               // false: only what is stored
  bool journal = true;             // false: only a look, leaves no run and no decision behind (and sends nothing)
  // Why the account is right as it is, whatever the journal says: the run takes it as what must be, and ends.
  std::optional<std::string> accept_account = {};
  std::stop_token stop = {};
  std::function<std::string()> why_stopped = {};  // asked when it was stopped; empty text: on request
};

class Pipeline {
 public:
  // Called when a stage starts and when it ends, for people who watch.
  using Listener = std::function<void(const RunReport&, Stage, const StageReport* finished)>;

  Pipeline(PipelineParts parts, PipelineSettings settings, Listener listener = {});

  // Never fails: whatever goes wrong is in the report, as a hold with its reason.
  [[nodiscard]] RunReport run(const RunRequest& request);

 private:
  struct Run;
  PipelineParts parts_;
  PipelineSettings settings_;
  Listener listener_;
};

}  // namespace rebalancer
