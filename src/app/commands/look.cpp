// status, history, positions, orders, drift: looking, never changing.
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/report_text.hpp"
#include "services/look_json.hpp"
#include "services/report_json.hpp"

namespace rebalancer::app {
namespace {

using Built = Application::Built<std::unique_ptr<Application>>;

Option count_option(std::string what) {
  return {.name = "count",
          .placeholder = "N",
          .type = ValueType::integer,
          .help = "at most this many " + what + ", newest first",
          .default_text = "20",
          .minimum = 1,
          .maximum = 10'000};
}

int count_of(const ParsedArguments& arguments) { return static_cast<int>(arguments.integer("count").value_or(20)); }

int positions(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto holdings = (*application)->holdings(arguments.date("as-of"));
  if (!holdings) return context.report(holdings.error());
  auto json = positions_json(holdings->book, holdings->prices, holdings->as_of);
  if (!json) return context.report(Area::quality, json.error());
  if (context.global.json) {
    context.out << *json << '\n';
    return 0;
  }
  auto valuation = value_book(holdings->book, holdings->prices);
  if (!valuation) return context.report(Area::quality, valuation.error());
  const double equity = valuation->equity.amount().to_double();
  const auto share = [equity](const Money& value) {
    return equity > 0 ? fmt::format("{:.1f}%", 100 * value.amount().to_double() / equity) : std::string("-");
  };
  context.out << fmt::format("{:<16} {:>14} {:>12} {:>16} {:>7}\n", "symbol", "quantity", "price", "value", "weight");
  for (const Position& position : holdings->book.positions) {
    const Money& value = valuation->values.at(position.symbol);
    context.out << fmt::format("{:<16} {:>14} {:>12} {:>16} {:>7}\n", position.symbol, position.quantity.to_string(),
                               holdings->prices.at(position.symbol).to_string(), amount_text(value.amount()),
                               share(value));
  }
  context.out << fmt::format("{:<16} {:>14} {:>12} {:>16} {:>7}\n", "cash", "", "",
                             amount_text(holdings->book.cash.amount()), share(holdings->book.cash));
  context.out << fmt::format("{:<16} {:>14} {:>12} {:>16}\nprices as of {}, in {}\n", "equity", "", "",
                             amount_text(valuation->equity.amount()), holdings->as_of.to_string(),
                             valuation->equity.currency().to_string());
  return 0;
}

// One order: every answer of the broker in turn, and every fill.
int order(Context& context, RunStore& store, const std::string& id) {
  auto record = store.order(id);
  if (!record) return context.report(Area::store, record.error());
  if (!*record) {
    return context.report(Area::store, Error{ErrorCode::not_found, fmt::format("there is no order {}", id)});
  }
  auto history = store.history_of(id);
  if (!history) return context.report(Area::store, history.error());
  auto fills = store.fills_of(id);
  if (!fills) return context.report(Area::store, fills.error());
  if (context.global.json) {
    context.out << order_json(**record, *history, *fills) << '\n';
    return 0;
  }
  const OrderRecord& found = **record;
  context.out << fmt::format("{} {} {}{}: {}\n", name_of(found.order.side), found.order.quantity.to_string(),
                             found.order.symbol, found.order.limit ? " limit " + found.order.limit->to_string() : "",
                             found.reason);
  for (const OrderReport& step : *history) {
    context.out << fmt::format("{}  {:<12} filled {:>9}  {}\n", step.at.to_string(), name_of(step.state),
                               step.filled.to_string(), step.reason);
  }
  for (const Fill& fill : *fills) {
    context.out << fmt::format("{}  fill {:>12} at {}, fee {}\n", fill.at.to_string(), fill.quantity.to_string(),
                               fill.price.to_string(), fill.fee.amount().to_string());
  }
  if (const auto shortfall = shortfall_of(found, *fills)) {
    context.out << fmt::format("shortfall {} ({:+.1f} bp) against {}, fees {}\n", shortfall->amount.to_string(),
                               shortfall->bp, found.reference->to_string(), found.report.fee.to_string());
  }
  return 0;
}

int orders(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto store = (*application)->run_store();
  if (!store) return context.report(store.error());
  if (const auto id = arguments.positional("ID")) return order(context, **store, *id);
  auto records = (*store)->orders(count_of(arguments));
  if (!records) return context.report(Area::store, records.error());
  if (context.global.json) {
    JsonText json;
    json.object().key("orders").array();
    for (const OrderRecord& record : *records) write_order(json, record);
    context.out << json.end().end().str() << '\n';
    return 0;
  }
  if (records->empty()) context.out << "no orders yet\n";
  for (const OrderRecord& record : *records) {
    context.out << fmt::format("{}#{:<3} {:<4} {:>12} {:<8} {:<12} filled {:>9}{}\n", record.run_id.substr(0, 8),
                               record.sequence, name_of(record.order.side), record.order.quantity.to_string(),
                               record.order.symbol, name_of(record.state), record.report.filled.to_string(),
                               record.report.average_price ? " @ " + record.report.average_price->to_string() : "");
    const auto shortfall = shortfall_of(record);
    context.out << "  " << record.order.client_id
                << (shortfall ? fmt::format("  shortfall {} ({:+.1f} bp)", shortfall->amount.to_string(), shortfall->bp)
                              : "")
                << '\n';
    const std::string& end = record.report.reason;
    context.out << "  "
                << shortened(end.empty() ? record.reason : record.reason + "; " + end,
                             std::max(40, context.terminal.width - 2))
                << '\n';
  }
  return 0;
}

int history(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto store = (*application)->run_store();
  if (!store) return context.report(store.error());
  auto runs = (*store)->runs(count_of(arguments));
  if (!runs) return context.report(Area::store, runs.error());
  if (context.global.json) {
    JsonText json;
    json.object().key("runs").array();
    for (const RunRecord& run : *runs) write_run(json, run);
    context.out << json.end().end().str() << '\n';
    return 0;
  }
  if (runs->empty()) context.out << "no runs yet\n";
  for (const RunRecord& run : *runs) {
    context.out << fmt::format("{}  {}  {:<7} {:<8} {}\n", run.id.substr(0, 8), run.session.to_string(), run.mode,
                               run.finished_at ? run.outcome : "unended",
                               shortened(run.reason, std::max(20, context.terminal.width - 41)));
  }
  return 0;
}

int status(Context& context, const ParsedArguments&) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto store = (*application)->run_store();
  if (!store) return context.report(store.error());
  auto day = (*application)->session(std::nullopt);
  if (!day) return context.report(day.error());
  const Config& config = (*application)->config();
  auto facts = status_facts(**store, config.portfolio.id);
  if (!facts) return context.report(Area::store, facts.error());
  facts->mode = name_of(config.mode);
  facts->broker = config.broker.use;
  facts->session = *day;
  facts->trading = (*application)->trading_switch().read();
  if (context.global.json) {
    JsonText json;
    json.object();
    write_status(json, *facts);
    context.out << json.end().str() << '\n';
    return 0;
  }
  context.out << fmt::format("portfolio {}, mode {}, {} broker\nlast completed session {}\n", facts->portfolio,
                             facts->mode, facts->broker, day->to_string());
  if (!facts->last_run) {
    context.out << "no run yet: rebalancer run\n";
  } else {
    const RunRecord& last = *facts->last_run;
    context.out << fmt::format("last run {} for session {}: {}, {}\n", last.id.substr(0, 8), last.session.to_string(),
                               last.finished_at ? last.outcome : "not ended", last.reason);
  }
  context.out << fmt::format("{}\nopen orders {}\n", describe(facts->trading), facts->open_orders);
  if (facts->ambiguous_orders > 0) {
    context.out << fmt::format("orders whose outcome is not known {}: look at the account, then rebalancer resolve\n",
                               facts->ambiguous_orders);
  }
  if (facts->interrupted_runs > 0) {
    context.out << fmt::format("interrupted runs {}: the next run goes on with them\n", facts->interrupted_runs);
  }
  if (facts->last_seal) {
    context.out << fmt::format("decisions sealed {}, the last {}\n", facts->last_seal->sequence,
                               facts->last_seal->sha256);
  }
  return 0;
}

int drift(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto pipeline = (*application)->pipeline({}, Application::Purpose::look, arguments.date("as-of"));
  if (!pipeline) return context.report(pipeline.error());
  const RunReport report = (*pipeline)->run({.as_of = arguments.date("as-of"), .fetch = false, .journal = false});
  if (!report.drift_before) {
    return context.report({.exit_code = exit_code_of(report), .message = report.reason});
  }
  const Drift& now = *report.drift_before;
  if (context.global.json) {
    context.out << drift_json(report.as_of, now) << '\n';
    return 0;
  }
  context.out << banner(report, context.terminal) << '\n';
  context.out << fmt::format("{:<16} {:>8} {:>8} {:>8}\n", "symbol", "actual", "target", "drift");
  for (const DriftEntry& entry : now.entries) {
    context.out << fmt::format("{:<16} {:>7.1f}% {:>7.1f}% {:>8}\n", entry.symbol, 100 * entry.actual_fraction,
                               100 * entry.target_fraction, signed_percent(entry.drift_fraction()));
  }
  context.out << fmt::format("{:<16} {:>7.1f}% {:>7.1f}%\nlargest drift {:.1f}% as of {}\n", "cash",
                             100 * now.cash_actual_fraction, 100 * now.cash_target_fraction, 100 * now.largest_fraction,
                             report.as_of.to_string());
  return 0;
}

Option as_of_option() {
  return {.name = "as-of",
          .placeholder = "DATE",
          .type = ValueType::date,
          .help = "at the prices of the session on or before this day"};
}

}  // namespace

Command status_command() {
  return {.name = "status", .summary = "mode, trading state, last run, open orders", .run = &status};
}
Command history_command() {
  return {.name = "history", .summary = "earlier runs", .options = {count_option("runs")}, .run = &history};
}
Command positions_command() {
  return {.name = "positions",
          .summary = "what the account holds, at stored prices",
          .options = {as_of_option()},
          .run = &positions};
}
Command orders_command() {
  return {.name = "orders",
          .summary = "orders and what became of them",
          .details =
              "With an ID, as the list shows it, all of that order: every answer of the broker, every fill, and "
              "its shortfall against the price it was decided at.",
          .options = {count_option("orders")},
          .positionals = {{.name = "ID", .help = "one order", .required = false}},
          .run = &orders};
}
Command drift_command() {
  return {.name = "drift",
          .summary = "how far every position is from its target",
          .options = {as_of_option()},
          .run = &drift};
}

}  // namespace rebalancer::app
