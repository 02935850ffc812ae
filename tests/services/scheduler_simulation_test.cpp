#include "support/scheduler_simulation.hpp"

#include <doctest/doctest.h>

#include "support/memory_turn_store.hpp"

using namespace rebalancer;
using test::MemoryTurnStore;
using test::SchedulerSimulation;

namespace {

constexpr std::uint64_t seed_count = 10'000;

}  // namespace

TEST_CASE("whatever clocks, processes, runs, stores and people do, a session has one turn: 10,000 seeds") {
  std::size_t session_count = 0;
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    CAPTURE(seed);
    MemoryTurnStore store;
    SchedulerSimulation simulation(seed, store, "default", [&store](bool broken) {
      store.failure.reset();
      if (broken) store.failure = Error{ErrorCode::exhausted, "the disk is full"};
    });
    const std::string broken = simulation.wild(40);
    if (!broken.empty()) FAIL(broken);
    session_count += simulation.sessions().size();
  }
  CHECK(session_count > 5 * seed_count);  // it did happen
}

TEST_CASE("left alone, every session gets its turn in the minute it is due: 1,000 seeds") {
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    CAPTURE(seed);
    MemoryTurnStore store;
    SchedulerSimulation simulation(seed, store, "default");
    const std::string broken = simulation.calm(20);
    if (broken == "nothing is next") continue;  // off
    if (!broken.empty()) FAIL(broken);
    CHECK(simulation.sessions().size() == 20);
  }
}
