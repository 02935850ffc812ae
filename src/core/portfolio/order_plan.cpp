#include "core/portfolio/order_plan.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "core/portfolio/cash_split.hpp"
#include "core/portfolio/exact.hpp"
#include "core/portfolio/plan_reasons.hpp"
#include "core/portfolio/plan_targets.hpp"
#include "core/portfolio/plan_terms.hpp"

namespace rebalancer {
namespace {

using exact::narrow;
using exact::scale;
using exact::wide;
using exact::Wide;

constexpr Wide decimal_max = std::numeric_limits<std::int64_t>::max();

// For sentences; nothing is computed from it.
Decimal shown(Wide billionths) {
  return Decimal::from_billionths(static_cast<std::int64_t>(std::clamp(billionths, -decimal_max, decimal_max)));
}

// A trade that a symbol would like to have.
struct Trade {
  const SymbolView* view;
  Side side;
  Wide deficit = 0;   // |value - destination|, billionths
  Wide quantity = 0;  // all of it, on the increment
  Wide limit = 0;
  Wide minimum = 0;      // smallest quantity worth an order
  std::string obstacle;  // why it cannot be sent; empty when it can
  std::string action;    // "sell to target"
};

class Planner {
 public:
  Planner(const Book& book, const PlanTargets& targets, const RebalanceRules& rules, const PlanTerms& terms)
      : book_(book), targets_(targets), rules_(rules), terms_(terms) {}

  Result<void> fill(OrderPlan& plan);

 private:
  void look();
  [[nodiscard]] Trade trade_to(const SymbolView& view, Wide destination) const;
  [[nodiscard]] std::string minimum_obstacle(const Trade& trade) const;
  [[nodiscard]] Wide near_edge(const SymbolView& view) const;
  std::vector<Trade> wanted_trades(OrderPlan& plan) const;
  Result<void> add_sells(std::vector<Trade>& trades, OrderPlan& plan);
  Result<void> add_buys(std::vector<Trade>& trades, OrderPlan& plan);
  Result<void> add_order(const Trade& trade, Wide quantity, Wide cost, std::string reason, OrderPlan& plan);
  [[nodiscard]] std::string money(Wide amount) const { return amount_text(shown(amount), book_.cash.currency()); }
  [[nodiscard]] static std::string shares(Wide quantity) { return shown(quantity).to_string(); }
  void refuse(const Symbol& symbol, std::string reason, OrderPlan& plan) const {
    plan.non_orders.push_back({symbol, std::move(reason)});
  }

