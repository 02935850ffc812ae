#include "core/portfolio/order_plan.hpp"

#include <doctest/doctest.h>

#include "core/portfolio/plan_check.hpp"
#include "support/portfolio_builders.hpp"

namespace rebalancer::test {
namespace {

RebalanceRules exact_rules() {
  RebalanceRules rules;
  rules.absolute_band_fraction.reset();
  rules.price_collar_fraction = 0;
  return rules;
}

BrokerCapabilities fractional() {
  BrokerCapabilities capabilities;
  capabilities.quantity_increment = Decimal::from_billionths(1);
  capabilities.price_increment = Decimal::from_billionths(1);
  return capabilities;
}

// Every plan of these tests is proved, too.
OrderPlan plan(const Book& held, const Weights& target, const PriceList& prices, const RebalanceRules& rules,
               const BrokerCapabilities& capabilities = {}) {
  auto made = plan_orders(held, target, prices, rules, capabilities);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
  const auto proof = check_plan(*made, held, prices, rules, {}, capabilities);
  CHECK_MESSAGE(proof.has_value(), (proof ? "" : proof.error().message));
  return *made;
}

std::string orders(const OrderPlan& plan) {
  std::string text;
  for (const PlannedOrder& order : plan.orders) {
    text += fmt::format("{}{}{} {} @{}", text.empty() ? "" : ", ", order.side == Side::buy ? '+' : '-',
                        order.quantity.to_string(), order.symbol, order.limit.to_string());
  }
  return text;
}

std::string why_not(const OrderPlan& plan, const char* name) {
  for (const NonOrder& entry : plan.non_orders) {
    if (entry.symbol == symbol(name)) return entry.reason;
  }
  return "";
}

Decimal spent(const OrderPlan& plan) {
  Decimal sum;
  for (const PlannedOrder& order : plan.orders) {
    const Decimal value = multiply(order.quantity.decimal(), order.limit.decimal(), Rounding::ceiling).value();
    sum = (order.side == Side::buy ? add(sum, value) : subtract(sum, value)).value();
  }
  return sum;
}

TEST_CASE("reasons carry the numbers they are made from") {
  RebalanceRules rules = exact_rules();
  rules.absolute_band_fraction = 0.05;
  const OrderPlan made = plan(book("0", {{"AAA", "461"}, {"BBB", "377"}, {"OLD", "162"}}),
                              weights({{"AAA", 0.38}, {"BBB", 0.38}, {"NEW", 0.24}}),
                              price_list({{"AAA", "1"}, {"BBB", "1"}, {"NEW", "1"}, {"OLD", "1"}}), rules);
  CHECK(orders(made) == "-162 OLD @1, -81 AAA @1, +240 NEW @1, +3 BBB @1");
  CHECK(made.orders[0].reason == "weight 16.20%, not wanted any more: sell all of it");
  CHECK(made.orders[1].reason == "weight 46.10%, target 38.00%, band 33.00% to 43.00%: sell to target");
  CHECK(made.orders[2].reason == "not held, target 24.00%: buy to target");
  CHECK(made.orders[3].reason ==
        "weight 37.70%, target 38.00%, band 33.00% to 43.00%: inside, but NEW is out of its band: buy to target");
  rules.trade_to = RebalanceRules::TradeTo::only_drifted;
  const OrderPlan less = plan(book("0", {{"AAA", "461"}, {"BBB", "377"}, {"OLD", "162"}}),
                              weights({{"AAA", 0.38}, {"BBB", 0.38}, {"NEW", 0.24}}),
                              price_list({{"AAA", "1"}, {"BBB", "1"}, {"NEW", "1"}, {"OLD", "1"}}), rules);
  CHECK(why_not(less, "BBB") == "weight 37.70% is inside its band 33.00% to 43.00%");
}

TEST_CASE("weights become money without spending what is not there") {
  // A third has no last digit; three of them and their rounding are the whole.
  const OrderPlan thirds = plan(book("100", {}), weights({{"AAA", 1.0 / 3}, {"BBB", 1.0 / 3}, {"CCC", 1.0 / 3}}),
                                price_list({{"AAA", "1"}, {"BBB", "1"}, {"CCC", "1"}}), exact_rules(), fractional());
  CHECK(orders(thirds) == "+33.3333334 AAA @1, +33.3333333 BBB @1, +33.3333333 CCC @1");
  // 0.6 and 0.4 are not binary fractions; the targets are exact all the same.
  const OrderPlan tenths = plan(book("100000", {}), weights({{"AAA", 0.6}, {"BBB", 0.4}}),
                                price_list({{"AAA", "1"}, {"BBB", "1"}}), exact_rules());
  CHECK(orders(tenths) == "+60000 AAA @1, +40000 BBB @1");
  CHECK(tenths.after.largest_fraction < 1e-12);
  CHECK(tenths.before.largest_fraction == doctest::Approx(0.6));
}

TEST_CASE("whole shares are rounded down on both sides; what is not wanted is sold but for what cannot be") {
  const OrderPlan made = plan(book("0", {{"AAA", "10"}, {"OLD", "12.5"}}), weights({{"AAA", 0.5}, {"BBB", 0.5}}),
                              price_list({{"AAA", "30"}, {"BBB", "70"}, {"OLD", "10"}}), exact_rules());
  // Equity 425, 212.50 each: AAA has 300 and gives 2 shares, BBB gets 2 for the 180 there is then.
  CHECK(orders(made) == "-12 OLD @10, -2 AAA @30, +2 BBB @70");
  CHECK(why_not(made, "OLD") == "0.5 of 12.5 shares stay: less than the increment of 1 shares");
  const OrderPlan dust = plan(book("1000", {{"OLD", "0.5"}}), weights({{"AAA", 1}}),
                              price_list({{"AAA", "30"}, {"OLD", "10"}}), exact_rules());
  CHECK(orders(dust) == "+33 AAA @30");
  CHECK(why_not(dust, "OLD").find("less than the increment of 1 shares") != std::string::npos);
  const OrderPlan all =
      plan(book("0", {{"OLD", "12.5"}}), weights({}, 1), price_list({{"OLD", "10"}}), exact_rules(), fractional());
  CHECK(orders(all) == "-12.5 OLD @10");
}

TEST_CASE("limits lie inside the collar, on the broker's price increment") {
  RebalanceRules rules = exact_rules();
  rules.price_collar_fraction = 0.01;
  const PriceList prices = price_list({{"AAA", "100.37"}, {"BBB", "251.07"}});
  const OrderPlan made = plan(book("0", {{"AAA", "100"}}), weights({{"BBB", 1}}), prices, rules);
  // 100.37 * 0.99 = 99.3663, up; 251.07 * 1.01 = 253.5807, down.
  CHECK(orders(made) == "-100 AAA @99.37, +39 BBB @253.58");
  BrokerCapabilities coarse;
  coarse.price_increment = Decimal::whole(5);
  CHECK(orders(plan(book("0", {{"AAA", "100"}}), weights({{"BBB", 1}}), prices, rules, coarse)) ==
        "-100 AAA @100, +39 BBB @250");
}

TEST_CASE("a price for which the broker has no increment is not bought, and it is said") {
  const OrderPlan made =
      plan(book("100", {}), weights({{"PENNY", 1}}), price_list({{"PENNY", "0.004"}}), exact_rules());
  CHECK(made.orders.empty());
  CHECK(why_not(made, "PENNY") ==
        "not held, target 100.00%: no price on the increment 0.01 lies inside the collar around 0.004");
}

TEST_CASE("a broker without limit orders has the collar's price reserved") {
  RebalanceRules rules = exact_rules();
  rules.price_collar_fraction = 0.05;
  BrokerCapabilities market_only;
  market_only.limit_orders = false;
  const OrderPlan made = plan(book("1000", {}), weights({{"AAA", 1}}), price_list({{"AAA", "10"}}), rules, market_only);
  CHECK(orders(made) == "+95 AAA @10.5");
  market_only.market_orders = false;
  CHECK(plan_orders(book("1000", {}), weights({{"AAA", 1}}), price_list({{"AAA", "10"}}), rules, market_only)
            .error()
            .message == "the broker takes neither limit nor market orders");
}

TEST_CASE("sells come first, then buys, the largest distance first and equal ones by name") {
  const OrderPlan made = plan(
      book("0", {{"AAA", "30"}, {"BBB", "50"}, {"CCC", "20"}}), weights({{"DDD", 0.25}, {"EEE", 0.5}, {"FFF", 0.25}}),
      price_list({{"AAA", "1"}, {"BBB", "1"}, {"CCC", "1"}, {"DDD", "1"}, {"EEE", "1"}, {"FFF", "1"}}), exact_rules());
  CHECK(orders(made) == "-50 BBB @1, -30 AAA @1, -20 CCC @1, +50 EEE @1, +25 DDD @1, +25 FFF @1");
}

TEST_CASE("costs are part of the cash, rounded up") {
  BrokerCapabilities costly;
  costly.commission_per_order = decimal("1");
  costly.cost_rate = decimal("0.001");
  const OrderPlan made = plan(book("1000", {}), weights({{"AAA", 0.5}, {"BBB", 0.5}}),
                              price_list({{"AAA", "10"}, {"BBB", "10"}}), exact_rules(), costly);
  // 50 each would take 1000 and 3 of costs; a share less leaves 990 + 2.99.
  CHECK(orders(made) == "+50 AAA @10, +49 BBB @10");
  CHECK(made.orders[0].cost_max.to_string() == "1.5 USD");
  CHECK(made.orders[1].cost_max.to_string() == "1.49 USD");
  CHECK(made.orders[1].reason == "not held, target 50.00%: buy to target, cut from 50 to 49 shares by the cash");
  CHECK(made.cost.to_string() == "2.99 USD");
  costly.cost_rate = decimal("0.000000001");
  costly.commission_per_order = {};
  const OrderPlan tiny =
      plan(book("1000", {}), weights({{"AAA", 0.5}}, 0.5), price_list({{"AAA", "0.3"}}), exact_rules(), costly);
  CHECK(tiny.orders[0].quantity.to_string() == "1666");
  CHECK(tiny.cost.to_string() == "0.0000005 USD");
}

TEST_CASE("an order that would cost what it is worth is left out") {
  BrokerCapabilities costly;
  costly.commission_per_order = decimal("5");
  const OrderPlan made = plan(book("1000", {{"OLD", "1"}}), weights({{"AAA", 0.5}}, 0.5),
                              price_list({{"AAA", "1"}, {"OLD", "4"}}), exact_rules(), costly);
  // The target's half of 1004 stays cash, and 5 go to the broker.
  CHECK(orders(made) == "+493 AAA @1");
  CHECK(why_not(made, "OLD") == "weight 0.40%, not wanted any more: sell of 4.00 USD would cost 5.00 USD");
}

TEST_CASE("cash that does not cover all buys is shared in proportion, and the rest goes by increments") {
  // A tenth above the reference must be reserved: 1000 buys 909.
  RebalanceRules rules = exact_rules();
  rules.price_collar_fraction = 0.1;
  const OrderPlan made = plan(book("1000", {}), weights({{"AAA", 0.6}, {"BBB", 0.3}, {"CCC", 0.1}}),
                              price_list({{"AAA", "1"}, {"BBB", "1"}, {"CCC", "1"}}), rules);
  // 90.9 % of each is 545, 272 and 90 shares; the two that are left go where most is missing.
  CHECK(orders(made) == "+546 AAA @1.1, +273 BBB @1.1, +90 CCC @1.1");
  CHECK(spent(made).to_string() == "999.9");
}

TEST_CASE("trades below the minimum, ours or the broker's, are left out with the reason") {
  RebalanceRules rules = exact_rules();
  rules.trade_value_min = decimal("100");
  const Book held = book("0", {{"AAA", "550"}, {"BBB", "450"}});
  const Weights target = weights({{"AAA", 0.5}, {"BBB", 0.5}});
  const PriceList prices = price_list({{"AAA", "1"}, {"BBB", "1"}});
  const OrderPlan ours = plan(held, target, prices, rules);
  CHECK(ours.orders.empty());
  CHECK(why_not(ours, "AAA") ==
        "weight 55.00%, target 50.00%, no band: sell of 50.00 USD is below the minimum trade 100.00 USD");
  CHECK(why_not(ours, "BBB") ==
        "weight 45.00%, target 50.00%, no band: buy of 50.00 USD is below the minimum trade 100.00 USD");
  rules.trade_value_min = decimal("50");
  CHECK(orders(plan(held, target, prices, rules)) == "-50 AAA @1, +50 BBB @1");
  BrokerCapabilities capabilities;
  capabilities.order_value_min = decimal("51");
  CHECK(why_not(plan(held, target, prices, rules, capabilities), "AAA") ==
        "weight 55.00%, target 50.00%, no band: sell of 50.00 USD is below the broker's minimum order 51.00 USD");
  // At the worst price a sell of 50 shares brings 49.50.
  rules.price_collar_fraction = 0.01;
  capabilities.order_value_min = decimal("49.6");
  CHECK(why_not(plan(held, target, prices, rules, capabilities), "AAA") ==
        "weight 55.00%, target 50.00%, no band: sell of 49.50 USD is below the broker's minimum order 49.60 USD");
}

TEST_CASE("the cash buffer is never spent, and sells restore it") {
  RebalanceRules rules = exact_rules();
  rules.cash_buffer = decimal("250");
  const PriceList prices = price_list({{"AAA", "1"}, {"BBB", "1"}});
  const Weights halves = weights({{"AAA", 0.5}, {"BBB", 0.5}});
  CHECK(orders(plan(book("1000", {}), halves, prices, rules)) == "+375 AAA @1, +375 BBB @1");
  // Below the buffer: both are sold, nothing is bought.
  CHECK(orders(plan(book("50", {{"AAA", "475"}, {"BBB", "475"}}), halves, prices, rules)) ==
        "-100 AAA @1, -100 BBB @1");
  // What a sale brings beyond the buffer may be spent.
  CHECK(orders(plan(book("50", {{"AAA", "650"}, {"BBB", "300"}}), halves, prices, rules)) == "-275 AAA @1, +75 BBB @1");
  // A debt is paid the same way.
  CHECK(orders(plan(book("-100", {{"AAA", "1100"}}), halves, prices, rules)) == "-725 AAA @1, +375 BBB @1");
  // Nothing is done about it inside the bands.
  rules.absolute_band_fraction = 0.2;
  CHECK(plan(book("50", {{"AAA", "475"}, {"BBB", "475"}}), halves, prices, rules).orders.empty());
  // A sale below the buffer does not pay for a buy.
  rules.absolute_band_fraction.reset();
  rules.untouchable = {symbol("BBB")};
  const OrderPlan kept = plan(book("0", {{"AAA", "300"}, {"BBB", "700"}}), halves, prices, rules);
  CHECK(orders(kept) == "-250 AAA @1");
}

TEST_CASE("a buffer that leaves nothing to invest sells nothing: it is refused") {
  RebalanceRules rules = exact_rules();
  rules.cash_buffer = decimal("250");
  const auto made = plan_orders(book("100", {{"AAA", "100"}}), weights({{"AAA", 1}}), price_list({{"AAA", "1"}}), rules,
                                BrokerCapabilities{});
  REQUIRE_FALSE(made);
  CHECK(made.error().message == "cash buffer is 250, what can be traded is worth 200: everything would be sold");
  // With nothing held there is nothing to sell, and nothing to buy with.
  const OrderPlan poor = plan(book("200", {}), weights({{"AAA", 1}}), price_list({{"AAA", "1"}}), rules);
  CHECK(poor.orders.empty());
}

TEST_CASE("the cash a target asks for stays") {
  const PriceList prices = price_list({{"AAA", "1"}, {"BBB", "1"}});
  const Weights target = weights({{"AAA", 0.6}, {"BBB", 0.2}}, 0.2);
  CHECK(orders(plan(book("1000", {}), target, prices, exact_rules())) == "+600 AAA @1, +200 BBB @1");
  CHECK(orders(plan(book("0", {{"AAA", "1000"}}), target, prices, exact_rules())) == "-400 AAA @1, +200 BBB @1");
  // The larger of buffer and target counts, not both.
  RebalanceRules rules = exact_rules();
  rules.cash_buffer = decimal("100");
  CHECK(orders(plan(book("1000", {}), target, prices, rules)) == "+600 AAA @1, +200 BBB @1");
  CHECK(orders(plan(book("0", {{"AAA", "1000"}}), weights({}, 1), prices, exact_rules())) == "-1000 AAA @1");
}

TEST_CASE("untouchables count in the equity, and the rest of the target shares the rest of the money") {
  RebalanceRules rules = exact_rules();
  rules.untouchable = {symbol("GIFT")};
  const PriceList prices = price_list({{"AAA", "1"}, {"BBB", "1"}, {"GIFT", "1"}});
  const OrderPlan made =
      plan(book("0", {{"AAA", "700"}, {"GIFT", "300"}}), weights({{"AAA", 0.5}, {"BBB", 0.5}}), prices, rules);
  CHECK(orders(made) == "-350 AAA @1, +350 BBB @1");
  CHECK(why_not(made, "GIFT") == "untouchable: weight 30.00% stays, whatever its target 0.00%");
  CHECK(made.orders[0].reason ==
        "weight 70.00%, target 35.00% (50.00% of what is not set aside), no band: sell to target");
  // Wanted at 20 %, it has 30 %: the other 80 % of the target share 70 % of the money.
  const OrderPlan wanted =
      plan(book("700", {{"GIFT", "300"}}), weights({{"AAA", 0.4}, {"BBB", 0.4}, {"GIFT", 0.2}}), prices, rules);
  CHECK(orders(wanted) == "+350 AAA @1, +350 BBB @1");
  // An untouchable that is wanted and not held is not bought either.
  const OrderPlan absent = plan(book("1000", {}), weights({{"AAA", 0.5}, {"GIFT", 0.5}}), prices, rules);
  CHECK(orders(absent) == "+1000 AAA @1");
}

TEST_CASE("what cannot be planned is an error that names it") {
  const PriceList prices = price_list({{"AAA", "1"}});
  const Weights all = weights({{"AAA", 1}});
  const auto error = [&](const Book& held, const Weights& target, const RebalanceRules& rules,
                         const BrokerCapabilities& capabilities = {}) {
    const auto made = plan_orders(held, target, prices, rules, capabilities);
    return made ? std::string("a plan") : made.error().message;
  };
  RebalanceRules rules = exact_rules();
  CHECK(error(book("1", {{"BBB", "1"}}), all, rules) == "no price for BBB, which is held");
  CHECK(error(book("1", {}), weights({{"BBB", 1}}), rules) == "no price for BBB, which is wanted");
  CHECK(plan_orders(book("1", {}), weights({{"BBB", 1}}), prices, rules, {}).error().code == ErrorCode::not_found);
  CHECK(error(book("0", {}), all, rules) == "equity is 0 USD, must be positive");
  CHECK(error(book("9", {{"AAA", "-1"}}), all, rules) ==
        "position of AAA is -1, must not be negative: short positions are not planned");
  CHECK(error(book("9", {{"AAA", "1"}, {"AAA", "1"}}), all, rules) == "AAA is in the book twice");
  CHECK(error(book("9", {}), weights({{"AAA", -0.5}, {"BBB", 1.5}}), rules) ==
        "weight of AAA is -0.5, must not be negative: short positions are not planned");
  CHECK(error(book("9", {}), weights({{"AAA", 1.5}}, -0.5), rules) == "weight of cash is -0.5, must not be negative");
  // What rounds to nothing is nothing.
  CHECK(error(book("9", {}), weights({{"AAA", 1}, {"BBB", -1e-12}}), rules) == "a plan");
  rules.cash_buffer = decimal("-1");
  CHECK(error(book("9", {}), all, rules) == "cash buffer is -1, must not be negative");
  rules = exact_rules();
  rules.price_collar_fraction = 1;
  CHECK(error(book("9", {}), all, rules) == "price collar is 1, must be at least 0 and below 1");
  rules = exact_rules();
  rules.absolute_band_fraction = -0.1;
  CHECK(error(book("9", {}), all, rules).find("absolute band is -0.1") == 0);
  BrokerCapabilities capabilities;
  capabilities.quantity_increment = {};
  CHECK(error(book("9", {}), all, exact_rules(), capabilities).find("increments are 0") == 0);
  capabilities = {};
  capabilities.cost_rate = Decimal::whole(1);
  CHECK(error(book("9", {}), all, exact_rules(), capabilities) == "cost rate is 1, must be below 1");
}

TEST_CASE("more shares than a decimal counts are not ordered") {
  const OrderPlan made = plan(book("9000000000", {}), weights({{"AAA", 1}}), price_list({{"AAA", "0.000000001"}}),
                              exact_rules(), fractional());
  CHECK(made.orders.empty());
  CHECK(why_not(made, "AAA").find("more than a decimal holds") != std::string::npos);
}

}  // namespace
}  // namespace rebalancer::test
