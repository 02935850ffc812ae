// Whole shares: against enumeration, against the independent reference, and to a proof.
#include "core/portfolio/share_allocation.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;

namespace {

Decimal decimal(std::int64_t billionths) { return Decimal::from_billionths(billionths); }

std::int64_t objective_of(const std::vector<ShareTarget>& targets, const std::vector<std::int64_t>& shares) {
  std::int64_t left = 0, sum = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::int64_t value = targets[i].value.billionths(), spent = shares[i] * targets[i].price.billionths();
    sum += std::abs(value - spent);
    left += value - spent;
  }
  return left < 0 ? -1 : sum + left;
}

// Every book that can be paid for.
void enumerate(const std::vector<ShareTarget>& targets, std::size_t next, std::vector<std::int64_t>& shares,
               std::int64_t left, std::int64_t& best) {
  if (next == targets.size()) {
    const std::int64_t objective = objective_of(targets, shares);
    if (best < 0 || objective < best) best = objective;
    return;
  }
  const std::int64_t price = targets[next].price.billionths();
  for (std::int64_t count = 0; count * price <= left; ++count) {
    shares[next] = count;
    enumerate(targets, next + 1, shares, left - count * price, best);
  }
  shares[next] = 0;
}

// Prices of $5 to $405 to the cent, weights drawn evenly from all that sum to one.
std::vector<ShareTarget> large_book(std::size_t count, double money, std::uint64_t seed) {
  Random random(7919 * seed + count);
  std::vector<double> weights;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    weights.push_back(-std::log(1 - random.uniform()));
    sum += weights.back();
  }
  std::vector<ShareTarget> targets;
  for (const double weight : weights) {
    const auto cents = static_cast<std::int64_t>(500 + 40'000 * random.uniform());
    targets.push_back(
        {Decimal::from_double(weight / sum * money, Rounding::half_even).value(), decimal(cents * 10'000'000)});
  }
  return targets;
}

}  // namespace

TEST_CASE("2000 small books are the best of all that can be paid for") {
  int better_than_greedy = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::vector<ShareTarget> targets;
    std::int64_t total = 0;
    const std::size_t count = 1 + random.below(4);
    for (std::size_t i = 0; i < count; ++i) {
      const auto price = static_cast<std::int64_t>(1 + random.below(60)) * 1'000'000'000;
      const auto value = static_cast<std::int64_t>(random.below(150)) * 1'000'000'000 / (random.below(2) == 0 ? 1 : 3);
      targets.push_back({decimal(value), decimal(price)});
      total += value;
    }
    const auto book = allocate_shares(targets);
    REQUIRE(book);
    std::vector<std::int64_t> shares(count, 0);
    std::int64_t best = -1;
    enumerate(targets, 0, shares, total, best);
    CHECK(book->objective.billionths() == best);
    CHECK(objective_of(targets, book->shares) == best);
    CHECK(book->is_proven());
    CHECK(objective_of(targets, book->greedy_shares) == book->greedy_objective.billionths());
    CHECK(book->objective <= book->greedy_objective);
    better_than_greedy += book->objective < book->greedy_objective;
  }
  CHECK(better_than_greedy > 200);
}

TEST_CASE("large books are proven, from a thousand to ten million dollars") {
  for (const std::size_t count : {20, 100, 500}) {
    for (const double money : {1e3, 1e5, 1e7}) {
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        CAPTURE(count);
        CAPTURE(money);
        CAPTURE(seed);
        const auto targets = large_book(count, money, seed);
        const auto book = allocate_shares(targets);
        REQUIRE(book);
        CHECK(book->is_proven());
        CHECK(book->objective <= book->greedy_objective);
        CHECK(objective_of(targets, book->shares) == book->objective.billionths());
        CHECK(book->nodes < 100'000);
      }
    }
  }
}

TEST_CASE("with too few nodes the best book found comes with a bound that holds") {
  int unproven = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto targets = large_book(100, 1e5, seed);
    const std::int64_t optimum = allocate_shares(targets)->objective.billionths();
    for (const std::int64_t nodes_max : {0, 2, 50, 300}) {
      CAPTURE(seed);
      CAPTURE(nodes_max);
      const auto book = allocate_shares(targets, nodes_max);
      REQUIRE(book);
      CHECK(book->nodes <= nodes_max);
      CHECK(book->bound.billionths() <= optimum);
      CHECK(book->objective.billionths() >= optimum);
      CHECK(objective_of(targets, book->shares) == book->objective.billionths());
      // The continuous optimum is near from the first.
      CHECK(book->bound.billionths() >= optimum - optimum / 50);
      unproven += !book->is_proven();
    }
  }
  CHECK(unproven > 8);
}

