#include "core/portfolio/trading_state.hpp"

#include <doctest/doctest.h>

namespace rebalancer {
namespace {

TEST_CASE("the name of a trading state leads back to it") {
  for (const TradingState state : {TradingState::active, TradingState::reducing, TradingState::halted}) {
    CHECK(trading_state_named(name_of(state)) == state);
  }
  CHECK(name_of(TradingState::active) == "active");
  CHECK(name_of(TradingState::reducing) == "reducing");
  CHECK(name_of(TradingState::halted) == "halted");
}

TEST_CASE("no other word is a trading state") {
  for (const char* word : {"", "Halted", "HALTED", " halted", "halt", "active ", "paused"}) {
    CAPTURE(word);
    REQUIRE_FALSE(trading_state_named(word).has_value());
    CHECK(trading_state_named(word).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a record nobody wrote is active") { CHECK(TradingStateRecord{}.state == TradingState::active); }

}  // namespace
}  // namespace rebalancer
