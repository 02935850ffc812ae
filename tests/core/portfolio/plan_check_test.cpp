#include "core/portfolio/plan_check.hpp"

#include <limits>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

#include "support/portfolio_builders.hpp"

namespace rebalancer::test {
namespace {

// Written by hand, not by the planner: sell 12 of 12.5 VTI at 250, buy 5 SPY at 500; 1 USD and 0.1 % an order.
struct Given {
  Book held = book("300", {{"VTI", "12.5"}});
  PriceList prices = price_list({{"SPY", "500"}, {"VTI", "250"}});
  RebalanceRules rules;
  TradeLimits limits;
  BrokerCapabilities capabilities;
  OrderPlan plan{{}, {}, {}, {}, Money(Decimal(), Currency::usd()), true};

  Given() {
    capabilities.commission_per_order = decimal("1");
    capabilities.cost_rate = decimal("0.001");
    rules.cash_buffer = decimal("250");
    plan.orders.push_back(order("VTI", Side::sell, "12", "250", "247.5", "3.97"));
    plan.orders.push_back(order("SPY", Side::buy, "5", "500", "505", "3.525"));
    plan.cost = Money(decimal("7.5"), Currency::usd());
  }

  static PlannedOrder order(const char* name, Side side, const char* quantity, const char* reference, const char* limit,
                            const char* cost) {
    return {symbol(name),
            side,
            Quantity(decimal(quantity)),
            Price::make(decimal(reference)).value(),
            Price::make(decimal(limit)).value(),
            Money(decimal(cost), Currency::usd()),
            "by hand"};
  }

