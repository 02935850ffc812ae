// The environment names people know from systems of this kind.
#include <algorithm>
#include <array>

#include "app/config.hpp"
#include "app/config_layers.hpp"
#include "app/units.hpp"

namespace rebalancer::app {
namespace {

enum class Convert {
  as_is,
  lower,  // a word in any case
  list,   // symbols, commas, any case
  boolean,
  store_path,    // a folder or a database file
  position_max,  // only when it is narrower than MAX_WEIGHT
  method,        // sharpe and friends
  broker,        // alpaca, ib, t212, paper
  threshold,     // a fraction, or dollars
  dry_run,
  log_level,  // INFO, WARN, ...
};

struct Row {
  std::string_view name;
  std::string_view key;  // empty: no effect, and `why` says so
  Convert convert = Convert::as_is;
  std::string_view only_for = {};  // the broker it is about
  bool secret = false;
  std::string_view why = {};
};

constexpr std::array<Row, 42> rows{{
    {"TICKERS", "portfolio.tickers", Convert::list},
    {"STORAGE_TYPE", "store.use", Convert::lower},
    {"STORAGE_PATH", "store.path", Convert::store_path},
    {"BACKFILL_DAYS", "", {}, {}, false, "the history fetched follows strategy.lookback_days"},
    {"LOOKBACK_DAYS", "strategy.lookback_days"},
    {"MAX_MISSING_DAYS", "quality.gap_sessions_max"},
    {"PRICE_CHANGE_THRESHOLD", "quality.jump_max"},
    {"USER_AGE", "portfolio.investor.age"},
    {"RISK_FREE_RATE", "strategy.risk_free"},
    {"OPTIMIZATION_METHOD", "strategy.use", Convert::method},
    {"MIN_WEIGHT", "constraints.min_weight"},
    {"MAX_WEIGHT", "constraints.max_weight"},
    {"SAFE_PORTFOLIO_BONDS", "strategy.glide_path_bonds"},
    {"BROKER_TYPE", "broker.use", Convert::broker},
    {"ALPACA_API_KEY", "broker.api_key", Convert::as_is, "alpaca", true},
    {"ALPACA_SECRET_KEY", "broker.secret_key", Convert::as_is, "alpaca", true},
    {"ALPACA_BASE_URL", "broker.base_url", Convert::as_is, "alpaca"},
    {"IB_HOST", "broker.host", Convert::as_is, "interactive_brokers"},
    {"IB_PORT", "broker.port", Convert::as_is, "interactive_brokers"},
    {"IB_CLIENT_ID", "broker.client_id", Convert::as_is, "interactive_brokers"},
    {"T212_API_KEY", "broker.api_key", Convert::as_is, "trading212", true},
    {"T212_API_SECRET", "broker.api_secret", Convert::as_is, "trading212", true},
    {"T212_DEMO", "broker.demo", Convert::boolean, "trading212"},
    {"REBALANCE_THRESHOLD", "rebalance.threshold"},
    {"REBALANCE_ABSOLUTE_THRESHOLD", "rebalance.min_trade", Convert::threshold},
    {"DRY_RUN", "mode", Convert::dry_run},
    {"REBALANCER_EXECUTOR_DRY_RUN", "mode", Convert::dry_run},
    {"ORDER_TYPE", "", {}, {}, false, "orders are always limits, rebalance.price_collar says how far from the price"},
    {"ORDER_TIMEOUT", "execution.fill_seconds_max"},
    {"MAX_POSITION_SIZE", "constraints.max_weight", Convert::position_max},
    {"TRADING_HOURS_ONLY", "", {}, {}, false, "this version has no such setting"},
    {"EXECUTION_TIME", "schedule.at"},
    {"TIMEZONE", "schedule.zone"},
    {"RETRY_ATTEMPTS", "schedule.attempts_max"},
    {"RETRY_DELAY", "schedule.retry_delay_seconds"},
    {"ANALYTICS_DB_URL", "", {}, {}, true, "this version keeps its journal in journal.path"},
    {"REDIS_URL", "", {}, {}, true, "this version uses no Redis"},
    {"LOG_LEVEL", "log.level", Convert::log_level},
    {"LOG_FORMAT", "log.format", Convert::lower},
    {"ENABLE_ENCRYPTION", "", {}, {}, false, "this version encrypts nothing; give secrets as ${NAME} or file:PATH"},
    {"USE_ENCRYPTED_CREDENTIALS",
     "",
     {},
     {},
     false,
     "this version encrypts nothing; give secrets as ${NAME} or file:PATH"},
    {"ANALYTICS_JWT_SECRET", "", {}, {}, true, "this version has no such setting"},
}};

struct Converted {
  std::string path;
  std::string text;
};

// The value of a positive number written with or without $ or %, else nothing.
std::optional<double> plain_number(std::string_view text) {
  const auto value = parse_number(trimmed(text), 0, 1e12);
  return value ? std::optional(*value) : std::nullopt;
}

std::string file_for(const std::string& store, std::string_view path) {
  // These systems call a folder STORAGE_PATH; the built-in store wants a file.
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (store != "sqlite" && !store.empty()) return std::string(path);
  if (name.find('.') != std::string_view::npos && name != "." && name != "..") return std::string(path);
  return std::string(path) + (path.ends_with('/') ? "" : "/") + "rebalancer.db";
}

std::string strategy_named(const std::string& method) {
  if (method == "sharpe") return "max_sharpe";
  if (method == "min_volatility") return "min_variance";
  return method;
}

std::string broker_named(const std::string& type) {
  if (type == "ib" || type == "ibkr") return "interactive_brokers";
  if (type == "t212") return "trading212";
  return type;
}

std::string log_level_named(const std::string& level) {
  if (level == "warn") return "warning";
  if (level == "critical" || level == "fatal") return "error";
  if (level == "trace") return "debug";
  return level;
}

// None when the value asks for nothing; then it may have left a notice.
std::optional<Converted> convert(const Row& row, const std::string& text, const Environment& environment,
                                 const Peek& peek, std::vector<std::string>& notices) {
  Converted result{std::string(row.key), std::string(trimmed(text))};
  switch (row.convert) {
    case Convert::as_is:
      if (row.secret) result.text = text;
      break;
    case Convert::lower:
    case Convert::boolean:
      result.text = lower_case(result.text);
      break;
    case Convert::list:
      result.text = upper_case(result.text);
      break;
    case Convert::store_path:
      result.text = file_for(peek("store.use"), result.text);
      break;
    case Convert::position_max: {
      const auto other = plain_number(environment.get("MAX_WEIGHT").value_or(""));
      const auto own = plain_number(result.text);
      if (other && own && *other <= *own) return std::nullopt;
      break;
    }
    case Convert::method:
      result.text = strategy_named(lower_case(result.text));
      break;
    case Convert::broker:
      result.text = broker_named(lower_case(result.text));
      break;
    case Convert::threshold: {
      // Dollars of the smallest trade in those systems; a value below 1 can only be meant as a band.
      const auto number = plain_number(result.text);
      if (result.text.ends_with('%') || (number && *number < 1)) result.path = "rebalance.threshold";
      break;
    }
    case Convert::dry_run: {
      const auto dry = parse_boolean(result.text);
      if (!dry) break;  // "must be one of dry_run, paper, live" is the answer to DRY_RUN=maybe
      if (!*dry) {
        const std::string mode = peek("mode");
        const std::string broker = peek("broker.use");
        const bool is_default = mode.empty() && default_mode(broker) == Mode::dry_run;
        if (mode == "dry_run" || is_default) {
          notices.push_back(
              fmt::format("{}=false has no effect: mode is dry_run{}, say which of paper and live it is to be",
                          row.name, is_default ? " by default at broker " + broker : ""));
        }
        return std::nullopt;
      }
      result.text = "dry_run";
      break;
    }
    case Convert::log_level:
      result.text = log_level_named(lower_case(result.text));
      break;
  }
  return result;
}

}  // namespace

std::vector<FamiliarName> familiar_names() {
  std::vector<FamiliarName> names;
  for (const Row& row : rows) {
    std::string effect(row.key);
    if (row.key.empty()) effect = fmt::format("no effect: {}", row.why);
    if (row.convert == Convert::dry_run) effect = "mode: dry_run when true";
    if (row.convert == Convert::threshold) effect = "rebalance.min_trade; rebalance.threshold when below 1";
    if (row.convert == Convert::position_max) effect = "constraints.max_weight, when narrower than MAX_WEIGHT";
    if (!row.only_for.empty()) effect += fmt::format(", when broker.use is {}", row.only_for);
    names.push_back({std::string(row.name), std::move(effect)});
  }
  return names;
}

std::vector<Overlay> familiar_overlays(const Environment& environment, const Peek& peek,
                                       std::vector<std::string>& notices) {
  std::vector<Overlay> overlays;
  std::string used;
  for (const Row& row : rows) {
    const auto value = environment.get(row.name);
    if (!value || trimmed(*value).empty()) continue;
    if (row.key.empty()) {
      notices.push_back(fmt::format("environment {} has no effect: {}", row.name, row.why));
      continue;
    }
    const std::string broker = row.only_for.empty() ? "" : peek("broker.use");
    if (broker != row.only_for) {
      notices.push_back(
          fmt::format("environment {} has no effect: broker.use is {}", row.name, broker.empty() ? "paper" : broker));
      continue;
    }
    const auto converted = convert(row, *value, environment, peek, notices);
    if (!converted) continue;
    used += fmt::format("{}{} ({})", used.empty() ? "" : ", ", row.name, converted->path);
    overlays.push_back({.path = converted->path,
                        .text = converted->text,
                        .origin = {.kind = Origin::Kind::environment, .name = std::string(row.name)},
                        .secret = row.secret});
  }
  if (!used.empty()) notices.push_back("from the environment: " + used);
  std::stable_partition(overlays.begin(), overlays.end(),
                        [](const Overlay& overlay) { return overlay.path.ends_with(".use"); });
  return overlays;
}

}  // namespace rebalancer::app
