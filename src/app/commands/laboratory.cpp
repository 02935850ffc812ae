// laboratory: a simulated broker on the wire, with a script of what goes wrong.
#include "laboratory/laboratory.hpp"

#include "adapters/system/system_clock.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/signal_stop.hpp"
#include "core/base/json_text.hpp"
#include "laboratory/scenario.hpp"
#include "laboratory/simulator.hpp"

namespace rebalancer::app {
namespace {

int list_faults(Context& context) {
  if (context.global.json) {
    JsonText json;
    json.object().key("faults").array();
    for (const auto& [form, what] : laboratory::fault_help()) {
      json.object().member("form", form).member("what", what).end();
    }
    json.end().key("scenarios").array();
    for (const laboratory::Scenario& scenario : laboratory::scenarios()) {
      json.object().member("name", scenario.name).member("broker", name_of(scenario.broker));
      json.member("faults", scenario.faults).member("story", scenario.story).member("must_hold", scenario.must_hold);
      json.member("overnight", scenario.overnight).member("evidence", scenario.evidence).end();
    }
    context.out << json.end().end().str() << '\n';
    return 0;
  }
  context.out << "faults, each as FAULT@REQUEST:N or FAULT@REQUEST:N..M, with commas between them\n";
  for (const auto& [form, what] : laboratory::fault_help()) context.out << fmt::format("  {:<28} {}\n", form, what);
  context.out << "requests: " << laboratory::request_kind_names() << '\n';
  context.out << "\nscenarios, each after incidents that others had\n";
  for (const laboratory::Scenario& scenario : laboratory::scenarios()) {
    context.out << fmt::format("  {} ({})\n    {}\n    must hold: {}\n    seen in: {}\n", scenario.name,
                               name_of(scenario.broker), scenario.story, scenario.must_hold, scenario.evidence);
  }
  return 0;
}

int serve_laboratory(Context& context, const ParsedArguments& arguments) {
  if (arguments.has("list")) return list_faults(context);
  const auto usage = [&context](std::string message) {
    return context.report(Area::command_line, {ErrorCode::invalid, std::move(message)});
  };
  laboratory::LaboratorySettings settings;
  const auto broker = laboratory::broker_kind_named(arguments.text("broker").value_or("alpaca"));
  if (!broker) return usage("--broker: " + broker.error().message);
  settings.broker = *broker;
  settings.port = static_cast<std::uint16_t>(arguments.integer("port").value_or(0));
  settings.exchange.seed = static_cast<std::uint64_t>(arguments.integer("seed").value_or(7));
  settings.exchange.calendar = arguments.text("calendar").value_or("24x7");
  if (const auto cash = arguments.money("cash")) settings.exchange.cash = *cash;
  if (const auto script = arguments.text("faults")) {
    auto faults = laboratory::FaultScript::parse(*script);
    if (!faults) return usage("--faults: " + faults.error().message);
    settings.faults = *std::move(faults);
  }
  std::string_view overnight;
  if (const auto name = arguments.text("scenario")) {
    const auto scenario = laboratory::scenario_named(*name);
    if (!scenario) return usage("--scenario: " + scenario.error().message);
    if (arguments.has("broker") || arguments.has("faults") || arguments.has("calendar")) {
      return usage("--scenario says which broker, faults and calendar; leave out --broker, --faults and --calendar");
    }
    apply(*scenario, settings);
    overnight = scenario->overnight;
    context.note(fmt::format("{}: {}; must hold: {}", scenario->name, scenario->story, scenario->must_hold));
  }
  system::SystemClock clock;
  settings.exchange.start = clock.now();
  settings.clock = [&clock] { return clock.now(); };
  if (!context.global.quiet) {
    settings.tell = [&context](std::string_view line) { context.err << line << '\n' << std::flush; };
  }
  const laboratory::BrokerKind served = settings.broker;
  const SignalStop stop;
  auto started = laboratory::Laboratory::start(std::move(settings));
  if (!started) return context.report(Area::command_line, started.error());
  if (context.global.json) {
    JsonText json;
    json.object().member("broker", name_of(served)).member("url", (*started)->url());
    json.member("account", (*started)->account_id()).member("key", laboratory::laboratory_key);
    context.out << json.member("secret", laboratory::laboratory_secret).end().str() << '\n' << std::flush;
  } else {
    const std::string url = (*started)->url();
    context.out << fmt::format("a simulated {} broker answers at {}, account {}, no money anywhere\n", name_of(served),
                               url, (*started)->account_id());
    if (url.starts_with("http")) {
      context.out << fmt::format("keys: {} and {}; the truth: {}/laboratory; ", laboratory::laboratory_key,
                                 laboratory::laboratory_secret, url);
    }
    if (!overnight.empty()) {
      context.out << fmt::format("after the first run: curl --data '{}' {}/laboratory/faults\n", overnight, url);
    }
    context.out << "Ctrl-C ends it\n" << std::flush;
  }
  while (clock.wait(std::chrono::hours(1), stop.token())) {
  }
  return 0;
}

}  // namespace

Command laboratory_command() {
  return {
      .name = "laboratory",
      .summary = "a simulated broker on this machine, and what can go wrong with one",
      .details =
          "Speaks a broker's own protocol on a loopback port, with an account, prices and orders that fill by rules of "
          "its own. The faults come in the order of their requests, so the same seed and script do the same again. "
          "Every request is told on stderr; --quiet leaves that out.",
      .options = {{.name = "broker",
                   .placeholder = "NAME",
                   .type = ValueType::text,
                   .help = "whose protocol",
                   .default_text = "alpaca"},
                  {.name = "port",
                   .placeholder = "PORT",
                   .type = ValueType::integer,
                   .help = "where; 0: any that is free",
                   .default_text = "0",
                   .minimum = 0,
                   .maximum = 65535},
                  {.name = "seed",
                   .placeholder = "N",
                   .type = ValueType::integer,
                   .help = "of how orders fill",
                   .default_text = "7",
                   .minimum = 0,
                   .maximum = 1e15},
                  {.name = "cash",
                   .placeholder = "MONEY",
                   .type = ValueType::money,
                   .help = "in the account at the start",
                   .default_text = "$100000"},
                  {.name = "calendar",
                   .placeholder = "NAME",
                   .type = ValueType::text,
                   .help = "when its market is open",
                   .default_text = "24x7",
                   .choices = {"24x7", "XNYS"}},
                  {.name = "faults",
                   .placeholder = "SCRIPT",
                   .type = ValueType::text,
                   .help = "what goes wrong: \"reply-lost@submit:1\""},
                  {.name = "scenario",
                   .placeholder = "NAME",
                   .type = ValueType::text,
                   .help = "an incident from the list: its broker, faults and calendar"},
                  {.name = "list", .help = "every kind of fault and request, and every scenario"}},
      .run = &serve_laboratory};
}

}  // namespace rebalancer::app
