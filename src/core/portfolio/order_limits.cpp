#include "core/portfolio/order_limits.hpp"

#include <algorithm>

namespace rebalancer {
namespace {

// Shares and money in billionths, their products in 10^-18: the product of two decimals is at most 2^126 and fits
// twice.
__extension__ typedef __int128 Integer;
constexpr Integer billion = 1'000'000'000;

Integer units(Decimal value) { return value.billionths(); }

// "25000", "39904.80", "0.000000001": an amount with a part has at least two places.
std::string money(Integer billionths) {
  std::string text = fmt::format("{}", billionths / billion);
  if (billionths % billion == 0) return text;
  std::string places = fmt::format("{:09}", static_cast<int>(billionths % billion));
  places.erase(std::max<std::size_t>(places.find_last_not_of('0') + 1, 2));
  return text + "." + places;
}
// What is above a limit is rounded up and the limit down, so that they never look equal.
std::string money_up(Integer product) { return money(product / billion + (product % billion > 0 ? 1 : 0)); }
std::string money_down(Integer product) { return money(product / billion); }

std::string percent(Decimal fraction) {
  const Integer hundredfold = units(fraction) * 100;
  std::string text = fmt::format("{}", hundredfold / billion);
  if (hundredfold % billion != 0) {
    text += fmt::format(".{:09}", static_cast<int>(hundredfold % billion));
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "%";
}

bool is_same(const Order& a, const Order& b) {
  return a.symbol == b.symbol && a.side == b.side && a.quantity == b.quantity && a.limit == b.limit;
}

std::string text_of(const Order& order) {
  return fmt::format("{} {} {}", name_of(order.side), order.quantity.to_string(), order.symbol);
}

template <class... Args>
tl::unexpected<Error> refuse(const Order& order, fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::rejected, "{}: {}", text_of(order), fmt::format(format, std::forward<Args>(args)...));
}

Integer upper_price(const Order& order, Price reference) {
  const Integer price = units(reference.decimal());
  return order.limit ? std::max(price, units(order.limit->decimal())) : price;
}

Integer lower_price(const Order& order, Price reference) {
  const Integer price = units(reference.decimal());
  return order.limit ? std::min(price, units(order.limit->decimal())) : price;
}

Integer worth(const Order& order, Price reference) {
  return units(order.quantity.decimal()) * upper_price(order, reference);
}

}  // namespace

OrderLimits::OrderLimits(TradeLimits limits, const RebalanceRules& rules, BrokerCapabilities capabilities,
                         OrderFacts facts)
    : limits_(limits), rules_(rules), capabilities_(capabilities), facts_(std::move(facts)), nonsense_(nonsense()) {
  if (!nonsense_.empty()) return;
  const auto exact = [this](const char* name, double fraction) {
    const auto decimal = Decimal::from_double(fraction, Rounding::half_even);
    if (fraction >= 0 && decimal) return *decimal;
    nonsense_ = fmt::format("{} is {}, must be a fraction of 0 or more", name, fraction);
    return Decimal();
  };
  if (limits_.turnover_per_day_fraction) {
    turnover_fraction_ = exact("limits.turnover_per_day", *limits_.turnover_per_day_fraction);
  }
  if (limits_.position_max_fraction) {
    position_fraction_ = exact("limits.position_max", *limits_.position_max_fraction);
  }
  collar_ = exact("rebalance.price_collar", rules_.price_collar_fraction);
  if (nonsense_.empty() && collar_ >= Decimal::whole(1)) {
    nonsense_ = fmt::format("rebalance.price_collar is {}, must be below 1", collar_.to_string());
  }
}

std::string OrderLimits::nonsense() const {
  if (!capabilities_.quantity_increment.is_positive() || !capabilities_.price_increment.is_positive()) {
    return fmt::format("the broker's increments are {} shares and {} {}, must be positive",
                       capabilities_.quantity_increment.to_string(), capabilities_.price_increment.to_string(),
                       currency());
  }
  if (!capabilities_.limit_orders && !capabilities_.market_orders) {
    return "the broker takes neither limit nor market orders";
  }
  if (!facts_.equity.is_positive()) {
    return fmt::format("equity is {} {}, must be positive", facts_.equity.to_string(), currency());
  }
  if (facts_.turnover_today.is_negative() || facts_.orders_today < 0) {
    return fmt::format("sent today are {} orders worth {} {}, must not be negative", facts_.orders_today,
                       facts_.turnover_today.to_string(), currency());
  }
  std::set<Symbol> seen;
  for (const Position& position : facts_.book.positions) {
    if (!seen.insert(position.symbol).second) return fmt::format("{} is in the book twice", position.symbol);
  }
  return "";
}

Result<void> OrderLimits::admit(const OrderToJudge& judged) {
  const Order& order = judged.order;
  if (!nonsense_.empty()) return refuse(order, "{}", nonsense_);
  const auto known = admitted_.find(order.client_id);
  if (known != admitted_.end() && !is_same(known->second.order, order)) {
    return refuse(order, "its id {} is already that of another order, {}", order.client_id,
                  text_of(known->second.order));
  }
  if (auto checked = check_order(judged); !checked) return checked;
  if (known == admitted_.end()) {
    if (auto checked = check_sums(judged); !checked) return checked;
    admitted_.emplace(order.client_id, Admitted{order, judged.reference});
    return {};
  }
  // A copy takes the place of the first, at the higher of their references.
  const Price reference = std::max(known->second.reference, judged.reference);
  if (auto checked = check_sums({order, reference, judged.price_age_sessions}); !checked) return checked;
  known->second.reference = reference;
  ++known->second.copies;
  return {};
}

void OrderLimits::forget(const std::string& client_id) {
  const auto known = admitted_.find(client_id);
  if (known != admitted_.end() && --known->second.copies == 0) admitted_.erase(known);
}

// What the order says by itself.
Result<void> OrderLimits::check_order(const OrderToJudge& judged) const {
  const Order& order = judged.order;
  const Integer quantity = units(order.quantity.decimal());
  const Integer reference = units(judged.reference.decimal());
  if (order.side != Side::buy && order.side != Side::sell) return refuse(order, "is neither a buy nor a sell");
  if (order.client_id.empty()) return refuse(order, "has no client id");
  if (quantity <= 0) return refuse(order, "quantity is {}, must be positive", order.quantity.to_string());
  if (quantity % units(capabilities_.quantity_increment) != 0) {
    return refuse(order, "quantity is {}, must be a multiple of the broker's increment, {}", order.quantity.to_string(),
                  capabilities_.quantity_increment.to_string());
  }
  if (reference <= 0) {
    return refuse(order, "reference price is {}, must be positive", judged.reference.to_string());
  }
  if (judged.price_age_sessions < 0 || judged.price_age_sessions > limits_.price_age_sessions_max) {
    return refuse(order, "its price is {} sessions behind, limits.price_age_sessions_max is {}",
                  judged.price_age_sessions, limits_.price_age_sessions_max);
  }
  if (order.limit.has_value() != capabilities_.limit_orders) {
    return refuse(order, "{}",
                  order.limit ? "has a limit, and the broker takes market orders only"
                              : "has no limit, and the broker takes limit orders");
  }
  if (order.limit) {
    const Integer limit = units(order.limit->decimal());
    if (limit <= 0 || limit % units(capabilities_.price_increment) != 0) {
      return refuse(order, "limit is {}, must be a positive multiple of the broker's increment, {}",
                    order.limit->to_string(), capabilities_.price_increment.to_string());
    }
    // A limit far on the good side is a mistake too; there the planner's rounding may add an increment to the collar.
    const bool is_worse = order.side == Side::buy ? limit > reference : limit < reference;
    const Integer distance = limit > reference ? limit - reference : reference - limit;
    const Integer spare = is_worse ? 0 : units(capabilities_.price_increment) * billion;
    if (distance * billion > reference * units(collar_) + spare) {
      return refuse(order, "limit is {} {}, more than the rebalance.price_collar of {} from {}",
                    order.limit->to_string(), currency(), percent(collar_), judged.reference.to_string());
    }
  }
  if (std::find(rules_.untouchable.begin(), rules_.untouchable.end(), order.symbol) != rules_.untouchable.end()) {
    return refuse(order, "{} is in rebalance.untouchable", order.symbol);
  }
  if (rules_.buy_only && order.side == Side::sell) return refuse(order, "sells, and rebalance.buy_only is true");
  if (limits_.order_quantity_max && quantity > units(*limits_.order_quantity_max)) {
    return refuse(order, "quantity is {}, limits.quantity_max is {}", order.quantity.to_string(),
                  limits_.order_quantity_max->to_string());
  }
  const Integer value = worth(order, judged.reference);
  if (limits_.order_value_max && value > units(*limits_.order_value_max) * billion) {
    return refuse(order, "worth {} {}, limits.order_max is {} {}", money_up(value), currency(),
                  limits_.order_value_max->to_string(), currency());
  }
  const Integer lower_value = quantity * lower_price(order, judged.reference);
  if (lower_value < units(capabilities_.order_value_min) * billion) {
    return refuse(order, "worth {} {}, the broker's smallest order is {} {}", money_down(lower_value), currency(),
                  capabilities_.order_value_min.to_string(), currency());
  }
  return {};
}

// What it says together with every other order that was let through; another copy of itself is no other order.
Result<void> OrderLimits::check_sums(const OrderToJudge& judged) const {
  // The first copy of an order that an earlier process sent may have been carried out: then what it sells is gone from
  // the book, and what it buys is there already. It was judged when it left; a copy of it changes no sum.
  if (facts_.sent_before.contains(judged.order.client_id)) return check_day(judged);
  if (auto checked = judged.order.side == Side::sell ? check_holding(judged) : check_position(judged); !checked) {
    return checked;
  }
  return check_day(judged);
}

Result<void> OrderLimits::check_holding(const OrderToJudge& judged) const {
  const Order& order = judged.order;
  Integer sold = 0;
  for (const auto& [client_id, other] : admitted_) {
    if (client_id == order.client_id || other.order.side != Side::sell || other.order.symbol != order.symbol) continue;
    sold += units(other.order.quantity.decimal());
  }
  const Quantity held = facts_.book.quantity_of(order.symbol);  // never below what is sold, so that fits as well
  if (sold + units(order.quantity.decimal()) > units(held.decimal())) {
    return refuse(order, "sells {}, held are {} and {} of them are being sold already", order.quantity.to_string(),
                  held.to_string(), Decimal::from_billionths(static_cast<std::int64_t>(sold)).to_string());
  }
  return {};
}

Result<void> OrderLimits::check_position(const OrderToJudge& judged) const {
  if (!position_fraction_) return {};
  const Order& order = judged.order;
  Integer shares = units(facts_.book.quantity_of(order.symbol).decimal()) + units(order.quantity.decimal());
  Integer price = upper_price(order, judged.reference);
  for (const auto& [client_id, other] : admitted_) {
    if (client_id == order.client_id || other.order.side != Side::buy || other.order.symbol != order.symbol) continue;
    shares += units(other.order.quantity.decimal());
    price = std::max(price, upper_price(other.order, other.reference));
  }
  Integer value = 0;
  if (__builtin_mul_overflow(shares, price, &value)) return refuse(order, "the position is too large to be counted");
  const Integer allowed = units(facts_.equity) * units(*position_fraction_);
  if (value > allowed) {
    return refuse(order, "{} would be worth {} {}, limits.position_max is {} of equity, {} {}", order.symbol,
                  money_up(value), currency(), percent(*position_fraction_), money_down(allowed), currency());
  }
  return {};
}

Result<void> OrderLimits::check_day(const OrderToJudge& judged) const {
  const Order& order = judged.order;
  const auto is_new = [this](const std::string& client_id) { return !facts_.sent_before.contains(client_id); };
  std::int64_t orders = facts_.orders_today + std::int64_t{is_new(order.client_id) ? 1 : 0};
  for (const auto& [client_id, other] : admitted_) {
    if (client_id != order.client_id && is_new(client_id)) ++orders;
  }
  if (orders > limits_.orders_per_day_max) {
    return refuse(order, "orders today would be {}, limits.orders_per_day is {}", orders, limits_.orders_per_day_max);
  }
  if (!turnover_fraction_) return {};
  // Cannot overflow: the sum of what was admitted is within what is allowed, a product of two decimals, and so is the
  // one that comes on top.
  Integer turnover = units(facts_.turnover_today) * billion;
  if (is_new(order.client_id)) turnover += worth(order, judged.reference);
  for (const auto& [client_id, other] : admitted_) {
    if (client_id != order.client_id && is_new(client_id)) turnover += worth(other.order, other.reference);
  }
  const Integer allowed = units(facts_.equity) * units(*turnover_fraction_);
  if (turnover > allowed) {
    return refuse(order, "turnover today would be {} {}, limits.turnover_per_day is {} of equity, {} {}",
                  money_up(turnover), currency(), percent(*turnover_fraction_), money_down(allowed), currency());
  }
  return {};
}

}  // namespace rebalancer
