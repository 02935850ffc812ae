// Runs that need no pipeline: what a run knew and decided, from a seed, and its sealed decision.
#pragma once
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "services/decision.hpp"
#include "services/derive.hpp"
#include "support/portfolio_builders.hpp"
#include "support/sha256.hpp"

namespace rebalancer::test {

// Weighs by the inverse of the last price move, so that every price matters.
class MoveStrategy final : public Strategy {
 public:
  Result<Allocation> weigh(const AllocationProblem& problem) override {
    const auto& values = problem.prices->values();
    Allocation allocation;
    double sum = 0;
    for (Eigen::Index col = 0; col < values.cols(); ++col) {
      double moves = 0.01;
      for (Eigen::Index row = 1; row < values.rows(); ++row) {
        if (values(row, col) > 0 && values(row - 1, col) > 0)
          moves += std::abs(values(row, col) / values(row - 1, col) - 1);
      }
      allocation.weights.push_back(1 / moves);
      sum += 1 / moves;
    }
    for (double& weight : allocation.weights) weight /= sum;
    allocation.objective = sum;
    allocation.certificate = Certificate{1e-17, 2e-17, 0};
    allocation.report_json = R"({"binding":[{"constraint":"BBB <= 0.4","price":0.25}]})";
    return allocation;
  }
};

struct DecisionScene {
  std::shared_ptr<const Calendar> calendar = calendar_named("XNYS").value();
  MoveStrategy strategy;
  PipelineSettings settings;
  BrokerCapabilities capabilities;
  std::vector<BarTable> tables;
  RunReport report;
  DecisionEnd end;
  TradingStateRecord trading_state;

  // Even seeds trade, every seventh stops at its prices; books, rules and histories differ.
  explicit DecisionScene(std::uint64_t seed = 2) {
    Random random(seed);
    report.portfolio = settings.portfolio = "default";
    report.mode = "paper";
    report.as_of = Date::make(2026, 6, 30).value();
    report.started_at = Instant::from_seconds(1'782'900'000 + static_cast<std::int64_t>(seed) * 3'600);
    settings.strategy = "moves";
    settings.broker = "fake";
    settings.lookback_sessions = 40;
    settings.limits.turnover_per_day_fraction = 2;
    settings.provenance = {"0.1.0",
                           "abc123",
                           {{"strategy", "moves", "1.0.0", "moves.so", sha256("moves")}},
                           R"({"use":"moves"})",
                           sha256("configuration")};
    for (const char* name : {"AAA", "BBB", "CCC", "DDD"}) settings.symbols.push_back(symbol(name));
    settings.rebalance.cash_buffer = Decimal::whole(250);
    capabilities.simulated = true;
    capabilities.cost_rate = decimal("0.0005");
    report.limits = settings.limits;
    report.limits.turnover_today = Decimal();
    report.id = sha256(fmt::format("{}\n{}\n{}\n{}\n", report.portfolio, report.as_of.to_string(),
                                   report.started_at.nanoseconds(), settings.provenance.configuration_digest))
                    .substr(0, 32);
    report.book_before = seed % 2 == 0 ? book("3000.25", {{"AAA", "100"}, {"EEE", "7"}}) : book("100000", {});
    for (const char* name : {"AAA", "BBB", "CCC", "DDD", "EEE"}) {
      if (report.book_before->quantity_of(symbol(name)).decimal().is_positive() || name[0] != 'E') {
        add_table(random, name, seed % 7 == 6);
      }
    }
    decide();
    execute(random);
  }

  void add_table(Random& random, const char* name, bool is_old) {
    std::vector<Bar> bars;
    double price = 20 + 100 * random.uniform();
    for (const Date day : calendar->sessions(Date::make(2026, 4, 20).value(), report.as_of)) {
      if (is_old && day > Date::make(2026, 6, 20).value()) break;
      price *= 1 + 0.02 * random.normal();
      Bar bar;
      bar.date = day;
      bar.open = bar.high = bar.low = bar.close = std::round(price * 100) / 100;
      if (name[0] == 'B') bar.volume = std::floor(1e6 * random.uniform());
      if (name[0] == 'C' && random.below(15) == 0) bar.dividend = 0.25;
      bars.push_back(bar);
    }
    tables.push_back(BarTable::make(symbol(name), std::move(bars), PriceBasis::raw, "simulated (seed 1)").value());
  }

  void hold(Stage stage, const Error& error) {
    report.hold = Hold{stage, error};
    report.outcome = RunOutcome::held;
    report.reason = error.message;
  }

