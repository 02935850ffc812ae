// fetch: the first stage alone.
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "services/look_json.hpp"

namespace rebalancer::app {
namespace {

int fetch(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto fetcher = (*application)->fetcher();
  if (!fetcher) return context.report(fetcher.error());
  auto day = (*application)->session(arguments.date("as-of"));
  if (!day) return context.report(day.error());
  const Config& config = (*application)->config();
  auto summary = (*fetcher)->fetch(config.portfolio.tickers, *day, config.lookback_days + 1, {});
  if (!summary) return context.report(Area::provider, summary.error());
  if (context.global.json) {
    context.out << fetch_json(*summary, *day, config.portfolio.tickers.size()) << '\n';
  } else {
    context.out << fmt::format("{}{}: {} bars received, {} new, up to session {}\n", summary->source,
                               summary->simulated ? " (SIMULATED PRICES)" : "", summary->bars_received,
                               summary->bars_new, day->to_string());
  }
  return static_cast<int>(ExitCode::ok);
}

Option as_of_option() {
  return {.name = "as-of",
          .placeholder = "DATE",
          .type = ValueType::date,
          .help = "up to the session on or before this day instead of the last completed one"};
}

}  // namespace

Command fetch_command() {
  return {.name = "fetch",
          .summary = "get the prices that are missing, store them",
          .options = {as_of_option()},
          .run = &fetch};
}

}  // namespace rebalancer::app
