// What every journal must do with plans, histories, seals, its owner and books. Part of run_store_contract.hpp.
#pragma once
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/journal_builders.hpp"

namespace rebalancer::test {

inline std::string text_of(const std::vector<Position>& positions) {
  std::string text;
  for (const Position& position : positions) {
    text += (text.empty() ? "" : ", ") + position.quantity.to_string() + " " + position.symbol.str();
  }
  return text;
}

// In all of these run aa11 has begun.
inline void check_plans(RunStore& store) {
  const PlanRecord plan = plan_record("aa11");
  SUBCASE("a plan and its intents are written together, once") {
    CHECK_FALSE(store.plan_of("aa11").value().has_value());
    CHECK(code_of(store.commit_plan(plan_record("bbbb"), {})) == "not_found");
    CHECK(code_of(store.commit_plan(plan, {intent("aa11", 1, "x"), intent("aa11", 1, "y")})) == "conflict");
    CHECK_FALSE(store.plan_of("aa11").value().has_value());
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "x")}));
    const PlanRecord read = store.plan_of("aa11").value().value();
    CHECK(read.run_id == "aa11");
    CHECK(read.cash_before == plan.cash_before);
    CHECK(read.cash_floor == plan.cash_floor);
    CHECK(read.equity == plan.equity);
    CHECK(read.draft == plan.draft);
    CHECK(code_of(store.commit_plan(plan, {intent("aa11", 2, "y")})) == "conflict");
    CHECK(store.orders_of("aa11").value().size() == 1);
    CHECK_FALSE(store.plan_of("aa1").value().has_value());  // a whole id, not its beginning
  }
  SUBCASE("a plan may have no orders; a run that has finished plans nothing more") {
    REQUIRE(store.begin_run(run_record("bb22")));
    CHECK(store.commit_plan(plan_record("bb22"), {}));
    REQUIRE(finish(store, ended(run_record("aa11"))));
    CHECK(code_of(store.commit_plan(plan, {})) == "conflict");
    CHECK_FALSE(store.plan_of("aa11").value().has_value());
  }
  SUBCASE("the end of a run drops the draft and keeps the rest of its plan") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "x")}));
    REQUIRE(finish(store, ended(run_record("aa11"))));
    const PlanRecord read = store.plan_of("aa11").value().value();
    CHECK(read.draft.empty());
    CHECK(read.equity == plan.equity);
  }
  SUBCASE("an order is found by its whole client id") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "x"), intent("aa11", 2, "xy")}));
    CHECK(store.order("xy").value()->sequence == 2);
    CHECK(store.order("x").value()->sequence == 1);
    CHECK_FALSE(store.order("").value().has_value());
    CHECK_FALSE(store.order("z").value().has_value());
  }
  SUBCASE("the history of an order is every step as it was told, and nothing that was refused") {
    OrderRecord planned = intent("aa11", 1, "x");
    planned.report.at = Instant::from_seconds(1001);
    REQUIRE(store.commit_plan(plan, {planned, intent("aa11", 2, "y")}));
    OrderReport step = report_of("x", OrderState::sending);
    step.broker_id.clear();
    step.at = Instant::from_seconds(1002);
    REQUIRE(store.update_order(step));
    step = report_of("x", OrderState::partial, "4", "100.5");
    step.fee = decimal("0.02");
    step.at = Instant::from_seconds(1003);
    REQUIRE(store.record_answer(step, {fill_of("f1", "x", "4")}));
    CHECK_FALSE(store.update_order(report_of("x", OrderState::rejected)));
    CHECK_FALSE(store.record_answer(step, {fill_of("f1", "x", "5")}));
    OrderReport bare = report_of("x", OrderState::cancelled, "4");
    bare.broker_id.clear();
    bare.reason = "not filled in time";
    bare.at = Instant::from_seconds(1004);
    REQUIRE(store.update_order(bare));
    const auto told = store.history_of("x").value();
    REQUIRE(told.size() == 4);
    const std::vector<OrderState> states = {OrderState::intent, OrderState::sending, OrderState::partial,
                                            OrderState::cancelled};
    for (std::size_t i = 0; i < told.size(); ++i) {
      CHECK(told[i].client_id == "x");
      CHECK(told[i].state == states[i]);
      CHECK(told[i].at == Instant::from_seconds(1001 + static_cast<std::int64_t>(i)));
    }
    CHECK(told[2].broker_id == "b-x");
    CHECK(told[2].filled.to_string() == "4");
    CHECK(told[2].average_price == price("100.5"));
    CHECK(told[2].fee == decimal("0.02"));
    CHECK(told[3].broker_id.empty());
    CHECK_FALSE(told[3].average_price.has_value());
    CHECK(told[3].reason == "not filled in time");
    CHECK(store.order("x").value()->report.at == Instant::from_seconds(1004));
    CHECK(store.history_of("y").value().size() == 1);
    CHECK(store.history_of("z").value().empty());
  }
  SUBCASE("orders count as sent from the moment they may have left") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "a"), intent("aa11", 2, "b"), intent("aa11", 3, "c")}));
    const auto sent = [&](int day) { return store.sent_orders("default", session_day(day)).value(); };
    REQUIRE(store.update_order(report_of("a", OrderState::cancelled)));
    CHECK(sent(20).empty());
    REQUIRE(store.update_order(report_of("b", OrderState::sending)));
    REQUIRE(store.update_order(report_of("c", OrderState::sending)));
    REQUIRE(store.update_order(report_of("b", OrderState::rejected)));
    CHECK(sent(20) == std::vector<std::string>{"b", "c"});
    CHECK(sent(21).empty());
    CHECK(store.sent_orders("other", session_day(20)).value().empty());
  }
}

