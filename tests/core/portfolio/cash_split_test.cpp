#include "core/portfolio/cash_split.hpp"

#include <doctest/doctest.h>

#include "core/base/random.hpp"

namespace rebalancer {
namespace {

using exact::scale;
using exact::Wide;

WantedBuy buy(std::int64_t shares, std::int64_t price) {
  return {shares * price * scale, price * scale, price * scale, scale, shares * scale};
}

std::vector<std::int64_t> shares_of(std::vector<WantedBuy> buys, std::int64_t cash, SplitShape shape,
                                    const BuyTerms& terms = {scale, 0, 0}) {
  split_cash(buys, cash * scale, terms, shape);
  std::vector<std::int64_t> shares;
  for (const WantedBuy& entry : buys) shares.push_back(static_cast<std::int64_t>(entry.quantity / scale));
  return shares;
}

using Shares = std::vector<std::int64_t>;

TEST_CASE("enough cash buys everything, none buys nothing") {
  for (const SplitShape shape : {SplitShape::proportional, SplitShape::level}) {
    CHECK(shares_of({buy(10, 3), buy(5, 7)}, 65, shape) == Shares{10, 5});
    CHECK(shares_of({buy(10, 3), buy(5, 7)}, 1000, shape) == Shares{10, 5});
    CHECK(shares_of({buy(10, 3), buy(5, 7)}, 2, shape) == Shares{0, 0});
    CHECK(shares_of({buy(10, 3), buy(5, 7)}, 0, shape) == Shares{0, 0});
    CHECK(shares_of({buy(10, 3), buy(5, 7)}, -50, shape) == Shares{0, 0});
    CHECK(shares_of({}, 100, shape) == Shares{});
  }
}

TEST_CASE("proportional gives the same share of what is wanted, level equals what is missing") {
  CHECK(shares_of({buy(600, 1), buy(300, 1), buy(100, 1)}, 500, SplitShape::proportional) == Shares{300, 150, 50});
  // 600 - 250, 300 - 250: both miss 250 in the end, and the third is nearer than that.
  CHECK(shares_of({buy(600, 1), buy(300, 1), buy(100, 1)}, 400, SplitShape::level) == Shares{350, 50, 0});
}

TEST_CASE("where not all can start, the cash goes to those that can") {
  const BuyTerms terms{scale, 10 * scale, 0};
  std::vector<WantedBuy> buys = {buy(50, 1), buy(40, 1), buy(30, 1)};
  for (WantedBuy& entry : buys) entry.quantity_min = 11 * scale;  // worth more than the commission of 10
  CHECK(shares_of(buys, 25, SplitShape::proportional, terms) == Shares{15, 0, 0});
  CHECK(shares_of(buys, 50, SplitShape::proportional, terms) == Shares{17, 13, 0});
  CHECK(shares_of(buys, 20, SplitShape::proportional, terms) == Shares{0, 0, 0});
}

TEST_CASE("20000 random splits spend no more than there is and leave nothing that could be bought") {
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    const Wide increments[] = {1, scale, scale / 1000, 7 * scale};
    const BuyTerms terms{increments[random.below(4)],
                         random.below(2) == 0 ? 0 : static_cast<Wide>(random.below(5)) * scale,
                         static_cast<Wide>(random.below(3) * 1'000'000)};
    std::vector<WantedBuy> buys;
    Wide wanted = 0;
    for (std::uint64_t i = 0; i <= random.below(10); ++i) {
      const Wide price = 1 + static_cast<Wide>(random.next() >> (28 + random.below(34)));
      const Wide limit = price + price / 100;
      const Wide quantity = (1 + static_cast<Wide>(random.below(1000))) * terms.increment;
      const Wide minimum = (1 + static_cast<Wide>(random.below(20))) * terms.increment;
      if (minimum > quantity) continue;
      buys.push_back({quantity * price / scale, price, limit, minimum, quantity});
      wanted += spend_of(quantity, limit, terms);
    }
    const Wide available = static_cast<Wide>(random.uniform() * 1.3 * static_cast<double>(wanted));
    const SplitShape shape = random.below(2) == 0 ? SplitShape::proportional : SplitShape::level;
    split_cash(buys, available, terms, shape);
    Wide spent = 0;
    for (const WantedBuy& entry : buys) spent += spend_of(entry.quantity, entry.limit, terms);
    INFO("seed " << seed);
    REQUIRE(spent <= available);
    for (const WantedBuy& entry : buys) {
      REQUIRE(entry.quantity % terms.increment == 0);
      REQUIRE((entry.quantity == 0 || entry.quantity >= entry.quantity_min));
      REQUIRE(entry.quantity <= entry.quantity_max);
      const Wide next = entry.quantity == 0 ? entry.quantity_min : entry.quantity + terms.increment;
      if (next > entry.quantity_max) continue;
      REQUIRE(spent - spend_of(entry.quantity, entry.limit, terms) + spend_of(next, entry.limit, terms) > available);
    }
  }
}

}  // namespace
}  // namespace rebalancer
