#include "adapters/system/metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <locale>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sstream>

#include "adapters/system/log_text.hpp"
#include "adapters/system/metrics_exchanges.hpp"
#include "adapters/system/metrics_process.hpp"
#include "core/base/utf8.hpp"

namespace rebalancer::system {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using Buckets = Histogram::BucketBoundaries;

// Seconds. A call to another machine takes milliseconds to a minute, a stage up to half an hour.
const Buckets call_buckets{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const Buckets stage_buckets{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800};

constexpr std::array open_states{OrderState::intent,  OrderState::sending, OrderState::acknowledged,
                                 OrderState::unknown, OrderState::partial, OrderState::parked};
constexpr std::array trading_states{TradingState::active, TradingState::reducing, TradingState::halted};

double seconds_of(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }
double seconds_of(Instant at) { return seconds_of(std::chrono::nanoseconds(at.nanoseconds())); }

// A gauge per set of labels, of which only those known now are shown.
class GaugeSet {
 public:
  using Values = std::map<Labels, double>;

  GaugeSet(prometheus::Registry& registry, const char* name, const char* help)
      : family_(prometheus::BuildGauge().Name(name).Help(help).Register(registry)) {}

  void set(const Labels& labels, double value) {
    // A figure that is no number is not known.
    if (!std::isfinite(value)) return remove(labels);
    Gauge*& gauge = shown_[labels];
    if (gauge == nullptr) gauge = &family_.Add(labels);
    gauge->Set(value);
  }
  void remove(const Labels& labels) {
    const auto found = shown_.find(labels);
    if (found == shown_.end()) return;
    family_.Remove(found->second);
    shown_.erase(found);
  }
  // These and no others.
  void replace(const Values& values) {
    for (auto shown = shown_.begin(); shown != shown_.end();) {
      const auto old = shown++;
      if (!values.contains(old->first)) remove(Labels(old->first));
    }
    for (const auto& [labels, value] : values) set(labels, value);
  }

 private:
  Family<Gauge>& family_;
  std::map<Labels, Gauge*> shown_;
};

Family<Counter>& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Histogram>& histograms(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

// Grows to a total that somebody else counts.
void grow_to(Counter& counter, std::uint64_t& last, std::uint64_t total) {
  // A smaller total: who counts has begun anew.
  counter.Increment(static_cast<double>(total >= last ? total - last : total));
  last = total;
}

prometheus::MetricFamily family_of(const ProcessFigure& figure) {
  prometheus::ClientMetric metric;
  if (figure.only_grows) {
    metric.counter.value = figure.value;
  } else {
    metric.gauge.value = figure.value;
  }
  prometheus::MetricFamily family;
  family.name = figure.name;
  family.help = figure.help;
  family.type = figure.only_grows ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  family.metric.push_back(std::move(metric));
  return family;
}

}  // namespace

struct Metrics::State {
  explicit State(const Secrets& hides) : secrets(hides) {}

  const Secrets& secrets;
  prometheus::Registry registry;
  // Of all below, so that a text never shows half of a change. Requests have a lock of their own.
  mutable std::mutex mutex;

  GaugeSet build_info{registry, "rebalancer_build_info", "Which build this is; always 1."};
  GaugeSet mode_info{registry, "rebalancer_mode_info", "How it trades: dry_run, paper or live; always 1."};

  ExchangeSeries exchanges{registry};
  GaugeSet connections{registry, "rebalancer_http_connections", "Connections that are open, of all surfaces."};
  Family<Counter>& connections_accepted =
      counters(registry, "rebalancer_http_connections_accepted_total", "Connections taken.");
  Family<Counter>& connections_evicted =
      counters(registry, "rebalancer_http_connections_evicted_total", "Connections closed to make room for others.");
  std::uint64_t accepted_last = 0;
  std::uint64_t evicted_last = 0;

  Family<Counter>& provider_requests =
      counters(registry, "rebalancer_provider_requests_total", "Calls to a price provider, by how they ended.");
  Family<Histogram>& provider_durations =
      histograms(registry, "rebalancer_provider_request_duration_seconds", "How long calls to a price provider took.");
  Family<Counter>& broker_requests =
      counters(registry, "rebalancer_broker_requests_total", "Calls to the broker, by how they ended.");
  Family<Histogram>& broker_durations =
      histograms(registry, "rebalancer_broker_request_duration_seconds", "How long calls to the broker took.");

  Family<Histogram>& stage_durations =
      histograms(registry, "rebalancer_pipeline_stage_duration_seconds", "How long the stages of runs took.");
  Family<Counter>& stages =
      counters(registry, "rebalancer_pipeline_stages_total", "Stages of runs that ended, by how they ended.");
  Family<Counter>& runs =
      counters(registry, "rebalancer_pipeline_runs_total", "Runs that ended, by mode and by how they ended.");
  Family<Counter>& orders_ended =
      counters(registry, "rebalancer_orders_total", "Orders of runs, by the state they had when their run ended.");
  GaugeSet last_success{registry, "rebalancer_last_success_timestamp_seconds",
                        "When a job last did what it is for, since 1970."};

  GaugeSet value{registry, "rebalancer_portfolio_value", "Worth of the portfolio when it was last seen."};
  GaugeSet cash{registry, "rebalancer_portfolio_cash", "Cash of the portfolio when it was last seen."};
  GaugeSet seen_at{registry, "rebalancer_portfolio_last_seen_timestamp_seconds",
                   "When the portfolio was last seen, since 1970."};
  GaugeSet weights{registry, "rebalancer_weight_ratio", "Share of each symbol, as it is and as it should be."};
  GaugeSet drifts{registry, "rebalancer_drift_ratio", "Share of each symbol less its target."};
  GaugeSet largest_drift{registry, "rebalancer_drift_largest_ratio",
                         "The largest distance of a symbol's share from its target."};

  GaugeSet orders{registry, "rebalancer_open_orders", "Orders that the journal knows as open, by state."};
  GaugeSet ambiguous{registry, "rebalancer_orders_ambiguous", "Orders whose outcome is not known: a human is needed."};
  GaugeSet ages{registry, "rebalancer_data_age_seconds", "Age of the newest price of a symbol."};
  GaugeSet trading{registry, "rebalancer_trading_state", "1 for the trading state in force, 0 for the others."};
  GaugeSet gaps{registry, "rebalancer_reconciliation_gaps",
                "Differences of account and journal that nothing explains, when they were last compared."};
  GaugeSet reconciled_at{registry, "rebalancer_reconciliation_timestamp_seconds",
                         "When account and journal were last compared, since 1970."};
  GaugeSet readiness{registry, "rebalancer_ready", "1 for a check of readiness that passes."};
  GaugeSet queue_length{registry, "rebalancer_queue_length", "Jobs that wait in a queue."};
  GaugeSet queue_at_work{registry, "rebalancer_queue_at_work", "Jobs of a queue that are being done."};

  GaugeSet next_run{registry, "rebalancer_schedule_next_timestamp_seconds",
                    "When the next scheduled run is due, since 1970."};
  Family<Counter>& turns =
      counters(registry, "rebalancer_schedule_turns_total", "Turns of the schedule, by what became of them.");

  [[nodiscard]] std::string label(std::string_view text) const {
    const std::string known = secrets.take_redacted(text, label_size_max);
    const std::string clean = bounded(known, label_size_max, text.size());
    // A single byte that is no UTF-8 makes the whole text unreadable to a scraper.
    std::string valid;
    for (std::string_view rest = clean; !rest.empty();) {
      const std::size_t size = utf8_length(rest);
      valid += size == 0 ? std::string_view("?") : rest.substr(0, size);
      rest.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return valid;
  }
};

Metrics::Metrics(const Secrets& secrets) : state_(std::make_unique<State>(secrets)) {}
Metrics::~Metrics() = default;

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::scoped_lock lock(state_->mutex);
    families = state_->registry.Collect();
  }
  for (const ProcessFigure& figure : process_figures()) families.push_back(family_of(figure));
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  std::ostringstream out;
  out.imbue(std::locale::classic());
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

void Metrics::build_info(std::string_view version, std::string_view commit, std::string_view compiler) {
  const std::scoped_lock lock(state_->mutex);
  state_->build_info.replace(
      {{{{"version", state_->label(version)}, {"commit", state_->label(commit)}, {"compiler", state_->label(compiler)}},
        1}});
}

void Metrics::mode(std::string_view mode) {
  const std::scoped_lock lock(state_->mutex);
  state_->mode_info.replace({{{{"mode", state_->label(mode)}}, 1}});
}

void Metrics::http_exchange(std::string_view surface, std::string_view route, std::string_view method, int status,
                            std::chrono::nanoseconds duration) {
  state_->exchanges.add({surface, route, method, status}, seconds_of(duration),
                        [this](std::string_view text) { return state_->label(text); });
}

void Metrics::http_connections(std::size_t open, std::uint64_t evicted_total, std::uint64_t accepted_total) {
  const std::scoped_lock lock(state_->mutex);
  state_->connections.set({}, static_cast<double>(open));
  grow_to(state_->connections_evicted.Add({}), state_->evicted_last, evicted_total);
  grow_to(state_->connections_accepted.Add({}), state_->accepted_last, accepted_total);
}

void Metrics::provider_call(std::string_view provider, std::string_view outcome, std::chrono::nanoseconds duration) {
  const std::scoped_lock lock(state_->mutex);
  const std::string name = state_->label(provider);
  state_->provider_requests.Add({{"provider", name}, {"outcome", state_->label(outcome)}}).Increment();
  state_->provider_durations.Add({{"provider", name}}, call_buckets).Observe(seconds_of(duration));
}

void Metrics::broker_call(std::string_view broker, std::string_view operation, std::string_view outcome,
                          std::chrono::nanoseconds duration) {
  const std::scoped_lock lock(state_->mutex);
  const Labels labels{{"broker", state_->label(broker)}, {"operation", state_->label(operation)}};
  Labels with_outcome = labels;
  with_outcome["outcome"] = state_->label(outcome);
  state_->broker_requests.Add(with_outcome).Increment();
  state_->broker_durations.Add(labels, call_buckets).Observe(seconds_of(duration));
}

void Metrics::stage_finished(std::string_view stage, std::string_view outcome, double seconds) {
  const std::scoped_lock lock(state_->mutex);
  const std::string name = state_->label(stage);
  state_->stages.Add({{"stage", name}, {"outcome", state_->label(outcome)}}).Increment();
  state_->stage_durations.Add({{"stage", name}}, stage_buckets).Observe(seconds);
}

void Metrics::run_finished(const RunFigures& run) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->runs.Add({{"mode", state_->label(run.mode)}, {"outcome", state_->label(run.outcome)}}).Increment();
    for (const auto& [order_state, count] : run.orders) {
      state_->orders_ended.Add({{"state", std::string(name_of(order_state))}}).Increment(static_cast<double>(count));
    }
  }
  if (run.portfolio) portfolio_seen(*run.portfolio);
  if (run.succeeded_at) job_succeeded("rebalance", *run.succeeded_at);
}

