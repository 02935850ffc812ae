// 100,000 plans that are each wrong in one way, wrong by construction: the argument stands beside each mutation and
// does not come from the checker. Checking costs microseconds, so they all run by default.
#include <algorithm>
#include <functional>
#include <limits>
#include <map>

#include <boost/multiprecision/cpp_int.hpp>
#include <doctest/doctest.h>

#include "core/portfolio/plan_check.hpp"
#include "core/portfolio/random_portfolio.hpp"

namespace rebalancer::test {
namespace {

using Big = boost::multiprecision::cpp_int;  // billionths, and products of two of them
const Big billion = 1'000'000'000;

Big big(Decimal value) { return value.billionths(); }
Decimal small(const Big& value) { return Decimal::from_billionths(value.convert_to<std::int64_t>()); }
bool fits(const Big& value) { return value > 0 && value < std::numeric_limits<std::int64_t>::max() / 4; }
Big up(const Big& product) { return (product + billion - 1) / billion; }

struct Case {
  Portfolio portfolio;
  OrderPlan plan;
  TradeLimits limits;
};

Big limit_value(const PlannedOrder& order) {
  const Big product = big(order.quantity.decimal()) * big(order.limit.decimal());
  return order.side == Side::buy ? up(product) : Big(product / billion);
}

Big cost_of(const Big& value, const BrokerCapabilities& capabilities) {
  return big(capabilities.commission_per_order) + up(value * big(capabilities.cost_rate));
}

// Makes the costs right again, so that a changed quantity breaks no rule about costs.
void restate_costs(Case& wrong) {
  Big total = 0;
  for (PlannedOrder& order : wrong.plan.orders) {
    const BrokerCapabilities& capabilities = wrong.portfolio.capabilities;
    order.cost_max = Money(small(cost_of(limit_value(order), capabilities)), Currency::usd());
    const Big product = big(order.quantity.decimal()) * big(order.reference.decimal());
    total += cost_of(order.side == Side::buy ? up(product) : Big(product / billion), capabilities);
  }
  wrong.plan.cost = Money(small(total), Currency::usd());
}

Big cash_after(const Case& made, std::size_t orders) {
  Big cash = big(made.portfolio.book.cash.amount());
  for (std::size_t i = 0; i < orders; ++i) {
    const PlannedOrder& order = made.plan.orders[i];
    cash += order.side == Side::buy ? Big(-limit_value(order)) : limit_value(order);
    cash -= big(order.cost_max.amount());
  }
  return cash;
}

Big held(const Case& made, const Symbol& symbol) {
  Big shares = 0;
  for (const Position& position : made.portfolio.book.positions) {
    if (position.symbol == symbol) shares += big(position.quantity.decimal());
  }
  return shares;
}

// Breaks one rule of `made`, in the order at `index`; false when this plan offers no way to.
using Mutation = std::function<bool(Case& made, std::size_t index)>;

bool set_quantity(Case& made, std::size_t index, const Big& quantity) {
  const Big value = quantity * big(made.plan.orders[index].limit.decimal()) / billion;
  if (!fits(quantity) || value >= std::numeric_limits<std::int64_t>::max() / 4) return false;
  made.plan.orders[index].quantity = Quantity(small(quantity));
  restate_costs(made);
  return true;
}

struct Named {
  const char* name;
  const char* says;  // part of the refusal, where one rule only can be the one that is broken
  Mutation mutate;
};

std::vector<Named> mutations() {
  std::vector<Named> all;
  all.push_back({"quantity off the increment", "", [](Case& made, std::size_t i) {
                   const Big increment = big(made.portfolio.capabilities.quantity_increment);
                   const Big quantity = big(made.plan.orders[i].quantity.decimal());
                   // Half an increment less, or more than nothing of it: no multiple either way.
                   return increment > 1 && set_quantity(made, i, quantity - increment / 2);
                 }});
  all.push_back({"increment twice the quantity", "increment", [](Case& made, std::size_t i) {
                   const Big doubled = big(made.plan.orders[i].quantity.decimal()) * 2;
                   if (!fits(doubled)) return false;
                   made.portfolio.capabilities.quantity_increment = small(doubled);
                   return true;
                 }});
  all.push_back({"zero quantity", "positive quantity", [](Case& made, std::size_t i) {
                   made.plan.orders[i].quantity = Quantity();
                   return true;
                 }});
  all.push_back({"negative quantity", "positive quantity", [](Case& made, std::size_t i) {
                   made.plan.orders[i].quantity = Quantity(negate(made.plan.orders[i].quantity.decimal()).value());
                   return true;
                 }});
  all.push_back({"sell more than is held", "held", [](Case& made, std::size_t i) {
                   if (made.plan.orders[i].side != Side::sell) return false;
                   const Big increment = big(made.portfolio.capabilities.quantity_increment);
                   return set_quantity(made, i, (held(made, made.plan.orders[i].symbol) / increment + 1) * increment);
                 }});
  all.push_back({"the holding is gone", "held", [](Case& made, std::size_t i) {
                   if (made.plan.orders[i].side != Side::sell) return false;
                   // Its value becomes cash, so that the equity stays what it was.
                   const Symbol symbol = made.plan.orders[i].symbol;
                   std::erase_if(made.portfolio.book.positions,
                                 [&](const Position& position) { return position.symbol == symbol; });
                   made.portfolio.book.cash = Money(Decimal::whole(1'000'000'000), Currency::usd());
                   return true;
                 }});
  all.push_back({"a buy turned into a sale of what is not held", "held", [](Case& made, std::size_t i) {
                   PlannedOrder& order = made.plan.orders[i];
                   if (order.side != Side::buy || made.portfolio.rules.buy_only) return false;
                   if (held(made, order.symbol) >= big(order.quantity.decimal())) return false;
                   order.side = Side::sell;
                   order.limit = Price::make(round_to(order.reference.decimal(),
                                                      made.portfolio.capabilities.price_increment, Rounding::ceiling)
                                                 .value())
                                     .value();
                   restate_costs(made);
                   return true;
                 }});
  all.push_back({"a sale turned into a buy that nothing pays for", "", [](Case& made, std::size_t i) {
                   PlannedOrder& order = made.plan.orders[i];
                   if (order.side != Side::sell) return false;
                   // All the cash there is and could be, without a single cost, does not reach.
                   Big most = big(made.portfolio.book.cash.amount());
                   for (std::size_t k = 0; k < made.plan.orders.size(); ++k) {
                     if (k != i && made.plan.orders[k].side == Side::sell) most += limit_value(made.plan.orders[k]);
                   }
                   if (limit_value(order) <= most) return false;
                   order.side = Side::buy;
                   restate_costs(made);
                   return true;
                 }});
  all.push_back({"a buy for more cash than there could be", "", [](Case& made, std::size_t i) {
                   if (made.plan.orders[i].side != Side::buy) return false;
                   Big most = std::max(big(made.portfolio.book.cash.amount()), Big(0));
                   for (const PlannedOrder& order : made.plan.orders) {
                     if (order.side == Side::sell) most += limit_value(order);
                   }
                   const Big increment = big(made.portfolio.capabilities.quantity_increment);
                   const Big quantity = most * billion / big(made.plan.orders[i].limit.decimal());
                   return set_quantity(made, i, (quantity / increment + 1) * increment);
                 }});
  all.push_back({"a buy before the sales that pay for it", "leaves cash", [](Case& made, std::size_t i) {
                   if (made.plan.orders[i].side != Side::buy) return false;
                   const Big after = big(made.portfolio.book.cash.amount()) - limit_value(made.plan.orders[i]);
                   if (after >= big(made.portfolio.rules.cash_buffer)) return false;
                   std::rotate(made.plan.orders.begin(), made.plan.orders.begin() + static_cast<std::ptrdiff_t>(i),
                               made.plan.orders.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                   return true;
                 }});
  all.push_back({"one billionth too little cash", "leaves cash", [](Case& made, std::size_t) {
                   // After the last buy the cash would be the buffer less a billionth.
                   if (made.plan.orders.back().side != Side::buy) return false;
                   const Big spare = cash_after(made, made.plan.orders.size()) - big(made.portfolio.rules.cash_buffer);
                   made.portfolio.book.cash =
                       Money(small(big(made.portfolio.book.cash.amount()) - spare - 1), Currency::usd());
                   Big equity = big(made.portfolio.book.cash.amount()) * billion;
                   for (const Position& position : made.portfolio.book.positions) {
                     equity +=
                         big(position.quantity.decimal()) * big(made.portfolio.prices.at(position.symbol).decimal());
                   }
                   return equity > 0;
                 }});
  all.push_back({"a buffer one billionth higher than the plan leaves", "leaves cash", [](Case& made, std::size_t) {
                   if (made.plan.orders.back().side != Side::buy) return false;
                   made.portfolio.rules.cash_buffer = small(cash_after(made, made.plan.orders.size()) + 1);
                   return true;
                 }});
  all.push_back({"an order twice", "already", [](Case& made, std::size_t i) {
                   made.plan.orders.push_back(made.plan.orders[i]);
                   restate_costs(made);
                   return true;
                 }});
  all.push_back({"a symbol both ways", "already", [](Case& made, std::size_t i) {
                   PlannedOrder other = made.plan.orders[i];
                   other.side = other.side == Side::buy ? Side::sell : Side::buy;
                   other.limit =
                       Price::make(round_to(other.reference.decimal(), made.portfolio.capabilities.price_increment,
                                            other.side == Side::buy ? Rounding::floor : Rounding::ceiling)
                                       .value())
                           .value_or(other.limit);
                   made.plan.orders.push_back(other);
                   restate_costs(made);
                   return true;
                 }});
  all.push_back({"a symbol without a price", "no price", [](Case& made, std::size_t i) {
                   if (made.plan.orders[i].side != Side::buy) return false;
                   made.plan.orders[i].symbol = Symbol::parse("ZZZZ").value();
                   return true;
                 }});
  all.push_back({"another reference", "reference", [](Case& made, std::size_t i) {
                   PlannedOrder& order = made.plan.orders[i];
                   order.reference = Price::make(add(order.reference.decimal(), billionths(1)).value()).value();
                   restate_costs(made);
                   return true;
                 }});
  all.push_back({"another price list", "reference", [](Case& made, std::size_t i) {
                   Price& price = made.portfolio.prices.at(made.plan.orders[i].symbol);
                   price = Price::make(add(price.decimal(), billionths(1)).value()).value();
                   return true;
                 }});
  all.push_back(
      {"limit beyond the collar", "collar", [](Case& made, std::size_t i) {
         PlannedOrder& order = made.plan.orders[i];
         const Big increment = big(made.portfolio.capabilities.price_increment);
         const Big collar =
             big(Decimal::from_double(made.portfolio.rules.price_collar_fraction, Rounding::half_even).value());
         const Big reference = big(order.reference.decimal());
         // The first price on the increment that lies outside.
         const Big limit =
             order.side == Side::buy
                 ? Big((reference * (billion + collar) / billion / increment + 1) * increment)
                 : Big(((reference * (billion - collar) + billion * increment - 1) / (billion * increment) - 1) *
                       increment);
         if (limit <= 0) return false;
         order.limit = Price::make(small(limit)).value();
         restate_costs(made);
         return true;
       }});
  all.push_back({"limit off the increment", "increment", [](Case& made, std::size_t i) {
                   PlannedOrder& order = made.plan.orders[i];
                   if (made.portfolio.capabilities.price_increment.billionths() == 1) return false;
                   // Into the collar, away from its edge.
                   const auto moved = order.side == Side::buy ? subtract(order.limit.decimal(), billionths(1))
                                                              : add(order.limit.decimal(), billionths(1));
                   order.limit = Price::make(moved.value()).value();
                   restate_costs(made);
                   return true;
                 }});
  all.push_back({"price increment twice the limit", "increment", [](Case& made, std::size_t i) {
                   const Decimal limit = made.plan.orders[i].limit.decimal();
                   made.portfolio.capabilities.price_increment = add(limit, limit).value();
                   return true;
                 }});
  all.push_back({"no collar left", "collar", [](Case& made, std::size_t i) {
                   const PlannedOrder& order = made.plan.orders[i];
                   made.portfolio.rules.price_collar_fraction = 0;
                   return order.side == Side::buy ? order.limit > order.reference : order.limit < order.reference;
                 }});
  all.push_back({"understated cost", "states costs", [](Case& made, std::size_t i) {
                   PlannedOrder& order = made.plan.orders[i];
                   if (order.cost_max.amount().is_zero()) return false;
                   order.cost_max = Money(subtract(order.cost_max.amount(), billionths(1)).value(), Currency::usd());
                   return true;
                 }});
  all.push_back({"overstated cost", "states costs", [](Case& made, std::size_t i) {
                   PlannedOrder& order = made.plan.orders[i];
                   order.cost_max = Money(add(order.cost_max.amount(), billionths(1)).value(), Currency::usd());
                   return true;
                 }});
  all.push_back({"cost in another currency", "states costs", [](Case& made, std::size_t i) {
                   PlannedOrder& order = made.plan.orders[i];
                   order.cost_max = Money(order.cost_max.amount(), Currency::parse("EUR").value());
                   return true;
                 }});
  all.push_back({"another sum of costs", "the plan states costs", [](Case& made, std::size_t) {
                   made.plan.cost = Money(add(made.plan.cost.amount(), billionths(1)).value(), Currency::usd());
                   return true;
                 }});
  all.push_back({"minimum trade above the order", "minimum trade", [](Case& made, std::size_t i) {
                   const PlannedOrder& order = made.plan.orders[i];
                   const Big product = big(order.quantity.decimal()) * big(order.reference.decimal());
                   made.portfolio.rules.trade_value_min = small(product / billion + 1);
                   return true;
                 }});
  all.push_back({"broker's minimum above the order", "broker's minimum", [](Case& made, std::size_t i) {
                   const PlannedOrder& order = made.plan.orders[i];
                   const Big price = std::min(big(order.limit.decimal()), big(order.reference.decimal()));
                   made.portfolio.capabilities.order_value_min =
                       small(big(order.quantity.decimal()) * price / billion + 1);
                   return true;
                 }});
  all.push_back({"an untouchable", "untouchable", [](Case& made, std::size_t i) {
                   made.portfolio.rules.untouchable.push_back(made.plan.orders[i].symbol);
                   return true;
                 }});
  all.push_back({"a sale under buy-only", "buy only", [](Case& made, std::size_t i) {
                   made.portfolio.rules.buy_only = true;
                   return made.plan.orders[i].side == Side::sell;
                 }});
  all.push_back({"order value above its limit", "limits.order_max is", [](Case& made, std::size_t i) {
                   const Big product =
                       big(made.plan.orders[i].quantity.decimal()) * big(made.plan.orders[i].limit.decimal());
                   made.limits.order_value_max = small((product - 1) / billion);
                   return product > billion;
                 }});
  all.push_back({"one order more than allowed", "orders, limits.orders_max is", [](Case& made, std::size_t) {
                   made.limits.orders_max = static_cast<int>(made.plan.orders.size()) - 1;
                   return true;
                 }});
  all.push_back({"one share increment more than allowed", "limits.quantity_max", [](Case& made, std::size_t i) {
                   const Big quantity = big(made.plan.orders[i].quantity.decimal());
                   made.limits.order_quantity_max = small(quantity - 1);
                   return true;
                 }});
  all.push_back({"one order more than the day allows", "limits.orders_per_day", [](Case& made, std::size_t) {
                   made.limits.orders_today = 1000 - static_cast<int>(made.plan.orders.size()) + 1;
                   return true;
                 }});
  all.push_back({"a day that allows no order", "limits.orders_per_day", [](Case& made, std::size_t) {
                   made.limits.orders_per_day_max = 0;
                   return true;
                 }});
  all.push_back({"no position allowed", "limits.position_max", [](Case& made, std::size_t i) {
                   made.limits.position_max_fraction = 0;
                   return made.plan.orders[i].side == Side::buy;
                 }});
  all.push_back({"a position above its limit", "limits.position_max", [](Case& made, std::size_t i) {
                   const PlannedOrder& order = made.plan.orders[i];
                   if (order.side != Side::buy) return false;
                   Big equity = big(made.portfolio.book.cash.amount()) * billion;
                   for (const Position& position : made.portfolio.book.positions) {
                     equity +=
                         big(position.quantity.decimal()) * big(made.portfolio.prices.at(position.symbol).decimal());
                   }
                   const Big price = std::max(big(order.limit.decimal()), big(order.reference.decimal()));
                   const Big value = (held(made, order.symbol) + big(order.quantity.decimal())) * price;
                   // The greatest fraction in billionths that allows less than the value.
                   const Big fraction = (value * billion - 1) / equity;
                   if (fraction > Big(1'000'000) * billion) return false;
                   made.limits.position_max_fraction = fraction.convert_to<double>() / 1e9;
                   return true;
                 }});
  all.push_back({"turnover above its limit", "turnover", [](Case& made, std::size_t) {
                   // The limit is the whole equity, and that has been traded today already.
                   const auto valuation = value_book(made.portfolio.book, made.portfolio.prices);
                   made.limits.turnover_per_day_fraction = 1;
                   made.limits.turnover_today = add(valuation->equity.amount(), billionths(100)).value();
                   return true;
                 }});
  all.push_back({"no turnover allowed", "turnover", [](Case& made, std::size_t) {
                   made.limits.turnover_per_day_fraction = 0;
                   return true;
                 }});
  all.push_back({"a broker that takes no orders", "neither", [](Case& made, std::size_t) {
                   made.portfolio.capabilities.limit_orders = made.portfolio.capabilities.market_orders = false;
                   return true;
                 }});
  all.push_back({"a book that holds something twice", "twice", [](Case& made, std::size_t) {
                   if (made.portfolio.book.positions.empty()) return false;
                   made.portfolio.book.positions.push_back(made.portfolio.book.positions.front());
                   return true;
                 }});
  all.push_back({"a side that is none", "no side", [](Case& made, std::size_t i) {
                   made.plan.orders[i].side = static_cast<Side>(2);
                   return true;
                 }});
  return all;
}

TEST_CASE("100000 plans that each break one rule: none accepted, and the refusal names the rule") {
  const std::vector<Named> all = mutations();
  std::map<std::string, int> counts;
  int made = 0;
  for (std::uint64_t seed = 1; made < 100'000; ++seed) {
    Random random(seed ^ 0x5EED);
    const Portfolio portfolio = random_portfolio(random);
    const auto plan = plan_of(portfolio);
    if (!plan || plan->orders.empty()) continue;
    const Case sound{portfolio, *plan, {}};
    const auto check = [](const Case& one) {
      return check_plan(one.plan, one.portfolio.book, one.portfolio.prices, one.portfolio.rules, one.limits,
                        one.portfolio.capabilities);
    };
    INFO("seed " << seed);
    REQUIRE(check(sound));
    for (const Named& mutation : all) {
      Case wrong = sound;
      if (!mutation.mutate(wrong, random.below(wrong.plan.orders.size()))) continue;
      const auto proof = check(wrong);
      INFO("mutation " << mutation.name);
      REQUIRE_FALSE(proof);
      INFO("refusal " << proof.error().message);
      REQUIRE(proof.error().code == ErrorCode::rejected);
      REQUIRE(proof.error().message.find(mutation.says) != std::string::npos);
      ++counts[mutation.name];
      ++made;
    }
  }
  for (const Named& mutation : all) {
    CAPTURE(mutation.name);
    CHECK(counts[mutation.name] > 200);
  }
}

}  // namespace
}  // namespace rebalancer::test
