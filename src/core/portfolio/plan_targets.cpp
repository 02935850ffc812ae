#include "core/portfolio/plan_targets.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/portfolio/exact.hpp"

namespace rebalancer {
namespace {

using exact::scale;
using exact::wide;
using exact::Wide;

struct Fractions {
  std::map<Symbol, Wide> symbols;  // billionths, positive ones only
  Wide cash = 0;
};

Result<Fractions> exact_fractions(const Weights& target) {
  Fractions fractions;
  auto cash = Decimal::from_double(target.cash_fraction(), Rounding::half_even);
  if (!cash) return fail(cash.error());
  if (cash->is_negative()) {
    return fail(ErrorCode::invalid, "weight of cash is {}, must not be negative", target.cash_fraction());
  }
  fractions.cash = wide(*cash);
  Wide sum = fractions.cash;
  Wide* largest = &fractions.cash;
  for (const Weight& weight : target.entries()) {
    auto fraction = Decimal::from_double(weight.fraction, Rounding::half_even);
    if (!fraction) return fail(fraction.error());
    if (fraction->is_negative()) {
      return fail(ErrorCode::invalid, "weight of {} is {}, must not be negative: short positions are not planned",
                  weight.symbol, weight.fraction);
    }
    if (fraction->is_zero()) continue;
    Wide& entry = fractions.symbols.emplace(weight.symbol, wide(*fraction)).first->second;
    sum += entry;
    if (entry > *largest) largest = &entry;
  }
  *largest += scale - sum;
  return fractions;
}

Result<std::map<Symbol, Decimal>> holdings_of(const Book& book) {
  std::map<Symbol, Decimal> holdings;
  for (const Position& position : book.positions) {
    const Decimal shares = position.quantity.decimal();
    if (shares.is_negative()) {
      return fail(ErrorCode::invalid, "position of {} is {}, must not be negative: short positions are not planned",
                  position.symbol, shares.to_string());
    }
    if (!holdings.emplace(position.symbol, shares).second) {
      return fail(ErrorCode::invalid, "{} is in the book twice", position.symbol);
    }
  }
  return holdings;
}

}  // namespace

Result<PlanTargets> plan_targets(const Book& book, const Weights& target, const PriceList& prices,
                                 const RebalanceRules& rules) {
  auto fractions = exact_fractions(target);
  if (!fractions) return fail(fractions.error());
  auto holdings = holdings_of(book);
  if (!holdings) return fail(holdings.error());
  auto valuation = value_book(book, prices);
  if (!valuation) return fail(valuation.error());
  PlanTargets plan{{}, valuation->equity.amount(), {}};
  if (!plan.equity.is_positive()) {
    return fail(ErrorCode::invalid, "equity is {}, must be positive", valuation->equity.to_string());
  }

  std::set<Symbol> symbols;
  for (const auto& [symbol, shares] : *holdings) {
    if (!shares.is_zero()) symbols.insert(symbol);
  }
  for (const auto& [symbol, fraction] : fractions->symbols) symbols.insert(symbol);
  Wide rest = wide(plan.equity);  // what is not untouchable
  Wide rest_fraction = scale;     // of the target
  Wide symbols_fraction = 0;      // of the target, without cash and untouchables
  bool holds_tradable = false;
  for (const Symbol& symbol : symbols) {
    const auto price = prices.find(symbol);
    if (price == prices.end()) return fail(ErrorCode::not_found, "no price for {}, which is wanted", symbol);
    const auto held = holdings->find(symbol);
    const auto value = valuation->values.find(symbol);
    const auto fraction = fractions->symbols.find(symbol);
    SymbolTarget entry{
        symbol,
        price->second,
        held == holdings->end() ? Decimal() : held->second,
        value == valuation->values.end() ? Decimal() : value->second.amount(),
        {},
        {},
        std::find(rules.untouchable.begin(), rules.untouchable.end(), symbol) != rules.untouchable.end()};
    const Wide share = fraction == fractions->symbols.end() ? Wide{0} : fraction->second;
    entry.fraction = Decimal::from_billionths(static_cast<std::int64_t>(share));
    if (entry.is_untouchable) {
      rest -= wide(entry.value);
      rest_fraction -= share;
    } else {
      symbols_fraction += share;
      holds_tradable = holds_tradable || entry.held.is_positive();
    }
    plan.symbols.push_back(std::move(entry));
  }

  const Wide buffer = wide(rules.cash_buffer);
  const Wide target_cash = symbols_fraction == 0 ? rest : exact::floor_divide(rest * fractions->cash, rest_fraction);
  const Wide reserve = std::max(buffer, target_cash);
  if (symbols_fraction > 0 && holds_tradable && rest <= reserve) {
    return fail(ErrorCode::invalid, "cash buffer is {}, what can be traded is worth {}: everything would be sold",
                rules.cash_buffer.to_string(), exact::narrow(rest, "a value").value_or(Decimal()).to_string());
  }
  auto kept = exact::narrow(reserve, "the cash kept");
  if (!kept) return fail(kept.error());
  plan.reserve = *kept;
  const Wide investable = std::max(rest - reserve, Wide{0});
  for (SymbolTarget& entry : plan.symbols) {
    const Wide value = entry.is_untouchable ? wide(entry.value)
                       : entry.fraction.is_zero()
                           ? Wide{0}
                           : exact::floor_divide(investable * wide(entry.fraction), symbols_fraction);
    entry.target = Decimal::from_billionths(static_cast<std::int64_t>(value));
  }
  return plan;
}

}  // namespace rebalancer
