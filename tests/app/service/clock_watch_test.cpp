#include "app/service/clock_watch.hpp"

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"

namespace rebalancer::app {
namespace {

using namespace std::chrono_literals;

Instant later(Instant instant, std::int64_t seconds) {
  return Instant::from_nanoseconds(instant.nanoseconds() + seconds * 1'000'000'000);
}

TEST_CASE("time that passes is no jump") {
  test::FakeClock clock;
  ClockWatch watch(clock);
  for (int i = 0; i < 100; ++i) {
    clock.advance(10min);
    CHECK_FALSE(watch.check());
  }
  CHECK_FALSE(watch.recent());
}

TEST_CASE("a clock that is set forward or back is told, and relied upon again after a while") {
  test::FakeClock clock;
  ClockWatch watch(clock);
  for (const std::int64_t seconds : {3600, -3600, 2, -2}) {
    CAPTURE(seconds);
    clock.set(later(clock.now(), seconds));
    const auto moved = watch.check();
    REQUIRE(moved);
    CHECK(*moved == doctest::Approx(static_cast<double>(seconds)));
    CHECK(watch.recent());
    CHECK_FALSE(watch.check());
    clock.advance(61s);
    CHECK_FALSE(watch.check());
    CHECK_FALSE(watch.recent());
  }
}

}  // namespace
}  // namespace rebalancer::app
