// What config.yaml, the environment and --set say, as values. The initializers here are the defaults, and the only
// place they stand: parser, documentation, schema and "config show" all read them from a Config{}.
//
//   auto config = load_config({.file = "config.yaml", .environment = environment});
//   if (!config) ... every problem at once, each with its place
//   config->rebalance, config->limits ... go straight to the services
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/environment.hpp"
#include "app/problem.hpp"
#include "app/units.hpp"
#include "core/market/quality.hpp"
#include "core/portfolio/order_plan.hpp"
#include "core/portfolio/plan_check.hpp"
#include "services/optimizer.hpp"
#include "services/scheduler.hpp"

namespace rebalancer::app {

enum class Mode { dry_run, paper, live };
[[nodiscard]] std::string_view name_of(Mode mode);
// What the mode is when nobody says: paper at the paper broker, which lives in this program, dry_run at any other.
// Orders leave the machine only where somebody asked for it.
[[nodiscard]] Mode default_mode(std::string_view broker);

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { automatic, json, text };  // automatic: text on a terminal, JSON lines elsewhere

// One part that a plugin fills: which, and the plugin's own keys.
struct PluginSection {
  std::string use;
  // A JSON object of every key that is the plugin's own, all scalars as text: check it against the plugin's schema with
  // SchemaOptions{.path = path, .base_directory = config.directory, .text_values = true}.
  // Secrets stand in it in clear: never print it; Config::redact what is made from it.
  std::string settings_json = "{}";
  std::string path;  // "broker", "provider", "provider[1]": what Config::locate understands
};

struct Ports {
  int fetcher = 8080;
  int optimizer = 8081;
  int executor = 8082;
  int scheduler = 8083;
  int analytics = 8084;
  int websocket = 8085;
};

// How long each stage of a run that the service starts may take.
struct StageLimits {
  int fetch = 300;
  int optimize = 120;
  int plan = 60;
  int check = 60;
  int execute = 3600;
  int analyze = 120;
};

struct ConfigSources;

struct Config {
  std::filesystem::path file;  // as it was named; empty when there is none
  // Paths below are as written: `directory / path` is where they are. Empty: the working directory.
  std::filesystem::path directory;

  Mode mode = Mode::paper;  // that of the default broker; when nobody says, default_mode(broker.use)

  struct Live {
    std::optional<std::string>
        account;  // the broker's id of the one account that mode live may trade; there in that mode
  } live;

  struct Portfolio {
    std::string id = "default";
    std::vector<Symbol> tickers;
    std::optional<double> age_years;  // as written; age_on(date) counts a birth date too
    std::optional<Date> birth_date;
  } portfolio;

  std::vector<PluginSection> providers;  // at least one; the first that answers wins
  PluginSection store{.use = "sqlite", .path = "store"};
  std::filesystem::path store_path = "data/rebalancer.db";  // of the built-in store, sqlite; others have their own keys
  PluginSection strategy{.use = "max_sharpe", .path = "strategy"};
  PluginSection broker{.use = "paper", .path = "broker"};

  // portfolio.classes, constraints and the strategy's host-level keys. age_years is set from portfolio.investor.age;
  // for a birth date ask age_on.
  OptimizerSettings optimizer = with_cost(0.0005);
  [[nodiscard]] static OptimizerSettings with_cost(double rate) {
    OptimizerSettings settings;
    settings.cost_rate = rate;
    return settings;
  }
  int lookback_days = 252;  // sessions
  std::optional<Date> glide_path_date;

  RebalanceRules rebalance;
  TradeLimits limits;
  QualityRules quality;

  struct Execution {
    int fill_seconds_max = 60;
    int cancel_seconds_max = 10;
    int cash_seconds_max = 10;
    int poll_milliseconds = 250;
    bool outside_market_hours = false;  // orders may leave while the exchange is closed
  } execution;

  struct Schedule {
    DayTime at{.anchor = DayTime::Anchor::midnight, .minutes = 16 * 60 + 30};
    std::string zone = "America/New_York";
    std::string calendar = "XNYS";
    bool enabled = true;
    SchedulePolicy policy;
    StageLimits stage_seconds_max;
  } schedule;

  struct Http {
    std::string bind = "127.0.0.1";
    Ports ports;
    std::vector<std::string> hosts;    // names it answers to beside those of loopback and `bind`
    std::optional<std::string> token;  // what a request must carry; none: nothing
    std::optional<std::filesystem::path> tls_certificate, tls_keyfile;
    bool exposed = false;  // listen beyond loopback without token and TLS
  } http;

  std::vector<std::filesystem::path> plugin_directories{"plugins"};
  std::filesystem::path journal_path = "data/journal.db";
  std::vector<std::string> analytics{"performance"};

  struct Log {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::automatic;
  } log;

  // Talk for stderr: which familiar environment names were used, which have no effect.
  std::vector<std::string> notices;

  // The investor's age on a day; none when the configuration says neither age nor birth date.
  // With strategy.glide_path_date the years that are left to it instead.
  [[nodiscard]] std::optional<double> age_on(Date day) const;
  // Where the value at `path` ("broker.cash", "provider[1].path") was written: "config.yaml:14:9", "environment X",
  // "--set broker.cash", or the nearest thing around it; "default" for what nobody wrote.
  [[nodiscard]] std::string locate(std::string_view path) const;
  // The same as a Problem, redacted.
  [[nodiscard]] Problem problem_at(std::string_view path, std::string_view message) const;
  // Every secret value, longest first: for whoever else has to keep them out of sight, such as the log.
  [[nodiscard]] std::vector<std::string> secrets() const;
  // `text` with every secret value replaced by ***.
  [[nodiscard]] std::string redact(std::string_view text) const;

  std::shared_ptr<const ConfigSources> sources;  // for locate, redact and config show
};

struct ConfigRequest {
  std::filesystem::path file = "config.yaml";
  bool file_given = false;               // by --config: then it has to exist
  std::optional<std::string> text = {};  // what the file says, when the caller has it already
  Environment environment = {};
  std::vector<std::pair<std::string, std::string>> settings = {};  // --set, in order
};

// Errors: every problem there is, at once.
[[nodiscard]] tl::expected<Config, std::vector<Problem>> load_config(const ConfigRequest& request);

}  // namespace rebalancer::app
