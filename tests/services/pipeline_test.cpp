#include "services/pipeline.hpp"

#include <doctest/doctest.h>

#include "support/pipeline_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

TEST_CASE("a run goes through every stage, trades, and is written down with its end") {
  PipelineScene world;
  const RunReport report = world.run();
  CHECK(report.outcome == RunOutcome::traded);
  REQUIRE(report.stages.size() == 6);
  CHECK(report.stages.front().stage == Stage::fetch);
  CHECK(report.stages.back().stage == Stage::analyze);
  CHECK(report.as_of == Date::make(2026, 6, 30).value());
  CHECK(report.orders.size() == 2);
  CHECK(report.drift_after->largest_fraction < 0.02);
  CHECK(report.analysis.at("silent") == R"({"error":"nothing to say"})");
  const auto kept = world.runs.run(report.id).value();
  REQUIRE(kept);
  CHECK(kept->outcome == "traded");
  CHECK(kept->finished_at.has_value());
  CHECK(report.sha256 == world.runs.last_seal().value()->sha256);
  world.check_decisions();
}

TEST_CASE("a second run of the session sends nothing, even when the target moved") {
  PipelineScene world;
  const RunReport first = world.run();
  const RunReport same = world.run();
  CHECK(same.outcome == RunOutcome::in_band);
  CHECK(same.reason.find("already rebalanced by run " + first.id.substr(0, 8)) != std::string::npos);
  world.settings.symbols = {symbol("AAA")};
  const RunReport moved = world.run();
  CHECK(moved.outcome == RunOutcome::held);
  CHECK(!moved.hold);
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

TEST_CASE("a provider that cannot be reached leaves a run on stored prices only while they are fresh") {
  PipelineScene world;
  world.run_dry();
  world.provider.failure = Error{ErrorCode::unavailable, "no network"};
  CHECK(world.run_dry().stages.front().outcome == "ok");  // nothing was missing, nobody was asked
  world.provider.local = true;                            // asked every time
  const RunReport fresh = world.run_dry();
  CHECK(fresh.stages.front().outcome == "warning");
  CHECK(!fresh.hold);
  world.clock.advance(std::chrono::hours(24 * 8));
  const RunReport stale = world.run();
  REQUIRE(stale.hold);
  CHECK(stale.hold->stage == Stage::fetch);
  CHECK(stale.reason.find("no network") != std::string::npos);
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

TEST_CASE("a provider that answers that something is wrong holds the run, however fresh the store is") {
  PipelineScene world;
  world.run_dry();
  world.provider.local = true;
  world.provider.failure = Error{ErrorCode::not_found, "no such symbol"};
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.reason == "fake: no such symbol");
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

TEST_CASE("a strategy that refuses holds the run: no other allocation takes its place") {
  PipelineScene world;
  world.strategy.refusal = Error{ErrorCode::conflict, "minimum weights sum to 1.2, must be at most 1"};
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.hold->stage == Stage::optimize);
  CHECK(report.hold->error.code == ErrorCode::conflict);
  CHECK(!report.plan);
  CHECK(world.broker.count("submit") == 0);
  CHECK(world.runs.run(report.id).value()->outcome == "held");
  world.check_decisions();
}

TEST_CASE("a plan above a limit is refused before anything is sent") {
  PipelineScene world;
  world.settings.limits.order_value_max = Decimal::whole(1000);
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.hold->stage == Stage::check);
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

TEST_CASE("paper mode refuses a broker with real money, live mode refuses what is not real") {
  PipelineScene world;
  world.broker.can.simulated = false;
  CHECK(world.run().hold->error.code == ErrorCode::rejected);
  world.settings.mode = "live";
  world.provider.source = "simulated (seed 7)";
  world.provider.makes_up_prices = true;
  const RunReport made_up = world.run();
  REQUIRE(made_up.hold);
  CHECK(made_up.reason.find("simulated") != std::string::npos);
  world.broker.can.simulated = true;
  CHECK(world.run().hold->error.code == ErrorCode::rejected);
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

TEST_CASE("live, a run without leave sends nothing and says what to type; with it, it trades and is counted") {
  PipelineScene world;
  world.broker.can.simulated = false;
  world.settings.mode = "live";
  const RunReport refused = world.run();
  REQUIRE(refused.hold.has_value());
  CHECK(refused.refused);
  CHECK(refused.reason == "live trading is not armed; 2 orders planned, none sent");
  CHECK(world.broker.count("submit") == 0);

  world.arming.arming = Arming{{}, {}, Decimal::whole(20'000), "fake", {}};
  const RunReport traded = world.run();
  CHECK(traded.outcome == RunOutcome::traded);
  CHECK(world.arming.orders.size() == 2);
  world.check_decisions();
}

TEST_CASE("a look leaves no trace: nothing sent, nothing journaled, nothing decided") {
  PipelineScene world;
  const RunReport report = world.run({.journal = false});
  CHECK(report.plan->orders.size() == 2);
  CHECK(world.runs.runs(10).value().empty());
  CHECK(world.runs.writes == 0);
  CHECK(world.decisions.ids().value().empty());
  CHECK(world.broker.count("submit") == 0);
}

TEST_CASE("a broker that does not answer ends the run before anything is decided") {
  PipelineScene world;
  world.broker.account_faults = {ErrorCode::unavailable};
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.hold->stage == Stage::execute);
  CHECK(world.provider.requests.empty());
  world.check_decisions();
}

TEST_CASE("an order whose outcome is not known ends the run as ambiguous, and blocks the next") {
  PipelineScene world;
  world.broker.can.lookup = BrokerCapabilities::Lookup::none;
  world.broker.can.dedupe = BrokerCapabilities::Dedupe::none;
  world.broker.submit_faults = {FakeBroker::Fault::lost_after};
  const RunReport report = world.run();
  CHECK(report.ambiguous);
  world.clock.advance(std::chrono::hours(24));
  const RunReport next = world.run();
  CHECK(next.ambiguous);
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

TEST_CASE("a stop request holds the run at the stage it reached") {
  PipelineScene world;
  std::stop_source stop;
  stop.request_stop();
  const RunReport report = world.run({.stop = stop.get_token()});
  CHECK(report.hold);
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

TEST_CASE("a dry run plans, sends nothing, and leaves a decision of its own") {
  PipelineScene world;
  const RunReport report = world.run_dry();
  CHECK(report.outcome == RunOutcome::held);
  CHECK(!report.hold);
  CHECK(report.reason == "dry run: 2 orders planned, none sent");
  CHECK(world.broker.count("submit") == 0);
  CHECK(world.runs.orders(10).value().empty());
  CHECK(world.journaled(report.id).mode == "dry_run");
  CHECK(world.run().outcome == RunOutcome::traded);
  world.check_decisions();
}

TEST_CASE("halted, a run decides, sends nothing and says why; reducing, it leaves the buys out") {
  PipelineScene world;
  world.trading_switch.set_state(TradingState::halted, "broker looks wrong");
  const RunReport halted = world.run();
  REQUIRE(halted.hold);
  CHECK(halted.hold->error.code == ErrorCode::rejected);
  CHECK(halted.refused);
  CHECK(halted.plan->orders.size() == 2);
  CHECK(halted.reason.find("broker looks wrong") != std::string::npos);
  CHECK(world.broker.count("submit") == 0);
  world.trading_switch.set_state(TradingState::reducing, "too warm");
  const RunReport reducing = world.run();
  CHECK(reducing.refused);
  CHECK(reducing.reason.find("too warm") != std::string::npos);
  CHECK(world.broker.count("submit") == 0);
  // Nothing was sent, so the session is not spent.
  world.trading_switch.set_state(TradingState::active);
  CHECK(world.run().outcome == RunOutcome::traded);
  world.check_decisions();
}

TEST_CASE("a journal of one account takes no orders for another") {
  PipelineScene world;
  world.run();
  world.next_session();
  world.settings.broker = "other";
  const RunReport other = world.run();
  REQUIRE(other.hold);
  CHECK(other.hold->error.code == ErrorCode::conflict);
  CHECK(world.broker.count("submit") == 0);
  world.check_decisions();
}

namespace {

// A world with something to sell and something to buy.
void hold_too_much(PipelineScene& world) { world.broker.shares[symbol("AAA")] = Decimal::whole(150); }

// No order twice at the broker, none there that the journal lacks.
void check_sent_once(PipelineScene& world) {
  for (const auto& held : world.broker.held()) {
    CHECK(world.broker.accepted(held.order.client_id) == 1);
    CHECK(world.runs.order(held.order.client_id).value().has_value());
  }
}

// How many writes a run of two orders makes.
int writes_of_a_run() {
  PipelineScene world;
  hold_too_much(world);
  world.run();
  return world.runs.writes;
}

}  // namespace

TEST_CASE("a run killed at any write goes on, sends nothing twice, and ends where it would have ended") {
  PipelineScene whole;
  hold_too_much(whole);
  const RunReport undisturbed = whole.run();
  REQUIRE(undisturbed.orders.size() == 2);
  REQUIRE(undisturbed.outcome == RunOutcome::traded);
  const int writes = whole.runs.writes;
  CHECK(writes == 8);  // owner, run, plan, sending and the answer of each order, end
  for (const auto& fault :
       {std::optional<FakeBroker::Fault>(), {FakeBroker::Fault::lost_after}, {FakeBroker::Fault::lost_before}}) {
    for (int first = 0; first < writes; ++first) {
      CAPTURE(first);
      PipelineScene world;
      hold_too_much(world);
      if (fault) world.broker.submit_faults = {*fault};
      const RunReport killed = world.run_until_write(first);
      CHECK(killed.hold);
      const bool has_plan = world.runs.plan_of(killed.id).value().has_value();
      const RunReport next = world.run();
      CHECK(next.resumed == has_plan);
      CHECK((next.id == killed.id) == has_plan);
      CHECK(!next.hold);
      CHECK(next.outcome == RunOutcome::traded);
      CHECK(world.broker.held().size() == 2);
      check_sent_once(world);
      CHECK(world.broker.shares == whole.broker.shares);
      CHECK(world.broker.cash == whole.broker.cash);
      CHECK(world.runs.unfinished_runs("default").value().empty());
      CHECK(world.journaled(next.id).outcome == "traded");
      const std::string decision = world.decisions.read(next.id).value();
      CHECK((decision.find(R"("resumed":true)") != std::string::npos) == has_plan);
      world.check_decisions();
      CHECK(world.run().outcome != RunOutcome::traded);
      CHECK(world.broker.count("submit") == 0);
    }
  }
}

TEST_CASE("a run killed again while it goes on loses and doubles nothing either") {
  const int writes = writes_of_a_run();
  for (int first = 3; first < writes; ++first) {
    for (int second = 0; second < writes - first; ++second) {
      CAPTURE(first);
      CAPTURE(second);
      PipelineScene world;
      hold_too_much(world);
      const RunReport killed = world.run_until_write(first);
      world.run_until_write(second);
      const RunReport last = world.run();
      CHECK(world.journaled(killed.id).outcome == "traded");
      CHECK(!last.hold);
      CHECK(world.broker.held().size() == 2);
      check_sent_once(world);
      CHECK(world.runs.unfinished_runs("default").value().empty());
      world.check_decisions();
    }
  }
}

TEST_CASE("an interrupted run without a plan is closed as held, and a new one does the work") {
  PipelineScene world;
  const RunReport killed = world.run_until_write(2);
  CHECK(world.runs.unfinished_runs("default").value().size() == 1);
  const RunReport next = world.run();
  CHECK(next.id != killed.id);
  CHECK(!next.resumed);
  CHECK(next.outcome == RunOutcome::traded);
  CHECK(world.journaled(killed.id).outcome == "held");
  CHECK(world.journaled(killed.id).reason == "interrupted before its plan was written down; nothing was sent");
  world.check_decisions();
}

TEST_CASE("an interrupted run of an older session is settled and closed, not gone on with") {
  for (const int writes : {3, 4, 5, 6, 7}) {
    CAPTURE(writes);
    PipelineScene world;
    hold_too_much(world);
    const RunReport killed = world.run_until_write(writes);
    const std::size_t sent = world.broker.held().size();
    world.next_session();
    const RunReport next = world.run();
    CHECK(next.id != killed.id);
    CHECK(!next.resumed);
    CHECK(!next.hold);
    CHECK(next.as_of > killed.as_of);
    const RunRecord closed = world.journaled(killed.id);
    CHECK(closed.finished_at.has_value());
    CHECK(closed.outcome == (sent > 0 ? "traded" : "held"));
    const std::vector<OrderRecord> orders = world.runs.orders_of(killed.id).value();
    for (const OrderRecord& order : orders) {
      CHECK(is_terminal(order.state));
      // Sent now are only orders of the new run.
      CHECK(world.broker.count("submit " + order.order.client_id) == 0);
    }
    check_sent_once(world);
    world.check_decisions();
  }
}

TEST_CASE("a broker that is away when a run should go on leaves it unfinished, for a later one") {
  for (const bool at_the_door : {true, false}) {
    PipelineScene world;
    hold_too_much(world);
    const RunReport killed = world.run_until_write(4);
    (at_the_door ? world.broker.account_faults : world.broker.positions_faults) = {ErrorCode::unavailable};
    const RunReport away = world.run();
    REQUIRE(away.hold);
    CHECK(away.hold->stage == Stage::execute);
    CHECK(away.hold->error.code == ErrorCode::unavailable);
    CHECK(world.broker.count("submit") == 0);
    CHECK(!world.journaled(killed.id).finished_at);
    world.check_decisions();
    const RunReport next = world.run();
    CHECK(next.id == killed.id);
    CHECK(next.outcome == RunOutcome::traded);
    check_sent_once(world);
    world.check_decisions();
  }
}

TEST_CASE("a dry run, a look and a stopped run leave an interrupted run for the one that may send") {
  PipelineScene world;
  hold_too_much(world);
  const RunReport killed = world.run_until_write(4);
  CHECK(!world.run_dry().hold);
  world.run({.journal = false});
  std::stop_source stop;
  stop.request_stop();
  world.run({.stop = stop.get_token()});
  CHECK(!world.journaled(killed.id).finished_at);
  CHECK(world.broker.held().size() == 1);
  CHECK(world.run().id == killed.id);
  CHECK(world.broker.held().size() == 2);
  world.check_decisions();
}

TEST_CASE("halted, an interrupted run is closed with what is known, and sends nothing more") {
  PipelineScene world;
  hold_too_much(world);
  const RunReport killed = world.run_until_write(4);
  world.trading_switch.set_state(TradingState::halted, "enough");
  const RunReport next = world.run();
  CHECK(next.id == killed.id);
  CHECK(next.refused);
  CHECK(world.broker.count("submit") == 0);
  CHECK(world.runs.open_orders().value().empty());
  world.check_decisions();
}

TEST_CASE("a decision that could not be published is published by the next run; one not staged ends no run") {
  PipelineScene world;
  world.decisions.publish_faults = {ErrorCode::exhausted};
  const RunReport first = world.run();
  CHECK(!first.hold);
  CHECK(first.sha256.size() == 64);
  CHECK(world.decisions.ids().value().empty());
  CHECK(world.events.count("decision_not_published") == 1);
  world.decisions.stage_faults = {ErrorCode::exhausted};
  const RunReport second = world.run();
  CHECK(second.hold);
  CHECK(second.sha256.empty());
  CHECK(!world.journaled(second.id).finished_at);
  world.check_decisions();
  world.run();
  CHECK(world.journaled(second.id).finished_at);
  world.check_decisions();
}
