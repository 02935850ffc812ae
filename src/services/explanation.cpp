#include "services/explanation.hpp"

#include <algorithm>
#include <cmath>

#include "core/portfolio/plan_reasons.hpp"
#include "core/portfolio/plan_targets.hpp"
#include "core/portfolio/plan_terms.hpp"
#include "core/portfolio/shortfall.hpp"

namespace rebalancer {
namespace {

using exact::scale;
using exact::wide;
using exact::Wide;

using Standings = std::map<Symbol, SymbolStanding>;

// For numbers that a decision of the planner's already fitted into decimals.
Decimal decimal(Wide billionths) { return exact::narrow(billionths, "an amount").value_or(Decimal()); }

std::string percent(double fraction) { return fmt::format("{:.2f}%", 100 * fraction); }

Standings standings_of(const PlanTargets& targets, const PlanTerms& terms) {
  Standings standings;
  for (const SymbolTarget& target : targets.symbols) {
    SymbolStanding standing{target.held,
                            target.value,
                            target.target,
                            target.fraction,
                            {},
                            {},
                            target.held.is_zero() || target.target.is_zero(),
                            target.is_untouchable};
    const Wide difference = wide(target.value) - wide(target.target);
    standing.distance = decimal(difference < 0 ? -difference : difference);
    const Wide absolute = terms.absolute_band.value_or(0) * wide(targets.equity) / scale;
    const Wide relative = terms.relative_band.value_or(0) * wide(target.target) / scale;
    if (terms.absolute_band && terms.relative_band) {
      standing.band = decimal(std::min(absolute, relative));
    } else if (terms.absolute_band || terms.relative_band) {
      standing.band = decimal(terms.absolute_band ? absolute : relative);
    }
    standings.emplace(target.symbol, standing);
  }
  return standings;
}

bool is_out(const SymbolStanding& standing) { return standing.band && standing.distance > *standing.band; }

// What made the planner trade, and what it would have taken for it not to.
class Differences {
 public:
  Differences(const Standings& standings, const PlanSection& plan, const RebalanceRules& rules, Decimal equity)
      : standings_(standings), rules_(rules), equity_(equity) {
    for (const NumberedOrder& numbered : plan.orders) {
      const SymbolStanding& standing = standings.at(numbered.order.symbol);
      if (standing.outright && outright_ == nullptr) outright_ = &numbered.order.symbol;
    }
    for (const auto& [symbol, standing] : standings) {
      if (standing.untouchable || standing.outright || !is_out(standing)) continue;
      if (farthest_ == nullptr || standing.distance > standings.at(*farthest_).distance) farthest_ = &symbol;
    }
  }

  void tell(OrderExplanation& order) const {
    const SymbolStanding& standing = *order.standing;
    const std::string away = share(standing.distance);
    if (rules_.buy_only) {
      order.difference =
          fmt::format("it is {} of the portfolio below its target, and new cash is invested (buy only)", away);
    } else if (standing.outright) {
      order.difference = standing.held.is_zero()
                             ? "it is wanted and not held: no threshold would have kept it from being bought"
                             : "it is held and not wanted: no threshold would have kept it from being sold";
    } else if (!standing.band) {
      order.difference = "no band is configured: every difference is traded";
    } else if (rules_.trade_to != RebalanceRules::TradeTo::target) {
      tell_band(order, standing.distance, false);
    } else if (is_out(standing)) {
      tell_band(order, farthest_distance(), true);
    } else {
      const std::string because =
          farthest_ != nullptr ? fmt::format("{}, {} from its target, is out of its band", *farthest_,
                                             share(standings_.at(*farthest_).distance))
                               : fmt::format("{} is bought or sold outright", outright_ ? outright_->str() : "another");
      order.difference = fmt::format("it is {} from its target, inside its band of {}; it is traded because {}", away,
                                     share(*standing.band), because);
      if (outright_ == nullptr) order.band_needed = needed(farthest_distance());
    }
  }

  [[nodiscard]] std::string of_non_order(const SymbolStanding& standing) const {
    if (standing.untouchable || standing.outright || !standing.band || is_out(standing)) return "";
    return fmt::format("it is {} from its target; only a band narrower than that would have it traded by itself",
                       share(standing.distance));
  }

 private:
  [[nodiscard]] std::string share(Decimal value) const { return percent_text(value, equity_); }
  [[nodiscard]] Decimal farthest_distance() const {
    return farthest_ != nullptr ? standings_.at(*farthest_).distance : Decimal();
  }
  // The absolute band, as a fraction of equity, that reaches this far.
  [[nodiscard]] Decimal needed(Decimal distance) const {
    return decimal(exact::ceil_divide(wide(distance) * scale, wide(equity_)));
  }

