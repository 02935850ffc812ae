// users.md pain 15: "just invest my new cash, do not sell". The five cases are those of its evidence.
#include <doctest/doctest.h>

#include "core/portfolio/plan_check.hpp"
#include "support/portfolio_builders.hpp"

namespace rebalancer::test {
namespace {

RebalanceRules buy_only() {
  RebalanceRules rules;
  rules.buy_only = true;
  rules.price_collar_fraction = 0;
  return rules;
}

BrokerCapabilities fractional() {
  BrokerCapabilities capabilities;
  capabilities.quantity_increment = Decimal::from_billionths(1);
  capabilities.price_increment = Decimal::from_billionths(1);
  return capabilities;
}

std::string orders(const Book& held, const Weights& target, const PriceList& prices, const RebalanceRules& rules,
                   const BrokerCapabilities& capabilities = {}) {
  const auto made = plan_orders(held, target, prices, rules, capabilities);
  if (!made) return made.error().message;
  CHECK(check_plan(*made, held, prices, rules, {}, capabilities));
  CHECK(made->triggered == !made->orders.empty());
  std::string text;
  for (const PlannedOrder& order : made->orders) {
    text += fmt::format("{}{}{} {}", text.empty() ? "" : ", ", order.side == Side::buy ? '+' : '-',
                        order.quantity.to_string(), order.symbol);
  }
  return text;
}

const PriceList& ones() {
  static const PriceList prices = price_list({{"AAA", "1"}, {"BBB", "1"}, {"CCC", "1"}});
  return prices;
}

TEST_CASE("a deposit is invested although nothing has drifted (wealthfolio 1444)") {
  // 60/40 to the cent, and 500 came in: 57.1 % and 38.1 %, inside the default band of 5 %.
  const Book held = book("500", {{"AAA", "6000"}, {"BBB", "4000"}});
  const Weights target = weights({{"AAA", 0.6}, {"BBB", 0.4}});
  CHECK(orders(held, target, ones(), buy_only()) == "+300 AAA, +200 BBB");
  RebalanceRules rules = buy_only();
  rules.buy_only = false;
  CHECK(orders(held, target, ones(), rules).empty());
}

TEST_CASE("the total the targets are shares of includes the new cash (wealthfolio 1248)") {
  // Half of 20,000 is 10,000: with the old total of 10,000 AAA would look complete at 5,000.
  CHECK(orders(book("10000", {{"AAA", "6000"}, {"BBB", "4000"}}), weights({{"AAA", 0.5}, {"BBB", 0.5}}), ones(),
               buy_only()) == "+6000 BBB, +4000 AAA");
}

TEST_CASE("nothing of 10,000 is left idle (wealthfolio PR 1057)") {
  // AAA is far above its target and is not sold: the others take all the cash, although they would want more.
  CHECK(orders(book("10000", {{"AAA", "90000"}}), weights({{"AAA", 0.1}, {"BBB", 0.45}, {"CCC", 0.45}}), ones(),
               buy_only()) == "+5000 BBB, +5000 CCC");
  // Whole shares at awkward prices: less is left than the cheapest share costs.
  const PriceList prices = price_list({{"AAA", "512.34"}, {"BBB", "401.2"}, {"CCC", "72.31"}});
  const Book held = book("10000", {{"AAA", "100"}});
  const auto made =
      plan_orders(held, weights({{"AAA", 0.4}, {"BBB", 0.3}, {"CCC", 0.3}}), prices, buy_only(), BrokerCapabilities{});
  REQUIRE(made);
  Decimal left = held.cash.amount();
  for (const PlannedOrder& order : made->orders) {
    left = subtract(left, multiply(order.quantity.decimal(), order.reference.decimal(), Rounding::ceiling).value())
               .value();
  }
  CHECK(left < decimal("72.31"));
  // A deposit that is less than a share for each of 20 is whole shares for two of them, not idle cash.
  std::vector<std::pair<std::string, double>> fractions;
  std::vector<std::pair<std::string, std::string>> holdings;
  std::vector<std::pair<std::string, std::string>> dear;
  for (char c = 'A'; c < 'A' + 20; ++c) {
    fractions.emplace_back(std::string(3, c), 0.05);
    holdings.emplace_back(std::string(3, c), "20");
    dear.emplace_back(std::string(3, c), "500");
  }
  CHECK(orders(book("1000", holdings), weights(fractions), price_list(dear), buy_only()) == "+1 AAA, +1 BBB");
}

TEST_CASE("nothing is ever sold, not even what is not wanted (PP 1238, PP 2504)") {
  const Book held = book("1000", {{"AAA", "8000"}, {"CCC", "1000"}});
  CHECK(orders(held, weights({{"AAA", 0.5}, {"BBB", 0.5}}), ones(), buy_only()) == "+1000 BBB");
  const auto made = plan_orders(held, weights({{"AAA", 0.5}, {"BBB", 0.5}}), ones(), buy_only(), {});
  REQUIRE(made->non_orders.size() == 2);
  CHECK(made->non_orders[0].reason ==
        "weight 80.00%, target 50.00%, band 45.00% to 55.00%: not below its target, and nothing is sold (buy only)");
  CHECK(made->non_orders[1].reason ==
        "weight 10.00%, not wanted any more: not below its target, and nothing is sold (buy only)");
}

TEST_CASE("the most underweight comes first, until it is level with the next (wealthfolio 1141, 1585)") {
  const Weights target = weights({{"AAA", 0.5}, {"BBB", 0.3}, {"CCC", 0.2}});
  // Of 10,000: AAA lacks 1000, BBB lacks 600, CCC has 600 too much.
  const Book held = book("0", {{"AAA", "4000"}, {"BBB", "2400"}, {"CCC", "2600"}});
  const auto with_cash = [&](const char* cash, const char* ccc) {
    Book made = held;
    made.cash = Money(decimal(cash), Currency::usd());
    made.positions[2].quantity = Quantity(decimal(ccc));
    return made;
  };
  CHECK(orders(with_cash("300", "3300"), target, ones(), buy_only(), fractional()) == "+300 AAA");
  CHECK(orders(with_cash("400", "3200"), target, ones(), buy_only(), fractional()) == "+400 AAA");
  CHECK(orders(with_cash("1000", "2600"), target, ones(), buy_only(), fractional()) == "+700 AAA, +300 BBB");
}

TEST_CASE("the buffer, the target's cash and the minimum trade are respected") {
  const Weights target = weights({{"AAA", 0.5}, {"BBB", 0.5}});
  RebalanceRules rules = buy_only();
  rules.cash_buffer = decimal("200");
  CHECK(orders(book("300", {{"AAA", "4850"}, {"BBB", "4850"}}), target, ones(), rules) == "+50 AAA, +50 BBB");
  CHECK(orders(book("200", {{"AAA", "4900"}, {"BBB", "4900"}}), target, ones(), rules).empty());
  CHECK(orders(book("100", {{"AAA", "4900"}, {"BBB", "5000"}}), target, ones(), rules).empty());
  CHECK(orders(book("1500", {{"AAA", "4250"}, {"BBB", "4250"}}), weights({{"AAA", 0.45}, {"BBB", 0.45}}, 0.1), ones(),
               buy_only()) == "+250 AAA, +250 BBB");
  // 60 each would be too small; 100 of one is not.
  rules = buy_only();
  rules.trade_value_min = decimal("100");
  CHECK(orders(book("120", {{"AAA", "4950"}, {"BBB", "4930"}}), target, ones(), rules) == "");
  CHECK(orders(book("240", {{"AAA", "4880"}, {"BBB", "4880"}}), target, ones(), rules) == "+120 AAA, +120 BBB");
  CHECK(orders(book("150", {{"AAA", "4900"}, {"BBB", "4900"}, {"CCC", "50"}}), target, ones(), rules) == "+100 AAA");
}

TEST_CASE("the last share may pass its target, but not its band") {
  const PriceList prices = price_list({{"AAA", "100"}, {"DEAR", "3000"}});
  // DEAR is wanted at 0.1 % of 30,000; one share would be 10 %.
  const Book held = book("3050", {{"AAA", "269"}});
  RebalanceRules rules = buy_only();
  CHECK(orders(held, weights({{"AAA", 0.999}, {"DEAR", 0.001}}), prices, rules) == "+30 AAA");
}

}  // namespace
}  // namespace rebalancer::test
