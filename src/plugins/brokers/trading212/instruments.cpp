#include "instruments.hpp"

#include <rebalancer/plugin.hpp>

#include "client.hpp"
#include "core/market/symbol.hpp"

namespace trading212 {

namespace sdk = rebalancer::sdk;

namespace {

std::string listed(const std::vector<const WireInstrument*>& candidates) {
  constexpr std::size_t shown_max = 8;
  std::string out;
  for (std::size_t i = 0; i < candidates.size() && i < shown_max; ++i) {
    const WireInstrument& one = *candidates[i];
    out += fmt::format("{}{} ({}, {}, {})", i == 0 ? "" : "; ", one.ticker, one.name, one.isin, one.currency);
  }
  if (candidates.size() > shown_max) out += fmt::format("; and {} more", candidates.size() - shown_max);
  return out;
}

}  // namespace

std::vector<WireInstrument> instruments_in(const std::string& text) {
  return understood(RB_UNAVAILABLE, [&] {
    const auto json = Json::parse(text);
    if (!json) throw rebalancer::plugin_support::BadAnswer("the list of instruments: " + json.error().message);
    return instruments_from(*json);
  });
}

bool in_pence(const WireInstrument& instrument) { return instrument.currency == "GBX"; }

Decimal to_wire_price(const WireInstrument& instrument, Decimal price) {
  if (!in_pence(instrument)) return price;
  const auto pence = multiply(price, Decimal::whole(100), rebalancer::Rounding::half_even);
  if (pence) return *pence;
  throw sdk::Failure(RB_REJECTED,
                     fmt::format("price {} of {}: {}", price.to_string(), instrument.ticker, pence.error().message));
}

Decimal from_wire_price(const WireInstrument& instrument, Decimal price) {
  if (!price.is_positive()) {
    throw rebalancer::plugin_support::BadAnswer(fmt::format("{}: a price is {}", instrument.ticker, price.to_string()));
  }
  if (!in_pence(instrument)) return price;
  return divide(price, Decimal::whole(100), rebalancer::Rounding::half_even).value();
}

Instruments::Instruments(std::vector<WireInstrument> all, const std::map<std::string, std::string>& chosen,
                         std::string currency)
    : all_(std::move(all)), chosen_(chosen), currency_(std::move(currency)) {
  for (const WireInstrument& one : all_) {
    by_ticker_.emplace(one.ticker, &one);
    if (!one.short_name.empty()) by_name_.emplace(one.short_name, &one);
    if (!one.isin.empty() && one.isin != one.short_name) by_name_.emplace(one.isin, &one);
  }
  for (const auto& [symbol, name] : chosen_) {
    const auto leads_to = candidates(name);
    if (leads_to.size() != 1) continue;  // said when it is used
    const auto [place, fresh] = symbols_.emplace(leads_to.front()->ticker, symbol);
    if (!fresh) {
      throw sdk::Failure(RB_INVALID, fmt::format("instruments: {} and {} are both {}", place->second, symbol,
                                                 leads_to.front()->ticker));
    }
  }
  for (const WireInstrument& one : all_) {
    if (chosen_.contains(one.short_name) || !rebalancer::Symbol::parse(one.short_name)) continue;
    const auto leads_to = candidates(one.short_name);
    if (leads_to.size() == 1 && leads_to.front() == &one) symbols_.emplace(one.ticker, one.short_name);
  }
}

bool Instruments::affordable(const WireInstrument& instrument) const {
  return instrument.currency == currency_ || (in_pence(instrument) && currency_ == "GBP");
}

// A ticker is one instrument; a short name or an ISIN may be several, of which those in the account's currency count.
std::vector<const WireInstrument*> Instruments::candidates(std::string_view name) const {
  std::vector<const WireInstrument*> found;
  if (const auto ticker = by_ticker_.find(name); ticker != by_ticker_.end()) {
    if (affordable(*ticker->second)) found.push_back(ticker->second);
    return found;
  }
  const auto [first, last] = by_name_.equal_range(name);
  for (auto it = first; it != last; ++it) {
    if (affordable(*it->second)) found.push_back(it->second);
  }
  return found;
}

const WireInstrument& Instruments::of_symbol(const std::string& symbol) const {
  const auto choice = chosen_.find(symbol);
  const std::string name = choice == chosen_.end() ? symbol : choice->second;
  const auto found = candidates(name);
  if (found.size() == 1) return *found.front();
  const std::string what = name == symbol ? symbol : fmt::format("{} (instruments: {})", symbol, name);
  const std::string how = fmt::format("choose its ticker with broker.instruments: {{{}: TICKER}}", symbol);
  if (found.size() > 1) {
    throw sdk::Failure(RB_REJECTED, fmt::format("{} is {} instruments in {} at Trading 212: {}. {}", what, found.size(),
                                                currency_, listed(found), how));
  }
  std::vector<const WireInstrument*> foreign, similar;
  if (const auto ticker = by_ticker_.find(name); ticker != by_ticker_.end()) foreign.push_back(ticker->second);
  const auto [first, last] = by_name_.equal_range(name);
  for (auto it = first; it != last; ++it) foreign.push_back(it->second);
  if (!foreign.empty()) {
    throw sdk::Failure(RB_REJECTED, fmt::format("{} is not traded in {}, the currency of the account and of all "
                                                "computation: {}",
                                                what, currency_, listed(foreign)));
  }
  // "VUSA.L" as another source of prices names it.
  similar = candidates(std::string_view(name).substr(0, name.find('.')));
  throw sdk::Failure(RB_REJECTED, fmt::format("Trading 212 does not know {}{}. {}", what,
                                              similar.empty() ? "" : "; perhaps it is " + listed(similar), how));
}

const std::string* Instruments::symbol_of(const std::string& ticker) const {
  const auto found = symbols_.find(ticker);
  return found == symbols_.end() ? nullptr : &found->second;
}

const WireInstrument* Instruments::of_ticker(std::string_view ticker) const {
  const auto found = by_ticker_.find(ticker);
  return found == by_ticker_.end() ? nullptr : found->second;
}

}  // namespace trading212
