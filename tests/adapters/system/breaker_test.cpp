#include "adapters/system/breaker.hpp"

#include <doctest/doctest.h>

#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/portfolio_builders.hpp"
#include "support/recording_events.hpp"

using namespace rebalancer;
using test::FakeBroker;

namespace {

struct Scene {
  Scene() {
    auto owned = std::make_unique<FakeBroker>();
    inner = owned.get();
    inner->can.lookup = BrokerCapabilities::Lookup::by_client_id;
    breaker.emplace("acme", std::move(owned), clock, events);
  }
  void fail_five_times() {
    for (int i = 0; i < 5; ++i) {
      inner->account_faults.push_back(ErrorCode::timeout);
      CHECK(breaker->account().error().code == ErrorCode::timeout);
    }
  }

  test::FakeClock clock{Instant::from_seconds(1'795'419'000)};
  test::RecordingEvents events;
  FakeBroker* inner = nullptr;
  std::optional<system::Breaker> breaker;
};

}  // namespace

TEST_CASE("after five faults in a row nothing goes through until its time is over") {
  Scene scene;
  scene.fail_five_times();
  CHECK(scene.breaker->is_open());
  scene.inner->calls.clear();
  const auto refused = scene.breaker->account();
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().message ==
        "acme failed 5 times in a row and is left alone for 30 s more; the last time: account: scripted");
  CHECK(scene.breaker->find_order("rb-1").error().code == ErrorCode::unavailable);
  CHECK(scene.inner->calls.empty());
  // What can only make the risk smaller is not kept back.
  CHECK(scene.breaker->cancel("rb-1").has_value());
  CHECK(scene.inner->count("cancel") == 1);
  CHECK(scene.breaker->account().error().message == refused.error().message);
}

TEST_CASE("an answer in between, also a refusal, shows that the broker works") {
  Scene scene;
  for (int i = 0; i < 20; ++i) {
    scene.inner->account_faults.push_back(i % 4 == 3 ? ErrorCode::rejected : ErrorCode::unavailable);
    CHECK_FALSE(scene.breaker->account().has_value());
  }
  CHECK_FALSE(scene.breaker->is_open());
}

TEST_CASE("an order that was surely not carried out is no fault, and no sign that the broker works") {
  Scene scene;
  for (int i = 0; i < 4; ++i) {
    scene.inner->account_faults.push_back(ErrorCode::unavailable);
    CHECK_FALSE(scene.breaker->account().has_value());
    scene.inner->account_faults.push_back(ErrorCode::exhausted);
    CHECK_FALSE(scene.breaker->account().has_value());
  }
  CHECK_FALSE(scene.breaker->is_open());
  scene.inner->account_faults.push_back(ErrorCode::unavailable);
  CHECK_FALSE(scene.breaker->account().has_value());
  CHECK(scene.breaker->is_open());
}

TEST_CASE("it closes by asking for the account, and waits twice as long when that fails, up to a bound") {
  Scene scene;
  scene.fail_five_times();
  std::chrono::seconds wait(30);
  for (int probe = 0; probe < 8; ++probe) {
    scene.clock.advance(wait - std::chrono::seconds(1));
    scene.inner->calls.clear();
    CHECK_FALSE(scene.breaker->open_orders().has_value());
    CHECK(scene.inner->calls.empty());
    scene.clock.advance(std::chrono::seconds(1));
    scene.inner->account_faults.push_back(ErrorCode::unavailable);
    CHECK_FALSE(scene.breaker->open_orders().has_value());
    CHECK(scene.inner->calls == std::vector<std::string>{"account"});
    wait = std::min(wait * 2, std::chrono::seconds(600));
  }
  scene.clock.advance(wait);
  scene.inner->calls.clear();
  CHECK(scene.breaker->open_orders().has_value());
  CHECK(scene.inner->calls == std::vector<std::string>{"account", "open"});
  CHECK_FALSE(scene.breaker->is_open());
  CHECK(scene.events.count("breaker_opened") == 1);
  CHECK(scene.events.count("breaker_closed") == 1);
}
