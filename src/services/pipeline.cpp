#include "services/pipeline.hpp"

#include "services/pipeline_run.hpp"

namespace rebalancer {

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::fetch:
      return "fetch";
    case Stage::optimize:
      return "optimize";
    case Stage::plan:
      return "plan";
    case Stage::check:
      return "check";
    case Stage::execute:
      return "execute";
    case Stage::analyze:
      return "analyze";
  }
  return "analyze";
}

std::string_view name_of(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::traded:
      return "traded";
    case RunOutcome::held:
      return "held";
    case RunOutcome::in_band:
      return "in_band";
  }
  return "held";
}

BrokerView& Pipeline::Run::view() {
  return std::visit([](const auto& entered) -> BrokerView& { return entered.view(); }, *mode);
}

void Pipeline::Run::hold(Stage which, const Error& error) {
  report.hold = Hold{which, error};
  report.outcome = RunOutcome::held;
  report.reason = error.message;
}

bool Pipeline::Run::close_stage(Stage which, std::chrono::nanoseconds started, Result<StageReport> ended) {
  if (!ended) {
    hold(which, ended.error());
    ended = StageReport{which, "held", 0, ended.error().message};
  }
  ended->stage = which;
  ended->seconds = std::chrono::duration<double>(parts().clock.monotonic() - started).count();
  report.stages.push_back(*ended);
  parts().events.emit(ended->outcome == "held" ? EventLevel::error : level(), "stage_finished", ended->detail,
                      {{"run_id", report.id},
                       {"stage", std::string(name_of(which))},
                       {"outcome", ended->outcome},
                       {"seconds", fmt::format("{:.6f}", ended->seconds)}});
  if (pipeline.listener_) pipeline.listener_(report, which, &report.stages.back());
  return !report.hold;
}

Pipeline::Pipeline(PipelineParts parts, PipelineSettings settings, Listener listener)
    : parts_(std::move(parts)), settings_(std::move(settings)), listener_(std::move(listener)) {}

RunReport Pipeline::run(const RunRequest& request) {
  Run run{.pipeline = *this, .request = request};
  RunReport& report = run.report;
  report.portfolio = settings_.portfolio;
  report.mode = settings_.mode;
  report.strategy = settings_.strategy;
  report.broker = settings_.broker;
  report.started_at = parts_.clock.now();
  report.as_of = request.as_of ? parts_.calendar.session_on_or_before(*request.as_of)
                               : parts_.calendar.last_completed_session(report.started_at);
  report.id = parts_
                  .digest(fmt::format("{}\n{}\n{}\n{}\n", settings_.portfolio, report.as_of.to_string(),
                                      report.started_at.nanoseconds(), settings_.provenance.configuration_digest))
                  .substr(0, 32);
  parts_.events.emit(run.level(), "run_started", "a rebalance begins",
                     {{"run_id", report.id}, {"as_of", report.as_of.to_string()}, {"mode", report.mode}});

  if (auto begun = run.begin(); !begun) {
    // Without the book nothing can be decided; the failure belongs to the stage that talks to the broker.
    run.hold(Stage::execute, begun.error());
    report.stages.push_back({Stage::execute, "held", 0, report.reason});
  } else if (run.accepted) {
    report.outcome = RunOutcome::held;
  } else if (run.interrupted_plan) {
    run.stage(Stage::execute, [&] { return run.resume(*run.interrupted_plan); });
  } else if (run.stage(Stage::fetch,
                       [&] {
                         auto fetched = run.fetch();
                         if (!fetched) return fetched;
                         auto priced = run.check_price_of_moved_shares();
                         return priced ? fetched : Result<StageReport>(fail(priced.error()));
                       }) &&
             run.stage(Stage::optimize, [&] { return run.optimize_weights(); }) &&
             run.stage(Stage::plan, [&] { return run.plan(); }) &&
             run.stage(Stage::check, [&] { return run.check(); }) &&
             run.stage(Stage::execute, [&] { return run.execute(); })) {
    run.stage(Stage::analyze, [&] { return run.analyze_target(); });
  }
  run.finish();
  return std::move(run.report);
}

}  // namespace rebalancer