void Metrics::portfolio_seen(const PortfolioFigures& figures) {
  const std::string portfolio = state_->label(figures.portfolio);
  const auto money = [&portfolio](const std::optional<Money>& amount) {
    GaugeSet::Values values;
    if (amount) {
      values[{{"portfolio", portfolio}, {"currency", amount->currency().to_string()}}] = amount->amount().to_double();
    }
    return values;
  };
  const auto number = [](std::optional<double> known) {
    GaugeSet::Values values;
    if (known) values[{}] = *known;
    return values;
  };
  GaugeSet::Values weights;
  GaugeSet::Values drifts;
  for (const SymbolFigures& each : figures.symbols) {
    const std::string& symbol = each.symbol.str();
    if (each.actual_fraction) weights[{{"symbol", symbol}, {"kind", "actual"}}] = *each.actual_fraction;
    if (each.target_fraction) weights[{{"symbol", symbol}, {"kind", "target"}}] = *each.target_fraction;
    if (each.drift_fraction) drifts[{{"symbol", symbol}}] = *each.drift_fraction;
  }
  GaugeSet::Values seen_at;
  if (figures.seen_at) seen_at[{{"portfolio", portfolio}}] = seconds_of(*figures.seen_at);

  const std::scoped_lock lock(state_->mutex);
  state_->value.replace(money(figures.value));
  state_->cash.replace(money(figures.cash));
  state_->seen_at.replace(seen_at);
  state_->weights.replace(weights);
  state_->drifts.replace(drifts);
  state_->largest_drift.replace(number(figures.largest_drift_fraction));
}

