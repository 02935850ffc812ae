// Can it trade? Every reason why, or why not.
#include "app/service/service.hpp"
#include "app/service/service_probe.hpp"
#include "services/gate.hpp"

namespace rebalancer::app {
namespace {

// How long a look at the broker stands for another one.
constexpr std::chrono::seconds probe_age_max{10};

struct Check {
  std::string name;
  bool ok = false;
  std::string reason;
};

}  // namespace

Result<void> Service::reach_broker() {
  const auto now = application_.clock().monotonic();
  const std::lock_guard lock(probe_mutex_);
  if (!probe_->asked || now - *probe_->asked > probe_age_max) {
    auto account = broker_->account();
    probe_->asked = now;
    probe_->reachable = account.has_value();
    probe_->reason = account ? "account " + account->id : account.error().message;
  }
  if (!probe_->reachable) return fail(ErrorCode::unavailable, "{}", probe_->reason);
  return {};
}

http::Backend::Readiness Service::readiness() {
  std::vector<Check> checks;
  const auto add = [&checks](std::string name, bool ok, std::string reason) {
    checks.push_back({std::move(name), ok, std::move(reason)});
  };
  add("process", !closing_, closing_ ? "the program is ending" : "at work");

  const TradingStateRecord trading = application_.trading_switch().read();
  add("trading_state", trading.state != TradingState::halted, describe(trading));

  auto day = application_.session(std::nullopt);
  std::string stale;
  std::size_t fresh = 0;
  for (const Symbol& symbol : config().portfolio.tickers) {
    if (!day) break;
    auto last = prices_->last_date(symbol);
    if (last && *last && calendar_->session_count(**last, *day) <= config().quality.age_sessions_max) {
      ++fresh;
    } else if (stale.empty()) {
      stale = !last    ? last.error().message
              : !*last ? fmt::format("no prices of {} are stored", symbol)
                       : fmt::format("the last price of {} is of {}, {} sessions before {}", symbol,
                                     (*last)->to_string(), calendar_->session_count(**last, *day), day->to_string());
    }
  }
  const bool data_ok = day && fresh == config().portfolio.tickers.size();
  add("data", data_ok,
      data_ok ? fmt::format("prices of all {} symbols are no more than {} sessions behind {}", fresh,
                            config().quality.age_sessions_max, day->to_string())
      : day   ? stale
              : day.error().message);

  const auto reached = reach_broker();
  add("broker", reached.has_value(), reached ? probe_reason() : reached.error().message);

  const auto jump = clock_watch_.recent();
  const auto synchronized = system::clock_synchronized();
  const std::string by_kernel = !synchronized   ? "the kernel does not say whether it is synchronized"
                                : *synchronized ? "the kernel says it is synchronized"
                                                : "the kernel says it is not synchronized";
  auto runs = journal_->runs(1);
  const bool behind = runs && !runs->empty() && application_.clock().now() < runs->front().started_at;
  add("clock", !jump && !behind,
      jump ? fmt::format("it was moved by {:.0f} s less than {} s ago", *jump, ClockWatch::quiet_after.count())
      : behind
          ? fmt::format("it says a time before the last run, which began at {}", runs->front().started_at.to_string())
          : by_kernel);

  auto open = journal_->open_orders();
  std::size_t ambiguous = 0;
  if (open && !running_) {
    for (const OrderRecord& order : *open) ambiguous += is_ambiguous(order) ? 1u : 0u;
  }
  add("journal", open.has_value() && runs.has_value(), open ? "readable" : open.error().message);
  add("orders", ambiguous == 0,
      ambiguous == 0
          ? "the outcome of every order is known or being asked for"
          : fmt::format("the outcome of {} orders is not known: look at the account, then resolve", ambiguous));

  const auto account = reached ? account_watch_.look(*broker_, *journal_) : account_watch_.unreachable();
  add("account", account.agrees, account.reason);

  bool ready = true;
  JsonText json;
  for (const Check& check : checks) ready = ready && check.ok;
  json.object().member("ready", ready).key("checks").array();
  for (const Check& check : checks) {
    metrics_.ready(check.name, check.ok);
    json.object().member("name", check.name).member("ok", check.ok).member("reason", check.reason).end();
  }
  return {ready, json.end().end().str()};
}

std::string Service::probe_reason() {
  const std::lock_guard lock(probe_mutex_);
  return probe_->reason;
}

}  // namespace rebalancer::app
