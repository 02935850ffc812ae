// Orders leave only while the exchange is open.
#include "services/pipeline.hpp"
#include "support/pipeline_scene.hpp"

using namespace rebalancer;
using test::PipelineScene;

namespace {

// 2026-06-30, after the close; the exchange opens next on 2026-07-01 at 13:30 UTC, and keeps 2026-07-03 as a holiday.
struct StrictScene : PipelineScene {
  StrictScene() { settings.within_market_hours = true; }
  void go_to(const char* moment) {
    clock.advance(std::chrono::nanoseconds(Instant::parse(moment).value().nanoseconds() - clock.now().nanoseconds()));
  }
};

}  // namespace

TEST_CASE("while the exchange is closed a run holds without an order, says until when, and is not the session's") {
  StrictScene scene;
  const RunReport night = scene.run();
  CHECK_FALSE(night.hold.has_value());
  CHECK(night.outcome == RunOutcome::held);
  CHECK(night.reason.starts_with("XNYS is closed until 2026-07-01T13:30:00"));
  CHECK(scene.broker.count("submit") == 0);
  scene.go_to("2026-07-01T13:29:58Z");
  CHECK(scene.run().outcome == RunOutcome::held);  // a second later
  scene.go_to("2026-07-01T13:30:00Z");
  CHECK(scene.run().outcome == RunOutcome::traded);
  scene.check_decisions();
}

TEST_CASE("on a holiday the next session is named; a broker inside the program has no hours") {
  StrictScene scene;
  scene.go_to("2026-07-03T15:00:00Z");
  CHECK(scene.run().reason.starts_with("XNYS is closed until 2026-07-06T13:30:00"));
  scene.broker.can.embedded = true;
  CHECK(scene.run().outcome == RunOutcome::traded);
}

TEST_CASE("what is not sent when the exchange closes is not sent after it") {
  StrictScene scene;
  scene.go_to("2026-07-01T19:59:58Z");
  scene.broker.before_submit = [&](const Order&) { scene.clock.advance(std::chrono::seconds(2)); };
  const RunReport report = scene.run();
  CHECK(scene.broker.count("submit") == 1);
  REQUIRE(report.orders.size() == 2);
  CHECK(report.orders[1].report.state == OrderState::cancelled);
  CHECK(report.orders[1].report.reason.starts_with("not sent: XNYS is closed until 2026-07-02T13:30:00"));
  scene.check_decisions();
}
