#include "app/config_rules.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/nearest.hpp"
#include "core/portfolio/glide_path.hpp"
#include "services/optimizer_inputs.hpp"

namespace rebalancer::app {
namespace {

constexpr double tolerance = 1e-9;

// 60% and 30% are 90%, not 89.99999999999999%.
std::string sum_text(double sum) { return fmt::format("{:.10g}%", 100 * sum); }

class Rules {
 public:
  Rules(const Config& config, const ConfigNode& root, Complaints& complaints, std::vector<std::string>& notices)
      : config_(config), root_(root), complaints_(complaints), notices_(notices) {
    for (const Symbol& ticker : config.portfolio.tickers) tickers_.push_back(ticker.str());
  }

  void check(const std::set<std::string>& bad) {
    const auto good = [&](std::initializer_list<const char*> sections) {
      return std::none_of(sections.begin(), sections.end(), [&](const char* section) { return bad.contains(section); });
    };
    if (good({"mode", "broker", "provider"})) check_mode();
    if (good({"mode", "live"})) check_account();
    if (good({"portfolio", "constraints"})) check_tickers();
    if (good({"portfolio", "strategy"})) check_investor();
    if (good({"portfolio", "constraints", "strategy"})) check_weights();
    if (good({"portfolio", "constraints", "strategy"})) {
      check_groups();
      check_benchmark();
    }
    if (good({"rebalance", "limits"})) check_rebalance();
    if (good({"quality", "strategy"})) check_history();
    if (good({"quality", "limits"})) check_price_age();
    if (good({"http"})) check_ports();
    if (good({"http"})) check_exposure();
  }

 private:
  Origin at(std::string_view path) const { return search(root_, path).nearest; }

  // The key, the list or map it is in, or else the section it would be in.
  void say(std::string_view path, std::string message) { complaints_.say(at(path), std::move(message)); }

  void check_mode() {
    if (config_.mode != Mode::live) return;
    if (config_.broker.use == "paper") {
      say("mode", "mode is live but broker.use is paper: name a real broker, or say mode: paper");
    }
    for (const PluginSection& provider : config_.providers) {
      if (provider.use != "simulated") continue;
      say(provider.path + ".use", "mode is live but " + provider.path + " is simulated: its prices are made up");
    }
  }

  void check_account() {
    if (config_.mode != Mode::live || config_.live.account) return;
    say("mode", "mode is live, which needs live.account: the id of the account that may be traded");
  }

  void check_tickers() {
    const auto& tickers = config_.portfolio.tickers;
    std::set<Symbol> seen;
    for (std::size_t i = 0; i < tickers.size(); ++i) {
      if (seen.insert(tickers[i]).second) continue;
      say(fmt::format("portfolio.tickers[{}]", i), fmt::format("portfolio.tickers names {} twice", tickers[i]));
    }
    if (tickers.empty()) return;
    for (const auto& [symbol, label] : config_.optimizer.classes) unknown_symbol("portfolio.classes", symbol);
    for (const auto& [symbol, bounds] : config_.optimizer.bounds) unknown_symbol("constraints.bounds", symbol);
    for (const auto& [symbol, labels] : config_.optimizer.labels) unknown_symbol(labels_path(symbol, labels), symbol);
    for (const auto& [symbol, weight] : config_.optimizer.benchmark) unknown_symbol("portfolio.benchmark", symbol);
  }

  // "portfolio.labels.sector" when that is where the symbol's labels are.
  [[nodiscard]] std::string labels_path(const Symbol& symbol, const std::vector<std::string>& labels) const {
    for (const std::string& label : labels) {
      const std::string path = "portfolio.labels." + label.substr(0, label.find(':'));
      if (search(root_, path + "." + symbol.str()).found != nullptr) return path;
    }
    return "portfolio.labels";
  }

  void unknown_symbol(const std::string& path, const Symbol& symbol) {
    if (std::find(tickers_.begin(), tickers_.end(), symbol.str()) != tickers_.end()) return;
    const auto nearest = nearest_name(symbol.str(), tickers_);
    say(path + "." + symbol.str(), fmt::format("{} names {}, which is not in portfolio.tickers{}", path, symbol,
                                               nearest ? fmt::format("; did you mean {}?", *nearest) : ""));
  }