inline void check_chain(RunStore& store) {
  SUBCASE("unfinished runs are those without an end, oldest first") {
    RunRecord other = run_record("cc33", 20, 900);
    other.portfolio = "other";
    REQUIRE(store.begin_run(other));
    REQUIRE(store.begin_run(run_record("bb22", 20, 950)));
    REQUIRE(store.begin_run(run_record("dd44", 20, 1100)));
    auto left = store.unfinished_runs("default").value();
    REQUIRE(left.size() == 3);
    CHECK(left[0].id == "bb22");
    CHECK(left[1].id == "aa11");
    CHECK(left[2].id == "dd44");
    REQUIRE(finish(store, ended(run_record("aa11"))));
    left = store.unfinished_runs("default").value();
    REQUIRE(left.size() == 2);
    CHECK(left[1].id == "dd44");
    CHECK(store.unfinished_runs("third").value().empty());
  }
  SUBCASE("every end adds one seal that follows the last") {
    CHECK_FALSE(store.last_seal().value().has_value());
    REQUIRE(store.begin_run(run_record("bb22")));
    REQUIRE(finish(store, ended(run_record("bb22")), std::nullopt, 'b'));
    REQUIRE(finish(store, ended(run_record("aa11")), std::nullopt, 'c'));
    const auto seals = store.seals().value();
    REQUIRE(seals.size() == 2);
    CHECK(seals[0].sequence == 1);
    CHECK(seals[0].run_id == "bb22");
    CHECK(seals[0].sha256 == digest_of('b'));
    CHECK(seals[0].previous == digest_of('0'));
    CHECK(seals[1].sequence == 2);
    CHECK(seals[1].previous == digest_of('b'));
    CHECK(store.last_seal().value()->run_id == "aa11");
  }
  SUBCASE("a seal that does not follow is a conflict that names both, and the run goes on") {
    REQUIRE(store.begin_run(run_record("bb22")));
    REQUIRE(finish(store, ended(run_record("bb22")), std::nullopt, 'b'));
    REQUIRE(store.commit_plan(plan_record("aa11"), {intent("aa11", 1, "x")}));
    const auto seal = [](std::int64_t sequence, char previous) {
      return SealRecord{sequence, "aa11", digest_of('c'), digest_of(previous)};
    };
    const Book held = book("1000", {{"SPY", "3"}});
    for (const SealRecord& wrong : {seal(1, '0'), seal(1, 'b'), seal(3, 'b'), seal(2, '0'), seal(2, 'c')}) {
      const auto refused = store.finish_run(ended(run_record("aa11")), wrong, held);
      CHECK(code_of(refused) == "conflict");
      CHECK(refused.error().message.find("seal " + std::to_string(wrong.sequence)) != std::string::npos);
      CHECK(refused.error().message.find(wrong.previous) != std::string::npos);
      CHECK(refused.error().message.find("seal 2") != std::string::npos);
      CHECK(refused.error().message.find(digest_of('b')) != std::string::npos);
    }
    CHECK_FALSE(store.run("aa11").value()->finished_at.has_value());
    CHECK(store.run("aa11").value()->outcome.empty());
    CHECK(store.plan_of("aa11").value()->draft == plan_record("aa11").draft);
    CHECK(store.seals().value().size() == 1);
    CHECK_FALSE(store.expected_book("default").value().has_value());
    CHECK(store.finish_run(ended(run_record("aa11")), seal(2, 'b'), held));
  }
  SUBCASE("a seal is of its run and has digests") {
    const RunRecord run = ended(run_record("aa11"));
    REQUIRE(store.begin_run(run_record("bb22")));
    for (const std::string& digest :
         {std::string(), std::string(63, 'a'), std::string(65, 'a'), digest_of('g'), digest_of('A')}) {
      CHECK(code_of(store.finish_run(run, {1, "aa11", digest, digest_of('0')}, {})) == "invalid");
      CHECK(code_of(store.finish_run(run, {1, "aa11", digest_of('a'), digest}, {})) == "invalid");
    }
    CHECK(code_of(store.finish_run(run, {1, "bb22", digest_of('a'), digest_of('0')}, {})) == "invalid");
    CHECK(store.seals().value().empty());
    CHECK_FALSE(store.run("aa11").value()->finished_at.has_value());
  }
  SUBCASE("a journal belongs to the first account it is bound to") {
    const JournalOwner paper{"paper", "paper", false};
    CHECK(store.bind_owner(paper));
    CHECK(store.bind_owner(paper));
    const auto refused = store.bind_owner({"alpaca", "U123", true});
    CHECK(code_of(refused) == "conflict");
    CHECK(refused.error().message.find("paper account \"paper\" at paper") != std::string::npos);
    CHECK(refused.error().message.find("real money account \"U123\" at alpaca") != std::string::npos);
    CHECK(code_of(store.bind_owner({"paper", "paper", true})) == "conflict");
    CHECK(code_of(store.bind_owner({"paper", "other", false})) == "conflict");
    CHECK(code_of(store.bind_owner({"other", "paper", false})) == "conflict");
    CHECK(store.bind_owner(paper));
  }
  SUBCASE("real money takes no journal with orders of nobody knows whom") {
    REQUIRE(store.commit_plan(plan_record("aa11"), {intent("aa11", 1, "x")}));
    CHECK(code_of(store.bind_owner({"alpaca", "U123", true})) == "conflict");
    CHECK(store.bind_owner({"paper", "paper", false}));
  }
}

