// run, plan, execute, analyze: the pipeline, whole or in part.
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/report_text.hpp"
#include "app/signal_stop.hpp"
#include "services/report_json.hpp"

namespace rebalancer::app {
namespace {

// On a terminal: the stage at work, on a line that goes away.
Pipeline::Listener progress_line(Context& context) {
  if (!context.terminal.err_is_terminal || context.global.quiet) return {};
  return [&context](const RunReport&, Stage stage, const StageReport* finished) {
    if (finished == nullptr) {
      context.err << fmt::format("\r\x1b[K{} ...", name_of(stage)) << std::flush;
    } else {
      context.err << "\r\x1b[K" << std::flush;
    }
  };
}

int run_pipeline(Context& context, const ParsedArguments& arguments, RunRequest request, Application::Purpose purpose,
                 bool detailed_exit_code) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto pipeline = (*application)->pipeline(progress_line(context), purpose, arguments.date("as-of"));
  if (!pipeline) return context.report(pipeline.error());
  request.as_of = arguments.date("as-of");
  // Written by the thread that watches for signals; the run reads it before every order.
  const SignalStop stop([&application] {
    TradingStateRecord halted{TradingState::halted, "SIGUSR1", "signal", std::nullopt};
    static_cast<void>((*application)->trading_switch().set(halted));
  });
  request.stop = stop.token();
  const RunReport report = (*pipeline)->run(request);
  context.out << (context.global.json ? to_json(report) + "\n" : report_text(report, context.terminal));
  if (report.hold) {
    context.err << context.terminal.err_paint(Color::red, "held") << " at " << name_of(report.hold->stage) << ": "
                << report.hold->error.message << '\n';
  }
  const ExitCode code = exit_code_of(report);
  const bool proposes = report.plan && !report.plan->orders.empty();
  if (code == ExitCode::ok && detailed_exit_code && proposes) return static_cast<int>(ExitCode::trades_proposed);
  return static_cast<int>(code);
}

Application::Purpose purpose_of(const ParsedArguments& arguments) {
  return arguments.has("dry-run") ? Application::Purpose::dry_run : Application::Purpose::as_configured;
}

Option as_of_option() {
  return {.name = "as-of",
          .placeholder = "DATE",
          .type = ValueType::date,
          .help = "decide for the session on or before this day instead of the last completed one"};
}

}  // namespace

Command run_command() {
  return {.name = "run",
          .summary = "one rebalance: fetch, optimize, plan, check, execute, analyze",
          .details =
              "Prices in, an executed plan out, and a report of what was done and why. A second run for the "
              "same session trades what the first did not get filled, else nothing, and says so. On any doubt it "
              "holds, says why and exits with the "
              "code of what was wrong (help exit-codes).",
          .options = {as_of_option(), {.name = "dry-run", .help = "send nothing to the broker"}},
          .run = [](Context& context, const ParsedArguments& arguments) {
            return run_pipeline(context, arguments, {}, purpose_of(arguments), false);
          }};
}

Command plan_command() {
  return {.name = "plan",
          .summary = "what would be traded, from the prices that are stored",
          .details =
              "Optimizes, plans and proves on stored prices; fetches nothing, sends nothing and leaves no "
              "trace in the history.",
          .options = {as_of_option(),
                      {.name = "detailed-exitcode", .help = "exit with 10 when there is something to trade"}},
          .run = [](Context& context, const ParsedArguments& arguments) {
            return run_pipeline(context, arguments, {.fetch = false, .journal = false}, Application::Purpose::look,
                                arguments.has("detailed-exitcode"));
          }};
}

Command execute_command() {
  return {.name = "execute",
          .summary = "rebalance on the prices that are stored, without fetching",
          .options = {as_of_option(), {.name = "dry-run", .help = "send nothing to the broker"}},
          .run = [](Context& context, const ParsedArguments& arguments) {
            return run_pipeline(context, arguments, {.fetch = false}, purpose_of(arguments), false);
          }};
}

Command analyze_command() {
  return {.name = "analyze",
          .summary = "figures of the target allocation, from the prices that are stored",
          .options = {as_of_option()},
          .run = [](Context& context, const ParsedArguments& arguments) -> int {
            auto application = Application::build(context);
            if (!application) return context.report(application.error());
            auto pipeline = (*application)->pipeline({}, Application::Purpose::look, arguments.date("as-of"));
            if (!pipeline) return context.report(pipeline.error());
            const RunReport report =
                (*pipeline)->run({.as_of = arguments.date("as-of"), .fetch = false, .journal = false});
            if (report.hold) {
              return context.report({.exit_code = exit_code_of(report), .message = report.hold->error.message});
            }
            if (context.global.json) {
              JsonText json;
              json.object().member("as_of", report.as_of.to_string()).member("data_source", report.data_source);
              json.key("weights");
              write_weights(json, report.optimized->weights);
              json.key("analysis").object();
              for (const auto& [name, answer] : report.analysis) json.key(name).raw(answer);
              context.out << json.end().end().str() << '\n';
            } else {
              context.out << banner(report, context.terminal) << '\n' << analysis_text(report);
            }
            return static_cast<int>(ExitCode::ok);
          }};
}

}  // namespace rebalancer::app
