// users.md pain 14: bands are absolute, relative or hybrid, and trades go to the target, the edge, or only where
// needed.
#include <doctest/doctest.h>

#include "core/portfolio/order_plan.hpp"
#include "support/portfolio_builders.hpp"

namespace rebalancer::test {
namespace {

using TradeTo = RebalanceRules::TradeTo;

// "-20 AAA +20 BBB": every share costs 1, so quantities are money; limits at the reference, no costs.
std::string trades(const Book& held, const Weights& target, const RebalanceRules& rules) {
  PriceList prices;
  for (const char* name : {"AAA", "BBB", "CCC", "NEW", "OLD"}) {
    prices.emplace(symbol(name), Price::make(Decimal::whole(1)).value());
  }
  const auto plan = plan_orders(held, target, prices, rules, BrokerCapabilities{});
  if (!plan) return plan.error().message;
  std::string text;
  for (const PlannedOrder& order : plan->orders) {
    text += fmt::format("{}{}{} {}", text.empty() ? "" : " ", order.side == Side::buy ? '+' : '-',
                        order.quantity.to_string(), order.symbol);
  }
  CHECK(plan->triggered == !text.empty());
  return text;
}

RebalanceRules bands(std::optional<double> absolute, std::optional<double> relative, TradeTo to) {
  RebalanceRules rules;
  rules.absolute_band_fraction = absolute;
  rules.relative_band_fraction = relative;
  rules.trade_to = to;
  rules.price_collar_fraction = 0;
  return rules;
}

TEST_CASE("the golden table of bands") {
  // A portfolio of 1000: AAA wanted at 60 %, BBB at 30 %, CCC at 10 %. Worked by hand.
  struct Row {
    const char* aaa;
    const char* bbb;
    const char* ccc;
    std::optional<double> absolute, relative;
    TradeTo to;
    const char* expected;
  };
  const auto none = std::nullopt;
  const Row table[] = {
      // Absolute 5 % = 50: on the band is inside, one beyond is out.
      {"650", "250", "100", 0.05, none, TradeTo::target, ""},
      {"651", "249", "100", 0.05, none, TradeTo::target, "-51 AAA +51 BBB"},
      {"600", "351", "49", 0.05, none, TradeTo::target, "-51 BBB +51 CCC"},
      {"600", "300", "100", 0.05, none, TradeTo::target, ""},
      // Everything goes to target once anything is out, also what is inside.
      {"660", "270", "70", 0.05, none, TradeTo::target, "-60 AAA +30 BBB +30 CCC"},
      {"660", "270", "70", 0.05, none, TradeTo::only_drifted, "-60 AAA"},
      {"660", "270", "70", 0.05, none, TradeTo::band_edge, "-10 AAA"},
      {"651", "249", "100", 0.05, none, TradeTo::band_edge, "-1 AAA +1 BBB"},
      {"651", "249", "100", 0.05, none, TradeTo::only_drifted, "-51 AAA +51 BBB"},
      // Relative 25 %: 150 of AAA, 75 of BBB, 25 of CCC.
      {"600", "275", "125", none, 0.25, TradeTo::target, ""},
      {"600", "274", "126", none, 0.25, TradeTo::target, "-26 CCC +26 BBB"},
      {"600", "274", "126", none, 0.25, TradeTo::only_drifted, "-26 CCC"},
      {"600", "274", "126", none, 0.25, TradeTo::band_edge, "-1 CCC"},
      {"625", "300", "75", none, 0.25, TradeTo::target, ""},
      {"626", "300", "74", none, 0.25, TradeTo::target, "-26 AAA +26 CCC"},
      {"525", "375", "100", none, 0.25, TradeTo::target, ""},
      {"524", "376", "100", none, 0.25, TradeTo::target, "-76 BBB +76 AAA"},
      // Hybrid, the narrower of 5 % and 25 %: 50 of AAA, 50 of BBB, 25 of CCC.
      {"600", "275", "125", 0.05, 0.25, TradeTo::target, ""},
      {"600", "274", "126", 0.05, 0.25, TradeTo::target, "-26 CCC +26 BBB"},
      {"651", "249", "100", 0.05, 0.25, TradeTo::target, "-51 AAA +51 BBB"},
      {"651", "274", "75", 0.05, 0.25, TradeTo::only_drifted, "-51 AAA"},
      {"651", "274", "75", 0.05, 0.25, TradeTo::band_edge, "-1 AAA"},
      // No band: every difference counts; a band of nothing is the same.
      {"601", "299", "100", none, none, TradeTo::target, "-1 AAA +1 BBB"},
      {"601", "299", "100", 0.0, none, TradeTo::target, "-1 AAA +1 BBB"},
      {"601", "299", "100", none, none, TradeTo::band_edge, "-1 AAA +1 BBB"},
      {"600", "300", "100", none, none, TradeTo::target, ""},
      // A band as wide as everything never trades what is held and wanted.
      {"900", "50", "50", 1.0, none, TradeTo::target, ""},
  };
  const Weights target = weights({{"AAA", 0.6}, {"BBB", 0.3}, {"CCC", 0.1}});
  for (const Row& row : table) {
    CAPTURE(row.aaa);
    CAPTURE(row.bbb);
    CAPTURE(row.ccc);
    CAPTURE(static_cast<int>(row.to));
    CHECK(trades(book("0", {{"AAA", row.aaa}, {"BBB", row.bbb}, {"CCC", row.ccc}}), target,
                 bands(row.absolute, row.relative, row.to)) == row.expected);
  }
}

TEST_CASE("what is wanted and not held, or held and not wanted, is out of any band and goes all the way") {
  // NEW is wanted at 3 % and OLD weighs 2 %: both less than the band of 5 %.
  const Book held = book("30", {{"AAA", "950"}, {"OLD", "20"}});
  const Weights target = weights({{"AAA", 0.97}, {"NEW", 0.03}});
  CHECK(trades(held, target, bands(0.05, std::nullopt, TradeTo::target)) == "-20 OLD +30 NEW +20 AAA");
  CHECK(trades(held, target, bands(0.05, std::nullopt, TradeTo::only_drifted)) == "-20 OLD +30 NEW");
  CHECK(trades(held, target, bands(0.05, std::nullopt, TradeTo::band_edge)) == "-20 OLD +30 NEW");
}

TEST_CASE("a portfolio that is all cash is bought, whatever the band") {
  for (const TradeTo to : {TradeTo::target, TradeTo::band_edge, TradeTo::only_drifted}) {
    CHECK(trades(book("1000", {}), weights({{"AAA", 0.97}, {"BBB", 0.03}}), bands(0.05, 0.25, to)) ==
          "+970 AAA +30 BBB");
  }
}

TEST_CASE("a position no longer wanted that cannot be sold does not set the others moving") {
  RebalanceRules rules = bands(0.05, std::nullopt, TradeTo::target);
  const Weights target = weights({{"AAA", 0.5}, {"BBB", 0.5}});
  CHECK(trades(book("0", {{"AAA", "510"}, {"BBB", "490"}, {"OLD", "0.5"}}), target, rules).empty());
  CHECK(trades(book("0", {{"AAA", "510"}, {"BBB", "480"}, {"OLD", "10"}}), target, rules) == "-10 AAA -10 OLD +20 BBB");
  rules.trade_value_min = decimal("11");
  CHECK(trades(book("0", {{"AAA", "510"}, {"BBB", "480"}, {"OLD", "10"}}), target, rules).empty());
}

TEST_CASE("a weight and a band that no binary fraction holds are compared as written") {
  // 0.1 + 0.2 is not 0.3 in double; 30 % against 20 % with a band of 10 % is on the band, and inside.
  CHECK(trades(book("0", {{"AAA", "300"}, {"BBB", "700"}}), weights({{"AAA", 0.2}, {"BBB", 0.8}}),
               bands(0.1, std::nullopt, TradeTo::target))
            .empty());
  CHECK(trades(book("0", {{"AAA", "301"}, {"BBB", "699"}}), weights({{"AAA", 0.2}, {"BBB", 0.8}}),
               bands(0.1, std::nullopt, TradeTo::target)) == "-101 AAA +101 BBB");
}

}  // namespace
}  // namespace rebalancer::test
