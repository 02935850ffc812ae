#include "app/application.hpp"

#include <set>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "adapters/https/https_client.hpp"
#include "adapters/plugin_host/schema_check.hpp"
#include "adapters/sqlite/price_store.hpp"
#include "adapters/sqlite/run_store.hpp"
#include "adapters/system/breaker.hpp"
#include "adapters/system/metered_broker.hpp"
#include "adapters/system/metered_provider.hpp"
#include "app/config_keys.hpp"
#include "app/plugin_folders.hpp"
#include "core/base/nearest.hpp"
#include "services/executor.hpp"

namespace rebalancer::app {
namespace {

template <class T>
using Built = Application::Built<T>;

system::LogSettings log_settings(const Config& config, const Context& context) {
  system::LogSettings settings;
  settings.level_min = static_cast<EventLevel>(config.log.level);
  settings.format = config.log.format == LogFormat::json   ? system::LogSettings::Format::json
                    : config.log.format == LogFormat::text ? system::LogSettings::Format::text
                                                           : system::LogSettings::Format::automatic;
  settings.color = context.terminal.err_color;
  settings.shows_progress = context.terminal.err_is_terminal && !context.global.quiet;
  // A person at a terminal reads the report; the log is for those who collect it.
  const bool watched = config.log.format == LogFormat::automatic && context.terminal.err_is_terminal;
  if (watched) settings.level_min = std::max(settings.level_min, EventLevel::warning);
  if (context.global.quiet) settings.level_min = std::max(settings.level_min, EventLevel::error);
  return settings;
}

// Every part of the configuration that a plugin fills, with its kind.
std::vector<std::pair<PluginKind, PluginSection>> named_plugins(const Config& config) {
  std::vector<std::pair<PluginKind, PluginSection>> named;
  for (const PluginSection& provider : config.providers) named.emplace_back(PluginKind::provider, provider);
  // The store named sqlite is built in.
  if (config.store.use != "sqlite") named.emplace_back(PluginKind::store, config.store);
  named.emplace_back(PluginKind::strategy, config.strategy);
  named.emplace_back(PluginKind::broker, config.broker);
  for (std::size_t i = 0; i < config.analytics.size(); ++i) {
    named.emplace_back(PluginKind::analytic,
                       PluginSection{.use = config.analytics[i], .path = fmt::format("analytics[{}]", i)});
  }
  return named;
}

// A plugin's schema knows the plugin's keys only; the word mistyped may be one of ours beside them.
std::string host_key_hint(const SchemaFinding& finding) {
  if (!finding.message.starts_with("unknown key") || finding.message.find("did you mean") != std::string::npos)
    return "";
  const std::size_t dot = finding.path.rfind('.');
  if (dot == std::string::npos) return "";
  const std::string section = finding.path.substr(0, finding.path.find('[')).substr(0, dot) + ".";
  std::vector<std::string> names;
  for (const KeyRow& row : key_table()) {
    if (row.path.starts_with(section)) names.push_back(row.path.substr(section.size()));
  }
  const auto nearest = nearest_name(finding.path.substr(dot + 1), names);
  return nearest ? fmt::format(", did you mean \"{}\"?", *nearest) : "";
}

}  // namespace

ExitCode exit_code_of(const RunReport& report) {
  if (report.ambiguous) return ExitCode::ambiguous_order;
  if (!report.hold) return report.refused ? ExitCode::refused : ExitCode::ok;
  const ErrorCode code = report.hold->error.code;
  switch (report.hold->stage) {
    // Whatever the cause, a network that is down included: there are no prices to decide on.
    case Stage::fetch:
      return code == ErrorCode::internal ? ExitCode::internal : ExitCode::data;
    case Stage::optimize:
      return exit_code_for(Area::strategy, code);
    case Stage::plan:
      return exit_code_for(Area::planner, code);
    case Stage::check:
      return exit_code_for(Area::proof, code);
    case Stage::execute:
      return exit_code_for(report.refused ? Area::proof : Area::broker, code);
    case Stage::analyze:
      return ExitCode::internal;
  }
  return ExitCode::internal;
}

Built<std::unique_ptr<Application>> Application::build(Context& context) {
  auto config = load_config({.file = context.global.config_file,
                             .file_given = context.global.config_file_given,
                             .environment = context.environment,
                             .settings = context.global.settings});
  if (!config) {
    const std::size_t count = config.error().size();
    return tl::unexpected(
        Failure{.exit_code = ExitCode::configuration,
                .message = fmt::format("the configuration has {} {}", count, count == 1 ? "problem" : "problems"),
                .problems = std::move(config.error())});
  }
  for (const std::string& notice : config->notices) context.note(notice);
  return std::make_unique<Application>(context, *std::move(config));
}

Application::Application(Context& context, Config config)
    : context_(context),
      config_(std::move(config)),
      events_(system::LogEvents::to_stderr(log_settings(config_, context), clock_, secrets_)),
      trading_switch_(system::FileTradingSwitch::file_beside(config_.directory / config_.journal_path), clock_),
      arming_(system::ArmingFile::file_beside(config_.directory / config_.journal_path), clock_),
      decisions_(system::DecisionFiles::folder_beside(config_.directory / config_.journal_path)) {
  for (const std::string& secret : config_.secrets()) secrets_.add(secret);
}

Application::~Application() = default;

const PluginHost& Application::plugins() {
  if (!plugins_) {
    std::vector<std::filesystem::path> folders;
    for (const auto& folder : config_.plugin_directories) {
      folders.push_back(folder.is_absolute() ? folder : config_.directory / folder);
    }
    plugins_ = load_plugins(folders);
    for (const PluginInfo& plugin : plugins_->plugins()) {
      if (!plugin.usable()) events_->emit(EventLevel::warning, "plugin_refused", plugin.refusal, {});
    }
  }
  return *plugins_;
}

Built<void> Application::check_plugins() {
  if (plugins_checked_) return {};
  Failure wrong{.exit_code = ExitCode::ok, .message = ""};
  for (const auto& [kind, section] : named_plugins(config_)) {
    auto found = plugins().find(kind, section.use);
    if (!found) {
      wrong.exit_code = ExitCode::plugin;
      wrong.problems.push_back(config_.problem_at(section.path + ".use", found.error().message));
      continue;
    }
    auto schema = Schema::parse((*found)->schema_text);
    if (!schema) return failed(Area::plugin, schema.error());
    const SchemaCheck check =
        schema->check(boost::json::parse(section.settings_json),
                      SchemaOptions{.path = section.path, .base_directory = config_.directory, .text_values = true});
    for (const std::string& secret : check.secrets) secrets_.add(secret);
    for (const SchemaFinding& finding : check.findings) {
      if (wrong.exit_code == ExitCode::ok) wrong.exit_code = ExitCode::configuration;
      wrong.problems.push_back(config_.problem_at(finding.path, finding.to_string() + host_key_hint(finding)));
    }
  }
  if (wrong.problems.empty()) {
    plugins_checked_ = true;
    return {};
  }
  wrong.message = wrong.exit_code == ExitCode::plugin
                      ? wrong.problems.front().message
                      : fmt::format("the configuration has {} {}", wrong.problems.size(),
                                    wrong.problems.size() == 1 ? "problem" : "problems");
  return tl::unexpected(std::move(wrong));
}

template <class Port, class Create>
Built<std::unique_ptr<Port>> Application::create(const PluginSection& section, Area area, Create&& create) {
  if (auto checked = check_plugins(); !checked) return tl::unexpected(checked.error());
  if (http_ == nullptr && (area == Area::provider || area == Area::broker)) {
    HttpsSettings https;
    // Nobody is crowded on a machine of one's own. Alpaca counts 200 requests in a minute, however close together.
    for (const char* host : {"127.0.0.1", "localhost", "::1"}) https.rate.by_host[host] = {1e6, 1e6};
    for (const char* host : {"api.alpaca.markets", "paper-api.alpaca.markets"}) {
      https.rate.by_host[host] = {200.0 / 60, 100};
    }
    auto client = make_https_client(https, clock_);
    if (!client) return failed(area, client.error());
    http_ = *std::move(client);
  }
  InstanceOptions options;
  options.clock = &clock_;
  options.events = events_.get();
  options.http = http_.get();
  options.section = section.path;
  options.base_directory = config_.directory;
  options.text_values = true;
  auto created = create(section.use, boost::json::parse(section.settings_json), options);
  if (created) return std::move(*created);
  const Error& error = created.error();
  Failure failure{
      .exit_code = error.code == ErrorCode::invalid ? ExitCode::configuration : exit_code_for(area, error.code),
      .message = config_.redact(error.message)};
  failure.problems.push_back(config_.problem_at(section.path, error.message));
  return tl::unexpected(std::move(failure));
}

Built<const Calendar*> Application::calendar() {
  if (!calendar_) {
    auto named = calendar_named(config_.schedule.calendar);
    if (!named) {
      Failure failure{.exit_code = ExitCode::configuration, .message = named.error().message};
      failure.problems.push_back(config_.problem_at("schedule.calendar", named.error().message));
      return tl::unexpected(std::move(failure));
    }
    calendar_ = *std::move(named);
  }
  return calendar_.get();
}

Built<PriceStore*> Application::price_store() {
  if (!price_store_) {
    if (config_.store.use == "sqlite") {
      auto opened = sqlite::SqlitePriceStore::open((config_.directory / config_.store_path).string());
      if (!opened) return failed(Area::store, opened.error());
      price_store_ = *std::move(opened);
    } else {
      auto created = create<PriceStore>(config_.store, Area::store,
                                        [this](auto&&... arguments) { return plugins().create_store(arguments...); });
      if (!created) return tl::unexpected(created.error());
      price_store_ = *std::move(created);
    }
  }
  return price_store_.get();
}

Built<sqlite::SqliteRunStore*> Application::run_store() {
  if (!run_store_) {
    auto opened = sqlite::SqliteRunStore::open((config_.directory / config_.journal_path).string());
    if (!opened) return failed(Area::store, opened.error());
    run_store_ = *std::move(opened);
  }
  return run_store_.get();
}

Built<Broker*> Application::broker() {
  if (!broker_) {
    auto created = create<Broker>(config_.broker, Area::broker,
                                  [this](auto&&... arguments) { return plugins().create_broker(arguments...); });
    if (!created) return tl::unexpected(created.error());
    broker_ = *std::move(created);
    if (metrics_ != nullptr) {
      broker_ = std::make_unique<system::MeteredBroker>(config_.broker.use, std::move(broker_), clock_, *metrics_);
    }
    broker_ = std::make_unique<system::Breaker>(config_.broker.use, std::move(broker_), clock_, *events_);
  }
  return broker_.get();
}

Built<Strategy*> Application::strategy() {
  if (!strategy_) {
    auto created = create<Strategy>(config_.strategy, Area::strategy,
                                    [this](auto&&... arguments) { return plugins().create_strategy(arguments...); });
    if (!created) return tl::unexpected(created.error());
    strategy_ = *std::move(created);
  }
  return strategy_.get();
}

Built<std::unique_ptr<Strategy>> Application::plain_strategy(const std::string& name) {
  auto found = plugins().find(PluginKind::strategy, name);
  if (!found) return failed(Area::strategy, found.error());
  return create<Strategy>({.use = name, .path = "strategy"}, Area::strategy,
                          [this](auto&&... arguments) { return plugins().create_strategy(arguments...); });
}

Built<Fetcher*> Application::fetcher() {
  if (!fetcher_) {
    std::vector<Provider*> order;
    for (const PluginSection& section : config_.providers) {
      auto created = create<Provider>(section, Area::provider,
                                      [this](auto&&... arguments) { return plugins().create_provider(arguments...); });
      if (!created) return tl::unexpected(created.error());
      std::unique_ptr<Provider> provider = *std::move(created);
      if (metrics_ != nullptr) {
        provider = std::make_unique<system::MeteredProvider>(section.use, std::move(provider), clock_, *metrics_);
      }
      providers_.push_back(std::move(provider));
    }
    for (const auto& provider : providers_) order.push_back(provider.get());
    auto store = price_store();
    if (!store) return tl::unexpected(store.error());
    auto exchange = calendar();
    if (!exchange) return tl::unexpected(exchange.error());
    fetcher_ = std::make_unique<Fetcher>(std::move(order), **store, **exchange, clock_, *events_);
  }
  return fetcher_.get();
}

Built<Analytic*> Application::analytic(const std::string& name, const std::string& section) {
  if (!analytics_.contains(name)) {
    auto created = create<Analytic>({.use = name, .path = section}, Area::plugin,
                                    [this](auto&&... arguments) { return plugins().create_analytic(arguments...); });
    if (!created) return tl::unexpected(created.error());
    analytics_[name] = *std::move(created);
  }
  return analytics_[name].get();
}

Built<Date> Application::session(std::optional<Date> as_of) {
  auto exchange = calendar();
  if (!exchange) return tl::unexpected(exchange.error());
  return as_of ? (*exchange)->session_on_or_before(*as_of) : (*exchange)->last_completed_session(clock_.now());
}

Built<Application::Holdings> Application::holdings(std::optional<Date> as_of) {
  auto day = session(as_of);
  if (!day) return tl::unexpected(day.error());
  auto account = broker();
  if (!account) return tl::unexpected(account.error());
  auto store = price_store();
  if (!store) return tl::unexpected(store.error());
  auto book = read_book(**account);
  if (!book) return failed(Area::broker, book.error());

  std::set<Symbol> symbols(config_.portfolio.tickers.begin(), config_.portfolio.tickers.end());
  for (const Position& position : book->positions) symbols.insert(position.symbol);
  PriceList prices;
  for (const Symbol& symbol : symbols) {
    // A month covers every run of holidays; an older price is no price.
    auto table = (*store)->read(symbol, day->plus_days(-31), *day, std::nullopt);
    if (!table) return failed(Area::store, table.error());
    const auto bars = table->bars();
    const auto last = std::find_if(bars.rbegin(), bars.rend(), [](const Bar& bar) { return bar.close > 0; });
    if (last == bars.rend()) continue;
    auto price = Price::from_double(last->close);
    if (!price) return failed(Area::store, price.error());
    prices.emplace(symbol, *price);
  }
  return Holdings{*std::move(book), std::move(prices), *day};
}

}  // namespace rebalancer::app
