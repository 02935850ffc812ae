// A million orders at the gate, many of them at an edge, from the everyday to the ends of int64. A second computation,
// in 256 bits and from the list of everything that was let through, says which rules each order breaks: it must be
// admitted when there are none, and refused for one of them when there are.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include <boost/multiprecision/cpp_int.hpp>
#include <doctest/doctest.h>

#include "core/portfolio/order_limits.hpp"
#include "core/portfolio/random_portfolio.hpp"

namespace rebalancer::test {
namespace {

using Wide = boost::multiprecision::int256_t;
constexpr std::int64_t billion = 1'000'000'000;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

enum Rule : unsigned {
  nonsense,
  side,
  client_id,
  same_order,
  quantity_positive,
  quantity_increment,
  reference_positive,
  price_age,
  order_type,
  limit_increment,
  collar,
  untouchable,
  buy_only,
  quantity_max,
  order_max,
  broker_min,
  holding,
  position_max,
  orders_per_day,
  turnover,
  rules_count
};
// What a refusal for the rule says.
constexpr std::array<std::array<const char*, 2>, rules_count> words{{{"", ""},
                                                                     {"neither a buy", ""},
                                                                     {"no client id", ""},
                                                                     {"already that of another order", ""},
                                                                     {"quantity is", "must be positive"},
                                                                     {"quantity is", "multiple of"},
                                                                     {"reference price is", ""},
                                                                     {"sessions behind", ""},
                                                                     {"and the broker takes", ""},
                                                                     {"limit is", "positive multiple of"},
                                                                     {"rebalance.price_collar of", ""},
                                                                     {"rebalance.untouchable", ""},
                                                                     {"rebalance.buy_only", ""},
                                                                     {"limits.quantity_max", ""},
                                                                     {"limits.order_max", ""},
                                                                     {"smallest order", ""},
                                                                     {"are being sold already", ""},
                                                                     {"", ""},
                                                                     {"limits.orders_per_day", ""},
                                                                     {"limits.turnover_per_day", ""}}};

bool says(const std::string& message, unsigned rule) {
  const auto has = [&](const char* word) { return message.find(word) != std::string::npos; };
  if (rule == nonsense) return has("must be a fraction") || has(": equity is") || has("sent today are");
  if (rule == position_max) return has("limits.position_max") || has("position is too large");
  return has(words[rule][0]) && has(words[rule][1]);
}

Decimal exact(std::int64_t value) { return Decimal::from_billionths(value); }
// Also those that no code can make.
Price forged(std::int64_t value) { return std::bit_cast<Price>(value); }
std::int64_t units(Price price) { return price.decimal().billionths(); }
std::int64_t clamped(const Wide& value) {
  return value > most ? most : value < -most ? -most : value.convert_to<std::int64_t>();
}

struct Scene {
  TradeLimits limits;
  RebalanceRules rules;
  BrokerCapabilities capabilities;
  OrderFacts facts{{{}, Money(Decimal(), Currency::usd())}, {}, {}, 0, {}};
  std::optional<std::int64_t> turnover, position;  // in billionths; small enough for a double to say them exactly
  std::int64_t collar = 0;
  bool is_nonsense = false;
  std::vector<Symbol> symbols;
  std::vector<std::int64_t> prices;
};

struct Sent {
  Order order;
  std::int64_t reference;  // the highest of its copies'
  int copies;
};

Wide upper(const Order& order, std::int64_t reference) {
  return order.limit ? std::max(units(*order.limit), reference) : reference;
}

Wide shares_of(const Order& order) { return order.quantity.decimal().billionths(); }

// Which rules the order breaks, one bit each.
unsigned broken_rules(const Scene& scene, const std::vector<Sent>& sent, const Order& order, std::int64_t reference,
                      int age) {
  unsigned broken = 0;
  const auto breaks = [&broken](Rule rule, bool is_broken) { broken |= is_broken ? 1U << rule : 0U; };
  breaks(nonsense, scene.is_nonsense);
  breaks(side, order.side != Side::buy && order.side != Side::sell);
  breaks(client_id, order.client_id.empty());
  const bool is_buy = order.side == Side::buy;
  const Wide quantity = shares_of(order);
  breaks(quantity_positive, quantity <= 0);
  breaks(quantity_increment, quantity % scene.capabilities.quantity_increment.billionths() != 0);
  breaks(reference_positive, reference <= 0);
  breaks(price_age, age < 0 || age > scene.limits.price_age_sessions_max);
  breaks(order_type, order.limit.has_value() != scene.capabilities.limit_orders);
  const Wide increment = scene.capabilities.price_increment.billionths();
  if (order.limit) {
    const Wide limit = units(*order.limit);
    breaks(limit_increment, limit <= 0 || limit % increment != 0);
    const Wide low = Wide(reference) * (billion - scene.collar) - (is_buy ? increment * billion : Wide(0));
    const Wide high = Wide(reference) * (billion + scene.collar) + (is_buy ? Wide(0) : increment * billion);
    breaks(collar, limit * billion < low || limit * billion > high);
  }
  const auto& untouchables = scene.rules.untouchable;
  breaks(untouchable, std::count(untouchables.begin(), untouchables.end(), order.symbol) > 0);
  breaks(buy_only, scene.rules.buy_only && !is_buy);
  const TradeLimits& limits = scene.limits;
  breaks(quantity_max, limits.order_quantity_max && quantity > limits.order_quantity_max->billionths());
  breaks(order_max, limits.order_value_max &&
                        quantity * upper(order, reference) > Wide(limits.order_value_max->billionths()) * billion);
  const Wide lower = order.limit ? std::min(units(*order.limit), reference) : reference;
  breaks(broker_min, quantity * lower < Wide(scene.capabilities.order_value_min.billionths()) * billion);

  // Everything let through, with this one in the place of its first copy.
  std::vector<Sent> all = sent;
  const auto first =
      std::find_if(all.begin(), all.end(), [&](const Sent& one) { return one.order.client_id == order.client_id; });
  if (first == all.end()) {
    all.push_back({order, reference, 1});
  } else {
    breaks(same_order, first->order.symbol != order.symbol || first->order.side != order.side ||
                           first->order.quantity != order.quantity || first->order.limit != order.limit);
    first->reference = std::max(first->reference, reference);
  }
  Wide sold = 0;
  Wide position_shares = scene.facts.book.quantity_of(order.symbol).decimal().billionths();
  const Wide held = position_shares;
  Wide highest = 0;
  Wide traded = Wide(scene.facts.turnover_today.billionths()) * billion;
  std::int64_t orders = scene.facts.orders_today;
  for (const Sent& one : all) {
    const Wide price = upper(one.order, one.reference);
    if (!scene.facts.sent_before.contains(one.order.client_id)) {
      ++orders;
      traded += shares_of(one.order) * price;
    }
    if (one.order.symbol != order.symbol) continue;
    if (one.order.side == Side::sell) {
      sold += shares_of(one.order);
    } else {
      position_shares += shares_of(one.order);
      highest = std::max(highest, price);
    }
  }
  const Wide equity = scene.facts.equity.billionths();
  // What an earlier process sent may be in the book already.
  const bool is_new = !scene.facts.sent_before.contains(order.client_id);
  breaks(holding, is_new && !is_buy && sold > held);
  breaks(position_max, is_new && is_buy && scene.position && position_shares * highest > equity * *scene.position);
  breaks(orders_per_day, orders > limits.orders_per_day_max);
  breaks(turnover, scene.turnover && traded > equity * *scene.turnover);
  return broken;
}

class Fuzz {
 public:
  explicit Fuzz(std::uint64_t seed) : random_(seed) {}