  [[nodiscard]] Result<PlanProof> check() const { return check_plan(plan, held, prices, rules, limits, capabilities); }
  [[nodiscard]] std::string refusal() const {
    const auto proof = check();
    if (proof) return "accepted";
    CHECK(proof.error().code == ErrorCode::rejected);
    return proof.error().message;
  }
};

TEST_CASE("nothing but the check makes a proof") {
  static_assert(!std::is_default_constructible_v<PlanProof>);
  static_assert(!std::is_aggregate_v<PlanProof>);
}

TEST_CASE("a proof says what was proved, with the numbers, and for which orders") {
  const Given given;
  const auto proof = given.check();
  REQUIRE_MESSAGE(proof.has_value(), given.refusal());
  REQUIRE(proof->orders().size() == 2);
  CHECK(proof->orders()[1].symbol == symbol("SPY"));
  // 300 + 12 * 247.50 - 3.97 = 3266.03; less 5 * 505 + 3.525 = 737.505; lowest at the start.
  CHECK(proof->lowest_cash() == decimal("300"));
  const auto evidence = [&](const std::string& rule) {
    for (const ProvedRule& proved : proof->rules()) {
      if (proved.rule == rule) return proved.evidence;
    }
    return std::string("absent");
  };
  CHECK(evidence("no_sell_above_holdings") == "1 sells, the largest share 96.00% of 12.5 VTI");
  CHECK(evidence("cash_above_buffer") == "lowest cash 300 USD at the start, buffer 250 USD");
  CHECK(evidence("order_value_minimum") == "smallest order 2500 USD, minimum trade 0, the broker's 0");
  CHECK(evidence("order_value_maximum") == "largest order 3000 USD, limit none");
  CHECK(evidence("costs") == "7.5 USD at the references, every order's own recomputed");
  CHECK(evidence("limits_inside_collar") == "2 limits within 1.00% of their references, on the increment 0.01");
  CHECK(evidence("orders_within_count") == "2 orders, at most 1000");
  CHECK(evidence("turnover") == "no limit");
  CHECK(evidence("order_quantity_maximum") == "largest order 12 shares, limit none");
  CHECK(evidence("orders_per_day") == "2 orders with the 0 sent today, at most 1000");
  CHECK(evidence("position_maximum") == "largest position after a buy: 2525 USD of SPY, limit none");
}

TEST_CASE("a plan without orders is proved as such") {
  Given given;
  given.plan.orders.clear();
  given.plan.cost = Money(Decimal(), Currency::usd());
  REQUIRE(given.check());
  CHECK(given.check()->lowest_cash() == decimal("300"));
}

TEST_CASE("cash stays at or above the buffer after every order, to the billionth") {
  Given given;
  given.rules.cash_buffer = decimal("300");
  CHECK(given.refusal() == "accepted");
  // The end of the plan is 737.505.
  given.rules.cash_buffer = decimal("737.505");
  CHECK(given.refusal() == "accepted");
  given.rules.cash_buffer = decimal("737.505000001");
  CHECK(given.refusal() == "order 2 (buy 5 SPY) leaves cash of 737.505 USD, the buffer is 737.505000001 USD");
  given.rules.cash_buffer = decimal("250");
  std::swap(given.plan.orders[0], given.plan.orders[1]);
  CHECK(given.refusal() == "order 1 (buy 5 SPY) leaves cash of -2228.525 USD, the buffer is 250 USD");
}

TEST_CASE("cash that starts below the buffer may rise and not fall") {
  Given given;
  given.held.cash = Money(decimal("100"), Currency::usd());
  given.rules.cash_buffer = decimal("5000");
  CHECK(given.refusal().find("order 2 (buy 5 SPY) leaves cash of") == 0);
  given.plan.orders.pop_back();
  given.plan.cost = Money(decimal("4"), Currency::usd());
  CHECK(given.refusal() == "accepted");
  CHECK(given.check()->lowest_cash() == decimal("100"));
  // A debt, too.
  given.held.cash = Money(decimal("-2000"), Currency::usd());
  CHECK(given.refusal() == "accepted");
  // A sale that costs more than it brings is spending.
  given.capabilities.commission_per_order = decimal("4000");
  given.plan.orders[0].cost_max = Money(decimal("4002.97"), Currency::usd());
  given.plan.cost = Money(decimal("4003"), Currency::usd());
  CHECK(given.refusal().find("order 1 (sell 12 VTI) leaves cash of -3032.97 USD") == 0);
}

TEST_CASE("the collar, the minimums and the limits hold to the billionth") {
  Given given;
  given.plan.orders[1].limit = Price::make(decimal("505.01")).value();
  CHECK(given.refusal() == "order 2 (buy 5 SPY) has limit 505.01, outside the collar of 1.00% around 500");
  given = Given();
  given.plan.orders[0].limit = Price::make(decimal("247.49")).value();
  CHECK(given.refusal() == "order 1 (sell 12 VTI) has limit 247.49, outside the collar of 1.00% around 250");
  given = Given();
  given.rules.trade_value_min = decimal("2500");
  CHECK(given.refusal() == "accepted");
  given.rules.trade_value_min = decimal("2500.000000001");
  CHECK(given.refusal() == "order 2 (buy 5 SPY) is below the minimum trade 2500.000000001");
  given = Given();
  given.limits.order_value_max = decimal("3000");
  CHECK(given.refusal() == "accepted");
  given.limits.order_value_max = decimal("2999.999999999");
  CHECK(given.refusal() == "order 1 (sell 12 VTI) is worth 3000 USD, limits.order_max is 2999.999999999 USD");
  given = Given();
  given.limits.orders_max = 2;
  CHECK(given.refusal() == "accepted");
  given.limits.orders_max = 1;
  CHECK(given.refusal() == "the plan has 2 orders, limits.orders_max is 1");
}

TEST_CASE("turnover counts both sides and what was traded before") {
  Given given;
  // Equity is 300 + 3125 = 3425; the orders are worth 3000 (at the reference) and 2525 (at the limit).
  given.limits.turnover_per_day_fraction = 2;
  CHECK(given.refusal() == "accepted");
  given.limits.turnover_today = decimal("1325");
  CHECK(given.refusal() == "accepted");
  given.limits.turnover_today = decimal("1325.000000001");
  CHECK(given.refusal() ==
        "turnover today would be 6850.000000001 USD, limits.turnover_per_day is 6850 USD (200.00% of equity)");
  given.limits.turnover_today = decimal("-1");
  CHECK(given.refusal() == "the turnover today cannot be counted");
}

TEST_CASE("no order has more shares than one may have") {
  Given given;
  given.limits.order_quantity_max = decimal("12");
  CHECK(given.refusal() == "accepted");
  given.limits.order_quantity_max = decimal("11.999999999");
  CHECK(given.refusal() == "order 1 (sell 12 VTI) has more shares than limits.quantity_max, 11.999999999");
}

TEST_CASE(
    "the orders of the plan and those sent today are at most those of a day, and no orders are always few enough") {
  Given given;
  given.limits.orders_per_day_max = 9;
  given.limits.orders_today = 7;
  CHECK(given.refusal() == "accepted");
  given.limits.orders_today = 8;
  CHECK(given.refusal() == "the plan has 2 orders and 8 were sent today, limits.orders_per_day is 9");
  given.limits.orders_today = std::numeric_limits<int>::max();
  CHECK(given.refusal() != "accepted");
  given.limits.orders_today = -1;
  CHECK(given.refusal() != "accepted");
  given.limits.orders_today = 20;
  given.plan.orders.clear();
  given.plan.cost = Money(Decimal(), Currency::usd());
  CHECK(given.refusal() == "accepted");
}

TEST_CASE("a position after a buy is at most its fraction of the equity, at the higher of reference and limit") {
  Given given;
  // Equity is 300 + 3125 + 1000 = 4425; 2 SPY are held and 5 are bought at up to 505: 3535 USD.
  given.held = book("300", {{"SPY", "2"}, {"VTI", "12.5"}});
  given.limits.position_max_fraction = 0.8;
  CHECK(given.refusal() == "accepted");
  given.limits.position_max_fraction = 0.798870056;  // 3534.9999978
  CHECK(given.refusal() ==
        "order 2 (buy 5 SPY) makes a position worth 3535 USD, limits.position_max is 3534.9999978 USD (79.89% of "
        "equity); constraints.max_weight keeps targets below it");
  given.limits.position_max_fraction = 0.798870057;
  CHECK(given.refusal() == "accepted");
  // Below the reference the reference counts: 7 * 500 = 3500, which is 0.790960452 of 4425 and a bit.
  given.plan.orders[1] = Given::order("SPY", Side::buy, "5", "500", "495", "3.475");
  CHECK(given.refusal() == "accepted");
  given.limits.position_max_fraction = 0.790960453;
  CHECK(given.refusal() == "accepted");
  given.limits.position_max_fraction = 0.790960451;
  CHECK(given.refusal().find("makes a position worth 3500 USD") != std::string::npos);
  // What is sold and what is only held may be above it.
  given.plan.orders.pop_back();
  given.plan.cost = Money(decimal("4"), Currency::usd());
  given.limits.position_max_fraction = 0;
  CHECK(given.refusal() == "accepted");
}

TEST_CASE("nonsense in the rules or the broker's terms is refused, not computed with") {
  const auto refused = [](auto change) {
    Given given;
    change(given);
    return given.refusal();
  };
  CHECK(refused([](Given& g) { g.rules.price_collar_fraction = -0.01; }).find("price collar") == 0);
  CHECK(refused([](Given& g) { g.rules.price_collar_fraction = 1; }).find("price collar") == 0);
  CHECK(refused([](Given& g) {
          g.rules.price_collar_fraction = std::numeric_limits<double>::quiet_NaN();
        }).find("price collar") == 0);
  CHECK(refused([](Given& g) { g.rules.cash_buffer = decimal("-1"); }) != "accepted");
  CHECK(refused([](Given& g) { g.capabilities.cost_rate = decimal("1"); }) != "accepted");
  CHECK(refused([](Given& g) { g.capabilities.quantity_increment = {}; }) != "accepted");
  CHECK(refused([](Given& g) { g.capabilities.price_increment = decimal("-0.01"); }) != "accepted");
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(refused([](Given& g) { g.limits.turnover_per_day_fraction = -1; }).find("limits.turnover_per_day is -1") == 0);
  CHECK(refused([&](Given& g) { g.limits.turnover_per_day_fraction = infinite; }) != "accepted");
  CHECK(refused([](Given& g) { g.limits.position_max_fraction = -1; }).find("limits.position_max is -1") == 0);
  CHECK(refused([&](Given& g) { g.limits.position_max_fraction = infinite; }) != "accepted");
  CHECK(refused([&](Given& g) { g.limits.position_max_fraction = infinite - infinite; }) != "accepted");
  CHECK(refused([](Given& g) { g.prices.erase(symbol("VTI")); }) == "no price for VTI, which is held");
  CHECK(refused([](Given& g) { g.held.cash = Money(decimal("-9000"), Currency::usd()); }) == "equity is not positive");
  CHECK(refused([](Given& g) { g.held.cash = Money(decimal("300"), Currency::parse("EUR").value()); }) != "accepted");
}

TEST_CASE("values beyond a decimal are refused, not wrapped") {
  Given given;
  given.prices.find(symbol("SPY"))->second = Price::make(Decimal::whole(9'000'000'000)).value();
  given.plan.orders[1] = Given::order("SPY", Side::buy, "9000000000", "9000000000", "9000000000", "1");
  CHECK(given.refusal() == "order 2 (buy 9000000000 SPY) is worth more than can be counted");
}

}  // namespace
}  // namespace rebalancer::test
