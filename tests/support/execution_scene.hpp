// An account, a proved plan for it, a broker, a gate, a journal and an executor: the stage for tests of execution.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "services/executor.hpp"
#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_run_store.hpp"
#include "support/memory_trading_switch.hpp"
#include "support/portfolio_builders.hpp"
#include "support/recording_events.hpp"

namespace rebalancer::test {

// Holds 100 AAA of 10,000 and 10,000 cash; wants a quarter AAA, a quarter BBB and half CCC: sells AAA, buys the others.
struct ExecutionScene {
  static constexpr const char* run_id = "0123456789abcdef0123456789abcdef";

  Book book_before = book("10000", {{"AAA", "100"}});
  PriceList prices = price_list({{"AAA", "100"}, {"BBB", "50"}, {"CCC", "20"}});
  Weights target = weights({{"AAA", 0.25}, {"BBB", 0.25}, {"CCC", 0.5}});
  RebalanceRules rules;
  TradeLimits limits;  // that the gate keeps; the plan is proved without
  FakeBroker broker;
  MemoryTradingSwitch trading_switch;
  MemoryRunStore store;
  FakeClock clock{Instant::from_seconds(1'795'000'000)};
  RecordingEvents events;
  ExecutorSettings settings;
  OrderPlan plan{{}, {}, {}, {}, Money(Decimal(), Currency::usd()), false};
  std::optional<PlanProof> proof;
  std::optional<Gate> gate;

  ExecutionScene() {
    broker.clock = &clock;
    broker.can.simulated = true;
    broker.can.dedupe = BrokerCapabilities::Dedupe::permanent;
    broker.can.lookup = BrokerCapabilities::Lookup::by_client_id;
    broker.can.cost_rate = decimal("0.0005");
    rules.cash_buffer = Decimal::whole(250);
    RunRecord run;
    run.id = run_id;
    run.portfolio = "default";
    run.started_at = clock.now();
    REQUIRE(store.begin_run(run));
    store.writes = 0;
    make_plan();
    gate.emplace(Paper::enter(broker, "fake").value(), trading_switch);
    broker.calls.clear();
  }
  ExecutionScene(const ExecutionScene&) = delete;
  ExecutionScene& operator=(const ExecutionScene&) = delete;

  void make_plan() {
    plan = plan_orders(book_before, target, prices, rules, broker.can).value();
    auto proved = check_plan(plan, book_before, prices, rules, {}, broker.can);
    REQUIRE_MESSAGE(proved.has_value(), (proved ? "" : proved.error().message));
    proof = *proved;
    REQUIRE(plan.orders.size() == 3);
    REQUIRE(plan.orders[0].side == Side::sell);
    broker.cash = book_before.cash.amount();
    broker.shares.clear();
    for (const Position& position : book_before.positions) {
      broker.shares[position.symbol] = position.quantity.decimal();
    }
    broker.marks = prices;
  }

  [[nodiscard]] Executor executor() { return {*gate, store, clock, events, settings}; }
  [[nodiscard]] ExecutionRules execution_rules() const {
    return {"default", Date(), rules, limits, broker.can, [](Date) { return 0; }};
  }
  [[nodiscard]] ExecutionRequest request_for(const OrderPlan& wanted) const {
    Decimal equity = book_before.cash.amount();
    std::map<Symbol, Date> dates;
    for (const auto& [name, price] : prices) {
      const Decimal held = book_before.quantity_of(name).decimal();
      equity = add(equity, multiply(held, price.decimal(), Rounding::half_even).value()).value();
      dates.emplace(name, Date());
    }
    return {run_id, wanted, *proof, Money(equity, Currency::usd()), std::move(dates), "{}"};
  }
  [[nodiscard]] Result<ExecutionSummary> execute(std::stop_token stop = {}) {
    return executor().execute(request_for(plan), execution_rules(), stop);
  }
  // A new process goes on with what is in the journal.
  [[nodiscard]] Result<ExecutionSummary> resume(std::stop_token stop = {}) {
    return executor().resume(store.plan_of(run_id).value().value(), execution_rules(), stop);
  }
  // A new process ends what is in the journal.
  [[nodiscard]] Result<SettlementSummary> settle(std::stop_token stop = {}) {
    return executor().settle(broker.can, "its run was interrupted", stop);
  }
  [[nodiscard]] std::chrono::milliseconds lookup_lag() const { return std::chrono::seconds(broker.can.lookup_lag_s); }
  [[nodiscard]] std::string id(std::size_t place) const {
    return client_order_id(run_id, plan.orders[place].symbol, plan.orders[place].side, 1);
  }
  [[nodiscard]] OrderRecord journaled(std::size_t place) { return store.orders_of(run_id).value().at(place); }

  // What must hold whatever happened: no order accepted twice, no more filled than intended, cash above the buffer, and
  // the journal says of every order what the broker says, or that it is not known.
  void check_truth() {
    CHECK(broker.cash >= rules.cash_buffer);
    std::map<std::string, const FakeBroker::Held*> truth;
    for (const auto& held : broker.held()) {
      CHECK_MESSAGE(broker.accepted(held.order.client_id) <= 1, held.order.client_id);
      truth[held.order.client_id] = &held;
    }
    const std::vector<OrderRecord> records = store.orders_of(run_id).value();
    std::set<std::string> known;
    for (const OrderRecord& record : records) {
      known.insert(record.order.client_id);
      const auto here = truth.find(record.order.client_id);
      CAPTURE(record.order.client_id);
      CAPTURE(name_of(record.state));
      if (here == truth.end()) {
        CHECK(record.state != OrderState::filled);
        CHECK(record.report.filled.decimal().is_zero());
        continue;
      }
      if (!is_terminal(record.state)) continue;
      CHECK(record.state == here->second->report.state);
      CHECK(record.report.filled == here->second->report.filled);
      CHECK(record.report.fee == here->second->report.fee);
    }
    for (const auto& [id, held] : truth) CHECK_MESSAGE(known.contains(id), id);
  }
};

}  // namespace rebalancer::test
