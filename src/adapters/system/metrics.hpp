// What a monitoring system may ask: counts, durations and the state of the portfolio, as Prometheus reads them.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/system/secrets.hpp"
#include "core/portfolio/order.hpp"
#include "core/portfolio/trading_state.hpp"

namespace rebalancer::system {

// What is known of one symbol's share of the portfolio; fractions of 1.
struct SymbolFigures {
  Symbol symbol;
  std::optional<double> actual_fraction = {};
  std::optional<double> target_fraction = {};
  std::optional<double> drift_fraction = {};  // actual less target
};

// A portfolio as it was last seen. What is not known is none, and is not shown: never a zero.
struct PortfolioFigures {
  std::string portfolio;  // its id
  std::optional<Money> value = {};
  std::optional<Money> cash = {};
  std::vector<SymbolFigures> symbols = {};  // the configured universe, and what is held beside it
  std::optional<double> largest_drift_fraction = {};
  std::optional<Instant> seen_at = {};
};

// How one run ended.
struct RunFigures {
  std::string_view mode;                           // "dry_run", "paper", "live"
  std::string_view outcome;                        // "traded", "held", "in_band"
  std::optional<PortfolioFigures> portfolio = {};  // none: it saw nothing, and what was shown before stays
  std::map<OrderState, std::size_t> orders = {};   // of this run, by the state they ended in
  std::optional<Instant> succeeded_at = {};        // none: it did not
};

// What the journal knows as open.
struct OpenOrders {
  std::map<OrderState, std::size_t> by_state;
  std::size_t ambiguous = 0;  // of them, those that wait for a human
};

// Names are "rebalancer_...", with base units, `_total` for what only grows, and labels from small sets. Secrets in a
// label are replaced, labels are bounded. May be used by several threads. Nothing fails: what cannot be read is absent.
class Metrics {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";
  static constexpr std::size_t label_size_max = 128;  // bytes

  // `secrets` outlives it.
  explicit Metrics(const Secrets& secrets);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Everything, in Prometheus' text format 0.0.4, with the process_* figures of this moment.
  [[nodiscard]] std::string text() const;

  // --- what it is ---
  void build_info(std::string_view version, std::string_view commit, std::string_view compiler);
  void mode(std::string_view mode);  // "dry_run", "paper", "live"

  // --- HTTP ---
  // Called for every request: fast when the texts stay where they are, as those of a routing table do. `route` is the
  // template, never the path a client sent.
  void http_exchange(std::string_view surface, std::string_view route, std::string_view method, int status,
                     std::chrono::nanoseconds duration);
  // The totals since the server began.
  void http_connections(std::size_t open, std::uint64_t evicted_total, std::uint64_t accepted_total);

  // --- calls to others; `outcome` is "ok" or name_of(ErrorCode) ---
  void provider_call(std::string_view provider, std::string_view outcome, std::chrono::nanoseconds duration);
  void broker_call(std::string_view broker, std::string_view operation, std::string_view outcome,
                   std::chrono::nanoseconds duration);

  // --- runs ---
  void stage_finished(std::string_view stage, std::string_view outcome, double seconds);
  void run_finished(const RunFigures& run);
  // Symbols that are not among these are no longer shown.
  void portfolio_seen(const PortfolioFigures& figures);
  // When `job` ("rebalance", "fetch", "backup") last did what it is for.
  void job_succeeded(std::string_view job, Instant at);

  // --- the state, as of now ---
  void orders_open(const std::optional<OpenOrders>& open);  // none: the journal cannot be read
  // The age of the newest price of each symbol; those that are not among them have no price.
  void data_ages(const std::map<Symbol, std::chrono::seconds>& ages);
  void trading_state(std::optional<TradingState> state);  // none: it cannot be read
  void ready(std::string_view check, bool passed);
  // The account was compared with the journal. Not called when it could not be: the time then stays what it was.
  void reconciled(std::size_t gaps, Instant at);
  void queue(std::string_view name, std::size_t waiting, std::size_t at_work);

  // --- schedule ---
  void next_run(std::optional<Instant> at);   // none: the schedule is off
  void turn_ended(std::string_view outcome);  // "done", "failed", "missed", "waiting": as name_of(TurnState)

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rebalancer::system
