// The running system behind the surfaces: the one application, used by several threads at once. What changes something
// on the lane (a fetch, a run) happens there one at a time; the rest looks, and may be called from anywhere.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/sqlite/run_store.hpp"
#include "adapters/system/metrics.hpp"
#include "app/application.hpp"
#include "app/service/account_watch.hpp"
#include "app/service/clock_watch.hpp"
#include "app/service/schedule_file.hpp"
#include "app/service/stage_watch.hpp"
#include "http/jobs.hpp"
#include "http/surfaces/backend.hpp"
#include "services/look_json.hpp"
#include "services/scheduler.hpp"

namespace rebalancer::app {

class Service final : public http::Backend {
 public:
  // Both outlive it; the application has the metrics already.
  Service(Application& application, system::Metrics& metrics);
  ~Service() override;

  // Builds every object the service works with, so that nothing is built while threads share them, and reads the
  // schedule. Errors: as the commands'.
  [[nodiscard]] Application::Built<void> prepare();
  // What is at work is told in the status.
  void watch(const http::Jobs& jobs) { jobs_ = &jobs; }

  [[nodiscard]] sqlite::SqliteRunStore& journal() { return *journal_; }

  // ---- the lane ----
  [[nodiscard]] Json fetch(std::optional<Date> as_of, const http::Call& call) override;
  [[nodiscard]] Result<http::RunAnswer> execute(const ExecuteRequest& request, const http::Call& call) override;
  [[nodiscard]] Result<http::RunAnswer> accept_account(const std::string& reason, const http::Call& call) override;
  // One attempt at a session's turn, from its run to its record.
  void take_turn(Turn turn, const http::Call& call);
  // An attempt that could not even be queued.
  void give_turn_back(Turn turn, const std::string& why);
  // After trading was halted: cancels what that forbids. Nothing when a run is at work: it sees the switch itself.
  void cancel_what_is_forbidden();

  // ---- the clockwork, see serve ----
  // The turn to take now, if there is one.
  [[nodiscard]] std::optional<Turn> due_turn();
  // True once after every change to a state that wants open orders cancelled, whoever made it.
  [[nodiscard]] bool newly_halted();
  // Tells when the clock was moved.
  void watch_clock();
  // A sentence when a stage hangs beyond help.
  [[nodiscard]] std::optional<std::string> hung() { return watch_.check(); }
  // True when the store lacks prices for the last completed session, so that fetching is worth while.
  [[nodiscard]] bool lacks_prices();
  void closing() { closing_ = true; }
  // Gauges that nobody tells by himself: trading state, data age, open orders.
  void refresh_gauges();

  // ---- http::Backend: looking ----
  [[nodiscard]] Json health() override;
  [[nodiscard]] Readiness readiness() override;
  [[nodiscard]] std::string metrics() override;
  [[nodiscard]] Result<http::Page> data(const Symbol& symbol, const DataRequest& request) override;
  [[nodiscard]] Json quality(std::optional<Symbol> symbol) override;
  [[nodiscard]] Json latest_optimization() override;
  [[nodiscard]] Json optimize(const OptimizeRequest& request) override;
  [[nodiscard]] Json allocation() override;
  [[nodiscard]] std::uint64_t allocation_revision() override;
  [[nodiscard]] Json risk() override;
  [[nodiscard]] Json frontier(int points) override;
  [[nodiscard]] Json plan() override;
  [[nodiscard]] Json positions() override;
  [[nodiscard]] Result<http::Page> orders(const http::PageRequest& request, std::optional<std::string> state) override;
  [[nodiscard]] Json order(const std::string& id) override;
  [[nodiscard]] Result<CancelAnswer> cancel_order(const std::string& id) override;
  [[nodiscard]] Json drift() override;
  [[nodiscard]] Json halt(const std::string& reason, bool reducing) override;
  [[nodiscard]] Json resume(const std::string& reason) override;
  [[nodiscard]] Json reconcile() override;
  [[nodiscard]] Json status() override;
  [[nodiscard]] std::uint64_t status_revision() override;
  [[nodiscard]] Result<http::Page> history(const http::PageRequest& request) override;
  [[nodiscard]] Json schedule() override;
  [[nodiscard]] Json set_schedule(const ScheduleRequest& request) override;
  [[nodiscard]] Json reset_schedule() override;
  [[nodiscard]] Result<http::Page> decisions(const http::PageRequest& request) override;
  [[nodiscard]] Json decision(const std::string& id) override;
  [[nodiscard]] Json explanation(const std::string& id, std::optional<int> order) override;
  [[nodiscard]] Json plugins() override;

 private:
  [[nodiscard]] const Config& config() const { return application_.config(); }
  // The configured pipeline, as `purpose` says, told to metrics and `call`.
  [[nodiscard]] Result<RunReport> run(Application::Purpose purpose, RunRequest request, const http::Call& call);
  // A look: optimized, planned and proved on what is stored. Errors: what it held for, before it got as far as a plan.
  [[nodiscard]] Result<RunReport> look();
  [[nodiscard]] Result<Solved> solve(const OptimizeRequest& request);
  [[nodiscard]] Result<Solved> latest();
  void keep(Solved solved);
  struct Stored {
    PriceFrame frame;
    Date as_of;
  };
  [[nodiscard]] Result<Stored> stored_prices();
  [[nodiscard]] Json schedule_json();
  [[nodiscard]] Result<void> apply_schedule(const Schedule& schedule);
  [[nodiscard]] Schedule configured_schedule() const;
  [[nodiscard]] std::uint64_t switch_revision() const;
  Json switch_to(TradingState state, const std::string& reason);
  // Errors: unavailable, with what the broker said when it was asked last.
  [[nodiscard]] Result<void> reach_broker();
  [[nodiscard]] std::string probe_reason();

  Application& application_;
  system::Metrics& metrics_;
  StageWatch watch_;
  ScheduleFile schedule_file_;
  const http::Jobs* jobs_ = nullptr;
  Instant started_at_;
  std::chrono::nanoseconds started_{};
  // Built by prepare() and then only used.
  const Calendar* calendar_ = nullptr;
  PriceStore* prices_ = nullptr;
  sqlite::SqliteRunStore* journal_ = nullptr;
  Broker* broker_ = nullptr;
  Fetcher* fetcher_ = nullptr;

  std::atomic<bool> running_ = false;
  std::atomic<bool> closing_ = false;
  std::atomic<std::uint64_t> changes_ = 1;
  std::atomic<std::uint64_t> allocations_ = 1;
  std::atomic<std::uint64_t> switch_seen_ = 0;
  std::atomic<std::chrono::nanoseconds> switch_looked_at_ = std::chrono::nanoseconds::min() / 2;

  mutable std::mutex state_mutex_;
  std::optional<Solved> latest_;
  std::map<std::string, std::unique_ptr<Strategy>> strategies_;  // for what-ifs
  std::uint64_t seen_switch_ = 0;
  TradingState seen_state_ = TradingState::active;

  std::mutex schedule_mutex_;
  std::unique_ptr<Scheduler> scheduler_;
  bool schedule_requested_ = false;  // PUT /schedule said so

  // Held by whatever changes orders: a run, a cancellation.
  std::mutex orders_mutex_;
  ClockWatch clock_watch_;
  AccountWatch account_watch_;

  struct BrokerProbe;
  std::mutex probe_mutex_;
  std::unique_ptr<BrokerProbe> probe_;
};

}  // namespace rebalancer::app
