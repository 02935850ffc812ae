#include "core/portfolio/cash_split.hpp"

#include <algorithm>

namespace rebalancer {
namespace {

using exact::scale;
using exact::Wide;

// One step up from where a buy is: its smallest order, then an increment at a time.
Wide next_quantity(const WantedBuy& buy, const BuyTerms& terms) {
  return buy.quantity == 0 ? buy.quantity_min : buy.quantity + terms.increment;
}

Wide step_cost(const WantedBuy& buy, const BuyTerms& terms) {
  return spend_of(next_quantity(buy, terms), buy.limit, terms) - spend_of(buy.quantity, buy.limit, terms);
}

// The largest quantity that `budget` pays for, costs included.
Wide affordable_quantity(const WantedBuy& buy, Wide budget, const BuyTerms& terms) {
  const Wide value = (budget - terms.commission) * scale / (scale + terms.cost_rate);
  return std::min(exact::floor_to(value * scale / buy.limit, terms.increment), buy.quantity_max);
}

// What a buy gets at a generosity from 0 to `generosity_max`; never less at a larger one.
class Shape {
 public:
  Shape(SplitShape shape, const std::vector<WantedBuy>& buys, const BuyTerms& terms)
      : shape_(shape), increment_(terms.increment), generosity_max_(scale) {
    if (shape_ == SplitShape::proportional) return;
    generosity_max_ = 0;
    for (const WantedBuy& buy : buys) generosity_max_ = std::max(generosity_max_, buy.deficit);
  }

  [[nodiscard]] Wide generosity_max() const { return generosity_max_; }

  [[nodiscard]] Wide quantity(const WantedBuy& buy, Wide generosity) const {
    Wide quantity = 0;
    if (shape_ == SplitShape::proportional) {
      quantity = buy.quantity + exact::floor_to((buy.quantity_max - buy.quantity) * generosity / scale, increment_);
    } else {
      const Wide level = generosity_max_ - generosity;  // the deficit that everybody is left with
      if (buy.deficit > level) quantity = exact::floor_to((buy.deficit - level) * scale / buy.reference, increment_);
      quantity = std::clamp(quantity, buy.quantity, buy.quantity_max);
    }
    return quantity < buy.quantity_min ? Wide{0} : quantity;
  }

 private:
  SplitShape shape_;
  Wide increment_;
  Wide generosity_max_;
};

// The largest generosity at which the growth of all that are open costs no more than `left`.
Wide affordable_generosity(const Shape& shape, const std::vector<WantedBuy*>& open, Wide left, const BuyTerms& terms) {
  const auto is_affordable = [&](Wide generosity) {
    Wide sum = 0;
    for (const WantedBuy* buy : open) {
      sum += spend_of(shape.quantity(*buy, generosity), buy->limit, terms) - spend_of(buy->quantity, buy->limit, terms);
    }
    return sum <= left;
  };
  if (is_affordable(shape.generosity_max())) return shape.generosity_max();
  Wide affordable = 0;
  Wide too_much = shape.generosity_max();
  while (too_much - affordable > 1) {
    const Wide middle = affordable + (too_much - affordable) / 2;
    (is_affordable(middle) ? affordable : too_much) = middle;
  }
  return affordable;
}

}  // namespace

Wide spend_of(Wide quantity, Wide limit, const BuyTerms& terms) {
  if (quantity == 0) return 0;
  const Wide value = exact::ceil_divide(quantity * limit, scale);
  return value + terms.commission + exact::ceil_divide(value * terms.cost_rate, scale);
}

void split_cash(std::vector<WantedBuy>& buys, Wide available, const BuyTerms& terms, SplitShape split) {
  const Shape shape(split, buys, terms);
  Wide left = available;
  const auto can_grow = [&](const WantedBuy& buy) {
    return next_quantity(buy, terms) <= buy.quantity_max && step_cost(buy, terms) <= left;
  };
  const auto grow = [&](WantedBuy& buy, Wide quantity) {
    left -= spend_of(quantity, buy.limit, terms) - spend_of(buy.quantity, buy.limit, terms);
    buy.quantity = quantity;
  };
  bool was_stuck = false;
  for (;;) {
    std::vector<WantedBuy*> open;
    for (WantedBuy& buy : buys) {
      if (can_grow(buy)) open.push_back(&buy);
    }
    if (open.empty()) return;

    const Wide left_before = left;
    const Wide generosity = affordable_generosity(shape, open, left, terms);
    for (WantedBuy* buy : open) grow(*buy, shape.quantity(*buy, generosity));
    // Halving what is left bounds the rounds. Where commissions keep the buys from starting together it does not halve.
    if (left < left_before && left <= left_before / 2) continue;

    const auto deficit_after = [&](const WantedBuy* buy) {
      return buy->deficit * scale - next_quantity(*buy, terms) * buy->reference;
    };
    std::stable_sort(open.begin(), open.end(),
                     [&](const WantedBuy* a, const WantedBuy* b) { return deficit_after(a) > deficit_after(b); });
    for (WantedBuy* buy : open) {
      if (!can_grow(*buy)) continue;
      grow(*buy, was_stuck ? affordable_quantity(*buy, left + spend_of(buy->quantity, buy->limit, terms), terms)
                           : next_quantity(*buy, terms));
    }
    was_stuck = true;
  }
}

}  // namespace rebalancer
