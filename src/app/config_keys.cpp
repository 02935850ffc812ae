#include "app/config_keys.hpp"

#include "app/config_kinds.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

// A key bound to a member of Config. `access` takes a Config, const or not, and returns a reference.
template <class T, class Access>
KeyRow key(std::string path, ValueKind<T> kind, Access access, std::string description, std::string example = "") {
  KeyRow row{.path = std::move(path),
             .description = std::move(description),
             .type = kind.type,
             .schema = kind.schema,
             .example = std::move(example),
             .shape = kind.shape};
  row.read = [kind, access](Config& config, const ConfigNode& node, const std::string& at, Complaints& complaints) {
    if (auto value = kind.parse(node, at, complaints)) access(config) = std::move(*value);
  };
  row.yaml = [kind, access](const Config& config) { return kind.yaml(access(config)); };
  row.json = [kind, access](const Config& config) { return kind.json(access(config)); };
  return row;
}

// A key whose member is an optional. `none_word` (may be empty) takes the value away.
template <class T, class Access>
KeyRow optional_key(std::string path, ValueKind<T> kind, std::string none_word, Access access, std::string description,
                    std::string example = "") {
  KeyRow row{.path = std::move(path),
             .description = std::move(description),
             .type = kind.type + (none_word.empty() ? "" : ", or " + none_word),
             .schema = none_word.empty()
                           ? kind.schema
                           : fmt::format(R"({{"anyOf": [{}, {{"const": "{}"}}]}})", kind.schema, none_word),
             .example = std::move(example),
             .shape = kind.shape};
  row.read = [kind, none_word, access](Config& config, const ConfigNode& node, const std::string& at,
                                       Complaints& complaints) {
    if (!none_word.empty() && node.text == none_word) {
      access(config) = std::nullopt;
    } else if (auto value = kind.parse(node, at, complaints)) {
      access(config) = std::move(*value);
    }
  };
  row.yaml = [kind, none_word, access](const Config& config) -> std::optional<std::string> {
    if (access(config)) return kind.yaml(*access(config));
    return none_word.empty() ? std::nullopt : std::optional(none_word);
  };
  row.json = [kind, access](const Config& config) {
    return access(config) ? kind.json(*access(config)) : std::string("null");
  };
  return row;
}

#define REBALANCER_MEMBER(expression) \
  [](auto& config) -> auto& { return config.expression; }

ValueKind<Severity> severity_kind() {
  return choice_kind<Severity>(
      {{"ignore", Severity::ignore}, {"warning", Severity::warning}, {"stop", Severity::stop}});
}

ValueKind<std::string> word_kind(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> choices;
  for (const std::string& word : words) choices.emplace_back(word, word);
  return choice_kind<std::string>(std::move(choices));
}

KeyRow port_key(const std::string& name, int Ports::*member) {
  return key(
      "http.ports." + name,
      integer_kind(0, 65535), [member](auto& config) -> auto& { return config.http.ports.*member; },
      name == "websocket" ? "the WebSocket" : "the surface of the " + name, "");
}

void add_portfolio(std::vector<KeyRow>& rows) {
  rows.push_back(key("portfolio.id", name_kind(), REBALANCER_MEMBER(portfolio.id),
                     "names the portfolio in journal and reports", "default"));
  rows.push_back(key("portfolio.tickers", symbols_kind(), REBALANCER_MEMBER(portfolio.tickers),
                     "the symbols money may be put into; required", "[SPY, QQQ, VTI, VXUS, BND]"));
  rows.push_back(key("portfolio.classes", classes_kind(), REBALANCER_MEMBER(optimizer.classes),
                     "the class of a symbol: equity unless said otherwise; bond, cash, or a label of your own",
                     "{BND: bond}"));
  rows.push_back(key("portfolio.labels", labels_kind(), REBALANCER_MEMBER(optimizer.labels),
                     "labels of symbols beside their class, by kind, for constraints.groups",
                     "{sector: {QQQ: tech}, issuer: {QQQ: invesco}}"));
  rows.push_back(key("portfolio.benchmark", symbol_weights_kind(), REBALANCER_MEMBER(optimizer.benchmark),
                     "weights of the benchmark among the tickers, rebalanced daily: the market of capm and "
                     "single_index, and what tracking_error_max is against",
                     "{SPY: 60%, BND: 40%}"));
  rows.back().also_word = true;
  rows.push_back(optional_key("portfolio.investor.age", number_kind(0, 130), "", REBALANCER_MEMBER(portfolio.age_years),
                              "age in years, for the glide path", "35"));
  rows.push_back(optional_key("portfolio.investor.birth_date", date_kind(), "", REBALANCER_MEMBER(portfolio.birth_date),
                              "instead of the age", "1991-05-17"));
}

