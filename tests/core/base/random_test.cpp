#include "core/base/random.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

namespace rebalancer {
namespace {

TEST_CASE("the generator is splitmix64") {
  // The first numbers of the reference implementation (Vigna) for seed 1234567.
  Random random(1234567);
  CHECK(random.next() == 6457827717110365317ULL);
  CHECK(random.next() == 3203168211198807973ULL);
  CHECK(random.next() == 9817491932198370423ULL);
  CHECK(random.next() == 4593380528125082431ULL);
  CHECK(random.next() == 16408922859458223821ULL);
}

TEST_CASE("uniform numbers lie strictly inside, normal ones have mean 0 and variance 1") {
  Random random(5);
  constexpr int count = 200'000;
  double lowest = 1;
  double highest = 0;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    const double uniform = random.uniform();
    lowest = std::min(lowest, uniform);
    highest = std::max(highest, uniform);
    const double normal = random.normal();
    sum += normal;
    squares += normal * normal;
  }
  CHECK(lowest > 0);
  CHECK(lowest < 1e-4);
  CHECK(highest < 1);
  CHECK(highest > 1 - 1e-4);
  // Five standard errors.
  CHECK(std::abs(sum / count) < 5 / std::sqrt(count));
  CHECK(std::abs(squares / count - 1) < 5 * std::sqrt(2.0 / count));
}

}  // namespace
}  // namespace rebalancer
