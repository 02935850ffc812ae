#include "app/service/account_watch.hpp"

#include "support/pipeline_scene.hpp"

namespace rebalancer::app {
namespace {

using namespace std::chrono_literals;
using test::symbol;

// A session that traded, and who watches its account.
struct WatchedScene : test::PipelineScene {
  WatchedScene() {
    REQUIRE(run().outcome == RunOutcome::traded);
    REQUIRE(look().agrees);
  }
  AccountWatch::Finding look() { return watch.look(broker, runs); }
  // What happened at the broker and nobody told us.
  void fill_in_secret() {
    broker.shares[symbol("CCC")] = Decimal::whole(3);
    broker.cash = subtract(broker.cash, Decimal::whole(30)).value();
  }
  [[nodiscard]] bool shows(const std::string& line) const {
    return metrics.text().find(line + "\n") != std::string::npos;
  }

  system::Secrets secrets;
  test::RecordingEvents told;
  system::Metrics metrics{secrets};
  AccountWatch watch{clock, told, metrics, "default"};
};

TEST_CASE("a fill that nobody told us of is found within a minute, told once, and gone when a person accepts it") {
  WatchedScene scene;
  CHECK(scene.shows("rebalancer_reconciliation_gaps 0"));
  scene.fill_in_secret();
  // Asked every 10 s, as serve does.
  auto waited = 0s;
  while (scene.look().agrees && waited < 120s) {
    scene.clock.advance(10s);
    waited += 10s;
  }
  CHECK(waited <= 60s);
  CHECK(scene.look().reason.starts_with("CCC: the account holds 3, by the journal it must be 0; and 1 more"));
  CHECK(scene.shows("rebalancer_reconciliation_gaps 2"));
  for (int again = 0; again < 10; ++again) {
    scene.clock.advance(30s);
    CHECK_FALSE(scene.look().agrees);
  }
  CHECK(scene.told.count("reconciliation_gap") == 1);

  scene.watch.run_begins();
  CHECK_FALSE(scene.run({.accept_account = "a fill whose message was lost"}).hold.has_value());
  scene.watch.run_ends();
  // At once: what was compared before a run says nothing after it.
  CHECK(scene.look().agrees);
  CHECK(scene.told.count("account_agrees") == 1);
  CHECK(scene.shows("rebalancer_reconciliation_gaps 0"));
}

TEST_CASE("what explains a difference ends the gap") {
  WatchedScene scene;
  scene.broker.cash = add(scene.broker.cash, Decimal::whole(12)).value();
  scene.clock.advance(30s);
  CHECK_FALSE(scene.look().agrees);
  scene.broker.moved = {
      {"d1", "dividend", std::nullopt, Money(Decimal::whole(12), Currency::usd()), Quantity(), scene.clock.now(), ""}};
  scene.clock.advance(30s);
  CHECK(scene.look().agrees);
}

TEST_CASE("while a run has the broker nobody else asks it, and what a run overlapped says nothing") {
  WatchedScene scene;
  scene.fill_in_secret();
  scene.clock.advance(60s);
  const std::size_t asked = scene.broker.calls.size();
  scene.watch.run_begins();
  CHECK(scene.look().agrees);
  CHECK(scene.broker.calls.size() == asked);
  scene.watch.run_ends();
  CHECK_FALSE(scene.look().agrees);
}

TEST_CASE("a look that fails is told once, hides no gap, and is soon made again") {
  WatchedScene scene;
  scene.broker.positions_faults = {ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::unavailable};
  for (int again = 0; again < 3; ++again) {
    scene.clock.advance(30s);
    const auto found = scene.look();
    CHECK_FALSE(found.agrees);
    CHECK(found.reason == "not compared: positions: scripted");
    // Somebody who asks again at once does not make us ask the broker.
    const std::size_t asked = scene.broker.calls.size();
    CHECK_FALSE(scene.look().agrees);
    CHECK(scene.broker.calls.size() == asked);
  }
  CHECK(scene.told.count("reconciliation_failed") == 1);
  CHECK(scene.watch.unreachable().agrees);
  scene.fill_in_secret();
  scene.clock.advance(AccountWatch::retry_after);
  CHECK_FALSE(scene.look().agrees);
  CHECK(scene.told.count("reconciliation_gap") == 1);
  scene.broker.positions_faults = {ErrorCode::unavailable};
  scene.clock.advance(30s);
  CHECK(scene.look().reason.starts_with("CCC: "));
  CHECK(scene.watch.unreachable().reason.starts_with("CCC: "));
}

}  // namespace
}  // namespace rebalancer::app
