// What a run is given: its mode as a type, its settings, and what will be said of where it came from.
#include <algorithm>

#include <boost/json/parse.hpp>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/plugin_host/schema_check.hpp"
#include "adapters/system/digest.hpp"
#include "app/application.hpp"
#include "app/build_info.hpp"
#include "app/config_show.hpp"

namespace rebalancer::app {
namespace {

template <class T>
using Built = Application::Built<T>;

}  // namespace

Result<TradingMode> Application::enter_mode() {
  auto executing = broker();
  if (!executing) return fail(ErrorCode::invalid, "{}", executing.error().message);
  switch (config_.mode) {
    case Mode::dry_run:
      break;
    case Mode::paper: {
      auto paper = Paper::enter(**executing, config_.broker.use);
      if (!paper) return fail(paper.error());
      return TradingMode(*std::move(paper));
    }
    case Mode::live: {
      auto live = Live::enter(**executing, config_.broker.use, config_.live.account.value_or(""));
      if (!live) return fail(live.error());
      return TradingMode(*std::move(live));
    }
  }
  return TradingMode(DryRun(**executing));
}

// Of every plugin a decision depends on.
Built<Provenance> Application::provenance() {
  Provenance made;
  made.program_version = build_version;
  made.program_commit = build_commit;
  made.configuration_digest = system::sha256_hex(config_json(config_));
  const auto add = [&](PluginKind kind, const PluginSection& section) -> Built<void> {
    auto found = plugins().find(kind, section.use);
    if (!found) return failed(Area::plugin, found.error());
    const PluginInfo& plugin = **found;
    auto digest = system::sha256_hex_of_file(plugin.file.string());
    if (!digest) return failed(Area::plugin, digest.error());
    made.plugins.push_back(
        {std::string(name_of(kind)), plugin.name, plugin.version, plugin.file.filename().string(), *std::move(digest)});
    if (kind != PluginKind::strategy) return {};
    auto schema = Schema::parse(plugin.schema_text);
    if (!schema) return failed(Area::plugin, schema.error());
    const SchemaCheck check =
        schema->check(boost::json::parse(section.settings_json),
                      SchemaOptions{.path = section.path, .base_directory = config_.directory, .text_values = true});
    made.strategy_settings_json = config_.redact(secrets_.redacted(json_text(check.value)));
    return {};
  };
  for (const PluginSection& provider : config_.providers) {
    if (auto added = add(PluginKind::provider, provider); !added) return tl::unexpected(added.error());
  }
  if (config_.store.use != "sqlite") {
    if (auto added = add(PluginKind::store, config_.store); !added) return tl::unexpected(added.error());
  }
  if (auto added = add(PluginKind::strategy, config_.strategy); !added) return tl::unexpected(added.error());
  if (auto added = add(PluginKind::broker, config_.broker); !added) return tl::unexpected(added.error());
  std::sort(made.plugins.begin(), made.plugins.end(), [](const PluginUsed& a, const PluginUsed& b) {
    return std::tie(a.kind, a.name) < std::tie(b.kind, b.name);
  });
  // A list of providers may name one plugin twice.
  made.plugins.erase(
      std::unique(made.plugins.begin(), made.plugins.end(),
                  [](const PluginUsed& a, const PluginUsed& b) { return a.kind == b.kind && a.name == b.name; }),
      made.plugins.end());
  return made;
}

Built<PipelineSettings> Application::pipeline_settings(Date session, Purpose purpose) {
  PipelineSettings settings;
  settings.portfolio = config_.portfolio.id;
  settings.mode = name_of(purpose == Purpose::dry_run ? Mode::dry_run : config_.mode);
  settings.strategy = config_.strategy.use;
  settings.broker = config_.broker.use;
  settings.symbols = config_.portfolio.tickers;
  settings.lookback_sessions = config_.lookback_days;
  settings.quality = config_.quality;
  settings.optimizer = config_.optimizer;
  if (auto age = config_.age_on(session)) settings.optimizer.age_years = *age;
  settings.rebalance = config_.rebalance;
  settings.limits = config_.limits;
  settings.within_market_hours = !config_.execution.outside_market_hours;
  // Only what is sealed says where it came from.
  if (purpose != Purpose::look) {
    auto made = provenance();
    if (!made) return tl::unexpected(made.error());
    settings.provenance = *std::move(made);
  }
  return settings;
}

Built<std::unique_ptr<Pipeline>> Application::pipeline(Pipeline::Listener listener, Purpose purpose,
                                                       std::optional<Date> as_of) {
  if (auto checked = check_plugins(); !checked) return tl::unexpected(checked.error());
  auto source = fetcher();
  if (!source) return tl::unexpected(source.error());
  auto chosen = strategy();
  if (!chosen) return tl::unexpected(chosen.error());
  auto executing = broker();
  if (!executing) return tl::unexpected(executing.error());
  auto journal = run_store();
  if (!journal) return tl::unexpected(journal.error());
  std::map<std::string, Analytic*> analytics;
  for (std::size_t i = 0; i < config_.analytics.size(); ++i) {
    auto made = analytic(config_.analytics[i], fmt::format("analytics[{}]", i));
    if (!made) return tl::unexpected(made.error());
    analytics[config_.analytics[i]] = *made;
  }
  auto day = session(as_of);
  if (!day) return tl::unexpected(day.error());
  auto settings = pipeline_settings(*day, purpose);
  if (!settings) return tl::unexpected(settings.error());
  std::function<Result<TradingMode>()> enter = [this] { return enter_mode(); };
  if (purpose != Purpose::as_configured) {
    enter = [account = *executing]() -> Result<TradingMode> { return TradingMode(DryRun(*account)); };
  }
  PipelineParts parts{**source,
                      **chosen,
                      std::move(enter),
                      trading_switch_,
                      **journal,
                      decisions_,
                      *calendar_,
                      clock_,
                      *events_,
                      std::move(analytics),
                      &system::sha256_hex,
                      [](const RunReport& report) { return static_cast<int>(exit_code_of(report)); },
                      executor_settings(),
                      &arming_};
  // Whoever speaks during a run, plugins too, is logged with its id.
  Pipeline::Listener names_run = [this, watcher = std::move(listener)](const RunReport& report, Stage stage,
                                                                       const StageReport* finished) {
    events_->set_run_id(report.id);
    if (watcher) watcher(report, stage, finished);
  };
  return std::make_unique<Pipeline>(std::move(parts), *std::move(settings), std::move(names_run));
}

Built<CancelSummary> Application::cancel_open_orders() {
  const TradingStateRecord state = trading_switch_.read();
  const bool sells_too = state.state != TradingState::reducing;
  return cancel_orders([sells_too](const OrderRecord& record) { return sells_too || record.order.side == Side::buy; },
                       describe(state));
}

ExecutorSettings Application::executor_settings() const {
  ExecutorSettings settings;
  settings.fill_timeout = std::chrono::seconds(config_.execution.fill_seconds_max);
  settings.cancel_timeout = std::chrono::seconds(config_.execution.cancel_seconds_max);
  settings.cash_timeout = std::chrono::seconds(config_.execution.cash_seconds_max);
  settings.poll_interval = std::chrono::milliseconds(config_.execution.poll_milliseconds);
  return settings;
}

std::optional<Gate> Application::gate_of(const TradingMode& mode) {
  if (const auto* paper = std::get_if<Paper>(&mode)) return Gate(*paper, trading_switch_);
  if (const auto* live = std::get_if<Live>(&mode)) return Gate(*live, trading_switch_, arming_);
  return std::nullopt;
}

Result<void> Application::ask_to_cancel(const std::string& client_id) {
  auto entered = enter_mode();
  if (!entered) return fail(entered.error());
  auto gate = gate_of(*entered);
  if (!gate) return fail(ErrorCode::rejected, "mode dry_run cancels nothing");
  return gate->cancel(client_id);
}

Built<CancelSummary> Application::cancel_orders(const std::function<bool(const OrderRecord&)>& meant,
                                                std::string_view why) {
  auto journal = run_store();
  if (!journal) return tl::unexpected(journal.error());
  auto left = (*journal)->open_orders();
  if (!left) return failed(Area::store, left.error());
  CancelSummary told;
  if (left->empty()) return told;
  auto entered = enter_mode();
  if (!entered) return failed(Area::broker, entered.error());
  auto gate = gate_of(*entered);
  if (!gate) {
    told.sentences.push_back(
        fmt::format("{} orders are open in the journal, and mode dry_run cancels nothing", left->size()));
    return told;
  }
  auto able = gate->view().capabilities();
  if (!able) return failed(Area::broker, able.error());
  Executor executor(*gate, **journal, clock_, *events_, executor_settings());
  auto settled = executor.settle(*able, why, {}, meant);
  if (!settled) return failed(Area::broker, settled.error());
  for (const OrderReport& report : settled->settled) {
    if (report.state == OrderState::cancelled) {
      told.cancelled.push_back(report.client_id);
    } else {
      told.sentences.push_back(
          fmt::format("order {} was {} before it could be cancelled", report.client_id, name_of(report.state)));
    }
  }
  for (const OrderReport& report : settled->ambiguous) {
    told.failed.push_back(report.client_id);
    told.sentences.push_back(fmt::format("order {} is {}: {}", report.client_id, name_of(report.state), report.reason));
    told.ambiguous = true;
  }
  return told;
}

}  // namespace rebalancer::app
