// What every journal must do. Included by the tests of each implementation: check_run_store([] { return store; }).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/journal_builders.hpp"
#include "support/run_store_contract_chain.hpp"
#include "support/run_store_contract_fills.hpp"

namespace rebalancer::test {

// A journal in which run aa11 has begun.
inline void check_runs_and_orders(RunStore& store) {
  const PlanRecord plan = plan_record("aa11");
  SUBCASE("a run begins once and finishes once") {
    CHECK(code_of(store.begin_run(run_record("aa11"))) == "conflict");
    CHECK(code_of(finish(store, run_record("aa11"))) == "invalid");
    CHECK(finish(store, ended(run_record("aa11"))));
    CHECK(code_of(finish(store, ended(run_record("aa11")))) == "conflict");
    CHECK(code_of(finish(store, ended(run_record("ffff")))) == "not_found");
    const RunRecord read = store.run("aa11").value().value();
    CHECK(read.portfolio == "default");
    CHECK(read.session == session_day(20));
    CHECK(read.started_at == Instant::from_seconds(1000));
    CHECK(read.finished_at == Instant::from_seconds(1005));
    CHECK(read.outcome == "traded");
    CHECK(read.reason == "5 of 5 orders filled");
    CHECK(read.report_json == "{\"a\": 1}");
    CHECK(read.mode == "paper");
    CHECK(read.broker == "paper");
  }
  SUBCASE("a run is found by a unique beginning of its id") {
    REQUIRE(store.begin_run(run_record("aa12", 20, 1001)));
    REQUIRE(store.begin_run(run_record("aa", 20, 1002)));
    CHECK(store.run("aa12").value()->id == "aa12");
    CHECK(store.run("aa").value()->id == "aa");  // a whole id is not ambiguous
    CHECK(code_of(store.run("a")) == "conflict");
    CHECK(code_of(store.run("")) == "invalid");
    CHECK_FALSE(store.run("b").value().has_value());
    CHECK_FALSE(store.run("aa%").value().has_value());
    const auto newest = store.runs(2).value();
    REQUIRE(newest.size() == 2);
    CHECK(newest[0].id == "aa");
    CHECK(newest[1].id == "aa12");
    CHECK(store.runs(0).value().empty());
    CHECK(store.runs(-1).value().empty());
  }
  SUBCASE("intents are all written or none is") {
    CHECK(code_of(store.commit_plan(plan, {intent("aa11", 1, "x"), intent("aa11", 2, "x")})) == "conflict");
    CHECK(store.orders_of("aa11").value().empty());
    CHECK(code_of(store.commit_plan(plan, {intent("aa11", 1, "x"), intent("bbbb", 1, "y")})) == "invalid");
    CHECK(store.orders_of("aa11").value().empty());
    CHECK(code_of(store.commit_plan(plan, {intent("aa11", 1, "x"), intent("aa11", 1, "y")})) == "conflict");
    CHECK(store.orders_of("aa11").value().empty());
    OrderRecord sent = intent("aa11", 1, "x");
    sent.state = OrderState::sending;
    CHECK(code_of(store.commit_plan(plan, {sent})) == "invalid");
    CHECK(
        store.commit_plan(plan, {intent("aa11", 1, "x", "0.000000001", Side::sell, "BRK.B"), intent("aa11", 2, "y")}));
    REQUIRE(store.begin_run(run_record("bb22")));
    CHECK(code_of(store.commit_plan(plan_record("bb22"), {intent("bb22", 1, "y")})) == "conflict");
    CHECK(store.orders_of("bb22").value().empty());
    const auto orders = store.orders_of("aa11").value();
    REQUIRE(orders.size() == 2);
    CHECK(orders[0].order.client_id == "x");
    CHECK(orders[0].order.symbol == symbol("BRK.B"));
    CHECK(orders[0].order.side == Side::sell);
    CHECK(orders[0].order.quantity.to_string() == "0.000000001");
    CHECK(orders[0].order.limit == price("101"));
    CHECK(orders[0].reference == price("100"));
    CHECK(orders[0].price_date == session_day(19));
    CHECK(orders[0].cost_max == decimal("0.35"));
    CHECK(orders[0].reason == "because");
    CHECK(orders[0].sequence == 1);
    CHECK(orders[0].run_id == "aa11");
    CHECK(orders[0].state == OrderState::intent);
    CHECK(store.orders(1).value().at(0).order.client_id == "y");
  }
  SUBCASE("a market order has no limit") {
    OrderRecord market = intent("aa11", 1, "x");
    market.order.limit.reset();
    market.reference.reset();
    market.price_date.reset();
    REQUIRE(store.commit_plan(plan, {market}));
    CHECK_FALSE(store.orders_of("aa11").value().at(0).order.limit.has_value());
    CHECK_FALSE(store.orders_of("aa11").value().at(0).reference.has_value());
    CHECK_FALSE(store.orders_of("aa11").value().at(0).price_date.has_value());
  }
  SUBCASE("exactly the legal transitions are taken, from every state to every state") {
    using enum OrderState;
    const std::vector<std::vector<OrderState>> ways = {{},
                                                       {sending},
                                                       {sending, acknowledged},
                                                       {sending, unknown},
                                                       {sending, partial},
                                                       {sending, filled},
                                                       {sending, cancelled},
                                                       {sending, rejected},
                                                       {sending, parked}};
    int number = 0;
    for (const auto& way : ways) {
      const OrderState from = way.empty() ? intent : way.back();
      for (int to = 0; to <= static_cast<int>(parked); ++to) {
        const std::string id = "o" + std::to_string(++number);
        REQUIRE(store.begin_run(run_record("run-" + id)));
        REQUIRE(store.commit_plan(plan_record("run-" + id), {test::intent("run-" + id, 1, id)}));
        for (const OrderState step : way) REQUIRE(store.update_order(report_of(id, step)));
        const auto state = static_cast<OrderState>(to);
        CAPTURE(name_of(from));
        CAPTURE(name_of(state));
        CHECK(code_of(store.update_order(report_of(id, state))) == (is_legal(from, state) ? "ok" : "conflict"));
        CHECK(store.orders(1).value().at(0).state == (is_legal(from, state) ? state : from));
      }
    }
    CHECK(code_of(store.update_order(report_of("nobody", sending))) == "not_found");
  }
  SUBCASE("what filled never becomes less nor more than the order, and an answer is not unsaid") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "x")}));
    REQUIRE(store.update_order(report_of("x", OrderState::sending)));
    OrderReport partial = report_of("x", OrderState::partial, "4", "100.5");
    partial.fee = decimal("0.02");
    REQUIRE(store.update_order(partial));
    CHECK(code_of(store.update_order(report_of("x", OrderState::partial, "3"))) == "conflict");
    CHECK(code_of(store.update_order(report_of("x", OrderState::partial, "10.000000001"))) == "conflict");
    OrderReport bare = report_of("x", OrderState::cancelled, "4");
    bare.broker_id.clear();
    bare.reason = "not filled in time";
    REQUIRE(store.update_order(bare));
    const OrderRecord read = store.orders_of("aa11").value().at(0);
    CHECK(read.report.broker_id == "b-x");
    CHECK(read.report.average_price == price("100.5"));
    CHECK(read.report.fee == decimal("0.02"));
    CHECK(read.report.reason == "not filled in time");
    CHECK(read.report.state == OrderState::cancelled);
    CHECK(read.report.filled.to_string() == "4");
    // A fill that arrives after the cancellation was confirmed is still a fill.
    CHECK(store.update_order(report_of("x", OrderState::cancelled, "5", "100.6")));
  }
  SUBCASE("open orders are those not ended, oldest first") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "a"), intent("aa11", 2, "b"), intent("aa11", 3, "c")}));
    REQUIRE(store.update_order(report_of("b", OrderState::cancelled)));
    REQUIRE(store.update_order(report_of("c", OrderState::sending)));
    REQUIRE(store.update_order(report_of("c", OrderState::unknown)));
    const auto open = store.open_orders().value();
    REQUIRE(open.size() == 2);
    CHECK(open[0].order.client_id == "a");
    CHECK(open[1].order.client_id == "c");
  }
  SUBCASE("a session is traded from the moment an order may have left") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "a"), intent("aa11", 2, "b")}));
    const auto traded = [&](int day) { return store.traded_run("default", session_day(day)).value(); };
    CHECK_FALSE(traded(20).has_value());
    REQUIRE(store.update_order(report_of("a", OrderState::cancelled)));
    CHECK_FALSE(traded(20).has_value());
    REQUIRE(store.update_order(report_of("b", OrderState::sending)));
    REQUIRE(traded(20).has_value());
    CHECK(traded(20)->id == "aa11");
    REQUIRE(store.update_order(report_of("b", OrderState::rejected)));
    CHECK(traded(20).has_value());
    CHECK_FALSE(traded(21).has_value());
    CHECK_FALSE(store.traded_run("other", session_day(20)).value().has_value());
    // Of two, the latest.
    REQUIRE(store.begin_run(run_record("bb22", 20, 2'000)));
    CHECK(traded(20)->id == "aa11");
    REQUIRE(store.commit_plan(plan_record("bb22"), {intent("bb22", 1, "c")}));
    REQUIRE(store.update_order(report_of("c", OrderState::sending)));
    CHECK(traded(20)->id == "bb22");
  }
}

template <class MakeStore>
void check_run_store(MakeStore make_store) {
  auto store = make_store();
  REQUIRE(store->begin_run(run_record("aa11")));
  check_runs_and_orders(*store);
  check_fills(*store);
  check_plans(*store);
  check_chain(*store);
  check_books(*store);
}

}  // namespace rebalancer::test