inline void check_books(RunStore& store) {
  SUBCASE("the expected book is the last one seen, and every fill since") {
    const auto expected = [&] { return store.expected_book("default").value().value(); };
    REQUIRE(store.commit_plan(plan_record("aa11"), {intent("aa11", 1, "x"), intent("aa11", 2, "z")}));
    REQUIRE(store.add_fills({fill_of("f1", "x", "4")}));
    CHECK_FALSE(store.expected_book("default").value().has_value());
    REQUIRE(finish(store, ended(run_record("aa11"), 1005), book("1000", {{"BND", "2"}, {"SPY", "4"}})));
    CHECK(expected().run_id == "aa11");
    CHECK(expected().seen_at == Instant::from_seconds(1005));
    CHECK(text_of(expected().book.positions) == "2 BND, 4 SPY");  // f1 was seen
    CHECK(expected().book.cash.to_string() == "1000 USD");
    CHECK(store.add_fills({fill_of("f1", "x", "4")}).value() == 0);
    CHECK(expected().book.cash.to_string() == "1000 USD");
    // Told late, of the run that has finished.
    REQUIRE(store.add_fills({fill_of("f2", "x", "1.5")}));
    CHECK(text_of(expected().book.positions) == "2 BND, 5.5 SPY");
    CHECK(expected().book.cash.to_string() == "849.24 USD");  // 1000 - 1.5 * 100.5 - 0.01
    // Of a run that was interrupted.
    REQUIRE(store.begin_run(run_record("bb22", 21, 2000)));
    REQUIRE(store.commit_plan(
        plan_record("bb22"), {intent("bb22", 1, "s", "10", Side::sell), intent("bb22", 2, "q", "10", Side::sell, "BND"),
                              intent("bb22", 3, "w", "10", Side::buy, "AGG")}));
    Fill sold = fill_of("f3", "s", "6");
    sold.side = Side::sell;
    REQUIRE(store.add_fills({sold}));
    CHECK(text_of(expected().book.positions) == "2 BND, -0.5 SPY");
    CHECK(expected().book.cash.to_string() == "1452.23 USD");  // + 6 * 100.5 - 0.01
    Fill rest = fill_of("f4", "q", "2", "10");
    rest.side = Side::sell;
    rest.symbol = symbol("BND");
    Fill bought = fill_of("f5", "w", "0.000000003", "0.5");  // worth 1.5 billionths: rounded to 2
    bought.symbol = symbol("AGG");
    REQUIRE(store.add_fills({rest, bought}));
    CHECK(text_of(expected().book.positions) == "0.000000003 AGG, -0.5 SPY");  // what is 0 is not held
    CHECK(expected().book.cash.to_string() == "1472.209999998 USD");
    CHECK(expected().run_id == "aa11");
    // A run that did not see the account says nothing about it; one that did has seen those fills.
    REQUIRE(finish(store, ended(run_record("bb22"), 2005), std::nullopt, 'b'));
    CHECK(expected().run_id == "aa11");
    CHECK(expected().book.cash.to_string() == "1472.209999998 USD");
    REQUIRE(store.begin_run(run_record("cc33", 22, 3000)));
    REQUIRE(finish(store, ended(run_record("cc33"), 3005), book("7", {}), 'c'));
    CHECK(expected().run_id == "cc33");
    CHECK(text_of(expected().book.positions).empty());
    CHECK(expected().book.cash.to_string() == "7 USD");
    CHECK_FALSE(store.expected_book("other").value().has_value());
  }
  SUBCASE("a fill that a report had counted when the book was seen is not counted again when it is told") {
    const auto expected = [&] { return store.expected_book("default").value().value().book; };
    REQUIRE(store.commit_plan(plan_record("aa11"), {intent("aa11", 1, "x"), intent("aa11", 2, "y")}));
    REQUIRE(store.update_order(report_of("x", OrderState::sending)));
    REQUIRE(store.record_answer(report_of("x", OrderState::filled, "10", "100.5"), {fill_of("f1", "x", "4")}));
    REQUIRE(store.update_order(report_of("y", OrderState::sending)));
    REQUIRE(store.update_order(report_of("y", OrderState::partial, "3", "100.5")));
    REQUIRE(finish(store, ended(run_record("aa11")), book("1000", {{"SPY", "13"}})));
    REQUIRE(store.add_fills({fill_of("f2", "x", "6")}));
    CHECK(text_of(expected().positions) == "13 SPY");
    CHECK(expected().cash.to_string() == "1000 USD");
    // Of y, 3 were seen; 2 more filled afterwards, at another price, and are told first.
    REQUIRE(store.update_order(report_of("y", OrderState::partial, "5", "100.5")));
    Fill later = fill_of("f4", "y", "2", "101");
    later.at = Instant::from_seconds(4000);
    REQUIRE(store.add_fills({later, fill_of("f3", "y", "3")}));
    CHECK(text_of(expected().positions) == "15 SPY");
    CHECK(expected().cash.to_string() == "797.99 USD");  // 1000 - 2 * 101 - 0.01
  }
  SUBCASE("an expected book that cannot be computed is an error") {
    REQUIRE(store.commit_plan(plan_record("aa11"), {intent("aa11", 1, "x")}));
    REQUIRE(finish(store, ended(run_record("aa11")), book("1000", {})));
    Fill foreign = fill_of("f1", "x", "1");
    foreign.fee = Money(decimal("1"), Currency::parse("EUR").value());
    REQUIRE(store.add_fills({foreign}));
    CHECK(code_of(store.expected_book("default")) == "invalid");
  }
  SUBCASE("a book is sorted, names each symbol once and nothing that is not held") {
    const RunRecord run = ended(run_record("aa11"));
    CHECK(code_of(finish(store, run, book("1", {{"SPY", "1"}, {"BND", "1"}}))) == "invalid");
    CHECK(code_of(finish(store, run, book("1", {{"BND", "1"}, {"BND", "1"}}))) == "invalid");
    CHECK(code_of(finish(store, run, book("1", {{"BND", "0"}}))) == "invalid");
    CHECK_FALSE(store.run("aa11").value()->finished_at.has_value());
    CHECK(finish(store, run, book("-1", {{"BND", "-1"}, {"SPY", "1"}})));
  }
}

}  // namespace rebalancer::test
