// What holds for every plan. Small books and no allocation to speak of keep 100,000 of them to a few seconds.
#include <set>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "core/portfolio/plan_check.hpp"
#include "core/portfolio/random_portfolio.hpp"

namespace rebalancer::test {
namespace {

std::string text_of(const OrderPlan& plan) {
  std::string text = fmt::format("{} {} {}\n", plan.triggered, plan.cost.to_string(), plan.after.largest_fraction);
  for (const PlannedOrder& order : plan.orders) {
    text += fmt::format("{} {} {} {} {} {} {}\n", name_of(order.side), order.quantity.to_string(), order.symbol,
                        order.reference.to_string(), order.limit.to_string(), order.cost_max.to_string(), order.reason);
  }
  for (const NonOrder& order : plan.non_orders) text += fmt::format("{}: {}\n", order.symbol, order.reason);
  return text;
}

std::string violation_of(const Portfolio& portfolio, const OrderPlan& plan) {
  const auto proof =
      check_plan(plan, portfolio.book, portfolio.prices, portfolio.rules, TradeLimits{}, portfolio.capabilities);
  if (!proof) return proof.error().message;
  std::set<Symbol> told;
  for (const PlannedOrder& order : plan.orders) {
    told.insert(order.symbol);
    if (order.reason.empty()) return "an order without a reason";
  }
  for (const NonOrder& order : plan.non_orders) {
    told.insert(order.symbol);
    if (order.reason.empty()) return "a non-order without a reason";
  }
  for (const Position& position : portfolio.book.positions) {
    if (!told.contains(position.symbol)) return position.symbol.str() + " is held and not told of";
  }
  for (const Weight& weight : portfolio.target.entries()) {
    if (weight.fraction > 1e-9 && !told.contains(weight.symbol)) return weight.symbol.str() + " is not told of";
  }
  return "";
}

bool is_stated(const Error& error) {
  if (error.code != ErrorCode::invalid) return false;
  for (const char* reason : {"equity is", "everything would be sold", "overflows"}) {
    if (error.message.find(reason) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("100000 random portfolios: every plan passes its check, or the reason there is none is stated") {
  int plans = 0;
  int orders = 0;
  int sells = 0;
  for (std::uint64_t seed = 1; seed <= 100'000; ++seed) {
    Random random(seed);
    const Portfolio portfolio = random_portfolio(random);
    const auto plan = plan_of(portfolio);
    INFO("seed " << seed);
    if (!plan) {
      INFO("error " << plan.error().message);
      REQUIRE(is_stated(plan.error()));
      continue;
    }
    ++plans;
    orders += static_cast<int>(plan->orders.size());
    for (const PlannedOrder& order : plan->orders) {
      sells += order.side == Side::sell ? 1 : 0;
      if (portfolio.rules.buy_only) REQUIRE(order.side == Side::buy);
    }
    const std::string violation = violation_of(portfolio, *plan);
    INFO("violation " << violation);
    REQUIRE(violation.empty());
  }
  // The generator must not have gone dull.
  CHECK(plans > 80'000);
  CHECK(orders > 120'000);
  CHECK(sells > 40'000);
}

TEST_CASE("the same inputs give the same plan, in whatever order a book lists its positions") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    Random random(seed);
    Portfolio portfolio = random_portfolio(random);
    const auto plan = plan_of(portfolio);
    if (!plan) continue;
    std::reverse(portfolio.book.positions.begin(), portfolio.book.positions.end());
    const auto again = plan_of(portfolio);
    INFO("seed " << seed);
    REQUIRE(again);
    REQUIRE(text_of(*plan) == text_of(*again));
  }
}

// Free trading at the reference price, everything touchable and no cash set aside: what is left of a drift is rounding.
Portfolio free_of_costs(Random& random) {
  Portfolio portfolio = random_portfolio(random);
  portfolio.capabilities.commission_per_order = {};
  portfolio.capabilities.cost_rate = {};
  portfolio.capabilities.price_increment = billionths(1);
  portfolio.rules.price_collar_fraction = 0;
  portfolio.rules.cash_buffer = {};
  portfolio.rules.untouchable.clear();
  return portfolio;
}

// Zero for a symbol that is neither held nor wanted any more.
double drift_in(const Drift& drift, const Symbol& symbol) {
  for (const DriftEntry& entry : drift.entries) {
    if (entry.symbol == symbol) return entry.drift_fraction();
  }
  return 0;
}

TEST_CASE("without costs no symbol ends farther from its target than it was, and none passes it") {
  int traded = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    Portfolio portfolio = free_of_costs(random);
    portfolio.rules.buy_only = false;
    const auto plan = plan_of(portfolio);
    if (!plan) continue;
    INFO("seed " << seed << "\n" << text_of(*plan));
    REQUIRE(plan->after.largest_fraction <= plan->before.largest_fraction + 1e-7);
    for (const DriftEntry& entry : plan->before.entries) {
      const double before = entry.drift_fraction();
      const double after = drift_in(plan->after, entry.symbol);
      REQUIRE(std::abs(after) <= std::abs(before) + 1e-7);
      REQUIRE(before * after >= -1e-7);
    }
    traded += plan->orders.empty() ? 0 : 1;
  }
  CHECK(traded > 10'000);
}

TEST_CASE("a second plan right after the first one filled trades nothing") {
  int traded = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    Portfolio portfolio = free_of_costs(random);
    // Values are rounded to a billionth, which is many increments of a share that costs next to nothing.
    if (portfolio.rules.trade_value_min < billionths(10'000)) portfolio.rules.trade_value_min = billionths(10'000);
    const auto plan = plan_of(portfolio);
    if (!plan || plan->orders.empty()) continue;
    ++traded;
    Portfolio after = portfolio;
    after.book = filled(portfolio.book, *plan);
    const auto again = plan_of(after);
    INFO("seed " << seed << "\n" << text_of(*plan) << "then " << (again ? text_of(*again) : again.error().message));
    REQUIRE(again);
    REQUIRE(again->orders.empty());
  }
  CHECK(traded > 10'000);
}

TEST_CASE("raising the minimum trade never adds an order") {
  int fewer = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    Portfolio portfolio = random_portfolio(random);
    const auto plan = plan_of(portfolio);
    if (!plan) continue;
    const Decimal smallest = portfolio.rules.trade_value_min;
    portfolio.rules.trade_value_min = add(add(smallest, smallest).value(), Decimal::whole(50)).value();
    const auto raised = plan_of(portfolio);
    INFO("seed " << seed << "\n" << text_of(*plan) << "then " << (raised ? text_of(*raised) : raised.error().message));
    REQUIRE(raised);
    REQUIRE(raised->orders.size() <= plan->orders.size());
    fewer += raised->orders.size() < plan->orders.size() ? 1 : 0;
  }
  CHECK(fewer > 1'000);
}

TEST_CASE("any cash and any whole holdings give a plan that checks (rapidcheck)") {
  CHECK(rc::check("plan of two symbols", [] {
    Portfolio portfolio;
    const Symbol a = Symbol::parse("AAA").value();
    const Symbol b = Symbol::parse("BBB").value();
    const auto cents = [](int low, int high) { return billionths(*rc::gen::inRange(low, high) * 10'000'000LL); };
    portfolio.prices.emplace(a, Price::make(cents(1, 100'000)).value());
    portfolio.prices.emplace(b, Price::make(cents(1, 100'000)).value());
    portfolio.book.cash = Money(cents(0, 10'000'000), Currency::usd());
    for (const Symbol& symbol : {a, b}) {
      const auto shares = *rc::gen::inRange(0, 1000);
      if (shares > 0) portfolio.book.positions.push_back({symbol, Quantity(Decimal::whole(shares))});
    }
    const double fraction = *rc::gen::inRange(0, 101) / 100.0;
    portfolio.target = Weights::make({{a, fraction}, {b, 1 - fraction}}).value();
    portfolio.rules.buy_only = *rc::gen::arbitrary<bool>();
    const auto plan = plan_of(portfolio);
    RC_PRE(plan.has_value());
    RC_ASSERT(violation_of(portfolio, *plan).empty());
  }));
}

TEST_CASE("a deposit into a portfolio on its targets is invested without a sale (rapidcheck)") {
  CHECK(rc::check("deposit", [] {
    Portfolio portfolio;
    std::vector<Weight> entries;
    const auto count = *rc::gen::inRange(1, 8);
    for (int i = 0; i < count; ++i) {
      const Symbol symbol = Symbol::parse(std::string(2, static_cast<char>('A' + i))).value();
      portfolio.prices.emplace(symbol, Price::make(Decimal::whole(*rc::gen::inRange(1, 500))).value());
      entries.push_back({symbol, 1.0 / count});
      const auto shares = divide(Decimal::whole(100'000), portfolio.prices.at(symbol).decimal(), Rounding::floor);
      portfolio.book.positions.push_back({symbol, Quantity(shares.value())});
    }
    portfolio.target = Weights::make(entries).value();
    portfolio.capabilities.quantity_increment = billionths(1);
    portfolio.rules.price_collar_fraction = 0;
    portfolio.rules.buy_only = true;
    const auto deposit = *rc::gen::inRange(1, 1'000'000);
    portfolio.book.cash = Money(Decimal::whole(deposit), Currency::usd());
    const auto plan = plan_of(portfolio);
    RC_ASSERT(plan.has_value());
    RC_ASSERT(violation_of(portfolio, *plan).empty());
    RC_ASSERT(filled(portfolio.book, *plan).cash.amount() < billionths(10'000));
  }));
}

}  // namespace
}  // namespace rebalancer::test