  // The stages of a run, as the pipeline goes through them.
  void decide() {
    report.quality = judge_quality(tables, *calendar, report.as_of, settings.quality);
    if (report.quality->stops()) {
      return hold(Stage::fetch, {ErrorCode::rejected, verdict_text(*report.quality, Severity::stop)});
    }
    auto read = read_prices(tables, settings.symbols, report.as_of);
    if (!read) return hold(Stage::fetch, read.error());
    report.prices = read->prices;
    report.equity_before = value_book(*report.book_before, report.prices).value().equity;
    auto optimized = optimize(strategy, read->frame, settings.optimizer,
                              current_weights(*report.book_before, report.prices, *report.equity_before));
    if (!optimized) return hold(Stage::optimize, optimized.error());
    report.optimized = *std::move(optimized);
    auto plan =
        plan_orders(*report.book_before, report.optimized->weights, report.prices, settings.rebalance, capabilities);
    if (!plan) return hold(Stage::plan, plan.error());
    report.plan = *std::move(plan);
    auto proof =
        check_plan(*report.plan, *report.book_before, report.prices, settings.rebalance, report.limits, capabilities);
    if (!proof) return hold(Stage::check, proof.error());
    report.proof = *std::move(proof);
  }

  // Everything fills at its reference, in one or two fills.
  void execute(Random& random) {
    end.finished_at = Instant::from_nanoseconds(report.started_at.nanoseconds() + 1'234'567'890);
    end.book_after = report.book_before;
    if (report.proof) {
      report.outcome = report.plan->orders.empty() ? RunOutcome::in_band : RunOutcome::traded;
      report.reason = fmt::format("{0} of {0} orders filled", report.plan->orders.size());
      for (const PlannedOrder& order : report.plan->orders) end.legs.push_back(leg(random, order));
    }
    end.outcome = name_of(report.outcome);
    end.reason = report.reason;
    end.hold = report.hold;
  }

  ExecutedLeg leg(Random& random, const PlannedOrder& order) {
    const std::string id = client_order_id(report.id, order.symbol, order.side, 1);
    const auto number = static_cast<int>(end.legs.size()) + 1;
    OrderReport answer{id, fmt::format("b{}", number), OrderState::acknowledged, {}, {}, {}, {}, report.started_at};
    ExecutedLeg made{{report.id,
                      number,
                      Order::make(id, order.symbol, order.side, order.quantity, order.limit).value(),
                      OrderState::filled,
                      answer,
                      order.reason,
                      order.reference,
                      report.as_of,
                      {}},
                     {},
                     {}};
    OrderReport step = answer;
    step.broker_id.clear();
    step.state = OrderState::sending;
    made.history = {step, answer};
    const Decimal half = Decimal::from_billionths(order.quantity.decimal().billionths() / 2);
    const bool in_two = random.below(2) == 0 && half.is_positive();
    const Decimal rest = in_two ? subtract(order.quantity.decimal(), half).value() : order.quantity.decimal();
    for (const Decimal quantity : in_two ? std::vector{half, rest} : std::vector{rest}) {
      made.fills.push_back({fmt::format("b{}-{}", number, made.fills.size() + 1), id, order.symbol, order.side,
                            Quantity(quantity), order.reference, Money(decimal("0.5"), Currency::usd()),
                            end.finished_at});
    }
    answer.state = OrderState::filled;
    answer.filled = order.quantity;
    answer.average_price = order.reference;
    answer.fee = in_two ? decimal("1") : decimal("0.5");
    made.history.push_back(answer);
    made.record.report = answer;
    return made;
  }

  [[nodiscard]] std::string draft() const {
    const DecisionSources sources{report, settings, &capabilities, tables, *calendar, trading_state, "account-1"};
    return draft_decision(sources, sha256).text();
  }

  [[nodiscard]] SealedDecision seal(std::int64_t sequence = 1,
                                    const std::string& previous = std::string(64, '0')) const {
    return seal_decision(draft(), end, sequence, previous, sha256).value();
  }
};

// A decision changed by somebody who can compute a digest: only its rules can tell.
inline std::string resealed(std::string_view text, const std::function<void(CanonicalJson&)>& change) {
  CanonicalJson json = CanonicalJson::parse(text.substr(0, text.size() - 1)).value();
  change(json);
  json["seal"].if_object()->erase("sha256");
  json["seal"]["sha256"] = sha256(json.text());
  return json.text() + "\n";
}

// "body.plan.orders.0.quantity"
inline CanonicalJson& at(CanonicalJson& json, std::string_view path) {
  CanonicalJson* found = &json;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (CanonicalJson::Array* items = found->if_array()) {
      found = &items->at(static_cast<std::size_t>(std::stoul(std::string(name))));
    } else {
      found = &(*found)[name];
    }
  }
  return *found;
}

}  // namespace rebalancer::test
