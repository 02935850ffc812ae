// Stores that several threads use at once, as the service does. Meant for the thread sanitizer too.
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "adapters/sqlite/price_store.hpp"
#include "adapters/sqlite/run_store.hpp"
#include "support/journal_builders.hpp"
#include "support/price_store_conformance.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::sqlite;
using test::session_day;
using test::TemporaryDirectory;

namespace {

constexpr int thread_count = 4;
constexpr int round_count = 25;

// `work(thread, round)` on every thread; how often it said no.
template <class Work>
int refused_on_threads(Work work) {
  std::atomic<int> refused = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < thread_count; ++thread) {
    threads.emplace_back([&refused, &work, thread] {
      for (int round = 0; round < round_count; ++round) refused += work(thread, round) ? 0 : 1;
    });
  }
  threads.clear();
  return refused;
}

}  // namespace

TEST_CASE("threads that write and read a journal at once all get what they asked for") {
  const TemporaryDirectory folder;
  auto store = SqliteRunStore::open(folder.file("journal.db").string()).value();
  CHECK(store->revision() == 0);
  const int refused = refused_on_threads([&](int thread, int round) {
    const std::string id = "run-" + std::to_string(thread) + "-" + std::to_string(round);
    Turn turn;
    turn.portfolio = "portfolio-" + std::to_string(thread);
    turn.session = Date::from_days(round);
    const std::uint64_t before = store->revision();
    bool good = store->begin_run(test::run_record(id)).has_value() && store->begin_turn(turn).has_value() &&
                !store->begin_request(id, "f", Instant(), Instant()).value().has_value() &&
                store->finish_request(id, 200, "text/plain", id).has_value();
    good = good && store->revision() >= before + 4;
    good = good && store->run(id).value().has_value() && store->runs(10).has_value();
    good = good && store->turns(turn.portfolio, 100).value().size() == static_cast<std::size_t>(round) + 1;
    return good && store->begin_request(id, "f", Instant(), Instant()).value()->body == id;
  });
  CHECK(refused == 0);
  CHECK(store->runs(1'000).value().size() == thread_count * round_count);
}

TEST_CASE("the revision is raised by what is written and by nothing else") {
  const TemporaryDirectory folder;
  auto store = SqliteRunStore::open(folder.file("journal.db").string()).value();
  REQUIRE(store->begin_run(test::run_record("aa11")));
  const std::uint64_t written = store->revision();
  CHECK(written > 0);
  CHECK_FALSE(store->begin_run(test::run_record("aa11")).has_value());
  CHECK_FALSE(store->update_order(test::report_of("x", OrderState::sending)).has_value());
  CHECK(store->add_fills({}).value() == 0);
  CHECK(store->run("aa11").has_value());
  CHECK(store->turns("default", 5).has_value());
  CHECK(store->revision() == written);
  REQUIRE(store->bind_owner({"paper", "paper", false}));
  CHECK(store->revision() > written);
}

TEST_CASE("a request with a key is begun by one of many threads") {
  const TemporaryDirectory folder;
  auto store = SqliteRunStore::open(folder.file("journal.db").string()).value();
  std::atomic<int> begun = 0;
  const int refused = refused_on_threads([&](int, int round) {
    auto known = store->begin_request("key-" + std::to_string(round), "f", Instant(), Instant());
    if (known && !*known) ++begun;
    return known.has_value();
  });
  CHECK(refused == 0);
  CHECK(begun == round_count);
}

TEST_CASE("threads that write and read prices at once all get what they asked for") {
  const TemporaryDirectory folder;
  auto store = SqlitePriceStore::open(folder.file("prices.db").string()).value();
  const int refused = refused_on_threads([&](int thread, int round) {
    const char* name = std::array{"TA", "TB", "TC", "TD"}.at(static_cast<std::size_t>(thread));
    const auto written = store->write(test::bars_named(name, {test::bar_of(round, 1)}), test::at(round));
    const auto table = store->read(test::named(name), test::ever, test::never, std::nullopt);
    return written && *written == 1 && table && table->bars().size() == static_cast<std::size_t>(round) + 1 &&
           store->symbols().has_value() && store->last_date(test::named(name)).value().has_value();
  });
  CHECK(refused == 0);
  CHECK(store->symbols().value().size() == thread_count);
}
