// Builds the objects a configured command works with, each once, in order, when first asked for; they go in reverse.
#pragma once
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/plugin_host/plugin_host.hpp"
#include "adapters/sqlite/run_store.hpp"
#include "adapters/system/arming_file.hpp"
#include "adapters/system/decision_files.hpp"
#include "adapters/system/log_events.hpp"
#include "adapters/system/metrics.hpp"
#include "adapters/system/system_clock.hpp"
#include "adapters/system/trading_switch.hpp"
#include "app/config.hpp"
#include "app/context.hpp"
#include "services/fetcher.hpp"
#include "services/pipeline.hpp"

namespace rebalancer::app {

// How a run ended, as a shell sees it.
[[nodiscard]] ExitCode exit_code_of(const RunReport& report);

// What became of the open orders when trading was halted.
struct CancelSummary {
  std::vector<std::string> cancelled;  // client ids
  std::vector<std::string> failed;
  std::vector<std::string> sentences;  // what people should know
  bool ambiguous = false;              // an order's state is not known
};

class Application {
 public:
  template <class T>
  using Built = tl::expected<T, Failure>;

  // Reads the configuration and says its notices. Errors: every problem of the configuration.
  [[nodiscard]] static Built<std::unique_ptr<Application>> build(Context& context);
  // For tests and benchmarks that bring a configuration of their own.
  Application(Context& context, Config config);
  ~Application();

  [[nodiscard]] const Config& config() const { return config_; }
  // Calls of providers and broker are told to it. Before the first of them is built; it outlives the application.
  void set_metrics(system::Metrics& metrics) { metrics_ = &metrics; }
  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] const system::Secrets& secrets() const { return secrets_; }
  [[nodiscard]] Events& events() { return *events_; }
  [[nodiscard]] const PluginHost& plugins();

  // Loads the plugins the configuration names and checks each section against its schema. Errors: all of them at once;
  // exit code 78 when one will not load, 3 when a section breaks its schema.
  [[nodiscard]] Built<void> check_plugins();

  // Each of these builds on first use; the objects live as long as the application.
  [[nodiscard]] Built<const Calendar*> calendar();
  [[nodiscard]] Built<PriceStore*> price_store();
  [[nodiscard]] Built<sqlite::SqliteRunStore*> run_store();
  [[nodiscard]] Built<Broker*> broker();
  [[nodiscard]] Built<Strategy*> strategy();
  [[nodiscard]] Built<Fetcher*> fetcher();
  [[nodiscard]] Built<Analytic*> analytic(const std::string& name, const std::string& section);
  // A pipeline that decides and sends as the configuration's mode says; a rehearsal, which is given nothing to send
  // with; or one that only looks. What it may do is settled here, by what it is given. `as_of` is the day it will be
  // run for, at which the investor has an age; none: today.
  enum class Purpose { as_configured, dry_run, look };
  [[nodiscard]] Built<std::unique_ptr<Pipeline>> pipeline(Pipeline::Listener listener, Purpose purpose,
                                                          std::optional<Date> as_of = std::nullopt);

  // A strategy with its default settings, for a what-if.
  [[nodiscard]] Built<std::unique_ptr<Strategy>> plain_strategy(const std::string& name);

  [[nodiscard]] TradingSwitch& trading_switch() { return trading_switch_; }
  [[nodiscard]] system::ArmingFile& arming() { return arming_; }
  [[nodiscard]] const std::filesystem::path& trading_switch_file() const { return trading_switch_.file(); }
  // The run that this thread logged for has ended.
  void events_of_thread_end() { events_->set_run_id(""); }
  [[nodiscard]] DecisionStore& decisions() { return decisions_; }
  // Enters the configured mode, asking the broker.
  [[nodiscard]] Result<TradingMode> enter_mode();
  // Cancels what the trading state forbids among the orders the journal knows as open, and looks up what is in doubt.
  [[nodiscard]] Built<CancelSummary> cancel_open_orders();
  // The same for those among them that are `meant`, whatever the trading state.
  [[nodiscard]] Built<CancelSummary> cancel_orders(const std::function<bool(const OrderRecord&)>& meant,
                                                   std::string_view why);
  // Asks the broker, and leaves it to the run at work to write down what becomes of the order.
  [[nodiscard]] Result<void> ask_to_cancel(const std::string& client_id);

  // What the account holds, and a stored price for each symbol held or wanted that has one on or before `as_of`.
  struct Holdings {
    Book book;
    PriceList prices;
    Date as_of;
  };
  [[nodiscard]] Built<Holdings> holdings(std::optional<Date> as_of);
  // `as_of` or the last completed session.
  [[nodiscard]] Built<Date> session(std::optional<Date> as_of);

 private:
  [[nodiscard]] ExecutorSettings executor_settings() const;
  [[nodiscard]] std::optional<Gate> gate_of(const TradingMode& mode);
  template <class Port, class Create>
  Built<std::unique_ptr<Port>> create(const PluginSection& section, Area area, Create&& create);
  [[nodiscard]] Built<PipelineSettings> pipeline_settings(Date session, Purpose purpose);
  [[nodiscard]] Built<Provenance> provenance();

  Context& context_;
  Config config_;
  system::SystemClock clock_;
  system::Secrets secrets_;
  std::unique_ptr<system::LogEvents> events_;
  system::Metrics* metrics_ = nullptr;
  system::FileTradingSwitch trading_switch_;
  system::ArmingFile arming_;
  system::DecisionFiles decisions_;
  std::unique_ptr<HttpClient> http_;
  std::optional<PluginHost> plugins_;
  bool plugins_checked_ = false;
  std::shared_ptr<const Calendar> calendar_;
  std::unique_ptr<PriceStore> price_store_;
  std::unique_ptr<sqlite::SqliteRunStore> run_store_;
  std::vector<std::unique_ptr<Provider>> providers_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<Strategy> strategy_;
  std::map<std::string, std::unique_ptr<Analytic>> analytics_;
  std::unique_ptr<Fetcher> fetcher_;
};

}  // namespace rebalancer::app
