// An account, a proved plan for it, a broker, a journal and an executor: the stage for tests of execution.
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
  FakeBroker broker;
  MemoryRunStore store;
  FakeClock clock{Instant::from_seconds(1'795'000'000)};
  RecordingEvents events;
  ExecutorSettings settings;
  OrderPlan plan{{}, {}, {}, {}, Money(Decimal(), Currency::usd()), false};
  std::optional<PlanProof> proof;

  ExecutionScene() {
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
  }

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

  [[nodiscard]] Executor executor() { return {broker, store, clock, events, settings}; }
  [[nodiscard]] Result<ExecutionSummary> execute(std::stop_token stop = {}) {
    return executor().execute(run_id, plan, *proof, rules, broker.can, stop);
  }
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
