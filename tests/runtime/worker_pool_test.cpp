// Jobs are run once or not at all; the queue has an end, and so has the pool.
#include "runtime/worker_pool.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

#include <doctest/doctest.h>

using rebalancer::WorkerPool;
using namespace std::chrono_literals;

namespace {

// Jobs that wait until they are let go.
struct Gate {
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
  std::promise<void> reached;
  WorkerPool::Job job() {
    return [this](std::stop_token) {
      reached.set_value();
      open.wait();
    };
  }
};

}  // namespace

TEST_CASE("every job that was taken is run once") {
  std::atomic<int> runs = 0;
  WorkerPool pool("test", 4, 10'000, {});
  for (int i = 0; i < 10'000; ++i) REQUIRE(pool.post([&](std::stop_token) { ++runs; }));
  CHECK(pool.join(20s));
  CHECK(runs == 10'000);
  CHECK(pool.waiting() == 0);
  CHECK(pool.at_work() == 0);
}

TEST_CASE("a full queue takes no more") {
  Gate gate;
  WorkerPool pool("test", 1, 2, {});
  REQUIRE(pool.post(gate.job()));
  gate.reached.get_future().wait();
  std::atomic<int> runs = 0;
  CHECK(pool.post([&](std::stop_token) { ++runs; }));
  CHECK(pool.post([&](std::stop_token) { ++runs; }));
  CHECK(!pool.post([&](std::stop_token) { ++runs; }));
  CHECK(pool.waiting() == 2);
  CHECK(pool.at_work() == 1);
  CHECK(!pool.join(0ms));
  gate.opened.set_value();
  CHECK(pool.join(20s));
  CHECK(runs == 2);
}

TEST_CASE("stopping: those at work are asked, those waiting are dropped, new ones are refused") {
  std::promise<void> begun;
  std::promise<void> asked;
  bool ran = false;
  const auto held = std::make_shared<int>(1);
  WorkerPool pool("test", 1, 10, {});
  REQUIRE(pool.post([&](std::stop_token stop) {
    const std::stop_callback tell(stop, [&] { asked.set_value(); });
    begun.set_value();
    asked.get_future().wait();
  }));
  begun.get_future().wait();
  REQUIRE(pool.post([&ran, held](std::stop_token) { ran = true; }));
  pool.request_stop();
  CHECK(held.use_count() == 1);
  CHECK(!pool.post([](std::stop_token) {}));
  CHECK(pool.join(20s));
  CHECK(!ran);
}

TEST_CASE("joining waits no longer than told") {
  Gate gate;
  WorkerPool pool("test", 2, 10, {});
  REQUIRE(pool.post(gate.job()));
  gate.reached.get_future().wait();
  pool.request_stop();
  CHECK(!pool.join(1ms));
  gate.opened.set_value();
  CHECK(pool.join(20s));
}

TEST_CASE("what a job throws is told, and the worker goes on") {
  std::vector<std::string> heard;
  WorkerPool pool("a name longer than the kernel takes", 1, 10,
                  [&](std::string what) { heard.push_back(std::move(what)); });
  REQUIRE(pool.post([](std::stop_token) { throw std::runtime_error("first"); }));
  REQUIRE(pool.post([](std::stop_token) { throw 2; }));
  bool ran = false;
  REQUIRE(pool.post([&](std::stop_token) { ran = true; }));
  CHECK(pool.join(20s));
  CHECK(heard == std::vector<std::string>{"first", "an exception that is no std::exception"});
  CHECK(ran);
  WorkerPool deaf("test", 1, 10, {});
  REQUIRE(deaf.post([](std::stop_token) { throw std::runtime_error("unheard"); }));
  CHECK(deaf.join(20s));
}

TEST_CASE("a pool that ends waits for its jobs, whenever it ends") {
  for (int i = 0; i < 200; ++i) {
    std::atomic<int> begun = 0;
    std::atomic<int> ended = 0;
    {
      WorkerPool pool("test", 3, 8, {});
      for (int j = 0; j < 8; ++j) {
        (void)pool.post([&](std::stop_token) {
          ++begun;
          ++ended;
        });
      }
    }
    CHECK(begun == ended);
  }
}
