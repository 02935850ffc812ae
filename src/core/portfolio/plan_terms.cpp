#include "core/portfolio/plan_terms.hpp"

#include <algorithm>
#include <utility>

namespace rebalancer {

using exact::scale;
using exact::wide;
using exact::Wide;

namespace {

Result<Wide> exact_fraction(const char* name, double value, double below) {
  if (!(value >= 0 && value < below)) {
    return fail(ErrorCode::invalid, "{} is {}, must be at least 0 and below {}", name, value, below);
  }
  auto fraction = Decimal::from_double(value, Rounding::half_even);
  if (!fraction) return fail(fraction.error());
  return wide(*fraction);
}

Result<std::optional<Wide>> exact_band(const char* name, const std::optional<double>& value) {
  if (!value) return std::optional<Wide>();
  auto band = exact_fraction(name, *value, 1e6);
  if (!band) return fail(band.error());
  return std::optional<Wide>(*band);
}

}  // namespace

Result<PlanTerms> plan_terms(const RebalanceRules& rules, const BrokerCapabilities& capabilities) {
  auto absolute_band = exact_band("absolute band", rules.absolute_band_fraction);
  if (!absolute_band) return fail(absolute_band.error());
  auto relative_band = exact_band("relative band", rules.relative_band_fraction);
  if (!relative_band) return fail(relative_band.error());
  auto collar = exact_fraction("price collar", rules.price_collar_fraction, 1);
  if (!collar) return fail(collar.error());
  if (*collar >= scale) return fail(ErrorCode::invalid, "price collar rounds to 1, must be below 1");
  const std::pair<const char*, Decimal> amounts[] = {{"cash buffer", rules.cash_buffer},
                                                     {"minimum trade", rules.trade_value_min},
                                                     {"the broker's minimum order", capabilities.order_value_min},
                                                     {"commission", capabilities.commission_per_order},
                                                     {"cost rate", capabilities.cost_rate}};
  for (const auto& [name, amount] : amounts) {
    if (amount.is_negative()) {
      return fail(ErrorCode::invalid, "{} is {}, must not be negative", name, amount.to_string());
    }
  }
  if (capabilities.cost_rate >= Decimal::whole(1)) {
    return fail(ErrorCode::invalid, "cost rate is {}, must be below 1", capabilities.cost_rate.to_string());
  }
  if (!capabilities.quantity_increment.is_positive() || !capabilities.price_increment.is_positive()) {
    return fail(ErrorCode::invalid, "increments are {} for quantities and {} for prices, must be positive",
                capabilities.quantity_increment.to_string(), capabilities.price_increment.to_string());
  }
  if (!capabilities.limit_orders && !capabilities.market_orders) {
    return fail(ErrorCode::invalid, "the broker takes neither limit nor market orders");
  }
  return PlanTerms{
      *absolute_band,
      *relative_band,
      *collar,
      wide(capabilities.price_increment),
      wide(rules.trade_value_min),
      wide(capabilities.order_value_min),
      {wide(capabilities.quantity_increment), wide(capabilities.commission_per_order), wide(capabilities.cost_rate)}};
}

Wide limit_price(Wide reference, Side side, const PlanTerms& terms) {
  if (side == Side::buy) {
    return exact::floor_to(exact::floor_divide(reference * (scale + terms.collar), scale), terms.price_increment);
  }
  return exact::ceil_to(exact::ceil_divide(reference * (scale - terms.collar), scale), terms.price_increment);
}

Wide quantity_min(Wide reference, Wide limit, const PlanTerms& terms) {
  const Wide ours = exact::ceil_divide(terms.trade_value_min * scale, reference);
  const Wide brokers = exact::ceil_divide(terms.order_value_min * scale, std::min(reference, limit));
  // value * (1 - rate) > commission; also, no order is worth less than a billionth.
  const Wide value = terms.buying.commission * scale / (scale - terms.buying.cost_rate) + 1;
  const Wide worthwhile = exact::ceil_divide(value * scale, std::min(reference, limit));
  return exact::ceil_to(std::max({ours, brokers, worthwhile}), terms.buying.increment);
}

SaleValue sale_value(Wide quantity, Wide limit, const PlanTerms& terms) {
  const Wide value = exact::floor_divide(quantity * limit, scale);
  return {value, terms.buying.commission + exact::ceil_divide(value * terms.buying.cost_rate, scale)};
}

}  // namespace rebalancer
