#include "services/reconciler.hpp"

#include "support/pipeline_scene.hpp"
#include "support/sent.hpp"

using namespace rebalancer;
using test::PipelineScene;
using test::symbol;

namespace {

AccountMovement moved(std::string id, std::string kind, Decimal cash, Instant at) {
  return {std::move(id), std::move(kind), std::nullopt, Money(cash, Currency::usd()), Quantity(), at, ""};
}

// A session that traded, and the start of the next one.
struct TradedScene : PipelineScene {
  TradedScene() {
    const RunReport report = run();
    REQUIRE(report.outcome == RunOutcome::traded);
    next_session();
  }
  Reconciliation compared() {
    auto told = reconcile(broker, runs, "default");
    REQUIRE(told.has_value());
    return *std::move(told);
  }
};

}  // namespace

TEST_CASE("an account that nobody touched agrees, run after run") {
  TradedScene scene;
  for (int day = 0; day < 3; ++day) {
    CHECK(scene.compared().gaps.empty());
    const RunReport report = scene.run();
    CHECK_FALSE(report.hold.has_value());
    scene.next_session();
  }
}

TEST_CASE("a position or cash that nothing explains holds every run, until a person takes the account as it is") {
  for (const bool in_cash : {false, true}) {
    CAPTURE(in_cash);
    TradedScene scene;
    if (in_cash) {
      scene.broker.cash = add(scene.broker.cash, Decimal::whole(-1'500)).value();
    } else {
      scene.broker.shares[symbol("CCC")] = Decimal::whole(3);
      scene.provider.tell(symbol("CCC"), scene.calendar->last_completed_session(scene.clock.now()), 10);
    }
    for (int again = 0; again < 2; ++again) {
      const RunReport held = scene.run();
      REQUIRE(held.hold.has_value());
      CHECK(held.ambiguous);
      CHECK(held.reason.starts_with(in_cash ? "cash is " : "CCC: the account holds 3, by the journal it must be 0"));
      CHECK(held.reason.find("reconcile --accept") != std::string::npos);
      CHECK(scene.broker.count("submit") == 0);
      scene.next_session();
    }
    // A look and a dry run go on, and do not make it the new truth.
    const RunReport dry = scene.run_dry();
    if (in_cash) CHECK_FALSE(dry.hold.has_value());
    CHECK(scene.run().ambiguous);

    const RunReport accepted = scene.run({.accept_account = "I moved it"});
    CHECK_FALSE(accepted.hold.has_value());
    CHECK(accepted.outcome == RunOutcome::held);
    CHECK(accepted.reason.starts_with("the account was taken as it is: I moved it ("));
    CHECK(scene.broker.count("submit") == 0);
    CHECK(scene.compared().gaps.empty());
    scene.check_decisions();
  }
}

TEST_CASE("what happens to the account during a journal's first run is not taken for granted, whenever that dies") {
  for (int writes = 1; writes < 40; ++writes) {
    CAPTURE(writes);
    PipelineScene scene;
    bool fired = false;
    scene.broker.before_submit = [&](const Order&) {
      fired = true;
      scene.broker.shares[symbol("CCC")] = Decimal::whole(3);
    };
    scene.run_until_write(writes);
    scene.run();
    CHECK(fired);
    scene.next_session();
    const RunReport next = scene.run();
    CHECK(next.ambiguous);
    CHECK(next.reason.starts_with("CCC: the account holds 3, by the journal it must be 0"));
  }
}

TEST_CASE("nor when that run cannot look at the account in the end") {
  PipelineScene scene;
  scene.broker.before_submit = [&](const Order&) {
    scene.broker.positions_faults.assign(1, ErrorCode::unavailable);
    scene.broker.shares[symbol("CCC")] = Decimal::whole(3);
  };
  CHECK(scene.run().hold.has_value());
  scene.broker.positions_faults.clear();
  scene.next_session();
  const RunReport next = scene.run();
  CHECK(next.ambiguous);
  CHECK(next.reason.starts_with("CCC: the account holds 3, by the journal it must be 0"));
}

TEST_CASE("what the broker says moved the account explains a difference, to the cent") {
  TradedScene scene;
  const Instant now = scene.clock.now();
  const Instant before = Instant::from_nanoseconds(now.nanoseconds() - 2'000'000'000);
  scene.broker.moved.emplace();
  scene.broker.moved->push_back(moved("d1", "dividend", Decimal::parse("12.34").value(), before));
  scene.broker.moved->push_back(moved("f1", "fee", Decimal::parse("-0.07").value(), now));
  scene.broker.cash = add(scene.broker.cash, Decimal::parse("12.27").value()).value();
  const Reconciliation told = scene.compared();
  CHECK(told.gaps.empty());
  REQUIRE(told.explained_by.size() == 2);
  CHECK(told.explained_by[0].id == "d1");
  CHECK_FALSE(scene.run().ambiguous);
  CHECK(scene.events.count("account_moved") == 2);

  // Counted already: it explains nothing any more.
  CHECK(scene.compared().explained_by.empty());
  scene.broker.cash = add(scene.broker.cash, Decimal::parse("0.01").value()).value();
  CHECK(scene.compared().gaps.size() == 1);
}

TEST_CASE("a split that the broker tells explains more shares; one that it does not tell is a gap") {
  TradedScene scene;
  const Decimal held = scene.broker.shares.at(symbol("AAA"));
  scene.broker.shares[symbol("AAA")] = add(held, held).value();
  CHECK(scene.compared().gaps.size() == 1);
  AccountMovement split = moved("s1", "split", Decimal(), scene.clock.now());
  split.symbol = symbol("AAA");
  split.quantity = Quantity(held);
  scene.broker.moved = {split};
  const Reconciliation told = scene.compared();
  CHECK(told.gaps.empty());
  REQUIRE(told.explained_by.size() == 1);

  // Explains the shares, not the cash.
  scene.broker.cash = add(scene.broker.cash, Decimal::whole(5)).value();
  const Reconciliation partly = scene.compared();
  REQUIRE(partly.gaps.size() == 1);
  CHECK(partly.gaps.front().kind == "cash");
}

TEST_CASE("shares that split are not valued at a price from before, however often that is tried") {
  TradedScene scene;
  // The day after: AAA split 2:1 before its open, and the prices end on the day before.
  const auto split_shares = [&scene] {
    Decimal& held = scene.broker.shares[symbol("AAA")];
    AccountMovement split = moved("s1", "SPLIT", Decimal(),
                                  Instant::from_seconds(scene.clock.now().nanoseconds() / 86'400'000'000'000 * 86'400));
    split.symbol = symbol("AAA");
    split.quantity = Quantity(held);
    held = add(held, held).value();
    scene.broker.moved = {split};
  };
  const Date before = scene.calendar->last_completed_session(scene.clock.now());
  scene.next_session();
  split_shares();
  const Date after = scene.calendar->last_completed_session(scene.clock.now());
  Bar& bar = scene.provider.history[symbol("AAA")][after];
  bar.close = bar.close / 2;
  bar.split_ratio = 2;
  for (int again = 0; again < 2; ++again) {
    const RunReport held = scene.run({.as_of = before});
    REQUIRE(held.hold.has_value());
    CHECK(held.hold->stage == Stage::fetch);
    CHECK(held.reason.starts_with("AAA: "));
    CHECK(held.reason.ends_with(
        "and the last close is of 2026-07-01; nothing is decided before there is a close of the shares that are held "
        "now"));
    CHECK_FALSE(held.ambiguous);
    CHECK(scene.broker.count("submit") == 0);
  }
  const Decimal shares = scene.broker.shares.at(symbol("AAA"));
  const RunReport report = scene.run();
  CHECK_FALSE(report.hold.has_value());
  CHECK(report.equity_before.value().amount() < Decimal::whole(10'500));
  // Halves before, halves after: the split alone is no reason to trade half of them.
  const double kept = scene.broker.shares.at(symbol("AAA")).to_double() / shares.to_double();
  CHECK(kept > 0.95);
  CHECK(kept < 1.05);
  // It is the truth from now on.
  CHECK(scene.compared().explained_by.empty());
  CHECK(scene.compared().gaps.empty());
  scene.check_decisions();
}

TEST_CASE("closing an interrupted run does not take shares for granted that split since") {
  for (int writes = 1; writes < 40; ++writes) {
    CAPTURE(writes);
    PipelineScene scene;
    scene.run_until_write(writes);
    scene.next_session();
    scene.next_session();
    Decimal& held = scene.broker.shares[symbol("AAA")];
    if (held.is_zero()) continue;
    AccountMovement split = moved("s1", "SPLIT", Decimal(), scene.clock.now());
    split.symbol = symbol("AAA");
    split.quantity = Quantity(held);
    held = add(held, held).value();
    scene.broker.moved = {split};
    for (int again = 0; again < 2; ++again) {
      const RunReport next = scene.run();
      REQUIRE(next.hold.has_value());
      CHECK(scene.broker.count("submit") == 0);
    }
  }
}

TEST_CASE("an order that somebody else has open at the broker holds the run") {
  TradedScene scene;
  scene.broker.fills_at_once = false;
  const Order foreign = Order::make("by-hand", symbol("AAA"), Side::buy, Quantity(Decimal::whole(1)), {}).value();
  REQUIRE(test::sent(scene.broker, foreign).has_value());
  scene.broker.fills_at_once = true;
  const Reconciliation told = scene.compared();
  REQUIRE(told.gaps.size() == 1);
  CHECK(
      told.gaps.front().sentence ==
      "order \"by-hand\" is open at the broker (acknowledged, 0 filled), and not in the journal: somebody else placed "
      "it");
}
