// One run of the pipeline while it is under way. Only the pipeline's own files include this.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "services/decision.hpp"
#include "services/gate.hpp"
#include "services/pipeline.hpp"

namespace rebalancer {

// Each stage returns what it has to say, or the error that makes the run hold.
struct Pipeline::Run {
  Pipeline& pipeline;
  const RunRequest& request;
  RunReport report = {};
  BrokerCapabilities capabilities = {};
  std::optional<TradingMode> mode = {};  // none when it could not be entered
  std::optional<Gate> gate = {};         // none in a dry run and for a mere look: then nothing can be sent
  std::string account = {};
  std::vector<BarTable> tables = {};  // of every symbol wanted or held
  std::optional<PriceFrame> frame = {};
  std::optional<Book> book_seen = {};               // the latest look at the account
  std::optional<Book> book_after_moves = {};        // the same, once the prices are known to be of its shares
  std::vector<AccountMovement> shares_moved = {};   // since the account was seen last
  std::optional<PlanRecord> interrupted_plan = {};  // of this session: this run is its next life
  std::string draft = {};                           // of the decision, once it was written down with the plan
  bool journaled = false;
  bool accepted = false;  // the account was taken as it is: nothing else is to be done

  PipelineParts& parts() { return pipeline.parts_; }
  const PipelineSettings& settings() { return pipeline.settings_; }
  // A mere look is not news.
  [[nodiscard]] EventLevel level() const { return request.journal ? EventLevel::info : EventLevel::debug; }
  [[nodiscard]] BrokerView& view();

  // Runs one stage, times it and writes down how it went. False: the run holds here.
  template <class Body>
  bool stage(Stage which, Body&& body) {
    if (pipeline.listener_) pipeline.listener_(report, which, nullptr);
    const auto started = parts().clock.monotonic();
    Result<StageReport> ended = request.stop.stop_requested()
                                    ? Result<StageReport>(fail(ErrorCode::unavailable, "stopped on request"))
                                    : body();
    if (!ended && request.stop.stop_requested() && request.why_stopped) {
      const std::string why = request.why_stopped();
      if (!why.empty()) ended = fail(ended.error().code, "{}; {}", why, ended.error().message);
    }
    return close_stage(which, started, std::move(ended));
  }
  bool close_stage(Stage which, std::chrono::nanoseconds started, Result<StageReport> ended);
  void hold(Stage which, const Error& error);

  // pipeline_begin.cpp: what comes before the first stage.
  Result<void> begin();
  Result<void> enter();
  Result<void> finish_interrupted_runs();
  Result<void> settle_the_rest(std::string_view why);
  Result<void> reconcile_account();
  Result<void> market_is_open();
  Result<void> close_interrupted(const RunRecord& interrupted, const std::optional<PlanRecord>& plan);
  Result<StageReport> resume(const PlanRecord& plan);

  // pipeline_stages.cpp
  Result<StageReport> fetch();
  Result<StageReport> optimize_weights();
  Result<StageReport> plan();
  Result<StageReport> check();
  Result<StageReport> execute();
  Result<StageReport> analyze_target();
  Result<bool> left_undone(const std::string& run_id);
  Result<StageReport> tell_execution(Result<ExecutionSummary> executed);
  ExecutionRules execution_rules();

  // pipeline_shares.cpp
  Result<void> check_price_of_moved_shares();

  // pipeline_end.cpp
  RunRecord record();
  [[nodiscard]] std::string draft_now();
  Result<void> seal(RunRecord ended, std::string_view decision_draft, DecisionEnd end, const std::optional<Book>& book);
  Result<std::vector<ExecutedLeg>> legs_of(const std::string& run_id);
  Result<std::optional<ExpectedBook>> unsealed_book(const RunRecord& run, std::string_view decision_draft);
  void finish();
};

// "session 2026-11-20 was already rebalanced by run 1a2b3c4d"
[[nodiscard]] std::string already_rebalanced(const RunRecord& earlier);

}  // namespace rebalancer
