#include "core/portfolio/order_limits.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "support/portfolio_builders.hpp"

namespace rebalancer::test {
namespace {

Price price(const char* text) { return Price::make(decimal(text)).value(); }

// An account of 100000 USD that holds 100 QQQ at 400; whole shares, limits in cents, a collar of 1 %.
struct Given {
  TradeLimits limits;
  RebalanceRules rules;
  BrokerCapabilities capabilities;
  OrderFacts facts{book("60000", {{"QQQ", "100"}}), decimal("100000"), {}, 0, {}};

  [[nodiscard]] OrderLimits made() const { return {limits, rules, capabilities, facts}; }
};

Order order(const char* id, Side side, const char* quantity, const char* name, std::optional<Price> limit) {
  return {id, symbol(name), side, Quantity(decimal(quantity)), limit};
}
Order buy(const char* id, const char* quantity, const char* name, const char* limit) {
  return order(id, Side::buy, quantity, name, price(limit));
}
Order sell(const char* id, const char* quantity, const char* name, const char* limit) {
  return order(id, Side::sell, quantity, name, price(limit));
}

std::string verdict(OrderLimits& limits, const Order& one, const char* reference = "400", int age = 0) {
  const auto admitted = limits.admit({one, price(reference), age});
  if (admitted) return "admitted";
  CHECK(admitted.error().code == ErrorCode::rejected);
  return admitted.error().message;
}

std::string first_verdict(const Given& given, const Order& one, const char* reference = "400", int age = 0) {
  OrderLimits limits = given.made();
  return verdict(limits, one, reference, age);
}

TEST_CASE("an order has a side, an id and a positive quantity on the broker's increment") {
  Given given;
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400")) == "admitted");
  CHECK(first_verdict(given, buy("a", "0", "QQQ", "400")) == "buy 0 QQQ: quantity is 0, must be positive");
  CHECK(first_verdict(given, sell("a", "-1", "QQQ", "400")) == "sell -1 QQQ: quantity is -1, must be positive");
  CHECK(first_verdict(given, buy("a", "1.000000001", "QQQ", "400")) ==
        "buy 1.000000001 QQQ: quantity is 1.000000001, must be a multiple of the broker's increment, 1");
  CHECK(first_verdict(given, buy("", "1", "QQQ", "400")) == "buy 1 QQQ: has no client id");
  CHECK(first_verdict(given, order("a", static_cast<Side>(7), "1", "QQQ", price("400")))
            .ends_with("is neither a buy nor a sell"));
  given.capabilities.quantity_increment = decimal("0.000000001");
  CHECK(first_verdict(given, buy("a", "1.000000001", "QQQ", "400")) == "admitted");
}

TEST_CASE("a broker of limit orders gets a limit on its increment, one of market orders gets none") {
  Given given;
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400.01")) == "admitted");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400.010000001")) ==
        "buy 1 QQQ: limit is 400.010000001, must be a positive multiple of the broker's increment, 0.01");
  CHECK(first_verdict(given, order("a", Side::buy, "1", "QQQ", std::nullopt)) ==
        "buy 1 QQQ: has no limit, and the broker takes limit orders");
  given.capabilities.limit_orders = false;
  CHECK(first_verdict(given, order("a", Side::buy, "1", "QQQ", std::nullopt)) == "admitted");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400")) ==
        "buy 1 QQQ: has a limit, and the broker takes market orders only");
}

