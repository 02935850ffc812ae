// The scheduler on the memory it has in earnest.
#include <doctest/doctest.h>

#include "adapters/sqlite/run_store.hpp"
#include "support/scheduler_simulation.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

TEST_CASE("whatever clocks, processes, runs and people do, a session has one turn in the journal: 200 seeds") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("journal.db").string();
  std::size_t session_count = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    auto store = sqlite::SqliteRunStore::open(file);
    REQUIRE(store.has_value());
    SchedulerSimulation simulation(seed, **store, "portfolio-" + std::to_string(seed));
    const std::string broken = simulation.wild(40);
    if (!broken.empty()) FAIL(broken);
    session_count += simulation.sessions().size();
  }
  CHECK(session_count > 1'000);
}
