// The loop runs what it is told on its own thread, in time, until it is stopped.
#include "runtime/event_loop.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using rebalancer::EventLoop;
using namespace std::chrono_literals;

TEST_CASE("work is run in the order it was posted, on the loop") {
  EventLoop loop;
  std::vector<int> order;
  CHECK(!loop.on_loop());
  for (int i = 0; i < 3; ++i) {
    loop.post([&, i] {
      CHECK(loop.on_loop());
      order.push_back(i);
    });
  }
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK(order == std::vector{0, 1, 2});
}

TEST_CASE("threads may post to it and stop it") {
  EventLoop loop;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 250; ++j) {
        loop.post([&] {
          if (++count == 1000) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  CHECK(count == 1000);
}

TEST_CASE("it ticks until it is stopped, and calls once what was asked for once") {
  EventLoop loop;
  int ticks = 0;
  int calls = 0;
  loop.after(0ms, [&] { ++calls; });
  loop.every(1ms, [&] {
    if (++ticks == 20) loop.stop();
  });
  loop.run();
  CHECK(ticks == 20);
  CHECK(calls == 1);
}

TEST_CASE("what has not run when it ends is destroyed, not run") {
  const auto held = std::make_shared<int>(1);
  bool ran = false;
  {
    EventLoop loop;
    loop.post([&] { loop.stop(); });
    loop.after(1h, [&ran, held] { ran = true; });
    loop.every(1h, [&ran, held] { ran = true; });
    loop.run();
    loop.post([&ran, held] { ran = true; });
    CHECK(held.use_count() == 4);
  }
  CHECK(!ran);
  CHECK(held.use_count() == 1);
}

TEST_CASE("an exception that leaves a handler is passed on") {
  EventLoop loop;
  loop.post([] { throw std::logic_error("a mistake"); });
  CHECK_THROWS_AS(loop.run(), std::logic_error);
}
