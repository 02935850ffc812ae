// arm, disarm: leave to trade with real money, for a while and up to a value. It ends by itself.
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/units.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

// Longer is not a leave but a habit.
constexpr std::chrono::minutes leave_max{31 * 24 * 60};

void tell(Context& context, const std::optional<Arming>& arming) {
  if (context.global.json) {
    JsonText json;
    json.object().member("armed", arming.has_value());
    if (arming) {
      json.member("account", arming->account).member("armed_at", arming->armed_at.to_string());
      json.member("until", arming->until.to_string()).member("value_max", arming->value_max.to_string());
      json.member("sent", arming->sent.to_string());
    }
    context.out << json.end().str() << '\n';
    return;
  }
  if (!arming) {
    context.out << "live trading is not armed\n";
    return;
  }
  context.out << fmt::format(
      "live trading of account {} is armed until {}, for orders worth {}, of which {} are sent\n", arming->account,
      arming->until.to_string(), arming->value_max.to_string(), arming->sent.to_string());
}

int arm(Context& context, const ParsedArguments& arguments) {
  const auto usage = [&context](std::string message) {
    return context.report(Area::command_line, {ErrorCode::invalid, std::move(message)});
  };
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  system::ArmingFile& file = (*application)->arming();
  const auto lasting = arguments.text("for");
  const auto value = arguments.money("max-value");
  if (!lasting && !value) {
    const auto now = file.read();
    if (!now) return context.report(Area::store, now.error());
    tell(context, *now);
    return 0;
  }
  if (!lasting || !value) return usage("leave is for a time and up to a value: --for 24h --max-value $5000");
  const auto duration = parse_duration(*lasting, leave_max);
  if (!duration) return usage(fmt::format("--for is \"{}\", {}", *lasting, duration.error().message));
  const Config& config = (*application)->config();
  if (!config.live.account) {
    return context.report(
        {.exit_code = ExitCode::configuration,
         .message = "live.account is not set: leave is for one account, which the configuration names"});
  }
  const Instant now = (*application)->clock().now();
  const Arming arming{now,
                      Instant::from_nanoseconds(now.nanoseconds() + std::chrono::nanoseconds(*duration).count()),
                      *value,
                      *config.live.account,
                      {}};
  if (auto armed = file.arm(arming); !armed) return context.report(Area::store, armed.error());
  (*application)
      ->events()
      .emit(EventLevel::warning, "live_trading_armed",
            fmt::format("until {}, for orders worth {}", arming.until.to_string(), arming.value_max.to_string()),
            {{"account", arming.account}});
  tell(context, arming);
  if (config.mode != Mode::live) {
    context.note(
        fmt::format("mode is {}: leave to trade with real money matters in mode live only", name_of(config.mode)));
  }
  return 0;
}

int disarm(Context& context, const ParsedArguments&) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  if (auto done = (*application)->arming().disarm(); !done) return context.report(Area::store, done.error());
  tell(context, std::nullopt);
  return 0;
}

}  // namespace

Command arm_command() {
  return {.name = "arm",
          .summary = "give leave to trade with real money, for a while and up to a value",
          .details =
              "In mode live no order leaves without it. It names the account of live.account, ends by itself after "
              "--for, and counts every order sent under it towards --max-value. A new one takes the place of the old "
              "one. Without options it says what holds now. It is the file ARMED beside the journal.",
          .options = {{.name = "for", .placeholder = "TIME", .type = ValueType::text, .help = "how long: 45m, 24h, 7d"},
                      {.name = "max-value",
                       .placeholder = "MONEY",
                       .type = ValueType::money,
                       .help = "what all orders under it may be worth together"}},
          .run = &arm};
}

Command disarm_command() {
  return {.name = "disarm",
          .summary = "take that leave back",
          .details =
              "Removes the file ARMED beside the journal: from now on no order with real money leaves. Orders "
              "that are open stay open; 'rebalancer halt' cancels them.",
          .run = &disarm};
}

}  // namespace rebalancer::app