void Metrics::job_succeeded(std::string_view job, Instant at) {
  const std::scoped_lock lock(state_->mutex);
  state_->last_success.set({{"task", state_->label(job)}}, seconds_of(at));
}

void Metrics::orders_open(const std::optional<OpenOrders>& open) {
  GaugeSet::Values by_state;
  GaugeSet::Values ambiguous;
  if (open) {
    // The journal was read: a state it has no order in has none.
    for (const OrderState order_state : open_states) {
      const auto found = open->by_state.find(order_state);
      by_state[{{"state", std::string(name_of(order_state))}}] =
          found == open->by_state.end() ? 0.0 : static_cast<double>(found->second);
    }
    ambiguous[{}] = static_cast<double>(open->ambiguous);
  }
  const std::scoped_lock lock(state_->mutex);
  state_->orders.replace(by_state);
  state_->ambiguous.replace(ambiguous);
}

void Metrics::data_ages(const std::map<Symbol, std::chrono::seconds>& ages) {
  GaugeSet::Values values;
  for (const auto& [symbol, age] : ages) values[{{"symbol", symbol.str()}}] = seconds_of(age);
  const std::scoped_lock lock(state_->mutex);
  state_->ages.replace(values);
}

void Metrics::trading_state(std::optional<TradingState> state) {
  GaugeSet::Values values;
  if (state) {
    for (const TradingState each : trading_states) {
      values[{{"state", std::string(name_of(each))}}] = each == *state ? 1 : 0;
    }
  }
  const std::scoped_lock lock(state_->mutex);
  state_->trading.replace(values);
}