  Scene scene() {
    const bool everyday = !one_in(4);
    Scene made;
    const auto amount = [&](std::int64_t whole_max) {
      return everyday ? range(0, whole_max * billion) : any_positive();
    };
    for (const char* name : {"A", "B", "C"}) {
      made.symbols.push_back(Symbol::parse(name).value());
      made.prices.push_back(everyday ? range(5, 500) * billion : any_positive());
      if (one_in(12)) made.rules.untouchable.push_back(made.symbols.back());
      if (one_in(4)) continue;
      const std::int64_t held = everyday ? range(1, 300) * billion : any_positive();
      made.facts.book.positions.push_back({made.symbols.back(), Quantity(exact(one_in(15) ? -held : held))});
    }
    made.rules.buy_only = one_in(15);
    made.capabilities.limit_orders = !one_in(5);
    made.capabilities.quantity_increment = exact(everyday ? pick({billion, billion, 1, 1'000'000}) : pick({1, 7}));
    made.capabilities.price_increment = exact(everyday ? pick({10'000'000, 10'000'000, 1, 50'000'000}) : pick({1, 3}));
    if (one_in(4)) made.capabilities.order_value_min = exact(amount(500));
    made.facts.equity = exact(std::max<std::int64_t>(1, amount(200'000)));
    if (one_in(2)) made.facts.turnover_today = exact(everyday ? amount(20'000) : range(0, 100));
    made.facts.orders_today = static_cast<int>(range(0, 20));
    TradeLimits& limits = made.limits;
    if (one_in(3)) limits.order_value_max = exact(amount(60'000));
    if (one_in(3)) limits.order_quantity_max = exact(amount(300));
    if (one_in(3)) limits.orders_per_day_max = made.facts.orders_today + static_cast<int>(range(0, 12));
    limits.price_age_sessions_max = static_cast<int>(range(0, 3));
    if (one_in(3)) made.turnover = range(0, (everyday ? 2 : 4'000'000) * billion);
    if (one_in(3)) made.position = range(0, (everyday ? 1 : 4'000'000) * billion);
    made.collar = pick({0, 10'000'000, 10'000'000, 50'000'000, 500'000'000, 999'999'999});
    const auto fraction = [](std::int64_t parts) { return static_cast<double>(parts) / 1e9; };
    if (made.turnover) limits.turnover_per_day_fraction = fraction(*made.turnover);
    if (made.position) limits.position_max_fraction = fraction(*made.position);
    made.rules.price_collar_fraction = fraction(made.collar);
    if (one_in(2)) made.facts.sent_before = {"id-1", "id-3", "id-8"};
    if (one_in(50)) spoil(made);
    return made;
  }

  std::int64_t reference(const Scene& scene, std::size_t which) {
    if (one_in(200)) return pick({0, -1, -most, std::numeric_limits<std::int64_t>::min()});
    const std::int64_t price = scene.prices[which];
    return one_in(2) ? price : std::max<std::int64_t>(1, clamped(Wide(price) * range(950, 1050) / 1000));
  }

  Order order(const Scene& scene, const std::vector<Sent>& sent, std::size_t which, std::int64_t reference,
              int number) {
    Order made{"id-" + std::to_string(number), scene.symbols[which], one_in(2) ? Side::buy : Side::sell, {}, {}};
    if (one_in(300)) made.side = static_cast<Side>(2);
    if (one_in(300)) made.client_id.clear();
    if (scene.capabilities.limit_orders != one_in(100)) made.limit = forged(limit(scene, made.side, reference));
    const Wide price = std::max(upper(made, reference), Wide(1));
    const Wide increment = scene.capabilities.quantity_increment.billionths();
    // At an edge, an increment below or above it, or anything.
    Wide quantity = edge(scene, sent, made, price) / increment + range(-1, 1);
    if (one_in(3)) quantity = range(1, 20) * std::max<std::int64_t>(1, clamped(billion / increment));
    quantity *= increment;
    if (one_in(40)) quantity += pick({1, -1, billion / 2});
    if (one_in(300)) quantity = pick({0, -billion, most, -most});
    made.quantity = Quantity(exact(clamped(quantity)));
    // A copy, sometimes with another price or quantity.
    if (!sent.empty() && one_in(12)) {
      const Order& earlier = sent[random_.below(sent.size())].order;
      if (one_in(2)) return earlier;
      made.client_id = earlier.client_id;
    }
    return made;
  }

  bool one_in(std::uint64_t bound) { return random_.below(bound) == 0; }
  std::size_t below(std::size_t bound) { return random_.below(bound); }
  std::int64_t range(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low) + 1));
  }

 private:
  std::int64_t pick(std::initializer_list<std::int64_t> choices) { return choices.begin()[below(choices.size())]; }
  // Of every size, the ends often.
  std::int64_t any_positive() {
    if (one_in(8)) return pick({1, 2, billion, most - 1, most});
    return std::max<std::int64_t>(1, static_cast<std::int64_t>((random_.next() >> 1) >> random_.below(63)));
  }

  std::int64_t limit(const Scene& scene, Side side, std::int64_t reference) {
    const Wide increment = scene.capabilities.price_increment.billionths();
    const bool good_side = one_in(8);
    const Wide parts = (side == Side::buy) != good_side ? billion + scene.collar : billion - scene.collar;
    Wide limit = Wide(reference) * (one_in(2) ? Wide(billion) : parts) / billion / increment;
    limit = (limit + (side == Side::sell ? 1 : 0) + (one_in(20) ? range(-2, 2) : 0)) * increment;
    return clamped(one_in(60) ? Wide(limit + 1) : limit);
  }

  // The quantity with which one of the limits is just reached.
  Wide edge(const Scene& scene, const std::vector<Sent>& sent, const Order& order, const Wide& price) {
    const Wide equity = scene.facts.equity.billionths();
    Wide sold = 0;
    Wide bought = 0;
    Wide traded = Wide(scene.facts.turnover_today.billionths()) * billion;
    for (const Sent& one : sent) {
      traded += shares_of(one.order) * upper(one.order, one.reference);
      if (one.order.symbol == order.symbol) (one.order.side == Side::sell ? sold : bought) += shares_of(one.order);
    }
    const Wide held = scene.facts.book.quantity_of(order.symbol).decimal().billionths();
    switch (random_.below(6)) {
      case 0:
        return scene.limits.order_value_max.value_or(exact(1000 * billion)).billionths() * Wide(billion) / price;
      case 1:
        return scene.limits.order_quantity_max.value_or(exact(100 * billion)).billionths();
      case 2:
        return (equity * scene.turnover.value_or(billion) - traded) / price;
      case 3:
        return equity * scene.position.value_or(billion) / price - held - bought;
      case 4:
        return Wide(scene.capabilities.order_value_min.billionths()) * billion / price;
      default:
        return order.side == Side::sell ? held - sold : Wide(range(1, 10 * billion));
    }
  }

  void spoil(Scene& scene) {
    scene.is_nonsense = true;
    const double numbers[] = {std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(),
                              -1e-9,
                              1e10,
                              1e300};
    const double number = numbers[below(std::size(numbers))];
    const auto which = below(5);
    if (which == 0) scene.limits.turnover_per_day_fraction = number;
    if (which == 1) scene.limits.position_max_fraction = number;
    if (which == 2) scene.rules.price_collar_fraction = number;
    if (which == 3) scene.facts.equity = exact(pick({0, -1, -most}));
    if (which == 4) scene.facts.turnover_today = exact(-1);
  }

  Random random_;
};

TEST_CASE("of 1000000 orders, every one that breaks no limit is admitted, and none that breaks one") {
  Fuzz fuzz(0x11A17);
  std::array<int, rules_count> refused_for{};
  int admitted = 0;
  int for_one_alone = 0;
  constexpr int total = 1'000'000;
  for (int judged = 0; judged < total;) {
    const Scene scene = fuzz.scene();
    OrderLimits limits(scene.limits, scene.rules, scene.capabilities, scene.facts);
    std::vector<Sent> sent;
    for (int number = 0; number < 30 && judged < total; ++number, ++judged) {
      const std::size_t which = fuzz.below(scene.symbols.size());
      const std::int64_t reference = fuzz.reference(scene, which);
      const Order order = fuzz.order(scene, sent, which, reference, number);
      const int age = fuzz.one_in(60) ? static_cast<int>(fuzz.range(-1, 4)) : scene.limits.price_age_sessions_max;
      const unsigned broken = broken_rules(scene, sent, order, reference, age);
      const auto verdict = limits.admit({order, forged(reference), age});
      if (verdict.has_value() != (broken == 0)) {
        FAIL("order " << judged << ", broken rules " << broken << ": "
                      << (verdict ? "admitted " + order.quantity.to_string() : verdict.error().message));
      }
      const auto copy = std::find_if(sent.begin(), sent.end(),
                                     [&](const Sent& one) { return one.order.client_id == order.client_id; });
      if (!verdict) {
        bool is_named = false;
        for (unsigned rule = 0; rule < rules_count; ++rule) {
          if ((broken >> rule & 1U) == 0 || !says(verdict.error().message, rule)) continue;
          is_named = true;
          ++refused_for[rule];
          if (broken == 1U << rule) ++for_one_alone;
        }
        if (!is_named) FAIL("order " << judged << ", broken rules " << broken << ": " << verdict.error().message);
      } else if (copy == sent.end()) {
        sent.push_back({order, reference, 1});
      } else {
        copy->reference = std::max(copy->reference, reference);
        ++copy->copies;
      }
      admitted += verdict ? 1 : 0;
      if (!sent.empty() && fuzz.one_in(10)) {
        const auto gone = sent.begin() + static_cast<std::ptrdiff_t>(fuzz.below(sent.size()));
        limits.forget(gone->order.client_id);
        if (--gone->copies == 0) sent.erase(gone);
      }
    }
  }
  CHECK(admitted >= total / 10);
  CHECK(total - admitted >= total / 10);
  CHECK(for_one_alone >= total / 5);
  for (unsigned rule = 0; rule < rules_count; ++rule) {
    CAPTURE(rule);
    CHECK(refused_for[rule] > 500);
  }
}

TEST_CASE("what the proof lets through, the gate lets through, so that no plan stops halfway") {
  int proved = 0;
  int orders = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed ^ 0x6A7E);
    const Portfolio portfolio = random_portfolio(random);
    const auto plan = plan_of(portfolio);
    if (!plan || plan->orders.empty()) continue;
    TradeLimits limits;
    const std::int64_t equity = value_book(portfolio.book, portfolio.prices).value().equity.amount().billionths();
    if (random.below(2) == 0) limits.turnover_per_day_fraction = 1.5 * random.uniform();
    if (random.below(2) == 0) limits.position_max_fraction = random.uniform();
    if (random.below(2) == 0) limits.order_value_max = exact(equity / (1 + static_cast<std::int64_t>(random.below(4))));
    limits.turnover_today = exact(random.below(2) == 0 ? equity / 10 : 0);
    limits.orders_today = static_cast<int>(random.below(3));
    limits.orders_per_day_max = 8;
    const auto proof =
        check_plan(*plan, portfolio.book, portfolio.prices, portfolio.rules, limits, portfolio.capabilities);
    if (!proof) continue;
    ++proved;
    OrderLimits gate(limits, portfolio.rules, portfolio.capabilities,
                     {portfolio.book, exact(equity), *limits.turnover_today, limits.orders_today, {}});
    for (const PlannedOrder& planned : plan->orders) {
      Order order{planned.symbol.str(), planned.symbol, planned.side, planned.quantity, std::nullopt};
      if (portfolio.capabilities.limit_orders) order.limit = planned.limit;
      const auto verdict = gate.admit({order, planned.reference, 0});
      INFO("seed " << seed << ": " << (verdict ? "" : verdict.error().message));
      REQUIRE(verdict);
      ++orders;
    }
  }
  CHECK(proved > 3000);
  CHECK(orders > 5000);
}

}  // namespace
}  // namespace rebalancer::test