void add_strategy(std::vector<KeyRow>& rows) {
  rows.push_back(key("strategy.use", name_kind(), REBALANCER_MEMBER(strategy.use),
                     "the strategy plugin; its own keys stand beside this one", "max_sharpe"));
  rows.push_back(key("strategy.risk_free", fraction_kind(-0.1, 1), REBALANCER_MEMBER(optimizer.risk_free_rate),
                     "risk-free rate per year", "2%"));
  rows.push_back(key("strategy.risk_model",
                     word_kind({"sample", "ledoit_wolf", "ledoit_wolf_identity", "ledoit_wolf_single_factor", "oas",
                                "ewma", "semicovariance", "single_index"}),
                     REBALANCER_MEMBER(optimizer.risk_model), "how the covariance is estimated", "ledoit_wolf"));
  rows.push_back(key("strategy.expected_returns", word_kind({"arithmetic", "geometric", "ewma", "capm"}),
                     REBALANCER_MEMBER(optimizer.expected_returns), "how expected returns are estimated",
                     "arithmetic"));
  rows.push_back(key("strategy.ewma_decay", number_kind(0.5, 0.9999), REBALANCER_MEMBER(optimizer.ewma_decay),
                     "of the risk model ewma: what a day counts beside the day after it", "0.97"));
  rows.push_back(key("strategy.trading_cost", fraction_kind(0, 0.1), REBALANCER_MEMBER(optimizer.cost_rate),
                     "cost of trading, of the value traded; strategies that can weigh it against what a trade gains in "
                     "a year",
                     "0.1%"));
  rows.push_back(
      key("strategy.trading_cost_quadratic", number_kind(0, 100), REBALANCER_MEMBER(optimizer.cost_quadratic),
          "and of its square: trading the fraction x of the portfolio in one symbol costs this times x^2", "0.02"));
  rows.push_back(key("strategy.lookback_days", integer_kind(20, 10'000), REBALANCER_MEMBER(lookback_days),
                     "sessions of history the estimates use", "252"));
  rows.push_back(key("strategy.glide_path", boolean_kind(), REBALANCER_MEMBER(optimizer.glide_path),
                     "shift from equities to bonds and cash with age: equities 90% up to 30, 70% at 50, 40% from 65",
                     "true"));
  rows.push_back(
      key("strategy.glide_path_curve", glide_curve_kind(), REBALANCER_MEMBER(optimizer.glide_curve),
          "a glide path of your own: the share not in bonds and cash at each age, linear between, flat outside",
          "{25: 95%, 45: 75%, 67: 35%}"));
  rows.push_back(optional_key("strategy.glide_path_date", date_kind(), "", REBALANCER_MEMBER(glide_path_date),
                              "then glide_path_curve counts the years that are left to this day, not an age",
                              "2055-01-01"));
  rows.push_back(key("strategy.glide_path_bonds", fraction_kind(0, 1), REBALANCER_MEMBER(optimizer.bonds_of_safe),
                     "bonds in the part that is not equities; the rest is cash", "80%"));
}

void add_constraints(std::vector<KeyRow>& rows) {
  rows.push_back(key("constraints.min_weight", fraction_kind(-1, 1), REBALANCER_MEMBER(optimizer.weight_min),
                     "least weight of every symbol; below 0%, with constraints.gross_max, it may be sold short", "2%"));
  rows.push_back(key("constraints.max_weight", fraction_kind(0, 1), REBALANCER_MEMBER(optimizer.weight_max),
                     "greatest weight of every symbol", "40%"));
  rows.push_back(key("constraints.bounds", bounds_kind(), REBALANCER_MEMBER(optimizer.bounds),
                     "least and greatest weight of one symbol, instead of the two above", "{SPY: 10%..40%}"));
  rows.push_back(key("constraints.groups", class_limits_kind(), REBALANCER_MEMBER(optimizer.class_limits),
                     "limits on the symbols of a class or a label, or on several of them together",
                     R"(["tech <= 25%", "5% <= gold <= 15%", "AAPL + MSFT <= 30%"])"));
  rows.push_back(optional_key("constraints.turnover_max", fraction_kind(0, 10), "none",
                              REBALANCER_MEMBER(optimizer.turnover_max),
                              "most that one new target may trade, purchases and sales together, of the portfolio's "
                              "value",
                              "30%"));
  rows.push_back(optional_key("constraints.gross_max", fraction_kind(1, 10), "none",
                              REBALANCER_MEMBER(optimizer.gross_max),
                              "most that long and short positions may be together; needed by negative weights, which "
                              "optimize and frontier answer and no plan can trade",
                              "130%"));
  rows.push_back(optional_key("constraints.tracking_error_max", fraction_kind(0, 2), "none",
                              REBALANCER_MEMBER(optimizer.tracking_error_max),
                              "greatest volatility of the difference to portfolio.benchmark, per year", "4%"));
  rows.push_back(key("constraints.position_min", fraction_kind(0, 1), REBALANCER_MEMBER(optimizer.position_min),
                     "least weight of a position that is held at all", "2%"));
  rows.push_back(key("constraints.positions_max", integer_kind(0, 10'000), REBALANCER_MEMBER(optimizer.positions_max),
                     "most positions held; 0: any number", "15"));
}

void add_rebalance(std::vector<KeyRow>& rows) {
  rows.push_back(optional_key("rebalance.threshold", fraction_kind(0, 1), "none",
                              REBALANCER_MEMBER(rebalance.absolute_band_fraction),
                              "act when a weight is off its target by more than this; none when relative_threshold is "
                              "set and this is not",
                              "5%"));
  rows.back().other_name = "absolute_threshold";
  rows.push_back(optional_key("rebalance.relative_threshold", fraction_kind(0, 10), "none",
                              REBALANCER_MEMBER(rebalance.relative_band_fraction),
                              "act when a weight is off by more than this part of its target; with both, the narrower "
                              "band counts",
                              "25%"));
  using To = RebalanceRules::TradeTo;
  rows.push_back(key(
      "rebalance.to", choice_kind<To>({{"target", To::target}, {"edge", To::band_edge}, {"drifted", To::only_drifted}}),
      REBALANCER_MEMBER(rebalance.trade_to),
      "once out of band: all to target, what drifted to its band's edge, or what drifted to target", "target"));
  rows.push_back(key("rebalance.buy_only", boolean_kind(), REBALANCER_MEMBER(rebalance.buy_only),
                     "invest new cash, sell nothing", "false"));
  rows.push_back(key("rebalance.cash_buffer", money_kind(), REBALANCER_MEMBER(rebalance.cash_buffer),
                     "cash that is never spent", "$250"));
  rows.push_back(key("rebalance.min_trade", money_kind(), REBALANCER_MEMBER(rebalance.trade_value_min),
                     "smaller trades are left out", "$100"));
  rows.push_back(key("rebalance.price_collar", fraction_kind(0, 0.5),
                     REBALANCER_MEMBER(rebalance.price_collar_fraction),
                     "orders are limits this far from the price they were sized at", "1%"));
  rows.push_back(key("rebalance.untouchable", symbols_kind(), REBALANCER_MEMBER(rebalance.untouchable),
                     "symbols never bought nor sold; they count as part of the portfolio", "[VTI]"));
}

void add_limits_and_quality(std::vector<KeyRow>& rows) {
  rows.push_back(optional_key("limits.order_max", money_kind(), "none", REBALANCER_MEMBER(limits.order_value_max),
                              "greatest value of one order", "$50000"));
  rows.push_back(optional_key("limits.turnover_per_day", fraction_kind(0, 100), "none",
                              REBALANCER_MEMBER(limits.turnover_per_day_fraction),
                              "greatest value of a day's orders, as a fraction of the portfolio", "50%"));
  rows.push_back(key("limits.orders_max", integer_kind(1, 100'000), REBALANCER_MEMBER(limits.orders_max),
                     "most orders of one plan", "1000"));
  rows.push_back(optional_key("limits.quantity_max", shares_kind(), "none",
                              REBALANCER_MEMBER(limits.order_quantity_max), "most shares of one order", "5000"));
  rows.push_back(key("limits.orders_per_day", integer_kind(1, 100'000), REBALANCER_MEMBER(limits.orders_per_day_max),
                     "most orders of one session, all its runs together", "1000"));
  rows.push_back(optional_key("limits.position_max", fraction_kind(0, 1), "none",
                              REBALANCER_MEMBER(limits.position_max_fraction),
                              "greatest value of one symbol after a buy of it, as a fraction of the portfolio", "40%"));
  rows.push_back(key("limits.price_age_sessions_max", integer_kind(0, 1000),
                     REBALANCER_MEMBER(limits.price_age_sessions_max),
                     "sessions the price an order was sized at may be behind", "1"));
  rows.push_back(key("quality.gap_sessions_max", integer_kind(0, 1000), REBALANCER_MEMBER(quality.gap_sessions_max),
                     "sessions in a row that may lack a price", "5"));
  rows.push_back(key("quality.jump_max", fraction_kind(0, 100), REBALANCER_MEMBER(quality.jump_fraction_max),
                     "greatest change of an adjusted price from one session to the next", "50%"));
  rows.push_back(key("quality.frozen_sessions_max", integer_kind(1, 1000),
                     REBALANCER_MEMBER(quality.frozen_sessions_max), "sessions in a row that may have the same price",
                     "10"));
  rows.push_back(key("quality.age_sessions_max", integer_kind(0, 1000), REBALANCER_MEMBER(quality.age_sessions_max),
                     "sessions the last price may be behind", "1"));
  rows.push_back(key("quality.history_sessions_min", integer_kind(2, 10'000),
                     REBALANCER_MEMBER(quality.history_sessions_min), "prices wanted before anything is estimated",
                     "30"));
  rows.push_back(key("quality.gap", severity_kind(), REBALANCER_MEMBER(quality.gap), "what a gap does", "stop"));
  rows.push_back(key("quality.jump", severity_kind(), REBALANCER_MEMBER(quality.jump), "what a jump does", "warning"));
  rows.push_back(
      key("quality.frozen", severity_kind(), REBALANCER_MEMBER(quality.frozen), "what frozen prices do", "warning"));
  rows.push_back(key("quality.age", severity_kind(), REBALANCER_MEMBER(quality.age), "what old prices do", "stop"));
  rows.push_back(key("quality.history", severity_kind(), REBALANCER_MEMBER(quality.history),
                     "what too little history does", "stop"));
  rows.push_back(key("quality.non_positive", severity_kind(), REBALANCER_MEMBER(quality.non_positive),
                     "what impossible prices do: zero, negative, high below low", "stop"));
}

KeyRow stage_key(const std::string& name, int StageLimits::*member) {
  return key(
      "schedule.stage_seconds_max." + name,
      integer_kind(1, 86'400), [member](auto& config) -> auto& { return config.schedule.stage_seconds_max.*member; },
      "seconds that the stage " + name + " may take", "");
}

void add_execution(std::vector<KeyRow>& rows) {
  rows.push_back(key("execution.fill_seconds_max", integer_kind(1, 86'400),
                     REBALANCER_MEMBER(execution.fill_seconds_max),
                     "how long all sells may take to fill, then all buys; what is open after that is cancelled", "60"));
  rows.push_back(key("execution.cancel_seconds_max", integer_kind(1, 3'600),
                     REBALANCER_MEMBER(execution.cancel_seconds_max),
                     "how long to wait for the broker to confirm that; an order it does not confirm is unknown", "10"));
  rows.push_back(key("execution.cash_seconds_max", integer_kind(1, 3'600),
                     REBALANCER_MEMBER(execution.cash_seconds_max),
                     "how long the money of filled sells may take to show in the account", "10"));
  rows.push_back(key("execution.poll_milliseconds", integer_kind(10, 60'000),
                     REBALANCER_MEMBER(execution.poll_milliseconds), "pause between two questions to the broker",
                     "250"));
  rows.push_back(key("execution.outside_market_hours", boolean_kind(),
                     REBALANCER_MEMBER(execution.outside_market_hours),
                     "whether orders may leave while the exchange of schedule.calendar is closed; the embedded paper "
                     "broker trades at any hour",
                     "true"));
}

void add_schedule(std::vector<KeyRow>& rows) {
  rows.push_back(key("schedule.enabled", boolean_kind(), REBALANCER_MEMBER(schedule.enabled),
                     "whether serve starts runs by itself", "true"));
  rows.push_back(
      key("schedule.at", day_time_kind(), REBALANCER_MEMBER(schedule.at), "when a scheduled run starts", "close-20m"));
  rows.push_back(key("schedule.zone", zone_kind(), REBALANCER_MEMBER(schedule.zone), "the time zone of a time of day",
                     "America/New_York"));
  rows.push_back(key("schedule.calendar", calendar_kind(), REBALANCER_MEMBER(schedule.calendar),
                     "the exchange calendar: XNYS (New York) or 24x7", "XNYS"));
  rows.push_back(
      key("schedule.late_minutes_max", integer_kind(0, 1440), REBALANCER_MEMBER(schedule.policy.late_minutes_max),
          "a run that was missed by no more than this is made up for, an older one is recorded as missed", "60"));
  rows.push_back(key("schedule.attempts_max", integer_kind(1, 10), REBALANCER_MEMBER(schedule.policy.attempts_max),
                     "attempts at one session's run, when what stopped it may pass", "3"));
  rows.push_back(key("schedule.retry_delay_seconds", integer_kind(1, 900),
                     REBALANCER_MEMBER(schedule.policy.retry_delay_seconds),
                     "wait before the second attempt, doubled before each further one up to 15 minutes", "60"));
  rows.push_back(stage_key("fetch", &StageLimits::fetch));
  rows.push_back(stage_key("optimize", &StageLimits::optimize));
  rows.push_back(stage_key("plan", &StageLimits::plan));
  rows.push_back(stage_key("check", &StageLimits::check));
  rows.push_back(stage_key("execute", &StageLimits::execute));
  rows.push_back(stage_key("analyze", &StageLimits::analyze));
}

void add_http(std::vector<KeyRow>& rows) {
  rows.push_back(
      key("http.bind", address_kind(), REBALANCER_MEMBER(http.bind), "the address to listen on", "127.0.0.1"));
  rows.push_back(key("http.hosts", hosts_kind(), REBALANCER_MEMBER(http.hosts),
                     "host names it answers to, beside localhost, loopback addresses and bind", "[trader.example]"));
  rows.push_back(optional_key("http.token", token_kind(), "none", REBALANCER_MEMBER(http.token),
                              "what every request must carry, as Authorization: Bearer TOKEN; health needs none",
                              "0123456789abcdef0123456789abcdef"));
  rows.push_back(optional_key("http.tls.certificate", path_kind(), "none", REBALANCER_MEMBER(http.tls_certificate),
                              "PEM file of the certificate and its chain", "/etc/rebalancer/server.crt"));
  rows.push_back(optional_key("http.tls.keyfile", path_kind(), "none", REBALANCER_MEMBER(http.tls_keyfile),
                              "PEM file of the certificate's private key", "/etc/rebalancer/server.pem"));
  rows.push_back(key("http.exposed", boolean_kind(), REBALANCER_MEMBER(http.exposed),
                     "listen beyond loopback without token and TLS, for a container whose ports are published on "
                     "loopback",
                     "false"));
  rows.push_back(port_key("fetcher", &Ports::fetcher));
  rows.push_back(port_key("optimizer", &Ports::optimizer));
  rows.push_back(port_key("executor", &Ports::executor));
  rows.push_back(port_key("scheduler", &Ports::scheduler));
  rows.push_back(port_key("analytics", &Ports::analytics));
  rows.push_back(port_key("websocket", &Ports::websocket));
}

void add_surroundings(std::vector<KeyRow>& rows) {
  rows.push_back(key("plugins.directories", paths_kind(), REBALANCER_MEMBER(plugin_directories),
                     "folders with plugins of your own, beside those that came with the program", "[plugins]"));
  rows.push_back(key("journal.path", path_kind(), REBALANCER_MEMBER(journal_path),
                     "the journal of runs and orders; sealed decisions lie beside it", "data/journal.db"));
  rows.push_back(key("analytics", names_kind(), REBALANCER_MEMBER(analytics),
                     "analytic plugins that look at the result of a run", "[performance]"));
  rows.push_back(key("log.level",
                     choice_kind<LogLevel>({{"debug", LogLevel::debug},
                                            {"info", LogLevel::info},
                                            {"warning", LogLevel::warning},
                                            {"error", LogLevel::error}}),
                     REBALANCER_MEMBER(log.level), "the least important events that are logged", "info"));
  rows.push_back(key(
      "log.format",
      choice_kind<LogFormat>({{"auto", LogFormat::automatic}, {"json", LogFormat::json}, {"text", LogFormat::text}}),
      REBALANCER_MEMBER(log.format), "auto is text on a terminal, JSON lines elsewhere", "json"));
}

std::vector<KeyRow> make_table() {
  std::vector<KeyRow> rows;
  rows.push_back(
      key("mode", choice_kind<Mode>({{"dry_run", Mode::dry_run}, {"paper", Mode::paper}, {"live", Mode::live}}),
          REBALANCER_MEMBER(mode),
          "dry_run sends nothing, paper trades without real money, live trades with it; when it is not said: paper at "
          "the paper broker, dry_run at any other",
          "paper"));
  add_portfolio(rows);
  rows.push_back({.path = "provider.use",
                  .description = "the provider plugin that prices come from; required",
                  .type = name_kind().type,
                  .schema = name_kind().schema,
                  .example = "csv"});
  rows.push_back(key("store.use", name_kind(), REBALANCER_MEMBER(store.use),
                     "where prices are kept: sqlite, built in, or a store plugin", "sqlite"));
  rows.push_back(key("store.path", path_kind(), REBALANCER_MEMBER(store_path), "the database file of sqlite",
                     "data/rebalancer.db"));
  add_strategy(rows);
  add_constraints(rows);
  add_rebalance(rows);
  rows.push_back(key("broker.use", name_kind(), REBALANCER_MEMBER(broker.use),
                     "the broker plugin; its own keys stand beside this one", "paper"));
  rows.push_back(optional_key("live.account", account_kind(), "", REBALANCER_MEMBER(live.account),
                              "the id of the one account that mode live may trade, as the broker says it; required in "
                              "that mode",
                              "U1234567"));
  add_limits_and_quality(rows);
  add_execution(rows);
  add_schedule(rows);
  add_http(rows);
  add_surroundings(rows);
  return rows;
}

#undef REBALANCER_MEMBER

}  // namespace

void Complaints::add(const ConfigNode& at, std::string_view path, std::string_view rule) {
  say(at.origin, fmt::format("{} is {}, {}", path, at.display(), rule));
}

void Complaints::say(const Origin& at, std::string message) { problems_.push_back(problem_at(at, std::move(message))); }

std::string KeyRow::environment_name() const { return environment_name_of(path); }

std::span<const KeyRow> key_table() {
  static const std::vector<KeyRow> table = make_table();
  return table;
}

const KeyRow* find_key(std::string_view path) {
  for (const KeyRow& row : key_table()) {
    if (row.path == path) return &row;
    if (row.other_name.empty()) continue;
    const std::string_view section = std::string_view(row.path).substr(0, row.path.rfind('.') + 1);
    if (path.starts_with(section) && path.substr(section.size()) == row.other_name) return &row;
  }
  return nullptr;
}

std::span<const SectionRow> section_table() {
  static const std::vector<SectionRow> table{
      {.path = "portfolio", .description = "what is held, and for whom"},
      {.path = "portfolio.investor", .description = "whose portfolio it is; either of the two"},
      {.path = "provider",
       .description = "where prices come from; or a list: the first that answers wins",
       .plugin = true},
      {.path = "store", .description = "where prices are kept", .plugin = true},
      {.path = "strategy", .description = "how the target weights are found", .plugin = true},
      {.path = "constraints", .description = "what every allocation has to satisfy"},
      {.path = "rebalance", .description = "when to trade, and how far"},
      {.path = "broker", .description = "who executes the orders", .plugin = true},
      {.path = "live", .description = "what trading with real money needs besides mode: live"},
      {.path = "limits", .description = "what no plan and no order may exceed, whatever the strategy wants"},
      {.path = "quality", .description = "the verdict on the data before any decision: ignore, warning or stop (hold)"},
      {.path = "execution", .description = "how long a run waits for its broker"},
      {.path = "schedule", .description = "when the scheduler runs, and which days are sessions"},
      {.path = "http", .description = "the REST surfaces"},
      {.path = "schedule.stage_seconds_max", .description = "how long each stage of a run that serve starts may take"},
      {.path = "http.ports", .description = "one port each, 0 takes any free one"},
      {.path = "http.tls", .description = "TLS for every surface; both files, or none"},
      {.path = "plugins", .description = "plugins of your own"},
      {.path = "journal", .description = "what was decided and done"},
      {.path = "log", .description = "events, on stderr"},
  };
  return table;
}

const SectionRow* find_section(std::string_view path) {
  for (const SectionRow& row : section_table()) {
    if (row.path == path) return &row;
  }
  return nullptr;
}

std::string environment_name_of(std::string_view path) {
  std::string name = "REBALANCER_" + upper_case(path);
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}

std::string yaml_scalar(std::string_view text) {
  const auto safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/' || c == '$' || c == '%' || c == '+';
  };
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), safe) && text.front() != '-' &&
                     text.front() != '%' && text != "null" && text != "Null" && text != "NULL";
  return plain ? std::string(text) : json_string(text);
}

}  // namespace rebalancer::app
