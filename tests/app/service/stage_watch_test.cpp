#include "app/service/stage_watch.hpp"

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"

namespace rebalancer::app {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a stage within its limit is left alone, one beyond it is asked to stop") {
  test::FakeClock clock;
  StageWatch watch(clock, StageLimits{.fetch = 10, .optimize = 5});
  std::stop_source stop;
  CHECK_FALSE(watch.check());  // nothing runs
  watch.begin(stop);
  clock.advance(10s);
  CHECK_FALSE(watch.check());
  CHECK_FALSE(stop.stop_requested());
  watch.enter(Stage::optimize);
  clock.advance(5s);
  CHECK_FALSE(watch.check());
  clock.advance(1s);
  CHECK_FALSE(watch.check());
  CHECK(stop.stop_requested());
  CHECK(watch.exceeded() == "stage optimize took longer than its limit of 5 s");
}

TEST_CASE("a stage that does not stop is told, once its grace is over") {
  test::FakeClock clock;
  StageWatch watch(clock, StageLimits{.fetch = 10});
  std::stop_source stop;
  watch.begin(stop);
  watch.enter(Stage::fetch);
  clock.advance(11s);
  CHECK_FALSE(watch.check());
  clock.advance(9s);
  CHECK_FALSE(watch.check());
  clock.advance(1s);
  CHECK(watch.check() ==
        "stage fetch took longer than its limit of 10 s, and did not stop within 10 s when it was asked to");
  watch.end();
  CHECK_FALSE(watch.check());
}

TEST_CASE("a long limit does not make a long grace") {
  test::FakeClock clock;
  StageWatch watch(clock, StageLimits{.execute = 3600});
  watch.begin({});
  watch.enter(Stage::execute);
  clock.advance(3601s);
  CHECK_FALSE(watch.check());
  clock.advance(30s);
  CHECK(watch.check());
}

TEST_CASE("what one run exceeded does not stay for the next") {
  test::FakeClock clock;
  StageWatch watch(clock, StageLimits{.fetch = 1});
  std::stop_source first, second;
  watch.begin(first);
  clock.advance(2s);
  CHECK_FALSE(watch.check());
  watch.end();
  CHECK(!watch.exceeded().empty());
  watch.begin(second);
  CHECK(watch.exceeded().empty());
  CHECK_FALSE(second.stop_requested());
}

TEST_CASE("every stage has the limit of its name") {
  const StageLimits limits{1, 2, 3, 4, 5, 6};
  CHECK(limit_of(limits, Stage::fetch) == 1s);
  CHECK(limit_of(limits, Stage::optimize) == 2s);
  CHECK(limit_of(limits, Stage::plan) == 3s);
  CHECK(limit_of(limits, Stage::check) == 4s);
  CHECK(limit_of(limits, Stage::execute) == 5s);
  CHECK(limit_of(limits, Stage::analyze) == 6s);
}

}  // namespace
}  // namespace rebalancer::app
