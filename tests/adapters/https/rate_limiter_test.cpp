#include "adapters/https/rate_limiter.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;
using namespace std::chrono_literals;

TEST_CASE("a burst goes at once, then one request per fifth of a second") {
  RateLimiter limiter{RateSettings{}};
  for (int i = 0; i < 5; ++i) CHECK(limiter.reserve("a", 0s) == 0s);
  CHECK(limiter.reserve("a", 0s) == 200ms);
  CHECK(limiter.reserve("a", 0s) == 400ms);
  CHECK(limiter.reserve("a", 200ms) == 400ms);  // the two before it have the next turns
  CHECK(limiter.reserve("a", 10s) == 0s);
}

TEST_CASE("a rest fills the bucket to the burst and no further") {
  RateLimiter limiter{RateSettings{}};
  for (int i = 0; i < 5; ++i) CHECK(limiter.reserve("a", 0s) == 0s);
  for (int i = 0; i < 5; ++i) CHECK(limiter.reserve("a", 1h) == 0s);
  CHECK(limiter.reserve("a", 1h) > 0s);
}

TEST_CASE("hosts do not wait for each other, and each may have its own rate") {
  RateLimiter limiter{RateSettings{{5, 5}, {{"slow", {0.5, 1}}}}};
  CHECK(limiter.reserve("slow", 0s) == 0s);
  CHECK(limiter.reserve("slow", 0s) == 2s);
  CHECK(limiter.reserve("a", 0s) == 0s);
  CHECK(limiter.reserve("b", 0s) == 0s);
}

TEST_CASE("however it is asked, a host never gets more than burst plus rate times time") {
  Random random(9);
  for (int round = 0; round < 50; ++round) {
    const double rate = 0.5 + 10 * random.uniform();
    const double burst = 1 + static_cast<double>(random.below(10));
    RateLimiter limiter{RateSettings{{rate, burst}, {}}};
    std::vector<double> sent;
    double now_s = 0;
    for (int i = 0; i < 200; ++i) {
      now_s += random.uniform() < 0.7 ? 0 : random.uniform() * 2;
      const auto wait = limiter.reserve("a", std::chrono::nanoseconds(static_cast<std::int64_t>(now_s * 1e9)));
      sent.push_back(now_s + std::chrono::duration<double>(wait).count());
    }
    double worst = -1;
    for (std::size_t from = 0; from < sent.size(); ++from) {
      for (std::size_t to = from; to < sent.size(); ++to) {
        worst = std::max(worst, static_cast<double>(to - from + 1) - burst - rate * (sent[to] - sent[from]));
      }
    }
    REQUIRE(worst <= 1e-6);
  }
}
