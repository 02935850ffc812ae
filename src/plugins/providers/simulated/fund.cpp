#include "fund.hpp"

#include <array>

#include "core/base/random.hpp"

namespace {

struct Known {
  std::string_view symbol;
  Fund fund;
};

// QQQ starts high because it splits.
constexpr std::array<Known, 5> known{{
    //         price  growth  vol    market rates  yield  monthly splits volume
    {"SPY", {113.00, 0.110, 0.160, 0.985, 0.000, 0.0130, false, false, 7.5e7}},
    {"QQQ", {800.00, 0.140, 0.205, 0.930, 0.050, 0.0060, false, true, 4.5e7}},
    {"VTI", {57.00, 0.108, 0.165, 0.980, 0.000, 0.0135, false, false, 3.5e6}},
    {"VXUS", {46.00, 0.065, 0.165, 0.850, -0.050, 0.0300, false, false, 4.0e6}},
    {"BND", {79.00, 0.032, 0.050, 0.050, 0.930, 0.0320, true, false, 6.0e6}},
}};

}  // namespace

// FNV-1a.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

Fund fund_named(std::string_view symbol) {
  for (const Known& one : known) {
    if (one.symbol == symbol) return one.fund;
  }
  rebalancer::Random random(hash_of(symbol));
  const auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  Fund fund{};
  fund.first_price = between(15, 150);
  fund.growth = between(0.05, 0.13);
  fund.volatility = between(0.18, 0.42);
  fund.market = between(0.40, 0.80);
  fund.rates = between(-0.15, 0.15);
  fund.dividend_yield = random.below(3) == 0 ? 0 : between(0.005, 0.03);
  fund.volume = between(5e5, 2e7);
  return fund;
}
