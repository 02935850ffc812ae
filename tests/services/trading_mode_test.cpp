#include "services/trading_mode.hpp"

#include <type_traits>

#include <doctest/doctest.h>

#include "services/gate.hpp"
#include "support/fake_broker.hpp"
#include "support/memory_trading_switch.hpp"

using namespace rebalancer;
using test::FakeBroker;

// What a dry run lacks is not a check but a way.
static_assert(!std::is_constructible_v<Gate, DryRun, TradingSwitch&>);
static_assert(!std::is_constructible_v<Gate, const DryRun&, TradingSwitch&>);
static_assert(!std::is_constructible_v<Gate, TradingMode, TradingSwitch&>);
static_assert(!std::is_constructible_v<Gate, Broker&, TradingSwitch&>);
static_assert(std::is_constructible_v<Gate, const Paper&, TradingSwitch&>);
static_assert(std::is_constructible_v<Gate, const Live&, TradingSwitch&, LiveArming&>);
// Real money without leave has no gate.
static_assert(!std::is_constructible_v<Gate, const Live&, TradingSwitch&>);
static_assert(!std::is_constructible_v<Gate, const DryRun&, TradingSwitch&, LiveArming&>);
static_assert(std::is_same_v<decltype(std::declval<DryRun>().view()), BrokerView&>);
// A mode is entered, never made, and never turned into another.
static_assert(!std::is_default_constructible_v<Paper> && !std::is_default_constructible_v<Live>);
static_assert(!std::is_constructible_v<Paper, Broker&> && !std::is_constructible_v<Live, Broker&>);
static_assert(!std::is_constructible_v<Paper, Broker&, std::string>);
static_assert(!std::is_constructible_v<Live, Broker&, std::string>);
static_assert(!std::is_constructible_v<Live, Paper> && !std::is_constructible_v<Paper, Live>);
static_assert(!std::is_constructible_v<Paper, DryRun> && !std::is_constructible_v<Live, DryRun>);
// A pass is used once, and only a gate makes one.
static_assert(!std::is_copy_constructible_v<GatePass> && !std::is_default_constructible_v<GatePass>);
static_assert(!std::is_constructible_v<GatePass, std::string, TradingSwitch::Pass>);

TEST_CASE("a broker that says nothing of itself counts as real money: paper refuses it") {
  FakeBroker broker;
  const auto refused = Paper::enter(broker, "acme");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::rejected);
  CHECK(refused.error().message == "mode is paper, but broker acme is not simulated: orders would cost real money");
}

TEST_CASE("paper enters a simulated broker, whatever the account") {
  FakeBroker broker;
  broker.can.simulated = true;
  const auto paper = Paper::enter(broker, "acme");
  REQUIRE(paper);
  CHECK(paper->account() == "fake");
  CHECK(&paper->view() == &broker);
}

TEST_CASE("live refuses a simulated broker, also with the right account") {
  FakeBroker broker;
  broker.can.simulated = true;
  const auto refused = Live::enter(broker, "acme", "fake");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::rejected);
  CHECK(refused.error().message == "mode is live, but broker acme is simulated: name a real one, or say mode: paper");
}

TEST_CASE("live enters only the account that is named, in full") {
  FakeBroker broker;
  for (const char* other : {"", "fak", "fake ", "FAKE", "another"}) {
    const auto refused = Live::enter(broker, "acme", other);
    CAPTURE(other);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::rejected);
  }
  CHECK(Live::enter(broker, "acme", "another").error().message ==
        R"(the account at acme is "fake", live.account is "another": nothing is sent)");
  const auto live = Live::enter(broker, "acme", "fake");
  REQUIRE(live);
  CHECK(live->account() == "fake");
}

TEST_CASE("a broker that does not answer lets nobody in") {
  FakeBroker broker;
  broker.account_faults = {ErrorCode::timeout, ErrorCode::unavailable};
  CHECK(Live::enter(broker, "acme", "fake").error().code == ErrorCode::timeout);
  broker.can.simulated = true;
  CHECK(Paper::enter(broker, "acme").error().code == ErrorCode::unavailable);
}