TEST_CASE("the limit is inside the collar, to the billionth on the side that costs money") {
  Given given;
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "404")) == "admitted");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "404.01")) ==
        "buy 1 QQQ: limit is 404.01 USD, more than the rebalance.price_collar of 1% from 400");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "404"), "399.999999999").find("rebalance.price_collar") !=
        std::string::npos);
  CHECK(first_verdict(given, sell("a", "1", "QQQ", "396")) == "admitted");
  CHECK(first_verdict(given, sell("a", "1", "QQQ", "395.99")) ==
        "sell 1 QQQ: limit is 395.99 USD, more than the rebalance.price_collar of 1% from 400");
  // The planner rounds away from the reference: an increment more on the side that costs nothing.
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "395.99")) == "admitted");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "395.98")) != "admitted");
  CHECK(first_verdict(given, sell("a", "1", "QQQ", "404.01")) == "admitted");
  CHECK(first_verdict(given, sell("a", "1", "QQQ", "404.02")) != "admitted");
  given.rules.price_collar_fraction = 0;
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400")) == "admitted");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400.01")) ==
        "buy 1 QQQ: limit is 400.01 USD, more than the rebalance.price_collar of 0% from 400");
}

TEST_CASE("the reference is a positive price that is not old") {
  Given given;
  given.limits.price_age_sessions_max = 2;
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400"), "400", 2) == "admitted");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400"), "400", 3) ==
        "buy 1 QQQ: its price is 3 sessions behind, limits.price_age_sessions_max is 2");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400"), "400", -1) ==
        "buy 1 QQQ: its price is -1 sessions behind, limits.price_age_sessions_max is 2");
  // No code of ours can make such a price.
  const auto forged = std::bit_cast<Price>(std::int64_t{-1});
  OrderLimits limits = given.made();
  const Order one = buy("a", "1", "QQQ", "400");
  CHECK(limits.admit({one, forged, 0}).error().message ==
        "buy 1 QQQ: reference price is -0.000000001, must be positive");
}

TEST_CASE("an order is worth its quantity at the higher of limit and reference") {
  Given given;
  given.limits.order_value_max = decimal("39904.8");
  CHECK(first_verdict(given, buy("a", "120", "QQQ", "332.54"), "332") == "admitted");
  CHECK(first_verdict(given, sell("a", "100", "QQQ", "399"), "399.048") == "admitted");
  CHECK(first_verdict(given, sell("a", "100", "QQQ", "399"), "399.048000001") ==
        "sell 100 QQQ: worth 39904.8000001 USD, limits.order_max is 39904.8 USD");
  given.limits.order_value_max = decimal("25000");
  CHECK(first_verdict(given, buy("a", "120", "QQQ", "332.54"), "332") ==
        "buy 120 QQQ: worth 39904.80 USD, limits.order_max is 25000 USD");
  // A unit of 10^-18 too much is too much, and shows.
  given.capabilities.quantity_increment = decimal("0.000000001");
  given.capabilities.price_increment = decimal("0.000000001");
  given.limits.order_value_max = decimal("1");
  CHECK(first_verdict(given, buy("a", "0.999999999", "X", "1.000000001"), "1") == "admitted");
  CHECK(first_verdict(given, buy("a", "1.000000001", "X", "1.000000001"), "1") ==
        "buy 1.000000001 X: worth 1.000000003 USD, limits.order_max is 1 USD");
  given.limits.order_value_max = decimal("0");
  CHECK(first_verdict(given, buy("a", "0.000000001", "X", "1"), "1") ==
        "buy 0.000000001 X: worth 0.000000001 USD, limits.order_max is 0 USD");
}

TEST_CASE("the broker's minimum is against the lower of limit and reference") {
  Given given;
  given.capabilities.order_value_min = decimal("1196");
  CHECK(first_verdict(given, buy("a", "3", "QQQ", "400"), "398.666666667") == "admitted");
  CHECK(first_verdict(given, buy("a", "3", "QQQ", "400"), "398.666666666") ==
        "buy 3 QQQ: worth 1195.999999998 USD, the broker's smallest order is 1196 USD");
}