  void check_investor() {
    const auto& portfolio = config_.portfolio;
    if (portfolio.age_years && portfolio.birth_date) {
      say("portfolio.investor.birth_date", "portfolio.investor has both age and birth_date, must have one of them");
    }
    const OptimizerSettings& settings = config_.optimizer;
    if (const auto good = settings.glide_curve.empty() ? Result<double>(0.0) : share_on(settings.glide_curve, 0);
        !good) {
      say("strategy.glide_path_curve", "strategy.glide_path_curve: " + good.error().message);
    }
    if (config_.glide_path_date && settings.glide_curve.empty()) {
      say("strategy.glide_path_date", "strategy.glide_path_date needs strategy.glide_path_curve, in years to that day");
    }
    if (!settings.glide_curve.empty() && !settings.glide_path) {
      say("strategy.glide_path_curve", "strategy.glide_path_curve needs strategy.glide_path: true");
    }
    if (settings.glide_path && !config_.glide_path_date && !portfolio.age_years && !portfolio.birth_date) {
      say("strategy.glide_path", "strategy.glide_path needs portfolio.investor.age or portfolio.investor.birth_date");
    }
  }

  void check_weights() {
    const OptimizerSettings& settings = config_.optimizer;
    if (settings.weight_min > settings.weight_max) {
      say("constraints.min_weight",
          fmt::format("constraints.min_weight is {}, must be at most constraints.max_weight, {}",
                      fraction_text(settings.weight_min), fraction_text(settings.weight_max)));
      return;
    }
    check_short();
    double least = 0;
    double most = 0;
    for (const Symbol& ticker : config_.portfolio.tickers) {
      const auto own = settings.bounds.find(ticker);
      least += own == settings.bounds.end() ? settings.weight_min : own->second.first;
      most += own == settings.bounds.end() ? settings.weight_max : own->second.second;
    }
    if (config_.portfolio.tickers.empty()) return;
    const std::string_view where = settings.bounds.empty() ? "constraints.min_weight" : "constraints.bounds";
    if (least > 1 + tolerance) {
      say(where, fmt::format("the minimum weights of {} tickers sum to {}, must be at most 100%",
                             config_.portfolio.tickers.size(), sum_text(least)));
    }
    // With the glide path a part may stay cash; the optimizer says when that is not enough.
    if (most < 1 - tolerance && !settings.glide_path) {
      say(settings.bounds.empty() ? "constraints.max_weight" : where,
          fmt::format("the maximum weights of {} tickers sum to {}, must be at least 100%",
                      config_.portfolio.tickers.size(), sum_text(most)));
    }
  }

  // Selling short is for whoever asks for it, and says how much.
  void check_short() {
    const OptimizerSettings& settings = config_.optimizer;
    const auto refuse = [&](const std::string& path, double weight) {
      say(path, fmt::format("{} is {}: weights below 0% need constraints.gross_max, the most that long and short "
                            "positions may be together",
                            path, fraction_text(weight)));
    };
    bool any = settings.weight_min < 0;
    if (any && !settings.gross_max) refuse("constraints.min_weight", settings.weight_min);
    for (const auto& [symbol, bounds] : settings.bounds) {
      if (bounds.first < 0 && !settings.gross_max) refuse("constraints.bounds." + symbol.str(), bounds.first);
      any = any || bounds.first < 0;
    }
    if (!any || !settings.gross_max) return;
    notices_.push_back(
        fmt::format("{}: weights below 0% are optimized, but a run holds at them: short positions are "
                    "not planned",
                    at("constraints.gross_max").to_string()));
  }

  void check_groups() {
    const OptimizerSettings& settings = config_.optimizer;
    const auto& tickers = config_.portfolio.tickers;
    std::set<std::string> classes;
    for (const Symbol& ticker : tickers) classes.insert(class_of(settings, ticker));
    if (settings.glide_path) classes.insert("cash");
    double least = 0;
    std::map<std::string, double> lower;
    for (std::size_t i = 0; i < settings.class_limits.size(); ++i) {
      const ClassLimit& limit = settings.class_limits[i];
      const std::string path = fmt::format("constraints.groups[{}]", i);
      // Classes do not overlap, labels may.
      if (classes.contains(limit.label)) {
        double& so_far = lower[limit.label];
        least += std::max(0.0, limit.lower - so_far);
        so_far = std::max(so_far, limit.lower);
      }
      if (tickers.empty()) continue;
      if (limits_nobody(settings, tickers, limit)) {
        notices_.push_back(
            fmt::format("{}: {} is about {}, a class that no ticker has", at(path).to_string(), path, limit.label));
      } else if (const auto unclear = unclear_label(settings, tickers, limit.label)) {
        say(path, fmt::format("{} is \"{}\": {}", path, limit.text, *unclear));
      }
    }
    if (least > 1 + tolerance) {
      say("constraints.groups",
          fmt::format("the least shares of constraints.groups sum to {}, must be at most 100%", sum_text(least)));
    }
  }

