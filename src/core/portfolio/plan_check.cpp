#include "core/portfolio/plan_check.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace rebalancer {
namespace {

// Every amount here is in units of 10^-18 (a billionth of a share times a billionth of money) or, after a rounding up,
// in billionths. Sums are overflow-checked, because nothing here trusts the sizes it is given.
__extension__ typedef __int128 Integer;
constexpr Integer billion = 1'000'000'000;

tl::unexpected<Error> breaks(std::size_t index, const PlannedOrder& order, const std::string& rule) {
  return fail(ErrorCode::rejected, "order {} ({} {} {}) {}", index + 1, order.side == Side::buy ? "buy" : "sell",
              order.quantity.to_string(), order.symbol, rule);
}

Integer units(Decimal value) { return value.billionths(); }

Integer up(Integer product) { return product / billion + (product % billion > 0 ? 1 : 0); }

std::string text(Integer billionths) {
  const bool negative = billionths < 0;
  const Integer magnitude = negative ? -billionths : billionths;
  std::string places = fmt::format("{:09}", static_cast<std::uint64_t>(magnitude % billion));
  places.erase(places.find_last_not_of('0') + 1);
  return fmt::format("{}{}{}{}", negative ? "-" : "", magnitude / billion, places.empty() ? "" : ".", places);
}

// Whole billionths of a fraction that a rule gives as a double.
Result<Integer> billionths_of(const char* name, double fraction) {
  if (!(fraction >= 0)) return fail(ErrorCode::rejected, "{} is {}, must not be negative", name, fraction);
  auto exact = Decimal::from_double(fraction, Rounding::half_even);
  if (!exact) return fail(ErrorCode::rejected, "{}: {}", name, exact.error().message);
  return units(*exact);
}

// That fraction of the equity, in 10^-18, rounded down.
Result<Integer> part_of(Integer equity, const char* name, double fraction) {
  auto exact = billionths_of(name, fraction);
  if (!exact) return fail(exact.error());
  Integer part = 0;
  if (__builtin_mul_overflow(equity / billion, *exact, &part)) {
    return fail(ErrorCode::rejected, "{} is {}, more than can be counted", name, fraction);
  }
  return part;
}

struct Checked {
  Integer quantity, reference, limit;
  Integer reference_value;  // 10^-18
  Integer limit_value;      // 10^-18
  Integer cost;             // billionths, at the limit
  bool is_buy;
};

std::string percent(Integer part, Integer whole) {
  return fmt::format("{:.2f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}
std::string percent(double fraction) { return fmt::format("{:.2f}%", 100.0 * fraction); }

}  // namespace

Result<PlanProof> check_plan(const OrderPlan& plan, const Book& book, const PriceList& prices,
                             const RebalanceRules& rules, const TradeLimits& limits,
                             const BrokerCapabilities& capabilities) {
  const std::string currency = book.cash.currency().to_string();
  PlanProof proof;
  const auto prove = [&proof](const char* rule, std::string evidence) {
    proof.rules_.push_back({rule, std::move(evidence)});
  };

  // The rules themselves.
  const Integer quantity_increment = units(capabilities.quantity_increment);
  const Integer price_increment = units(capabilities.price_increment);
  const Integer commission = units(capabilities.commission_per_order);
  const Integer cost_rate = units(capabilities.cost_rate);
  const Integer buffer = units(rules.cash_buffer);
  if (quantity_increment <= 0 || price_increment <= 0) {
    return fail(ErrorCode::rejected, "the broker's increments are not positive");
  }
  if (commission < 0 || cost_rate < 0 || cost_rate >= billion || buffer < 0) {
    return fail(ErrorCode::rejected, "a commission or the cash buffer is negative, or the cost rate not from 0 to 1");
  }
  auto collar = billionths_of("price collar", rules.price_collar_fraction);
  if (!collar) return fail(collar.error());
  if (*collar >= billion) return fail(ErrorCode::rejected, "price collar is 1 or more");
  if (!capabilities.limit_orders && !capabilities.market_orders && !plan.orders.empty()) {
    return fail(ErrorCode::rejected, "the broker takes neither limit nor market orders");
  }

  // The book: equity from scratch.
  Integer equity = units(book.cash.amount()) * billion;
  std::map<Symbol, Integer> held;
  for (const Position& position : book.positions) {
    if (!held.emplace(position.symbol, units(position.quantity.decimal())).second) {
      return fail(ErrorCode::rejected, "{} is in the book twice", position.symbol);
    }
    const auto price = prices.find(position.symbol);
    if (price == prices.end()) return fail(ErrorCode::rejected, "no price for {}, which is held", position.symbol);
    const Integer value = units(position.quantity.decimal()) * units(price->second.decimal());
    if (__builtin_add_overflow(equity, value, &equity)) return fail(ErrorCode::rejected, "equity overflows");
  }
  if (equity <= 0) return fail(ErrorCode::rejected, "equity is not positive");

  if (plan.orders.size() > static_cast<std::size_t>(std::max(limits.orders_max, 0))) {
    return fail(ErrorCode::rejected, "the plan has {} orders, limits.orders_max is {}", plan.orders.size(),
                limits.orders_max);
  }
  const Integer orders_of_day = static_cast<Integer>(plan.orders.size()) + limits.orders_today;
  if (limits.orders_today < 0 || (!plan.orders.empty() && orders_of_day > limits.orders_per_day_max)) {
    return fail(ErrorCode::rejected, "the plan has {} orders and {} were sent today, limits.orders_per_day is {}",
                plan.orders.size(), limits.orders_today, limits.orders_per_day_max);
  }
  std::optional<Integer> position_max;  // 10^-18
  if (limits.position_max_fraction) {
    auto allowed = part_of(equity, "limits.position_max", *limits.position_max_fraction);
    if (!allowed) return fail(allowed.error());
    position_max = *allowed;
  }

  // Each order by itself.
  std::vector<Checked> checked;
  std::set<Symbol> ordered;
  Integer traded = 0;  // 10^-18, each at the higher of reference and limit, as the gate will count it
  Integer expected_cost = 0;
  Integer largest_value = 0;
  Integer largest_quantity = 0;
  Integer smallest_value = 0;
  int sells = 0;
  std::string fullest_sale = "no sells";
  std::string fullest_position = "no buys";
  Integer fullest_bought = 0;
  Integer fullest_sold = 0;
  Integer fullest_held = 1;
  for (std::size_t i = 0; i < plan.orders.size(); ++i) {
    const PlannedOrder& order = plan.orders[i];
    if (order.side != Side::buy && order.side != Side::sell) return breaks(i, order, "has no side");
    Checked check{
        units(order.quantity.decimal()), units(order.reference.decimal()), units(order.limit.decimal()), 0, 0, 0,
        order.side == Side::buy};
    if (check.quantity <= 0) return breaks(i, order, "must have a positive quantity");
    if (check.quantity % quantity_increment != 0) {
      return breaks(i, order, "is not on the increment of " + text(quantity_increment) + " shares");
    }
    if (!ordered.insert(order.symbol).second) return breaks(i, order, "trades a symbol that the plan trades already");
    const auto price = prices.find(order.symbol);
    if (price == prices.end()) return breaks(i, order, "has no price in the price list");
    if (order.reference != price->second) {
      return breaks(i, order,
                    "has reference " + text(check.reference) + ", the price list says " + price->second.to_string());
    }
    if (check.limit <= 0 || check.limit % price_increment != 0) {
      return breaks(i, order, "has limit " + text(check.limit) + ", not on the increment of " + text(price_increment));
    }
    const Integer bound = check.is_buy ? check.reference * (billion + *collar) : check.reference * (billion - *collar);
    if (check.is_buy ? check.limit * billion > bound : check.limit * billion < bound) {
      return breaks(i, order,
                    "has limit " + text(check.limit) + ", outside the collar of " + percent(*collar, billion) +
                        " around " + text(check.reference));
    }
    for (const Symbol& untouchable : rules.untouchable) {
      if (untouchable == order.symbol) return breaks(i, order, "trades an untouchable");
    }
    check.reference_value = check.quantity * check.reference;
    check.limit_value = check.quantity * check.limit;
    const auto position = held.find(order.symbol);
    const Integer holding = position == held.end() ? 0 : position->second;
    if (!check.is_buy) {
      if (rules.buy_only) return breaks(i, order, "sells, and the rules say buy only");
      if (check.quantity > holding) return breaks(i, order, "sells more than the " + text(holding) + " held");
      ++sells;
      // a/b > c/d without dividing: both quantities fit 64 bits.
      if (check.quantity * fullest_held > fullest_sold * holding) {
        fullest_sold = check.quantity;
        fullest_held = holding;
        fullest_sale = percent(check.quantity, holding) + " of " + text(holding) + " " + order.symbol.str();
      }
    }
    if (std::max(check.reference_value, check.limit_value) / billion >= std::numeric_limits<std::int64_t>::max()) {
      return breaks(i, order, "is worth more than can be counted");
    }
    const Integer lower_value = std::min(check.reference_value, check.limit_value);
    const Integer upper_value = std::max(check.reference_value, check.limit_value);
    if (check.reference_value < units(rules.trade_value_min) * billion) {
      return breaks(i, order, "is below the minimum trade " + rules.trade_value_min.to_string());
    }
    if (lower_value < units(capabilities.order_value_min) * billion) {
      return breaks(i, order, "is below the broker's minimum order " + capabilities.order_value_min.to_string());
    }
    if (limits.order_value_max && upper_value > units(*limits.order_value_max) * billion) {
      return breaks(i, order,
                    "is worth " + text(up(upper_value)) + " " + currency + ", limits.order_max is " +
                        limits.order_value_max->to_string() + " " + currency);
    }
    if (limits.order_quantity_max && check.quantity > units(*limits.order_quantity_max)) {
      return breaks(i, order, "has more shares than limits.quantity_max, " + limits.order_quantity_max->to_string());
    }
    largest_quantity = std::max(largest_quantity, check.quantity);
    if (check.is_buy) {
      // No symbol is bought twice, so this is all of the position.
      Integer bought = 0;
      if (__builtin_mul_overflow(holding + check.quantity, std::max(check.reference, check.limit), &bought)) {
        return breaks(i, order, "makes a position worth more than can be counted");
      }
      if (position_max && bought > *position_max) {
        return breaks(i, order,
                      "makes a position worth " + text(up(bought)) + " " + currency + ", limits.position_max is " +
                          text(*position_max / billion) + " " + currency + " (" +
                          percent(*limits.position_max_fraction) +
                          " of equity); constraints.max_weight keeps targets below it");
      }
      if (bought > fullest_bought || fullest_position == "no buys") {
        fullest_bought = bought;
        fullest_position = text(up(bought)) + " " + currency + " of " + order.symbol.str();
      }
    }
    if (i == 0 || lower_value < smallest_value) smallest_value = lower_value;
    largest_value = std::max(largest_value, upper_value);

    // Costs are rounded up; a buy's value too, a sell's is rounded down.
    const Integer paid = check.is_buy ? up(check.limit_value) : check.limit_value / billion;
    check.cost = commission + up(paid * cost_rate);
    if (order.cost_max.currency() != book.cash.currency() || units(order.cost_max.amount()) != check.cost) {
      return breaks(
          i, order,
          "states costs of " + order.cost_max.to_string() + ", they are " + text(check.cost) + " " + currency);
    }
    const Integer expected = check.is_buy ? up(check.reference_value) : check.reference_value / billion;
    expected_cost += commission + up(expected * cost_rate);
    if (__builtin_add_overflow(traded, upper_value, &traded)) {
      return breaks(i, order, "overflows the sum of what is traded");
    }
    checked.push_back(check);
  }
  if (plan.cost.currency() != book.cash.currency() || units(plan.cost.amount()) != expected_cost) {
    return fail(ErrorCode::rejected, "the plan states costs of {}, they are {} {}", plan.cost.to_string(),
                text(expected_cost), currency);
  }

  // The cash after each order, every one of them filled at its limit.
  Integer cash = units(book.cash.amount());
  Integer lowest = cash;
  std::string lowest_at = "at the start";
  for (std::size_t i = 0; i < checked.size(); ++i) {
    const Checked& check = checked[i];
    const Integer before = cash;
    cash += check.is_buy ? -up(check.limit_value) : check.limit_value / billion;
    cash -= check.cost;
    if (cash < buffer && cash < before) {
      return breaks(
          i, plan.orders[i],
          "leaves cash of " + text(cash) + " " + currency + ", the buffer is " + text(buffer) + " " + currency);
    }
    if (cash < lowest) {
      lowest = cash;
      lowest_at = fmt::format("after order {}", i + 1);
    }
  }

  std::string turnover = "no limit";
  if (limits.turnover_per_day_fraction) {
    auto allowed = part_of(equity, "limits.turnover_per_day", *limits.turnover_per_day_fraction);
    if (!allowed) return fail(allowed.error());
    // Both sides in billionths, the traded value rounded up and what is allowed rounded down.
    *allowed /= billion;
    const Integer before = limits.turnover_today ? units(*limits.turnover_today) : 0;
    Integer total = 0;
    if (before < 0 || __builtin_add_overflow(up(traded), before, &total)) {
      return fail(ErrorCode::rejected, "the turnover today cannot be counted");
    }
    if (total > *allowed) {
      return fail(ErrorCode::rejected, "turnover today would be {} {}, limits.turnover_per_day is {} {} ({} of equity)",
                  text(total), currency, text(*allowed), currency, percent(*limits.turnover_per_day_fraction));
    }
    turnover = fmt::format("{} {} with what was traded before, limit {}", text(total), currency, text(*allowed));
  }

  auto lowest_cash = Decimal::from_billionths(static_cast<std::int64_t>(lowest));
  const std::string orders = fmt::format("{} orders", plan.orders.size());
  const std::string smallest = text(smallest_value / billion) + " " + currency;
  const std::string largest = text(up(largest_value)) + " " + currency;
  prove("orders_within_count", fmt::format("{}, at most {}", orders, limits.orders_max));
  prove("one_order_per_symbol", fmt::format("{} for {} symbols", orders, ordered.size()));
  prove("references_are_the_price_list", fmt::format("{} prices equal", plan.orders.size()));
  prove("limits_inside_collar", fmt::format("{} limits within {} of their references, on the increment {}",
                                            plan.orders.size(), percent(*collar, billion), text(price_increment)));
  prove("quantities_on_increment",
        fmt::format("{} quantities, multiples of {}", plan.orders.size(), text(quantity_increment)));
  prove("order_types", fmt::format("{}: the broker takes {}", orders,
                                   capabilities.limit_orders ? "limit orders" : "market orders only"));
  prove("no_sell_above_holdings",
        sells == 0 ? "no sells" : fmt::format("{} sells, the largest share {}", sells, fullest_sale));
  prove("buy_only", rules.buy_only ? "no sells" : "not asked for");
  prove("untouchables", fmt::format("{} symbols, none traded", rules.untouchable.size()));
  prove("order_value_minimum",
        plan.orders.empty() ? "no orders"
                            : fmt::format("smallest order {}, minimum trade {}, the broker's {}", smallest,
                                          rules.trade_value_min.to_string(), capabilities.order_value_min.to_string()));
  prove("order_value_maximum",
        plan.orders.empty() ? "no orders"
                            : fmt::format("largest order {}, limit {}", largest,
                                          limits.order_value_max ? limits.order_value_max->to_string() : "none"));
  prove("order_quantity_maximum",
        plan.orders.empty() ? "no orders"
                            : fmt::format("largest order {} shares, limit {}", text(largest_quantity),
                                          limits.order_quantity_max ? limits.order_quantity_max->to_string() : "none"));
  prove("orders_per_day",
        fmt::format("{} with the {} sent today, at most {}", orders, limits.orders_today, limits.orders_per_day_max));
  prove("position_maximum", fmt::format("largest position after a buy: {}, limit {}", fullest_position,
                                        position_max ? text(*position_max / billion) + " " + currency : "none"));
  prove("costs", fmt::format("{} {} at the references, every order's own recomputed", text(expected_cost), currency));
  prove("cash_above_buffer",
        fmt::format("lowest cash {} {} {}, buffer {} {}", text(lowest), currency, lowest_at, text(buffer), currency));
  prove("turnover", turnover);
  proof.lowest_cash_ = lowest_cash;
  proof.orders_ = plan.orders;
  return proof;
}

}  // namespace rebalancer
