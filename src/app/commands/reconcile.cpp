// reconcile, resolve: what the broker says against what the journal says, and the word of a person where neither knows.
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/report_text.hpp"
#include "core/base/json_text.hpp"
#include "services/look_json.hpp"
#include "services/reconciler.hpp"
#include "services/report_json.hpp"

namespace rebalancer::app {
namespace {

// A run that does nothing else: so the word of a person is in the journal and in the chain of decisions.
int accept_account(Context& context, Application& application, std::string reason) {
  auto pipeline = application.pipeline({}, Application::Purpose::as_configured);
  if (!pipeline) return context.report(pipeline.error());
  const RunReport report = (*pipeline)->run({.fetch = false, .accept_account = std::move(reason)});
  context.out << (context.global.json ? to_json(report) + "\n" : report_text(report, context.terminal));
  if (report.hold) {
    return context.report({.exit_code = exit_code_of(report), .message = report.hold->error.message});
  }
  return static_cast<int>(exit_code_of(report));
}

int reconcile_now(Context& context, const ParsedArguments& arguments) {
  const auto accepted = arguments.text("accept");
  if (accepted) {
    if (auto sound = check_accept_reason(*accepted); !sound) return context.report(Area::command_line, sound.error());
  }
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  if (accepted) return accept_account(context, **application, *accepted);
  auto account = (*application)->broker();
  if (!account) return context.report(account.error());
  auto store = (*application)->run_store();
  if (!store) return context.report(store.error());
  const auto told = reconcile(**account, **store, (*application)->config().portfolio.id);
  if (!told) return context.report(Area::broker, told.error());
  if (context.global.json) {
    context.out << reconciliation_json(*told) << '\n';
  } else {
    for (const ReconciliationGap& gap : told->gaps) {
      context.out << context.terminal.out_paint(Color::red, "gap") << "  " << gap.sentence << '\n';
    }
    for (const AccountMovement& movement : told->explained_by) {
      context.out << fmt::format(
          "moved  {}: {} {}{}\n", movement.kind, movement.cash.to_string(),
          movement.symbol ? fmt::format("and {} {} ", movement.quantity.to_string(), movement.symbol->str()) : "",
          movement.text);
    }
    if (!told->has_expectation) context.out << "no run has seen this account yet: its positions say nothing\n";
    context.out << fmt::format(
        "{}: {} positions, {} orders and {} fills compared\n",
        told->gaps.empty() ? "the journal agrees with the broker" : fmt::format("{} gaps", told->gaps.size()),
        told->positions_compared, told->orders_compared, told->fills_compared);
  }
  return static_cast<int>(told->gaps.empty() ? ExitCode::ok : ExitCode::ambiguous_order);
}

int resolve(Context& context, const ParsedArguments& arguments) {
  const std::string id = *arguments.positional("ORDER");
  const auto usage = [&context](std::string message) {
    return context.report(Area::command_line, {ErrorCode::invalid, std::move(message)});
  };
  const auto state = order_state_named(*arguments.positional("STATE"));
  if (!state) return usage(state.error().message);
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto store = (*application)->run_store();
  if (!store) return context.report(store.error());
  auto found = (*store)->order(id);
  if (!found) return context.report(Area::store, found.error());
  if (!*found)
    return context.report(Area::store, {ErrorCode::not_found, fmt::format("no order {} in the journal", id)});
  const OrderRecord& record = **found;
  if (record.state != OrderState::unknown && record.state != OrderState::parked &&
      record.state != OrderState::sending) {
    return usage(fmt::format("order {} is {}: only one whose outcome is not known can be resolved by hand", id,
                             name_of(record.state)));
  }
  OrderReport report = record.report;
  report.state = *state;
  report.at = (*application)->clock().now();
  report.reason = "resolved by hand" + (arguments.has("reason") ? ": " + *arguments.text("reason") : std::string());
  std::vector<Fill> fills;
  const auto filled =
      *state == OrderState::filled ? std::optional(record.order.quantity.decimal()) : arguments.money("filled");
  if (filled && *filled > record.report.filled.decimal()) {
    const auto price = arguments.money("price");
    if (!price) return usage("what filled needs its price: --price PRICE");
    const auto average = Price::make(*price);
    if (!average) return usage(average.error().message);
    const auto more = subtract(*filled, record.report.filled.decimal());
    if (!more) return usage(more.error().message);
    report.filled = Quantity(*filled);
    report.average_price = *average;
    auto plan = (*store)->plan_of(record.run_id);
    if (!plan) return context.report(Area::store, plan.error());
    const Currency currency = *plan ? (*plan)->cash_before.currency() : Currency::usd();
    // A fill that the broker tells later has an id of its own: reconcile then shows both.
    fills.push_back({id + "/by-hand", id, record.order.symbol, record.order.side, Quantity(*more), *average,
                     Money(Decimal(), currency), report.at});
  }
  if (auto written = (*store)->record_answer(report, fills); !written) {
    return context.report(Area::store, written.error());
  }
  (*application)
      ->events()
      .emit(EventLevel::warning, "order_resolved", report.reason,
            {{"order", id}, {"state", std::string(name_of(*state))}});
  if (context.global.json) {
    JsonText json;
    json.object().member("id", id).member("state", name_of(*state)).member("filled", report.filled.to_string());
    context.out << json.member("reason", report.reason).end().str() << '\n';
  } else {
    context.out << fmt::format("order {} is {} now, {} filled\n", id, name_of(*state), report.filled.to_string());
  }
  return 0;
}

}  // namespace

Command reconcile_command() {
  return {.name = "reconcile",
          .summary = "compare what the account holds with what the journal says",
          .details =
              "Positions and cash against what the last run saw and every fill since; orders and fills by their "
              "ids. What the broker says moved the account (a dividend, a split, a deposit) explains a difference; "
              "what nothing explains is a gap, and while there is one no run sends anything. Changes nothing, unless "
              "--accept takes the account as it is. Exits with 8 when there is a gap: a human is needed.",
          .options = {{.name = "accept",
                       .placeholder = "REASON",
                       .type = ValueType::text,
                       .help = "the account is right as it is: from now on it is what must be"}},
          .run = &reconcile_now};
}

Command resolve_command() {
  return {.name = "resolve",
          .summary = "say what became of an order whose outcome is not known",
          .details =
              "Only for an order that is unknown or parked, after a look at the account: the journal takes your "
              "word for it. Nothing is sent.",
          .options = {{.name = "filled",
                       .placeholder = "QUANTITY",
                       .type = ValueType::money,
                       .help = "how much of it filled, when it was cancelled after a part"},
                      {.name = "price", .placeholder = "PRICE", .type = ValueType::money, .help = "at which average"},
                      {.name = "reason", .placeholder = "TEXT", .type = ValueType::text, .help = "how you know"}},
          .positionals = {{.name = "ORDER", .help = "its id, as 'rebalancer orders --json' prints it"},
                          {.name = "STATE", .help = "what it is", .choices = {"filled", "cancelled", "rejected"}}},
          .run = &resolve};
}

}  // namespace rebalancer::app
