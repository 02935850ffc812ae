// What every journal must do. Included by the tests of each implementation: check_run_store([] { return store; }).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/ports/run_store.hpp"
#include "support/portfolio_builders.hpp"

namespace rebalancer::test {

inline Date session_day(int day) { return Date::make(2026, 11, static_cast<unsigned>(day)).value(); }
inline Price price(const std::string& text) { return Price::make(decimal(text)).value(); }

inline RunRecord run_record(const std::string& id, int day = 20, std::int64_t started_s = 1000) {
  RunRecord run;
  run.id = id;
  run.portfolio = "default";
  run.session = session_day(day);
  run.started_at = Instant::from_seconds(started_s);
  run.mode = "paper";
  return run;
}

inline OrderRecord intent(const std::string& run_id, int sequence, const std::string& client_id,
                          const std::string& quantity = "10", Side side = Side::buy, const std::string& name = "SPY") {
  Order order{client_id, symbol(name), side, Quantity(decimal(quantity)), price("101")};
  OrderReport report;
  report.client_id = client_id;
  report.state = OrderState::intent;
  return {run_id, sequence, order, OrderState::intent, report, "because", price("100")};
}

inline OrderReport report_of(const std::string& client_id, OrderState state, const std::string& filled = "0",
                             const std::string& average = "") {
  OrderReport report;
  report.client_id = client_id;
  report.broker_id = "b-" + client_id;
  report.state = state;
  report.filled = Quantity(decimal(filled));
  if (!average.empty()) report.average_price = price(average);
  return report;
}

inline Fill fill_of(const std::string& id, const std::string& client_id, const std::string& quantity,
                    const std::string& at = "100.5") {
  return {id,
          client_id,
          symbol("SPY"),
          Side::buy,
          Quantity(decimal(quantity)),
          price(at),
          Money(decimal("0.01"), Currency::usd()),
          Instant::from_seconds(2000)};
}

template <class MakeStore>
void check_run_store(MakeStore make_store) {
  const auto code = [](const auto& result) {
    return result.has_value() ? "ok" : std::string(name_of(result.error().code));
  };
  auto store = make_store();
  REQUIRE(store->begin_run(run_record("aa11")));

  SUBCASE("a run begins once and finishes once") {
    CHECK(code(store->begin_run(run_record("aa11"))) == "conflict");
    RunRecord ended = run_record("aa11");
    CHECK(code(store->finish_run(ended)) == "invalid");
    ended.finished_at = Instant::from_seconds(1005);
    ended.outcome = "traded";
    ended.reason = "5 of 5 orders filled";
    ended.exit_code = 0;
    ended.report_json = "{\"a\": 1}";
    CHECK(store->finish_run(ended));
    CHECK(code(store->finish_run(ended)) == "conflict");
    RunRecord other = ended;
    other.id = "ffff";
    CHECK(code(store->finish_run(other)) == "not_found");
    const RunRecord read = store->run("aa11").value().value();
    CHECK(read.portfolio == "default");
    CHECK(read.session == session_day(20));
    CHECK(read.started_at == Instant::from_seconds(1000));
    CHECK(read.finished_at == Instant::from_seconds(1005));
    CHECK(read.outcome == "traded");
    CHECK(read.reason == "5 of 5 orders filled");
    CHECK(read.report_json == "{\"a\": 1}");
    CHECK(read.mode == "paper");
  }
  SUBCASE("a run is found by a unique beginning of its id") {
    REQUIRE(store->begin_run(run_record("aa12", 20, 1001)));
    REQUIRE(store->begin_run(run_record("aa", 20, 1002)));
    CHECK(store->run("aa12").value()->id == "aa12");
    CHECK(store->run("aa").value()->id == "aa");  // a whole id is not ambiguous
    CHECK(code(store->run("a")) == "conflict");
    CHECK(code(store->run("")) == "invalid");
    CHECK_FALSE(store->run("b").value().has_value());
    CHECK_FALSE(store->run("aa%").value().has_value());
    const auto newest = store->runs(2).value();
    REQUIRE(newest.size() == 2);
    CHECK(newest[0].id == "aa");
    CHECK(newest[1].id == "aa12");
    CHECK(store->runs(0).value().empty());
    CHECK(store->runs(-1).value().empty());
  }
  SUBCASE("intents are all written or none is") {
    CHECK(code(store->add_intents({intent("aa11", 1, "x"), intent("aa11", 2, "x")})) == "conflict");
    CHECK(store->orders_of("aa11").value().empty());
    CHECK(code(store->add_intents({intent("aa11", 1, "x"), intent("bbbb", 1, "y")})) == "not_found");
    CHECK(store->orders_of("aa11").value().empty());
    CHECK(code(store->add_intents({intent("aa11", 1, "x"), intent("aa11", 1, "y")})) == "conflict");
    CHECK(store->orders_of("aa11").value().empty());
    OrderRecord sent = intent("aa11", 1, "x");
    sent.state = OrderState::sending;
    CHECK(code(store->add_intents({sent})) == "invalid");
    CHECK(store->add_intents({intent("aa11", 1, "x", "0.000000001", Side::sell, "BRK.B"), intent("aa11", 2, "y")}));
    CHECK(code(store->add_intents({intent("aa11", 3, "y")})) == "conflict");
    const auto orders = store->orders_of("aa11").value();
    REQUIRE(orders.size() == 2);
    CHECK(orders[0].order.client_id == "x");
    CHECK(orders[0].order.symbol == symbol("BRK.B"));
    CHECK(orders[0].order.side == Side::sell);
    CHECK(orders[0].order.quantity.to_string() == "0.000000001");
    CHECK(orders[0].order.limit == price("101"));
    CHECK(orders[0].reference == price("100"));
    CHECK(orders[0].reason == "because");
    CHECK(orders[0].sequence == 1);
    CHECK(orders[0].run_id == "aa11");
    CHECK(orders[0].state == OrderState::intent);
    CHECK(store->orders(1).value().at(0).order.client_id == "y");
  }
  SUBCASE("a market order has no limit") {
    OrderRecord market = intent("aa11", 1, "x");
    market.order.limit.reset();
    market.reference.reset();
    REQUIRE(store->add_intents({market}));
    CHECK_FALSE(store->orders_of("aa11").value().at(0).order.limit.has_value());
    CHECK_FALSE(store->orders_of("aa11").value().at(0).reference.has_value());
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
        REQUIRE(store->add_intents({test::intent("aa11", number, id)}));
        for (const OrderState step : way) REQUIRE(store->update_order(report_of(id, step)));
        const auto state = static_cast<OrderState>(to);
        CAPTURE(name_of(from));
        CAPTURE(name_of(state));
        CHECK(code(store->update_order(report_of(id, state))) == (is_legal(from, state) ? "ok" : "conflict"));
        CHECK(store->orders(1).value().at(0).state == (is_legal(from, state) ? state : from));
      }
    }
    CHECK(code(store->update_order(report_of("nobody", sending))) == "not_found");
  }
  SUBCASE("what filled never becomes less nor more than the order, and an answer is not unsaid") {
    REQUIRE(store->add_intents({intent("aa11", 1, "x")}));
    REQUIRE(store->update_order(report_of("x", OrderState::sending)));
    OrderReport partial = report_of("x", OrderState::partial, "4", "100.5");
    partial.fee = decimal("0.02");
    REQUIRE(store->update_order(partial));
    CHECK(code(store->update_order(report_of("x", OrderState::partial, "3"))) == "conflict");
    CHECK(code(store->update_order(report_of("x", OrderState::partial, "10.000000001"))) == "conflict");
    OrderReport bare = report_of("x", OrderState::cancelled, "4");
    bare.broker_id.clear();
    bare.reason = "not filled in time";
    REQUIRE(store->update_order(bare));
    const OrderRecord read = store->orders_of("aa11").value().at(0);
    CHECK(read.report.broker_id == "b-x");
    CHECK(read.report.average_price == price("100.5"));
    CHECK(read.report.fee == decimal("0.02"));
    CHECK(read.report.reason == "not filled in time");
    CHECK(read.report.state == OrderState::cancelled);
    CHECK(read.report.filled.to_string() == "4");
    // A fill that arrives after the cancellation was confirmed is still a fill.
    CHECK(store->update_order(report_of("x", OrderState::cancelled, "5", "100.6")));
  }
  SUBCASE("open orders are those not ended, oldest first") {
    REQUIRE(store->add_intents({intent("aa11", 1, "a"), intent("aa11", 2, "b"), intent("aa11", 3, "c")}));
    REQUIRE(store->update_order(report_of("b", OrderState::cancelled)));
    REQUIRE(store->update_order(report_of("c", OrderState::sending)));
    REQUIRE(store->update_order(report_of("c", OrderState::unknown)));
    const auto open = store->open_orders().value();
    REQUIRE(open.size() == 2);
    CHECK(open[0].order.client_id == "a");
    CHECK(open[1].order.client_id == "c");
  }
  SUBCASE("a session is traded from the moment an order may have left") {
    REQUIRE(store->add_intents({intent("aa11", 1, "a"), intent("aa11", 2, "b")}));
    const auto traded = [&](int day) { return store->traded_run("default", session_day(day)).value(); };
    CHECK_FALSE(traded(20).has_value());
    REQUIRE(store->update_order(report_of("a", OrderState::cancelled)));
    CHECK_FALSE(traded(20).has_value());
    REQUIRE(store->update_order(report_of("b", OrderState::sending)));
    REQUIRE(traded(20).has_value());
    CHECK(traded(20)->id == "aa11");
    REQUIRE(store->update_order(report_of("b", OrderState::rejected)));
    CHECK(traded(20).has_value());
    CHECK_FALSE(traded(21).has_value());
    CHECK_FALSE(store->traded_run("other", session_day(20)).value().has_value());
  }
  SUBCASE("a fill is applied once; told otherwise it is a conflict, and nothing of that batch is applied") {
    REQUIRE(store->add_intents({intent("aa11", 1, "x"), intent("aa11", 2, "s", "10", Side::sell)}));
    CHECK(store->add_fills({fill_of("f1", "x", "4"), fill_of("f2", "x", "3"), fill_of("f1", "x", "4")}).value() == 2);
    CHECK(store->add_fills({fill_of("f2", "x", "3"), fill_of("f1", "x", "4")}).value() == 0);
    Fill restated = fill_of("f1", "x", "4");
    restated.at = Instant::from_seconds(2001);  // the same second, told in milliseconds
    CHECK(store->add_fills({restated}).value() == 0);
    CHECK(code(store->add_fills({fill_of("f3", "x", "1"), fill_of("f1", "x", "5")})) == "conflict");
    CHECK(code(store->add_fills({fill_of("f3", "x", "1"), fill_of("f1", "x", "4", "100.51")})) == "conflict");
    CHECK(code(store->add_fills({fill_of("f3", "s", "1")})) == "conflict");  // a buy's fill for a sell
    CHECK(code(store->add_fills({fill_of("f3", "nobody", "1")})) == "not_found");
    const auto fills = store->fills_of("x").value();
    REQUIRE(fills.size() == 2);
    CHECK(fills[0].id == "f1");
    CHECK(fills[0].quantity.to_string() == "4");
    CHECK(fills[0].price == price("100.5"));
    CHECK(fills[0].fee.to_string() == "0.01 USD");
    CHECK(fills[0].at == Instant::from_seconds(2000));
    CHECK(store->fills_of("s").value().empty());
  }
  SUBCASE("an answer and the fills it counts are written together or not at all") {
    REQUIRE(store->add_intents({intent("aa11", 1, "x")}));
    REQUIRE(store->update_order(report_of("x", OrderState::sending)));
    REQUIRE(store->record_answer(report_of("x", OrderState::partial, "4", "100.5"), {fill_of("f1", "x", "4")}));
    const OrderReport whole = report_of("x", OrderState::filled, "10", "100.5");
    CHECK(code(store->record_answer(whole, {fill_of("f2", "x", "6"), fill_of("f1", "x", "5")})) == "conflict");
    CHECK(code(store->record_answer(report_of("x", OrderState::rejected), {fill_of("f2", "x", "6")})) == "conflict");
    CHECK(store->orders_of("aa11").value().at(0).state == OrderState::partial);
    CHECK(store->fills_of("x").value().size() == 1);
    CHECK(store->record_answer(whole, {fill_of("f1", "x", "4"), fill_of("f2", "x", "6")}));
    CHECK(store->orders_of("aa11").value().at(0).state == OrderState::filled);
    CHECK(store->fills_of("x").value().size() == 2);
  }
  SUBCASE("traded value counts fills at their prices and what open orders may still take") {
    REQUIRE(store->add_intents({intent("aa11", 1, "a"), intent("aa11", 2, "b"), intent("aa11", 3, "c")}));
    const auto value = [&] { return store->traded_value("default", session_day(20)).value().to_string(); };
    CHECK(value() == "0");
    REQUIRE(store->update_order(report_of("a", OrderState::sending)));
    CHECK(value() == "1010");  // 10 at the limit 101
    REQUIRE(store->update_order(report_of("a", OrderState::partial, "4", "100.5")));
    REQUIRE(store->add_fills({fill_of("f1", "a", "4")}));
    CHECK(value() == "1008");  // 4 * 100.5 + 6 * 101
    REQUIRE(store->update_order(report_of("a", OrderState::cancelled, "4", "100.5")));
    CHECK(value() == "402");
    REQUIRE(store->update_order(report_of("b", OrderState::sending)));
    REQUIRE(store->update_order(report_of("b", OrderState::filled, "10", "100")));
    CHECK(value() == "1402");  // the report is ahead of its fills
    CHECK(store->traded_value("default", session_day(21)).value().is_zero());
    CHECK(store->traded_value("other", session_day(20)).value().is_zero());
  }
  SUBCASE("fills told in any order, in pieces and again and again add up to the same") {
    REQUIRE(store->add_intents({intent("aa11", 1, "x", "1000")}));
    Random random(7);
    std::vector<Fill> truth;
    for (int i = 1; i <= 40; ++i) {
      truth.push_back(fill_of("f" + std::to_string(i), "x", std::to_string(1 + random.below(20))));
    }
    std::size_t added = 0;
    for (int round = 0; round < 60; ++round) {
      std::vector<Fill> batch;
      for (std::uint64_t i = random.below(6); i > 0; --i) batch.push_back(truth[random.below(truth.size())]);
      added += store->add_fills(batch).value();
    }
    added += store->add_fills(truth).value();
    CHECK(added == truth.size());
    Decimal told;
    Decimal expected;
    const std::vector<Fill> kept = store->fills_of("x").value();
    for (const Fill& fill : kept) told = add(told, fill.quantity.decimal()).value();
    for (const Fill& fill : truth) expected = add(expected, fill.quantity.decimal()).value();
    CHECK(told == expected);
  }
}

}  // namespace rebalancer::test