TEST_CASE("books whose prices are all alike, multiples of each other or a penny are proven too") {
  for (const std::int64_t cents : {1, 700, 12'345}) {
    for (const std::int64_t factor : {1, 2, 10}) {
      std::vector<ShareTarget> targets;
      Random random(static_cast<std::uint64_t>(cents + factor));
      for (std::int64_t i = 0; i < 60; ++i) {
        const std::int64_t multiple = i % 3 == 0 ? factor : 1;
        targets.push_back(
            {decimal(static_cast<std::int64_t>(1e11 * random.uniform())), decimal(cents * 10'000'000 * multiple)});
      }
      const auto book = allocate_shares(targets);
      REQUIRE(book);
      CHECK(book->is_proven());
      CHECK(objective_of(targets, book->shares) == book->objective.billionths());
    }
  }
}

TEST_CASE("what cannot be a book is refused") {
  const auto refused = [](Decimal value, Decimal price) {
    const std::vector<ShareTarget> targets{{value, price}};
    return !allocate_shares(targets).has_value();
  };
  CHECK(refused(Decimal::whole(-1), Decimal::whole(1)));
  CHECK(refused(Decimal::whole(1), Decimal::whole(0)));
  CHECK(refused(Decimal::whole(1), Decimal::whole(-3)));
  CHECK(refused(Decimal::whole(9'000'000'000), Decimal::whole(1)));
  CHECK(allocate_shares({}).value().shares.empty());
  const std::vector<ShareTarget> dear{{Decimal::whole(5), Decimal::whole(7)}};
  CHECK(allocate_shares(dear)->shares == std::vector<std::int64_t>{0});
  CHECK(allocate_shares(dear)->leftover == Decimal::whole(5));
}

TEST_CASE("the reference's books of whole shares: never worse, and its greedy rule share for share") {
  const char* directory = std::getenv("REBALANCER_REFERENCE_DIR");
  const std::filesystem::path reference =
      directory != nullptr ? directory : std::filesystem::path(REBALANCER_SOURCE_DIR) / ".." / "shared";
  if (!std::filesystem::exists(reference / "golden" / "golden_dev.json")) {
    MESSAGE("SKIPPED: no reference material at ", reference.string());
    return;
  }
  std::stringstream text;
  text << std::ifstream(reference / "golden" / "golden_dev.json").rdbuf();
  const auto golden = boost::json::parse(text.str());
  std::ifstream csv(reference / "golden" / "data" / "dev20_prices.csv");
  std::string line, last;
  while (std::getline(csv, line)) last = line;
  std::vector<Decimal> prices;
  std::stringstream row(last);
  std::getline(row, line, ',');
  while (std::getline(row, line, ',')) prices.push_back(Decimal::parse(line).value());
  REQUIRE(prices.size() == 20);
  const auto& cases = golden.at("datasets").at("dev20").at("discrete_allocation").as_array();
  REQUIRE(cases.size() == 4);
  for (const auto& one : cases) {
    const double money = one.at("lp").at("portfolio_value").to_number<double>();
    CAPTURE(money);
    std::vector<ShareTarget> targets;
    std::int64_t spent = 0;
    for (std::size_t i = 0; i < 20; ++i) {
      const double weight = one.at("weights_cleaned").as_array()[i].to_number<double>();
      const auto value = Decimal::from_double(weight * money, Rounding::half_even).value();
      spent += value.billionths();
      targets.push_back({value, prices[i]});
    }
    // The weights sum to 1 but for the rounding of each to a billionth.
    CHECK(std::abs(static_cast<double>(spent) * 1e-9 - money) < 1e-7);
    const auto book = allocate_shares(targets);
    REQUIRE(book);
    const double expected = one.at("lp").at("objective_optimal").to_number<double>();
    CHECK(std::abs(book->objective.to_double() - expected) <= 1e-6 * std::max(1.0, expected));
    CHECK(book->is_proven());
    const auto& greedy = one.at("greedy_pypfopt_rule");
    for (std::size_t i = 0; i < 20; ++i) {
      CHECK(book->greedy_shares[i] == greedy.at("shares").as_array()[i].to_number<std::int64_t>());
    }
  }
}
