// explain, replay, verify: what a run decided, why, and whether that still stands.
#include <algorithm>

#include <boost/json/value.hpp>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/system/digest.hpp"
#include "adapters/system/log_events.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/decision_source.hpp"
#include "app/plugin_folders.hpp"
#include "core/base/json_text.hpp"
#include "services/decision_verify.hpp"
#include "services/replay.hpp"

namespace rebalancer::app {
namespace {

Positional run_positional() { return {.name = "RUN", .help = "a run's id, its first 8 characters, or a file"}; }

int explain(Context& context, const ParsedArguments& arguments) {
  auto read = read_decision(context, *arguments.positional("RUN"));
  if (!read) return context.report(read.error());
  std::optional<int> order;
  if (const auto number = arguments.integer("order")) order = static_cast<int>(*number);
  const auto told = context.global.json ? explanation_json(read->text, order)
                                        : explanation_text(read->text, order, std::min(context.terminal.width, 80));
  if (!told) return context.report(Area::decision, told.error());
  context.out << *told << (told->ends_with('\n') ? "" : "\n");
  return 0;
}

// What was another file then. It need not matter, which is what the replay finds out.
std::vector<std::string> other_files(const ReplayNeeds& needs, const PluginHost& host) {
  std::vector<std::string> notes;
  for (const PluginUsed& used : needs.plugins) {
    if (used.kind != "strategy") continue;
    const auto found = host.find(PluginKind::strategy, used.name);
    if (!found) continue;
    const auto digest = system::sha256_hex_of_file((*found)->file.string());
    if (digest && *digest == used.sha256) continue;
    notes.push_back(fmt::format("strategy {} {} is another build here: {} then, {} now", used.name, (*found)->version,
                                used.sha256.substr(0, 8), digest ? digest->substr(0, 8) : "unreadable"));
  }
  return notes;
}

void write_replay(JsonText& json, const ReplayResult& result, const std::string& sha256,
                  const std::vector<std::string>& notes) {
  json.object().member("decision", result.id).member("identical", result.identical());
  json.member("orders", result.orders).member("bytes", result.bytes).member("sha256", sha256);
  json.member("stopped", result.stopped).key("sections").array();
  for (const ReplayedSection& section : result.sections) {
    json.object().member("name", section.name).member("bytes", section.bytes);
    json.member("identical", !section.difference.has_value()).key("difference");
    if (section.difference) {
      json.object()
          .member("path", section.difference->path)
          .member("recorded", section.difference->recorded)
          .member("derived", section.difference->derived)
          .end();
    } else {
      json.null();
    }
    json.end();
  }
  json.end().key("notes").array();
  for (const std::string& note : notes) json.value(note);
  json.end().end();
}

int replay(Context& context, const ParsedArguments& arguments) {
  auto read = read_decision(context, *arguments.positional("RUN"));
  if (!read) return context.report(read.error());
  const auto verified = verify_decision(read->text, &system::sha256_hex);
  if (!verified) return context.report(Area::decision, verified.error());
  const auto needs = replay_needs(read->text);
  if (!needs) return context.report(Area::decision, needs.error());
  const auto calendar = calendar_named(needs->calendar);
  if (!calendar) return context.report(Area::decision, {ErrorCode::rejected, calendar.error().message});

  // A decision brings everything but the strategy's code: it needs no configuration, only the plugin.
  std::vector<std::filesystem::path> folders{"plugins"};
  if (const auto config = load_config({.file = context.global.config_file,
                                       .environment = context.environment,
                                       .settings = context.global.settings})) {
    folders.clear();
    for (const auto& folder : config->plugin_directories) folders.push_back(config->directory / folder);
  }
  const PluginHost host = load_plugins(folders);
  system::SystemClock clock;
  system::Secrets secrets;
  const auto events = system::LogEvents::to_stderr({.level_min = EventLevel::warning}, clock, secrets);
  InstanceOptions options;
  options.clock = &clock;
  options.events = events.get();
  options.section = "strategy";
  options.text_values = true;
  auto settings = parse_json(needs->strategy_settings);
  if (!settings) return context.report(Area::decision, {ErrorCode::rejected, settings.error().message});
  auto strategy = host.create_strategy(needs->strategy, *settings, options);
  if (!strategy) return context.report(Area::plugin, strategy.error());

  const auto result = replay_decision(read->text, **strategy, **calendar, &system::sha256_hex);
  if (!result) return context.report(Area::decision, result.error());
  const std::vector<std::string> notes = other_files(*needs, host);
  if (context.global.json) {
    JsonText json;
    write_replay(json, *result, verified->seal.sha256, notes);
    context.out << json.str() << '\n';
  } else {
    for (const std::string& note : notes) context.note("note: " + note);
    for (const ReplayedSection& section : result->sections) {
      context.out << fmt::format("{:<8} {:>8} bytes  {}\n", section.name, section.bytes,
                                 section.difference ? "DIFFERENT" : "identical");
      if (!section.difference) continue;
      context.out << fmt::format("  {}\n    recorded {}\n    derived  {}\n", section.difference->path,
                                 section.difference->recorded, section.difference->derived);
    }
    if (!result->stopped.empty()) context.out << "not derived further: " << result->stopped << '\n';
    context.out << fmt::format("{}: {} orders, {} bytes, sha256 {}\n", result->identical() ? "identical" : "different",
                               result->orders, result->bytes, verified->seal.sha256);
  }
  return static_cast<int>(result->identical() ? ExitCode::ok : ExitCode::verification);
}

void print_checks(Context& context, const std::vector<VerifiedCheck>& checks) {
  for (const VerifiedCheck& check : checks) {
    context.out << context.terminal.out_paint(Color::green, "ok")
                << fmt::format("  {:<12} {}\n", check.check, check.evidence);
  }
}

void write_checks(JsonText& json, const std::vector<VerifiedCheck>& checks) {
  json.key("checks").array();
  for (const VerifiedCheck& check : checks) {
    json.object().member("check", check.check).member("evidence", check.evidence).end();
  }
  json.end();
}

// A folder, or all that the configuration has: then the journal says what must be there.
int verify_folder(Context& context, const std::filesystem::path& folder,
                  const std::optional<std::vector<SealRecord>>& journal, const std::string& head) {
  auto read = read_decisions(folder);
  if (!read) return context.report(read.error());
  std::vector<NamedDecision> named;
  for (NamedText& one : *read) named.push_back({std::move(one.name), std::move(one.text)});
  const auto chain = verify_chain(named, &system::sha256_hex, journal, head);
  if (!chain) return context.report(Area::decision, chain.error());
  if (context.global.json) {
    JsonText json;
    json.object().member("verified", true).member("decisions", chain->decisions.size());
    write_checks(json, chain->checks);
    context.out << json.end().str() << '\n';
    return 0;
  }
  print_checks(context, chain->checks);
  context.out << fmt::format("verified: {} decisions in {}{}\n", chain->decisions.size(), folder.string(),
                             journal ? ", as the journal has them" : "");
  return 0;
}

int verify(Context& context, const ParsedArguments& arguments) {
  const auto named = arguments.positional("FILE");
  const std::string head = arguments.text("head").value_or("");
  std::error_code ignored;
  if (named && std::filesystem::is_directory(*named, ignored))
    return verify_folder(context, *named, std::nullopt, head);
  if (named) {
    auto read = read_decision(context, *named);
    if (!read) return context.report(read.error());
    const auto verified = verify_decision(read->text, &system::sha256_hex);
    if (!verified) return context.report(Area::decision, verified.error());
    if (context.global.json) {
      JsonText json;
      json.object().member("verified", true).member("decision", verified->id);
      json.member("session", verified->session.to_string()).member("outcome", verified->outcome);
      json.member("sequence", verified->seal.sequence).member("sha256", verified->seal.sha256);
      write_checks(json, verified->checks);
      context.out << json.end().str() << '\n';
      return 0;
    }
    print_checks(context, verified->checks);
    context.out << fmt::format("verified: decision {} for session {}, {}\n", verified->id.substr(0, 8),
                               verified->session.to_string(), verified->outcome);
    return 0;
  }
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto store = (*application)->run_store();
  if (!store) return context.report(store.error());
  auto seals = (*store)->seals();
  if (!seals) return context.report(Area::store, seals.error());
  const Config& config = (*application)->config();
  return verify_folder(context, system::DecisionFiles::folder_beside(config.directory / config.journal_path), *seals,
                       head);
}

}  // namespace

Command explain_command() {
  return {.name = "explain",
          .summary = "why a run did what it did, with the numbers",
          .details =
              "Reads the run's sealed decision and tells it in plain language: what was known, what was decided "
              "and why, what was left alone and why, and what the broker did.",
          .options = {{.name = "order",
                       .placeholder = "N",
                       .type = ValueType::integer,
                       .help = "one order of the plan in full: its history, its fills, its shortfall",
                       .minimum = 1,
                       .maximum = 100'000}},
          .positionals = {run_positional()},
          .run = &explain};
}

Command replay_command() {
  return {.name = "replay",
          .summary = "derive a decision again from its file alone, byte for byte",
          .details =
              "Weights, plan, proof and orders are computed anew from what the decision says it knew, and "
              "compared with what it says it decided. Exits with 9 when anything differs.",
          .positionals = {run_positional()},
          .run = &replay};
}

Command verify_command() {
  return {
      .name = "verify",
      .summary = "check sealed decisions: unchanged, complete and within their own rules",
      .details =
          "A file is checked by itself; a folder as a chain; without FILE all decisions of the configuration, "
          "against the journal, which also finds what is missing at the end. docs/decision-format.md tells "
          "how to do the same with tools of your own. Exits with 9 when anything is wrong.",
      .options = {{.name = "head",
                   .placeholder = "SHA256",
                   .type = ValueType::text,
                   .help = "the seal the chain must end with, as you wrote it down"}},
      .positionals = {{.name = "FILE", .help = "a decision, a folder of decisions, or a run's id", .required = false}},
      .run = &verify};
}

}  // namespace rebalancer::app
