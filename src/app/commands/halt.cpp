// halt, resume: the kill switch by hand. It is written before anything else is tried.
#include <exception>
#include <fstream>

#include "adapters/system/trading_switch.hpp"
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/config_layers.hpp"
#include "app/context.hpp"
#include "services/look_json.hpp"

namespace rebalancer::app {
namespace {

using system::FileTradingSwitch;

struct SwitchPlace {
  std::filesystem::path file;
  std::string warning;  // when the configuration does not load
};

// journal.path alone, out of a configuration that does not load: from the file as far as it is YAML, the environment
// and --set.
std::filesystem::path journal_of_broken(const Context& context) {
  std::string path = Config{}.journal_path.string();
  std::vector<Problem> ignored;
  const auto take = [&path](const std::string& text) {
    // A value that is fetched from elsewhere is part of what may be broken.
    if (!text.empty() && text.find("${") == std::string::npos && !text.starts_with("file:")) path = text;
  };
  std::ifstream stream(context.global.config_file, std::ios::binary);
  std::string text(std::size_t{1} << 20, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const ConfigNode root = read_yaml(text, {}, ignored);
  const ConfigNode* found = search(root, "journal.path").found;
  if (found != nullptr && found->kind == ConfigNode::Kind::scalar) take(found->text);
  for (const Overlay& overlay : environment_overlays(context.environment, ignored)) {
    if (overlay.path == "journal.path") take(overlay.text);
  }
  for (const auto& [key, value] : context.global.settings) {
    if (key == "journal.path") take(value);
  }
  return std::filesystem::path(context.global.config_file).parent_path() / path;
}

SwitchPlace switch_place(const Context& context) {
  const auto config = load_config({.file = context.global.config_file,
                                   .file_given = context.global.config_file_given,
                                   .environment = context.environment,
                                   .settings = context.global.settings});
  if (config) return {FileTradingSwitch::file_beside(config->directory / config->journal_path), ""};
  const auto file = FileTradingSwitch::file_beside(journal_of_broken(context));
  return {file, fmt::format("the configuration does not load ({}), so the switch taken is {}",
                            config.error().front().message, file.string())};
}

struct Cancelled {
  std::vector<std::string> orders;
  std::vector<std::string> warnings;
  bool ambiguous = false;
  bool asked = false;  // the broker was
};

// "another process" or "process 123", out of the sentence that refuses the journal; empty for another refusal.
std::string holder_of_journal(const Failure& failure) {
  constexpr std::string_view refusal = "is in use by another rebalancer";
  const std::size_t at = failure.message.find(refusal);
  if (at == std::string::npos) return "";
  std::string_view rest = std::string_view(failure.message).substr(at + refusal.size());
  constexpr std::string_view names_it = ", process ";
  if (!rest.starts_with(names_it)) return "another process";
  rest.remove_prefix(names_it.size());
  return fmt::format("process {}", rest.substr(0, rest.find_first_not_of("0123456789")));
}

// One that only looks is gone in a moment; a run sees the switch itself.
Application::Built<RunStore*> journal_within_a_second(Application& application) {
  auto journal = application.run_store();
  for (int i = 0; i < 10 && !journal && !holder_of_journal(journal.error()).empty(); ++i) {
    application.clock().wait(std::chrono::milliseconds(100), {});
    journal = application.run_store();
  }
  return journal;
}

Cancelled cancel_open_orders(Context& context) {
  Cancelled cancelled;
  const auto give_up = [&cancelled](std::string_view why) {
    cancelled.warnings.push_back(fmt::format("open orders were not cancelled: {}", why));
    return cancelled;
  };
  // The state is written: whatever breaks now is a warning.
  try {
    auto application = Application::build(context);
    if (!application) return give_up(application.error().message);
    auto journal = journal_within_a_second(**application);
    if (!journal) {
      const std::string holder = holder_of_journal(journal.error());
      if (holder.empty()) return give_up(journal.error().message);
      cancelled.warnings.push_back(holder + " is at work and cancels its open orders itself");
      return cancelled;
    }
    auto summary = (*application)->cancel_open_orders();
    if (!summary) {
      cancelled.ambiguous = summary.error().exit_code == ExitCode::ambiguous_order;
      return give_up(summary.error().message);
    }
    cancelled.orders = std::move(summary->cancelled);
    cancelled.warnings = std::move(summary->sentences);
    cancelled.ambiguous = summary->ambiguous;
    cancelled.asked = true;
    if (!summary->failed.empty() && cancelled.warnings.empty()) {
      cancelled.warnings.push_back(fmt::format("{} open orders were not cancelled", summary->failed.size()));
    }
    return cancelled;
  } catch (const std::exception& exception) {
    return give_up(exception.what());
  }
}

void write_texts(JsonText& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).array();
  for (const std::string& text : texts) json.value(text);
  json.end();
}

void warn(Context& context, std::string_view warning) {
  context.err << context.terminal.err_paint(Color::yellow, "warning") << ": " << warning << '\n';
}

// "halted since 2026-11-23T07:30:00.000Z by command: the market looks odd"
std::string record_text(const TradingStateRecord& record) {
  std::string text(name_of(record.state));
  if (record.set_at) text += " since " + record.set_at->to_string();
  if (!record.by.empty()) text += " by " + record.by;
  if (!record.reason.empty()) text += ": " + record.reason;
  return text;
}

// A switch beside no journal would stop nobody, and saying "halted" would be a lie.
std::optional<Failure> nothing_here(const SwitchPlace& place) {
  const std::filesystem::path folder = place.file.parent_path();
  std::error_code ignored;
  if (place.warning.empty() || folder.empty() || std::filesystem::exists(folder, ignored)) return std::nullopt;
  return Failure{
      .exit_code = ExitCode::configuration,
      .message = fmt::format("{}, but there is no folder {}: nothing was changed", place.warning, folder.string())};
}

int halt(Context& context, const ParsedArguments& arguments) {
  const SwitchPlace place = switch_place(context);
  if (const auto failure = nothing_here(place)) return context.report(*failure);
  system::SystemClock clock;
  FileTradingSwitch kill_switch(place.file, clock);
  const bool reducing = arguments.has("reducing");
  const TradingStateRecord wanted{reducing ? TradingState::reducing : TradingState::halted,
                                  arguments.text("reason").value_or(""), "command", clock.now()};
  const auto written = kill_switch.set(wanted);
  if (!place.warning.empty()) warn(context, place.warning);
  if (!written) return context.report(Area::store, written.error());
  const TradingStateRecord record = kill_switch.read();
  if (!context.global.json) {
    context.out << fmt::format("{}: {} until 'rebalancer resume' ({})\n", name_of(record.state),
                               reducing ? "only sells are sent" : "no order is sent", place.file.string())
                << std::flush;
  }

  Cancelled cancelled;
  if (place.warning.empty()) {
    cancelled = cancel_open_orders(context);
  } else {
    cancelled.warnings.emplace_back("open orders were not cancelled: that needs a configuration that loads");
  }
  for (const std::string& warning : cancelled.warnings) warn(context, warning);
  if (context.global.json) {
    JsonText json;
    json.object();
    write_trading_state(json, record);
    write_texts(json, "cancelled", cancelled.orders);
    if (!place.warning.empty()) cancelled.warnings.insert(cancelled.warnings.begin(), place.warning);
    write_texts(json, "warnings", cancelled.warnings);
    context.out << json.end().str() << '\n';
  } else {
    for (const std::string& order : cancelled.orders) context.out << "cancelled " << order << '\n';
    if (cancelled.asked && cancelled.orders.empty() && cancelled.warnings.empty()) {
      context.out << "no open orders to cancel\n";
    }
  }
  return static_cast<int>(cancelled.ambiguous ? ExitCode::ambiguous_order : ExitCode::ok);
}

int resume(Context& context, const ParsedArguments& arguments) {
  const SwitchPlace place = switch_place(context);
  if (const auto failure = nothing_here(place)) return context.report(*failure);
  if (!place.warning.empty()) warn(context, place.warning);
  system::SystemClock clock;
  FileTradingSwitch kill_switch(place.file, clock);
  const TradingStateRecord was = kill_switch.read();
  const TradingStateRecord wanted{TradingState::active, arguments.text("reason").value_or(""), "command", clock.now()};
  if (const auto written = kill_switch.set(wanted); !written) return context.report(Area::store, written.error());
  if (context.global.json) {
    JsonText json;
    json.object();
    write_trading_state(json, wanted);
    write_texts(json, "cancelled", {});
    write_texts(json, "warnings", place.warning.empty() ? std::vector<std::string>{} : std::vector{place.warning});
    json.key("was").object();
    write_trading_state(json, was);
    context.out << json.end().end().str() << '\n';
  } else if (was.state == TradingState::active) {
    context.out << fmt::format("active: it was not halted ({})\n", place.file.string());
  } else {
    context.out << fmt::format("active: the next run may send orders; it was {}\n", record_text(was));
  }
  return static_cast<int>(ExitCode::ok);
}

Option reason_option() {
  return {.name = "reason",
          .placeholder = "TEXT",
          .type = ValueType::text,
          .help = "why, for whoever looks later (at most 512 bytes)"};
}

}  // namespace

Command halt_command() {
  return {
      .name = "halt",
      .summary = "send no more orders, and cancel open ones",
      .details =
          "Writes the file HALT beside the journal, which every order looks at just before it leaves, then cancels "
          "what is open. It holds until 'rebalancer resume', through restarts. Needs neither broker nor journal; "
          "making the file by hand, or SIGUSR1 to a run, halts too.",
      .options = {{.name = "reducing", .help = "sells may still be sent, only buys are cancelled"}, reason_option()},
      .run = &halt};
}

Command resume_command() {
  return {.name = "resume",
          .summary = "allow orders again after a halt",
          .details = "Removes the file HALT beside the journal and says what it was. Sends nothing itself.",
          .options = {reason_option()},
          .run = &resume};
}

}  // namespace rebalancer::app