  const Book& book_;
  const PlanTargets& targets_;
  const RebalanceRules& rules_;
  const PlanTerms& terms_;
  std::vector<SymbolView> views_;  // of what may be touched
  const SymbolView* most_drifted_ = nullptr;
  Wide cash_ = 0;
};

Wide distance(const SymbolTarget& target) {
  const Wide difference = wide(target.value) - wide(target.target);
  return difference < 0 ? -difference : difference;
}

void Planner::look() {
  for (const SymbolTarget& target : targets_.symbols) {
    if (target.is_untouchable) continue;
    SymbolView view{&target, terms_.absolute_band || terms_.relative_band, 0, false, false};
    if (view.is_banded) {
      const Wide absolute = terms_.absolute_band.value_or(0) * wide(targets_.equity) / scale;
      const Wide relative = terms_.relative_band.value_or(0) * wide(target.target) / scale;
      view.band = !terms_.relative_band ? absolute : !terms_.absolute_band ? relative : std::min(absolute, relative);
    }
    view.is_outright = target.held.is_zero() || target.target.is_zero();
    // What cannot be traded in any case must not set the others moving, day after day.
    view.is_out =
        view.is_outright ? trade_to(view, wide(target.target)).obstacle.empty() : distance(target) > view.band;
    views_.push_back(view);
  }
  for (const SymbolView& view : views_) {
    if (view.is_out && (most_drifted_ == nullptr || distance(*view.target) > distance(*most_drifted_->target))) {
      most_drifted_ = &view;
    }
  }
}

std::string Planner::minimum_obstacle(const Trade& trade) const {
  const Wide reference = wide(trade.view->target->reference.decimal());
  const Wide value = trade.quantity * reference / scale;
  if (trade.quantity * reference < terms_.trade_value_min * scale) {
    return fmt::format("{} of {} is below the minimum trade {}", name_of(trade.side), money(value),
                       money(terms_.trade_value_min));
  }
  const Wide worst = trade.quantity * std::min(reference, trade.limit);
  if (worst < terms_.order_value_min * scale) {
    return fmt::format("{} of {} is below the broker's minimum order {}", name_of(trade.side), money(worst / scale),
                       money(terms_.order_value_min));
  }
  return fmt::format("{} of {} would cost {}", name_of(trade.side), money(worst / scale),
                     money(sale_value(trade.quantity, trade.limit, terms_).cost));
}

Trade Planner::trade_to(const SymbolView& view, Wide destination) const {
  const SymbolTarget& target = *view.target;
  const Wide reference = wide(target.reference.decimal());
  const Wide excess = wide(target.held) * reference - destination * scale;
  Trade trade{&view, excess > 0 ? Side::sell : Side::buy, (excess > 0 ? excess : -excess) / scale, 0, 0, 0, {}, {}};
  const Wide wanted = destination == 0 ? wide(target.held) : (excess > 0 ? excess : -excess) / reference;
  trade.quantity = exact::floor_to(wanted, terms_.buying.increment);
  trade.limit = limit_price(reference, trade.side, terms_);
  if (trade.limit > decimal_max || wanted > decimal_max - terms_.buying.increment) {
    trade.limit = trade.quantity = 0;
    trade.obstacle = "its quantity or its limit price is more than a decimal holds";
    return trade;
  }
  if (trade.limit <= 0) {
    trade.obstacle = fmt::format("no price on the increment {} lies inside the collar around {}",
                                 shares(terms_.price_increment), target.reference.to_string());
    return trade;
  }
  trade.minimum = quantity_min(reference, trade.limit, terms_);
  if (trade.quantity == 0) {
    trade.obstacle = excess == 0 ? "at its target"
                                 : fmt::format("{} is off by {}, less than the increment of {} shares", target.symbol,
                                               money(trade.deficit), shares(terms_.buying.increment));
  } else if (trade.quantity < trade.minimum) {
    trade.obstacle = minimum_obstacle(trade);
  }
  return trade;
}

// What is bought or sold outright goes to its target: half a new position is of no use to anybody.
Wide Planner::near_edge(const SymbolView& view) const {
  const Wide target = wide(view.target->target);
  if (view.is_outright) return target;
  return wide(view.target->value) > target ? target + view.band : target - view.band;
}

std::vector<Trade> Planner::wanted_trades(OrderPlan& plan) const {
  std::vector<Trade> trades;
  for (const SymbolView& view : views_) {
    const SymbolTarget& target = *view.target;
    const std::string standing = standing_text(view, targets_.equity);
    const bool is_over = target.value >= target.target;
    if (rules_.buy_only && is_over) {
      refuse(target.symbol, standing + ": not below its target, and nothing is sold (buy only)", plan);
      continue;
    }
    const bool follows = most_drifted_ != nullptr && rules_.trade_to == RebalanceRules::TradeTo::target;
    if (!rules_.buy_only && !view.is_out && !view.is_outright && !follows) {
      refuse(target.symbol, view.is_banded ? inside_text(view, targets_.equity) : standing + ": at its target", plan);
      continue;
    }
    const bool to_edge = !rules_.buy_only && rules_.trade_to == RebalanceRules::TradeTo::band_edge;
    Trade trade = trade_to(view, to_edge ? near_edge(view) : wide(target.target));
    if (rules_.buy_only) {
      trade.action = "buy with the cash to be invested";
    } else if (view.is_outright) {
      trade.action = trade.side == Side::sell ? "sell all of it" : "buy to target";
    } else if (!view.is_out) {
      trade.action = fmt::format("inside, but {} is out of its band: {} to target", most_drifted_->target->symbol,
                                 name_of(trade.side));
    } else {
      trade.action =
          fmt::format("{} to {}", name_of(trade.side), to_edge && view.band > 0 ? "the edge of the band" : "target");
    }
    if (!trade.obstacle.empty() && !(rules_.buy_only && trade.limit > 0)) {
      refuse(target.symbol, standing + ": " + trade.obstacle, plan);
      continue;
    }
    trades.push_back(std::move(trade));
  }
  std::stable_sort(trades.begin(), trades.end(), [](const Trade& a, const Trade& b) {
    if (a.side != b.side) return a.side == Side::sell;
    return distance(*a.view->target) > distance(*b.view->target);
  });
  return trades;
}

Result<void> Planner::add_order(const Trade& trade, Wide quantity, Wide cost, std::string reason, OrderPlan& plan) {
  auto exact_quantity = narrow(quantity, "a quantity");
  auto exact_limit = narrow(trade.limit, "a limit price");
  auto exact_cost = narrow(cost, "a cost");
  if (!exact_quantity) return fail(exact_quantity.error());
  if (!exact_limit) return fail(exact_limit.error());
  if (!exact_cost) return fail(exact_cost.error());
  auto limit = Price::make(*exact_limit);
  if (!limit) return fail(limit.error());
  plan.orders.push_back({trade.view->target->symbol, trade.side, Quantity(*exact_quantity),
                         trade.view->target->reference, *limit, Money(*exact_cost, book_.cash.currency()),
                         std::move(reason)});
  return {};
}

Result<void> Planner::add_sells(std::vector<Trade>& trades, OrderPlan& plan) {
  for (const Trade& trade : trades) {
    if (trade.side != Side::sell) continue;
    const SaleValue sale = sale_value(trade.quantity, trade.limit, terms_);
    cash_ += sale.value - sale.cost;
    const SymbolTarget& target = *trade.view->target;
    auto added = add_order(trade, trade.quantity, sale.cost,
                           standing_text(*trade.view, targets_.equity) + ": " + trade.action, plan);
    if (!added) return added;
    if (target.target.is_zero() && trade.quantity != wide(target.held)) {
      refuse(target.symbol,
             fmt::format("{} of {} shares stay: less than the increment of {} shares",
                         shares(wide(target.held) - trade.quantity), target.held.to_string(),
                         shares(terms_.buying.increment)),
             plan);
    }
  }
  return {};
}

Result<void> Planner::add_buys(std::vector<Trade>& trades, OrderPlan& plan) {
  std::vector<const Trade*> buying;
  std::vector<WantedBuy> buys;
  Wide largest = 0;
  for (const Trade& trade : trades) {
    if (trade.side == Side::buy) largest = std::max(largest, trade.deficit);
  }
  for (const Trade& trade : trades) {
    if (trade.side != Side::buy) continue;
    const Wide reference = wide(trade.view->target->reference.decimal());
    WantedBuy buy{trade.deficit, reference, trade.limit, trade.minimum, trade.quantity};
    if (rules_.buy_only) {
      // New cash is not left idle for want of a whole share: the last increment may pass the target, not the band.
      const Wide rounded_up =
          exact::ceil_to(exact::ceil_divide(trade.deficit * scale, reference), terms_.buying.increment);
      const Wide beyond = rounded_up * reference - trade.deficit * scale;
      if (!trade.view->is_banded || beyond <= std::max(trade.view->band, largest) * scale)
        buy.quantity_max = rounded_up;
    }
    buying.push_back(&trade);
    buys.push_back(buy);
  }
  split_cash(buys, cash_ - wide(targets_.reserve), terms_.buying,
             rules_.buy_only ? SplitShape::level : SplitShape::proportional);
  const Wide free_cash = std::max(cash_ - wide(targets_.reserve), Wide{0});
  for (std::size_t i = 0; i < buys.size(); ++i) {
    const SymbolTarget& target = *buying[i]->view->target;
    const std::string standing = standing_text(*buying[i]->view, targets_.equity) + ": ";
    const Wide quantity = buys[i].quantity;
    if (quantity == 0) {
      refuse(
          target.symbol,
          standing + (buys[i].quantity_max < buys[i].quantity_min && !buying[i]->obstacle.empty()
                          ? buying[i]->obstacle
                          : fmt::format("{} of cash above the {} kept does not buy the smallest order of {} shares "
                                        "beside the other buys",
                                        money(free_cash), money(wide(targets_.reserve)), shares(buys[i].quantity_min))),
          plan);
      continue;
    }
    const Wide value = exact::ceil_divide(quantity * buys[i].limit, scale);
    const Wide cost = spend_of(quantity, buys[i].limit, terms_.buying) - value;
    std::string reason = standing + buying[i]->action;
    if (!rules_.buy_only && quantity < buys[i].quantity_max) {
      reason += fmt::format(", cut from {} to {} shares by the cash", shares(buys[i].quantity_max), shares(quantity));
    }
    auto added = add_order(*buying[i], quantity, cost, std::move(reason), plan);
    if (!added) return added;
    cash_ -= value + cost;
  }
  return {};
}

Result<void> Planner::fill(OrderPlan& plan) {
  cash_ = wide(book_.cash.amount());
  look();
  for (const SymbolTarget& target : targets_.symbols) {
    if (target.is_untouchable) refuse(target.symbol, untouchable_text(target, targets_.equity), plan);
  }
  std::vector<Trade> trades = wanted_trades(plan);
  if (auto added = add_sells(trades, plan); !added) return added;
  if (auto added = add_buys(trades, plan); !added) return added;
  plan.triggered = rules_.buy_only ? !plan.orders.empty() : most_drifted_ != nullptr;
  std::stable_sort(plan.non_orders.begin(), plan.non_orders.end(),
                   [](const NonOrder& a, const NonOrder& b) { return a.symbol < b.symbol; });
  return {};
}

// The book if every order fills at its reference, and what that costs.
Result<std::pair<Book, Money>> settled(const Book& book, const OrderPlan& plan, const PlanTerms& terms) {
  std::map<Symbol, Wide> holdings;
  for (const Position& position : book.positions) holdings[position.symbol] = wide(position.quantity.decimal());
  Wide cash = wide(book.cash.amount());
  Wide cost = 0;
  for (const PlannedOrder& order : plan.orders) {
    const Wide quantity = wide(order.quantity.decimal());
    const Wide product = quantity * wide(order.reference.decimal());
    const bool is_buy = order.side == Side::buy;
    const Wide value = is_buy ? exact::ceil_divide(product, scale) : exact::floor_divide(product, scale);
    const Wide order_cost = terms.buying.commission + exact::ceil_divide(value * terms.buying.cost_rate, scale);
    holdings[order.symbol] += is_buy ? quantity : -quantity;
    cash += (is_buy ? -value : value) - order_cost;
    cost += order_cost;
  }
  auto exact_cash = narrow(cash, "the cash after the plan");
  auto exact_cost = narrow(cost, "the cost of the plan");
  if (!exact_cash) return fail(exact_cash.error());
  if (!exact_cost) return fail(exact_cost.error());
  Book after{{}, Money(*exact_cash, book.cash.currency())};
  for (const auto& [symbol, quantity] : holdings) {
    if (quantity == 0) continue;
    auto shares = narrow(quantity, "a position after the plan");
    if (!shares) return fail(shares.error());
    after.positions.push_back({symbol, Quantity(*shares)});
  }
  return std::pair{after, Money(*exact_cost, book.cash.currency())};
}

}  // namespace

Result<OrderPlan> plan_orders(const Book& book, const Weights& target, const PriceList& prices,
                              const RebalanceRules& rules, const BrokerCapabilities& capabilities) {
  auto terms = plan_terms(rules, capabilities);
  if (!terms) return fail(terms.error());
  auto targets = plan_targets(book, target, prices, rules);
  if (!targets) return fail(targets.error());
  auto before = drift_of(book, prices, target);
  if (!before) return fail(before.error());

  OrderPlan plan{{}, {}, *before, *before, Money({}, book.cash.currency()), false};
  if (auto filled = Planner(book, *targets, rules, *terms).fill(plan); !filled) return fail(filled.error());
  auto after = settled(book, plan, *terms);
  if (!after) return fail(after.error());
  plan.cost = after->second;
  auto drift = drift_of(after->first, prices, target);
  if (!drift) return fail(drift.error());
  plan.after = std::move(*drift);
  return plan;
}

}  // namespace rebalancer
