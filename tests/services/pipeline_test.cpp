#include "services/pipeline.hpp"

#include <doctest/doctest.h>

#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_price_store.hpp"
#include "support/memory_run_store.hpp"
#include "support/recording_events.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

const Symbol aaa = Symbol::parse("AAA").value();
const Symbol bbb = Symbol::parse("BBB").value();

class Halves final : public Strategy {
 public:
  Result<Allocation> weigh(const AllocationProblem& problem) override {
    if (refusal) return fail(*refusal);
    Allocation allocation;
    allocation.weights.assign(problem.prices->cols(), 1.0 / static_cast<double>(problem.prices->cols()));
    allocation.report_json = "{}";
    return allocation;
  }
  std::optional<Error> refusal;
};

class Silent final : public Analytic {
 public:
  Result<std::string> run(const PriceFrame&, std::string_view) override {
    return fail(ErrorCode::invalid, "nothing to say");
  }
};

// Everything a run needs, in memory: forty sessions of two symbols up to 2026-06-30.
struct World {
  World() {
    Date day = Date::make(2026, 5, 1).value();
    for (int i = 0; day <= Date::make(2026, 6, 30).value(); day = calendar->next_session(day), ++i) {
      provider.tell(aaa, day, 100 + i % 7);
      provider.tell(bbb, day, 50 + i % 5);
    }
    broker.can.simulated = true;
    broker.cash = Decimal::whole(10'000);
    settings.symbols = {aaa, bbb};
    settings.strategy = "halves";
    settings.broker = "fake";
    settings.lookback_sessions = 35;
    settings.optimizer.glide_path = false;
  }

  RunReport run(RunRequest request = {}) {
    broker.calls.clear();
    clock.advance(std::chrono::seconds(1));  // no two runs start at the same instant
    Fetcher fetcher({&provider}, prices, *calendar, clock, events);
    Pipeline pipeline({fetcher,
                       strategy,
                       broker,
                       runs,
                       *calendar,
                       clock,
                       events,
                       {{"silent", &silent}},
                       [](std::string_view text) {
                         return fmt::format("{:016x}{:016x}", std::hash<std::string_view>()(text),
                                            std::hash<std::string_view>()(text) + 1);
                       },
                       [](const RunReport& report) { return report.hold ? 9 : 0; }},
                      settings);
    return pipeline.run(request);
  }

  std::shared_ptr<const Calendar> calendar = calendar_named("XNYS").value();
  FakeClock clock{calendar->close(Date::make(2026, 6, 30).value())};
  RecordingEvents events;
  FakeProvider provider;
  MemoryPriceStore prices;
  MemoryRunStore runs;
  FakeBroker broker;
  Halves strategy;
  Silent silent;
  PipelineSettings settings;
};

}  // namespace

TEST_CASE("a run goes through every stage, trades, and is written down with its end") {
  World world;
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
}

TEST_CASE("a second run of the session sends nothing, even when the target moved") {
  World world;
  const RunReport first = world.run();
  const RunReport same = world.run();
  CHECK(same.outcome == RunOutcome::in_band);
  CHECK(same.reason.find("already rebalanced by run " + first.id.substr(0, 8)) != std::string::npos);
  world.settings.symbols = {aaa};
  const RunReport moved = world.run();
  CHECK(moved.outcome == RunOutcome::held);
  CHECK(!moved.hold);
  CHECK(world.broker.count("submit") == 0);
}

TEST_CASE("a provider that cannot be reached leaves a run on stored prices only while they are fresh") {
  World world;
  world.run({.send_orders = false});
  world.provider.failure = Error{ErrorCode::unavailable, "no network"};
  CHECK(world.run({.send_orders = false}).stages.front().outcome == "ok");  // nothing was missing, nobody was asked
  world.provider.local = true;                                              // asked every time
  const RunReport fresh = world.run({.send_orders = false});
  CHECK(fresh.stages.front().outcome == "warning");
  CHECK(!fresh.hold);
  world.clock.advance(std::chrono::hours(24 * 8));
  const RunReport stale = world.run();
  REQUIRE(stale.hold);
  CHECK(stale.hold->stage == Stage::fetch);
  CHECK(stale.reason.find("no network") != std::string::npos);
  CHECK(world.broker.count("submit") == 0);
}

TEST_CASE("a provider that answers that something is wrong holds the run, however fresh the store is") {
  World world;
  world.run({.send_orders = false});
  world.provider.local = true;
  world.provider.failure = Error{ErrorCode::not_found, "no such symbol"};
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.reason == "fake: no such symbol");
  CHECK(world.broker.count("submit") == 0);
}

TEST_CASE("a strategy that refuses holds the run: no other allocation takes its place") {
  World world;
  world.strategy.refusal = Error{ErrorCode::conflict, "minimum weights sum to 1.2, must be at most 1"};
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.hold->stage == Stage::optimize);
  CHECK(report.hold->error.code == ErrorCode::conflict);
  CHECK(!report.plan);
  CHECK(world.broker.count("submit") == 0);
  CHECK(world.runs.run(report.id).value()->outcome == "held");
}

TEST_CASE("a plan above a limit is refused before anything is sent") {
  World world;
  world.settings.limits.order_value_max = Decimal::whole(1000);
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.hold->stage == Stage::check);
  CHECK(world.broker.count("submit") == 0);
}

TEST_CASE("paper mode refuses a broker with real money, live mode refuses what is not real") {
  World world;
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
}

TEST_CASE("a look leaves no trace: nothing sent, nothing journaled") {
  World world;
  const RunReport report = world.run({.send_orders = false, .journal = false});
  CHECK(report.plan->orders.size() == 2);
  CHECK(world.runs.runs(10).value().empty());
  CHECK(world.broker.count("submit") == 0);
}

TEST_CASE("a broker that does not answer ends the run before anything is decided") {
  World world;
  world.broker.account_faults = {ErrorCode::unavailable};
  const RunReport report = world.run();
  REQUIRE(report.hold);
  CHECK(report.hold->stage == Stage::execute);
  CHECK(world.provider.requests.empty());
}

TEST_CASE("an order whose outcome is not known ends the run as ambiguous, and blocks the next") {
  World world;
  world.broker.can.lookup = BrokerCapabilities::Lookup::none;
  world.broker.can.dedupe = BrokerCapabilities::Dedupe::none;
  world.broker.submit_faults = {FakeBroker::Fault::lost_after};
  const RunReport report = world.run();
  CHECK(report.ambiguous);
  world.clock.advance(std::chrono::hours(24));
  const RunReport next = world.run();
  CHECK(next.ambiguous);
  CHECK(world.broker.count("submit") == 0);
}

TEST_CASE("a stop request holds the run at the stage it reached") {
  World world;
  std::stop_source stop;
  stop.request_stop();
  const RunReport report = world.run({.stop = stop.get_token()});
  CHECK(report.hold);
  CHECK(world.broker.count("submit") == 0);
}