  void check_benchmark() {
    const OptimizerSettings& settings = config_.optimizer;
    double sum = 0;
    for (const auto& [symbol, weight] : settings.benchmark) sum += weight;
    if (!settings.benchmark.empty() && std::abs(sum - 1) > tolerance) {
      say("portfolio.benchmark",
          fmt::format("the weights of portfolio.benchmark sum to {}, must be 100%", sum_text(sum)));
    }
    if (!settings.benchmark.empty()) return;
    if (settings.tracking_error_max) {
      say("constraints.tracking_error_max", "constraints.tracking_error_max needs portfolio.benchmark");
    }
    if (settings.risk_model == "single_index") {
      say("strategy.risk_model", "strategy.risk_model single_index needs portfolio.benchmark");
    }
    if (settings.expected_returns == "capm") {
      say("strategy.expected_returns", "strategy.expected_returns capm needs portfolio.benchmark");
    }
  }

  void check_rebalance() {
    const RebalanceRules& rules = config_.rebalance;
    std::set<Symbol> seen;
    for (std::size_t i = 0; i < rules.untouchable.size(); ++i) {
      if (seen.insert(rules.untouchable[i]).second) continue;
      say(fmt::format("rebalance.untouchable[{}]", i),
          fmt::format("rebalance.untouchable names {} twice", rules.untouchable[i]));
    }
    if (config_.limits.order_value_max && *config_.limits.order_value_max < rules.trade_value_min) {
      say("limits.order_max",
          fmt::format("limits.order_max is ${}, must be at least rebalance.min_trade, ${}",
                      config_.limits.order_value_max->to_string(), rules.trade_value_min.to_string()));
    }
  }

  void check_history() {
    if (config_.quality.history_sessions_min > config_.lookback_days) {
      say("quality.history_sessions_min",
          fmt::format("quality.history_sessions_min is {}, must be at most strategy.lookback_days, {}",
                      config_.quality.history_sessions_min, config_.lookback_days));
    }
  }

  // Estimating with older prices than orders may have is no contradiction, but will surprise.
  void check_price_age() {
    if (config_.quality.age_sessions_max <= config_.limits.price_age_sessions_max) return;
    notices_.push_back(
        fmt::format("{}: quality.age_sessions_max is {}, but no order is sent at a price that is more "
                    "sessions behind than limits.price_age_sessions_max, {}",
                    at("quality.age_sessions_max").to_string(), config_.quality.age_sessions_max,
                    config_.limits.price_age_sessions_max));
  }

  void check_ports() {
    const Ports& ports = config_.http.ports;
    const std::pair<const char*, int> all[] = {{"fetcher", ports.fetcher},     {"optimizer", ports.optimizer},
                                               {"executor", ports.executor},   {"scheduler", ports.scheduler},
                                               {"analytics", ports.analytics}, {"websocket", ports.websocket}};
    std::map<int, std::string> taken;
    for (const auto& [name, port] : all) {
      if (port == 0) continue;
      const auto [earlier, is_new] = taken.emplace(port, name);
      if (is_new) continue;
      // One of the two is written; the other may be a default, which has no place.
      const std::string path = std::string("http.ports.") + name;
      const std::string other = "http.ports." + earlier->second;
      say(search(root_, path).found != nullptr ? path : other,
          fmt::format("{} and {} are both {}, must differ", other, path, port));
    }
  }

  // Whoever reaches a port may trade: beyond this machine only those who know the token, unseen by others.
  void check_exposure() {
    const auto& http = config_.http;
    if (http.tls_certificate.has_value() != http.tls_keyfile.has_value()) {
      say("http.tls", "http.tls needs both certificate and keyfile");
    }
    const bool loopback = http.bind.starts_with("127.") || http.bind == "::1";
    if (loopback || http.exposed || (http.token && http.tls_certificate)) return;
    say("http.bind",
        fmt::format("http.bind is {}, which others can reach: set http.token and http.tls, or http.exposed: true where "
                    "something else keeps them out",
                    http.bind));
  }

  const Config& config_;
  const ConfigNode& root_;
  Complaints& complaints_;
  std::vector<std::string>& notices_;
  std::vector<std::string> tickers_;
};

}  // namespace

void check_rules(const Config& config, const ConfigNode& root, const std::set<std::string>& bad_sections,
                 Complaints& complaints, std::vector<std::string>& notices) {
  Rules(config, root, complaints, notices).check(bad_sections);
}

}  // namespace rebalancer::app