  void tell_band(OrderExplanation& order, Decimal distance, bool all) const {
    const SymbolStanding& standing = *order.standing;
    order.difference = fmt::format("it is {} of the portfolio from its target, and its band allows {}",
                                   share(standing.distance), share(*standing.band));
    if (all && outright_ != nullptr) {
      order.difference +=
          fmt::format("; no threshold alone would have changed that, since {} is bought or sold outright", *outright_);
      return;
    }
    order.band_needed = needed(distance);
    // Rounded up, so that what is printed would have been enough.
    const double shown = std::ceil(order.band_needed->to_double() * 10'000) / 10'000;
    order.difference += fmt::format("; with a band of {} of the portfolio, {} more, {} been traded", percent(shown),
                                    percent(shown - standing.band->to_double() / equity_.to_double()),
                                    all ? "nothing would have" : "it would not have");
  }

  const Standings& standings_;
  const RebalanceRules& rules_;
  Decimal equity_;
  const Symbol* outright_ = nullptr;  // one that is traded outright
  const Symbol* farthest_ = nullptr;  // out of its band, the most
};

std::optional<Decimal> shortfall_of(const RecordedLeg& leg, Price reference) {
  std::vector<PricedQuantity> fills;
  for (const RecordedFill& fill : leg.fills) fills.push_back({fill.quantity, fill.price});
  return rebalancer::shortfall_of(leg.side, leg.filled, leg.average_price, fills, reference);
}

void tell_money(Explanation& out) {
  Wide fees = 0;
  Wide shortfall = 0;
  bool filled = false;
  Wide cash = wide(out.document.body.book->cash.amount());
  for (OrderExplanation& order : out.orders) {
    const PlannedOrder& planned = order.planned.order;
    order.cash_before = decimal(cash);
    const Wide value = wide(planned.quantity.decimal()) * wide(planned.limit.decimal());
    cash += planned.side == Side::buy ? -exact::ceil_divide(value, scale) : exact::floor_divide(value, scale);
    cash -= wide(planned.cost_max.amount());
    order.cash_after = decimal(cash);
    if (!order.leg) continue;
    order.shortfall = shortfall_of(*order.leg, planned.reference);
    if (!order.shortfall) continue;
    filled = true;
    fees += wide(order.leg->fee);
    shortfall += wide(*order.shortfall);
  }
  if (!filled) return;
  out.fees = decimal(fees);
  out.shortfall = decimal(shortfall);
}

// Weights that stand at a limit of the configuration: they would be others without it.
void tell_weights(Explanation& out) {
  constexpr double within = 1e-9;
  const OptimizerSettings& settings = out.document.body.settings.optimizer;
  const Weights& weights = out.document.body.target->weights;
  for (const Weight& weight : weights.entries()) {
    const auto own = settings.bounds.find(weight.symbol);
    const double lower = own == settings.bounds.end() ? settings.weight_min : own->second.first;
    const double upper = own == settings.bounds.end() ? settings.weight_max : own->second.second;
    if (upper < 1 && weight.fraction > upper - within) {
      out.weight_notes.push_back(fmt::format("{} is at its maximum {}", weight.symbol, percent(upper)));
    } else if (lower > 0 && weight.fraction < lower + within) {
      out.weight_notes.push_back(fmt::format("{} is at its minimum {}", weight.symbol, percent(lower)));
    }
  }
  for (const ClassLimit& limit : settings.class_limits) {
    double sum = limit.label == "cash" ? weights.cash_fraction() : 0;
    for (const Weight& weight : weights.entries()) {
      const auto named = settings.classes.find(weight.symbol);
      if ((named == settings.classes.end() ? "equity" : named->second) == limit.label) sum += weight.fraction;
    }
    if (sum > limit.upper - within || sum < limit.lower + within) {
      out.weight_notes.push_back(
          fmt::format("class {} has {}, all that \"{}\" allows", limit.label, percent(sum), limit.text));
    }
  }
}

}  // namespace

Result<Explanation> explain(const CanonicalJson& json) {
  auto document = read_document(json);
  if (!document) return fail(document.error());
  Explanation out{*std::move(document), {}, {}, {}, {}, {}, {}, {}};
  const DecisionBody& body = out.document.body;
  if (body.target) tell_weights(out);
  if (!body.plan) return out;
  if (!body.book || !body.target || !body.broker.capabilities) {
    return fail(ErrorCode::rejected, "body.plan is there without what it was made from");
  }

  PriceList prices;
  for (const PriceUsed& used : body.prices.value_or(std::vector<PriceUsed>())) {
    if (used.price) prices.emplace(used.symbol, *used.price);
  }
  const auto targets = plan_targets(*body.book, body.target->weights, prices, body.settings.rebalance);
  const auto terms = plan_terms(body.settings.rebalance, *body.broker.capabilities);
  if (!targets || !terms) {
    return fail(ErrorCode::rejected, "body.plan: {}", targets ? terms.error().message : targets.error().message);
  }
  out.equity = Money(targets->equity, body.book->cash.currency());
  out.reserve = targets->reserve;
  const Standings standings = standings_of(*targets, *terms);
  for (const NumberedOrder& numbered : body.plan->orders) {
    if (!standings.contains(numbered.order.symbol)) {
      return fail(ErrorCode::rejected, "body.plan: {} is neither held nor wanted", numbered.order.symbol);
    }
  }
  const Differences differences(standings, *body.plan, body.settings.rebalance, targets->equity);
  for (std::size_t i = 0; i < body.plan->orders.size(); ++i) {
    OrderExplanation order{
        body.plan->orders[i], standings.at(body.plan->orders[i].order.symbol), {}, {}, {}, {}, {}, {}};
    differences.tell(order);
    if (i < out.document.end.legs.size()) order.leg = out.document.end.legs[i];
    out.orders.push_back(std::move(order));
  }
  for (const NonOrder& left : body.plan->non_orders) {
    NonOrderExplanation entry{left, {}, {}};
    if (const auto found = standings.find(left.symbol); found != standings.end()) {
      entry.standing = found->second;
      entry.difference = differences.of_non_order(found->second);
    }
    out.non_orders.push_back(std::move(entry));
  }
  tell_money(out);
  return out;
}

Result<const OrderExplanation*> order_numbered(const Explanation& explanation, int number) {
  for (const OrderExplanation& order : explanation.orders) {
    if (order.planned.number == number) return &order;
  }
  return fail(ErrorCode::not_found, "order {} is not there: decision {} planned {} orders", number,
              explanation.document.body.id.substr(0, 8), explanation.orders.size());
}

}  // namespace rebalancer