void Metrics::ready(std::string_view check, bool passed) {
  const std::scoped_lock lock(state_->mutex);
  state_->readiness.set({{"check", state_->label(check)}}, passed ? 1 : 0);
}

void Metrics::queue(std::string_view name, std::size_t waiting, std::size_t at_work) {
  const std::scoped_lock lock(state_->mutex);
  const Labels labels{{"queue", state_->label(name)}};
  state_->queue_length.set(labels, static_cast<double>(waiting));
  state_->queue_at_work.set(labels, static_cast<double>(at_work));
}

void Metrics::reconciled(std::size_t gaps, Instant at) {
  const std::scoped_lock lock(state_->mutex);
  state_->gaps.replace({{{}, static_cast<double>(gaps)}});
  state_->reconciled_at.replace({{{}, seconds_of(at)}});
}

void Metrics::next_run(std::optional<Instant> at) {
  GaugeSet::Values values;
  if (at) values[{}] = seconds_of(*at);
  const std::scoped_lock lock(state_->mutex);
  state_->next_run.replace(values);
}

void Metrics::turn_ended(std::string_view outcome) {
  const std::scoped_lock lock(state_->mutex);
  state_->turns.Add({{"outcome", state_->label(outcome)}}).Increment();
}

}  // namespace rebalancer::system