TEST_CASE("quantity, untouchables and buy-only") {
  Given given;
  given.limits.order_quantity_max = decimal("50");
  CHECK(first_verdict(given, buy("a", "50", "QQQ", "400")) == "admitted");
  CHECK(first_verdict(given, buy("a", "51", "QQQ", "400")) == "buy 51 QQQ: quantity is 51, limits.quantity_max is 50");
  given.rules.untouchable = {symbol("BND"), symbol("QQQ")};
  CHECK(first_verdict(given, sell("a", "1", "QQQ", "400")) == "sell 1 QQQ: QQQ is in rebalance.untouchable");
  CHECK(first_verdict(given, buy("a", "1", "SPY", "400")) == "admitted");
  given.rules.untouchable.clear();
  given.rules.buy_only = true;
  CHECK(first_verdict(given, sell("a", "1", "QQQ", "400")) == "sell 1 QQQ: sells, and rebalance.buy_only is true");
  CHECK(first_verdict(given, buy("a", "1", "QQQ", "400")) == "admitted");
}

TEST_CASE("nothing is sold twice, and what is bought is not sold before it is held") {
  const Given given;
  OrderLimits limits = given.made();
  CHECK(verdict(limits, buy("a", "5", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, sell("b", "101", "QQQ", "400")) ==
        "sell 101 QQQ: sells 101, held are 100 and 0 of them are being sold already");
  CHECK(verdict(limits, sell("c", "60", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, sell("d", "41", "QQQ", "400")) ==
        "sell 41 QQQ: sells 41, held are 100 and 60 of them are being sold already");
  CHECK(verdict(limits, sell("e", "40", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, sell("f", "1", "SPY", "400")) ==
        "sell 1 SPY: sells 1, held are 0 and 0 of them are being sold already");
  limits.forget("c");
  CHECK(verdict(limits, sell("g", "60", "QQQ", "400")) == "admitted");
}

TEST_CASE("a position after its buys is at most its fraction of the equity, at the highest of the prices") {
  Given given;
  given.limits.position_max_fraction = 0.5;
  OrderLimits limits = given.made();
  // 100 are held, so 25 more at 400 are 50000 USD; what is being sold makes no room.
  CHECK(verdict(limits, sell("a", "100", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, buy("b", "26", "QQQ", "400")) ==
        "buy 26 QQQ: QQQ would be worth 50400 USD, limits.position_max is 50% of equity, 50000 USD");
  CHECK(verdict(limits, buy("c", "10", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, buy("d", "16", "QQQ", "400")) != "admitted");
  CHECK(verdict(limits, buy("e", "15", "QQQ", "400"), "400.000000001") ==
        "buy 15 QQQ: QQQ would be worth 50000.000000125 USD, limits.position_max is 50% of equity, 50000 USD");
  // At 396 there were room for 16, but those of "c" may cost 400.
  CHECK(verdict(limits, buy("f", "16", "QQQ", "396"), "396") != "admitted");
  CHECK(verdict(limits, buy("g", "15", "QQQ", "396"), "396") == "admitted");
  CHECK(verdict(limits, buy("h", "125", "SPY", "400")) == "admitted");
  given.limits.position_max_fraction = 0;
  CHECK(first_verdict(given, buy("a", "1", "SPY", "400")).find("limits.position_max is 0% of equity, 0 USD") !=
        std::string::npos);
}

TEST_CASE("turnover counts both sides at their worth, with what was sent before") {
  Given given;
  given.limits.turnover_per_day_fraction = 0.125;
  given.facts.turnover_today = decimal("2500");
  OrderLimits limits = given.made();
  CHECK(verdict(limits, buy("a", "10", "QQQ", "400"), "396.04") == "admitted");
  CHECK(verdict(limits, sell("b", "16", "QQQ", "400")) ==
        "sell 16 QQQ: turnover today would be 12900 USD, limits.turnover_per_day is 12.5% of equity, 12500 USD");
  CHECK(verdict(limits, sell("c", "15", "QQQ", "400"), "400.000000001") ==
        "sell 15 QQQ: turnover today would be 12500.000000015 USD, limits.turnover_per_day is 12.5% of equity, 12500 "
        "USD");
  CHECK(verdict(limits, sell("d", "15", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, buy("e", "1", "SPY", "1"), "1") != "admitted");
  limits.forget("a");
  CHECK(verdict(limits, buy("f", "10", "QQQ", "400")) == "admitted");
}

TEST_CASE("orders are counted over the day, and only those that were let through") {
  Given given;
  given.limits.orders_per_day_max = 7;
  given.limits.orders_today = 100;  // was for the plan
  given.facts.orders_today = 5;
  OrderLimits limits = given.made();
  CHECK(verdict(limits, buy("a", "1", "QQQ", "500")) != "admitted");
  CHECK(verdict(limits, buy("b", "1", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, buy("c", "1", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, buy("d", "1", "QQQ", "400")) ==
        "buy 1 QQQ: orders today would be 8, limits.orders_per_day is 7");
  limits.forget("unknown");
  CHECK(verdict(limits, buy("d", "1", "QQQ", "400")) != "admitted");
  limits.forget("b");
  CHECK(verdict(limits, buy("d", "1", "QQQ", "400")) == "admitted");
}

TEST_CASE("a second copy of an order counts once and must be the same order") {
  Given given;
  given.limits.orders_per_day_max = 1;
  given.limits.turnover_per_day_fraction = 0.4;
  given.limits.position_max_fraction = 0.8;
  OrderLimits limits = given.made();
  const Order one = buy("a", "100", "QQQ", "400");
  CHECK(verdict(limits, one) == "admitted");
  CHECK(verdict(limits, one) == "admitted");
  CHECK(verdict(limits, sell("a", "100", "QQQ", "400")) ==
        "sell 100 QQQ: its id a is already that of another order, buy 100 QQQ");
  CHECK(verdict(limits, buy("a", "99", "QQQ", "400")) != "admitted");
  CHECK(verdict(limits, buy("a", "100", "SPY", "400")) != "admitted");
  CHECK(verdict(limits, buy("a", "100", "QQQ", "399")) != "admitted");
  // The copy is judged anew: its price may have become old or higher.
  CHECK(verdict(limits, one, "400", 2) != "admitted");
  CHECK(verdict(limits, one, "400.01").find("QQQ would be worth 80002 USD") != std::string::npos);
  // One copy was not sent, the other may have been.
  limits.forget("a");
  CHECK(verdict(limits, buy("b", "1", "QQQ", "400")) != "admitted");
  limits.forget("a");
  CHECK(verdict(limits, buy("b", "1", "QQQ", "400")) == "admitted");
}

TEST_CASE("a copy of what an earlier process sent changes no sum: its first copy may be in the book already") {
  Given given;
  given.limits.orders_per_day_max = 2;
  given.limits.turnover_per_day_fraction = 0.4;
  given.limits.position_max_fraction = 0.5;
  given.facts.orders_today = 2;
  given.facts.turnover_today = decimal("40000");
  given.facts.sent_before = {"before-1", "before-2", "before-3"};
  OrderLimits limits = given.made();
  CHECK(verdict(limits, sell("before-1", "60", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, sell("before-2", "1000", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, buy("before-3", "1000", "QQQ", "400")) == "admitted");
  CHECK(verdict(limits, buy("new", "1", "SPY", "1"), "1") ==
        "buy 1 SPY: orders today would be 3, limits.orders_per_day is 2");
}

TEST_CASE("limits and facts that make no sense refuse every order, with a sentence") {
  const auto refused = [](auto change) {
    Given given;
    change(given);
    return first_verdict(given, buy("a", "1", "QQQ", "400"));
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(refused([](Given&) {}) == "admitted");
  for (const double fraction : {nan, infinite, -infinite, -0.01, -1e-300, 1e300, 1e10}) {
    CAPTURE(fraction);
    CHECK(refused([&](Given& g) {
            g.limits.turnover_per_day_fraction = fraction;
          }).starts_with("buy 1 QQQ: limits.turnover_per_day is "));
    CHECK(refused([&](Given& g) {
            g.limits.position_max_fraction = fraction;
          }).starts_with("buy 1 QQQ: limits.position_max is "));
    CHECK(refused([&](Given& g) {
            g.rules.price_collar_fraction = fraction;
          }).starts_with("buy 1 QQQ: rebalance.price_collar is "));
  }
  CHECK(refused([&](Given& g) { g.limits.position_max_fraction = nan; }) ==
        "buy 1 QQQ: limits.position_max is nan, must be a fraction of 0 or more");
  CHECK(refused([](Given& g) { g.rules.price_collar_fraction = 1; }) ==
        "buy 1 QQQ: rebalance.price_collar is 1, must be below 1");
  CHECK(refused([](Given& g) { g.limits.order_value_max = decimal("-1"); }) ==
        "buy 1 QQQ: worth 400 USD, limits.order_max is -1 USD");
  CHECK(refused([](Given& g) { g.limits.order_quantity_max = decimal("-1"); }) != "admitted");
  CHECK(refused([](Given& g) { g.limits.orders_per_day_max = -1; }) != "admitted");
  CHECK(refused([](Given& g) { g.limits.price_age_sessions_max = -1; }) != "admitted");
  CHECK(refused([](Given& g) { g.capabilities.quantity_increment = {}; }) ==
        "buy 1 QQQ: the broker's increments are 0 shares and 0.01 USD, must be positive");
  CHECK(refused([](Given& g) { g.capabilities.price_increment = decimal("-0.01"); }) != "admitted");
  CHECK(refused([](Given& g) { g.capabilities.limit_orders = g.capabilities.market_orders = false; }) ==
        "buy 1 QQQ: the broker takes neither limit nor market orders");
  CHECK(refused([](Given& g) { g.facts.equity = {}; }) == "buy 1 QQQ: equity is 0 USD, must be positive");
  CHECK(refused([](Given& g) { g.facts.turnover_today = decimal("-1"); }) ==
        "buy 1 QQQ: sent today are 0 orders worth -1 USD, must not be negative");
  CHECK(refused([](Given& g) { g.facts.orders_today = -1; }) != "admitted");
  CHECK(refused([](Given& g) { g.facts.book.positions.push_back(g.facts.book.positions.front()); }) ==
        "buy 1 QQQ: QQQ is in the book twice");
}

TEST_CASE("numbers beyond what can be counted are refused, not wrapped") {
  const auto most = Decimal::from_billionths(std::numeric_limits<std::int64_t>::max());
  Given given;
  given.capabilities.quantity_increment = given.capabilities.price_increment = Decimal::from_billionths(1);
  given.facts.book = {{{symbol("MAX"), Quantity(most)}}, Money(most, Currency::usd())};
  given.facts.equity = most;
  const Price highest = Price::make(most).value();
  const Order huge{"a", symbol("MAX"), Side::buy, Quantity(most), highest};
  const Order sale{"b", symbol("MAX"), Side::sell, Quantity(most), highest};
  OrderLimits unlimited = given.made();
  CHECK(unlimited.admit({huge, highest, 0}).has_value());
  CHECK(unlimited.admit({sale, highest, 0}).has_value());
  given.limits.position_max_fraction = 9e9;
  OrderLimits position = given.made();
  const Price lowest = Price::make(Decimal::from_billionths(1)).value();
  CHECK(position.admit({{"c", symbol("MAX"), Side::buy, Quantity(most), lowest}, lowest, 0}).has_value());
  CHECK(position.admit({huge, highest, 0}).error().message.ends_with("the position is too large to be counted"));
  given.limits.turnover_per_day_fraction = 9.2e9;
  given.facts.turnover_today = most;
  given.facts.book.positions.push_back({symbol("ZZZ"), Quantity(most)});
  OrderLimits day = given.made();
  CHECK(day.admit({sale, highest, 0}).error().message.find("limits.turnover_per_day is") != std::string::npos);
  const Order nearly{"c", symbol("ZZZ"), Side::sell, Quantity(Decimal::whole(9'000'000'000)), highest};
  CHECK(day.admit({nearly, highest, 0}).has_value());
  CHECK(day.admit({sale, highest, 0}).error().message.find("limits.turnover_per_day is") != std::string::npos);
}

}  // namespace
}  // namespace rebalancer::test
