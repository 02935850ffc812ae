// status, history, positions, orders, drift: looking, never changing.
#include <algorithm>

#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/report_text.hpp"
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

void write_order(JsonText& json, const OrderRecord& record) {
  json.object()
      .member("id", record.order.client_id)
      .member("run", record.run_id)
      .member("symbol", record.order.symbol.str())
      .member("side", name_of(record.order.side))
      .member("quantity", record.order.quantity.to_string());
  json.key("limit");
  if (record.order.limit) {
    json.value(record.order.limit->to_string());
  } else {
    json.null();
  }
  json.member("reason", record.reason)
      .member("state", name_of(record.state))
      .member("filled", record.report.filled.to_string())
      .key("average_price");
  if (record.report.average_price) {
    json.value(record.report.average_price->to_string());
  } else {
    json.null();
  }
  json.member("fee", record.report.fee.to_string()).member("broker_id", record.report.broker_id);
  json.member("state_reason", record.report.reason).end();
}

int orders(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto store = (*application)->run_store();
  if (!store) return context.report(store.error());
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
  }
  return 0;
}

void write_run(JsonText& json, const RunRecord& run) {
  json.object()
      .member("id", run.id)
      .member("portfolio", run.portfolio)
      .member("session", run.session.to_string())
      .member("started_at", run.started_at.to_string());
  json.key("finished_at");
  if (run.finished_at) {
    json.value(run.finished_at->to_string());
  } else {
    json.null();
  }
  json.member("mode", run.mode).member("outcome", run.outcome).member("reason", run.reason);
  json.member("exit_code", run.exit_code).end();
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
  auto runs = (*store)->runs(1);
  if (!runs) return context.report(Area::store, runs.error());
  auto open = (*store)->open_orders();
  if (!open) return context.report(Area::store, open.error());
  auto day = (*application)->session(std::nullopt);
  if (!day) return context.report(day.error());
  auto unfinished = (*store)->unfinished_runs((*application)->config().portfolio.id);
  if (!unfinished) return context.report(Area::store, unfinished.error());
  auto seal = (*store)->last_seal();
  if (!seal) return context.report(Area::store, seal.error());
  const auto ambiguous = static_cast<std::size_t>(std::count_if(open->begin(), open->end(), [](const auto& order) {
    return order.state == OrderState::unknown || order.state == OrderState::parked ||
           order.state == OrderState::sending;
  }));
  const TradingStateRecord trading = (*application)->trading_switch().read();
  const Config& config = (*application)->config();
  if (context.global.json) {
    JsonText json;
    json.object().member("mode", name_of(config.mode)).member("portfolio", config.portfolio.id);
    json.member("broker", config.broker.use).member("session", day->to_string());
    json.member("trading_state", name_of(trading.state)).member("trading_state_reason", trading.reason);
    json.member("open_orders", open->size()).member("ambiguous_orders", ambiguous);
    json.member("interrupted_runs", unfinished->size()).key("last_seal");
    if (*seal) {
      json.object().member("decision", (*seal)->run_id).member("sequence", (*seal)->sequence);
      json.member("sha256", (*seal)->sha256).end();
    } else {
      json.null();
    }
    json.key("last_run");
    if (runs->empty()) {
      json.null();
    } else {
      write_run(json, runs->front());
    }
    context.out << json.end().str() << '\n';
    return 0;
  }
  context.out << fmt::format("portfolio {}, mode {}, {} broker\nlast completed session {}\n", config.portfolio.id,
                             name_of(config.mode), config.broker.use, day->to_string());
  if (runs->empty()) {
    context.out << "no run yet: rebalancer run\n";
  } else {
    const RunRecord& last = runs->front();
    context.out << fmt::format("last run {} for session {}: {}, {}\n", last.id.substr(0, 8), last.session.to_string(),
                               last.finished_at ? last.outcome : "not ended", last.reason);
  }
  context.out << fmt::format("{}\nopen orders {}\n", describe(trading), open->size());
  if (ambiguous > 0) {
    context.out << fmt::format("orders whose outcome is not known {}: look at the account, then rebalancer resolve\n",
                               ambiguous);
  }
  if (!unfinished->empty()) {
    context.out << fmt::format("interrupted runs {}: the next run goes on with them\n", unfinished->size());
  }
  if (*seal) context.out << fmt::format("decisions sealed {}, the last {}\n", (*seal)->sequence, (*seal)->sha256);
  return 0;
}

int drift(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto pipeline = (*application)->pipeline({}, Application::Purpose::look);
  if (!pipeline) return context.report(pipeline.error());
  const RunReport report = (*pipeline)->run({.as_of = arguments.date("as-of"), .fetch = false, .journal = false});
  if (!report.drift_before) {
    return context.report({.exit_code = exit_code_of(report), .message = report.reason});
  }
  const Drift& now = *report.drift_before;
  if (context.global.json) {
    JsonText json;
    json.object().member("as_of", report.as_of.to_string()).key("drift");
    write_drift(json, now);
    context.out << json.end().str() << '\n';
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
          .options = {count_option("orders")},
          .run = &orders};
}
Command drift_command() {
  return {.name = "drift",
          .summary = "how far every position is from its target",
          .options = {as_of_option()},
          .run = &drift};
}

}  // namespace rebalancer::app
