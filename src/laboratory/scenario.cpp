#include "laboratory/scenario.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/nearest.hpp"

namespace rebalancer::laboratory {
namespace {

using enum BrokerKind;

constexpr std::array table{
    Scenario{.name = "answer-lost",
             .pain = 1,
             .broker = alpaca,
             .evidence = "scrtlabs/catalyst#317, yubing744/trading-gpt#94, TraderAlice/OpenAlice#91, "
                         "hummingbot#493, hummingbot#632, hummingbot#720",
             .story =
                 "the first order is accepted, and the connection ends before the answer; the second answer is cut, "
                 "the third is a page for humans",
             .must_hold = "each order exists once, is found by its client id, and its fills are counted once",
             .faults = "reply-lost@submit:1, cut(0)@submit:2, html-after(502)@submit:3"},
    Scenario{.name = "retried-twenty-times",
             .pain = 1,
             .broker = alpaca,
             .evidence = "bennycode/trading-signals PR#1178",
             .story = "twenty orders in a row are carried out and answered with 504",
             .must_hold = "no order is sent again before a look-up by its client id says 404",
             .faults = "error-after(504)@submit:1..20"},
    Scenario{.name = "retried-without-end",
             .pain = 1,
             .broker = trading212,
             .evidence = "bennycode/trading-signals PR#1178",
             .story = "every order is carried out and no answer comes; the broker knows no client ids",
             .must_hold = "no order is sent a second time; what cannot be proved is unknown and waits for a human",
             .faults = "reply-lost@submit"},
    Scenario{.name = "new-id-for-each-try",
             .pain = 1,
             .broker = alpaca,
             .evidence = "Kalshi starter#135",
             .story = "the order is accepted, is not found at first, and the answer is an error",
             .must_hold = "whatever is sent again has the id of the first try, so the broker refuses a second order",
             .faults = "error-after(500)@submit:1, hidden(3)@submit:1"},

    Scenario{.name = "gateway-restart",
             .pain = 2,
             .broker = interactive_brokers,
             .evidence = "Lean.Brokerages.InteractiveBrokers#242, #227, PR#884, IbcAlpha/IBC#143",
             .story = "the gateway restarts while orders are sent",
             .must_hold = "no order is lost or sent twice; orders in flight are found again by orderRef and permId",
             .faults = "restart@submit:2, reply-lost@submit:4"},
    Scenario{.name = "rejected-for-days",
             .pain = 2,
             .broker = interactive_brokers,
             .evidence = "Lean.Brokerages.InteractiveBrokers#246",
             .story = "every order is accepted and rejected a moment later",
             .must_hold = "every rejection is told with its reason, and no run sends a rejected order again",
             .faults = "rejected-later@submit"},
    Scenario{.name = "link-lost-all-night",
             .pain = 2,
             .broker = interactive_brokers,
             .evidence = "Lean.Brokerages.InteractiveBrokers PR#258",
             .story = "the gateway loses its broker (1100) for hours, then data is lost (1101)",
             .must_hold = "nothing is sent while the link is lost, and what happened meanwhile is asked for afterwards",
             .faults = "link-lost(54000)@submit:1"},

    Scenario{.name = "ids-rolled-back",
             .pain = 3,
             .broker = interactive_brokers,
             .evidence = "Lean.IB#242, ib_insync#308, ib_insync#644, ib_insync#80, rust-ibapi#350",
             .story = "orders fill over days; the gateway restarts and gives the same order ids out again",
             .must_hold = "no fill is credited to another order: new ids are above every id used before",
             .faults = "spread-fill(1)@submit:1..2, restart@submit:3"},

    Scenario{.name = "fills-repeated",
             .pain = 4,
             .broker = alpaca,
             .evidence = "nautilus#3476, nautilus#3878",
             .story = "lists of fills come twice and in another order",
             .must_hold = "each fill counts once, whatever the order it comes in",
             .faults = "duplicate-fills@fills, reordered-fills@fills"},
    Scenario{.name = "fill-missing",
             .pain = 4,
             .broker = alpaca,
             .evidence = "ml4t/live#67, Lean#3709",
             .story = "the newest fill is missing from the lists, while positions and orders have it",
             .must_hold = "the difference is found and blocks trading until it is explained",
             .faults = "dropped-fill@fills:1..6"},
    Scenario{.name = "symbol-missing",
             .pain = 4,
             .broker = alpaca,
             .evidence = "HKUDS/Vibe-Trading#667, PR#1222",
             .story = "a position is missing from the broker's list",
             .must_hold = "a symbol that only one side has is a difference, and blocks trading",
             .faults = "short-list@positions:3.."},
    Scenario{.name = "traded-by-hand",
             .pain = 4,
             .broker = alpaca,
             .evidence = "bytex#30",
             .story = "somebody sells a share by hand in the middle of a run",
             .must_hold = "the mismatch is named and blocks trading; it is never only logged",
             .faults = "outside-trade(SPY -1)@submit:2"},

    Scenario{.name = "another-account",
             .pain = 5,
             .broker = alpaca,
             .evidence = "zenbot#1403, simmer-sdk#345, simmer-sdk#347, antequant/ib-gateway-docker#6, cassandre#643",
             .story = "the account that answers is not the one the configuration names",
             .must_hold = "no order is sent, and both account ids are told",
             .faults = "",
             .other_account = true},

    Scenario{.name = "cash-not-settled",
             .pain = 6,
             .broker = alpaca,
             .evidence = "Lean#9231, piebotai#28, alpacahq/example-portfolio-manager#1, lumibot PR#645",
             .story = "a sale fills over days, and its cash buys nothing before it has settled",
             .must_hold = "no buy is sent above the buying power there is; buys follow their cash",
             .faults = "spread-fill(1)@submit:1",
             .settled_cash_only = true},

    Scenario{.name = "price-runs-away",
             .pain = 7,
             .broker = alpaca,
             .evidence = "QuantConnect/Documentation#133, Lean#2108, Lean#2410, Lean#8637, bt#13, wealthfolio PR#1048, "
                         "PortfolioOptimisers.jl#386",
             .story = "prices rise by a tenth between the plan and the second order",
             .must_hold = "cash never falls below its buffer: limits hold, and what no longer fits is not bought",
             .faults = "price(SPY 673.64)@submit:2, price(QQQ 578.77)@submit:2, price(IWM 246.48)@submit:2"},

    Scenario{.name = "prices-of-yesterday",
             .pain = 8,
             .broker = alpaca,
             .evidence = "Lean#2762, Lean#9518, PR#9535, PR#9563, openalgo#1638, oscmcompany/fund PR#1060",
             .story = "the market closes before the first order, and opens far from the prices of the plan",
             .must_hold =
                 "no order is priced on quotes older than the limit: it is refused, or its limit keeps it from "
                 "filling",
             .faults = "overnight@submit:1, price(SPY 551.16)@submit:1, price(QQQ 473.54)@submit:1",
             .calendar = "XNYS"},

    Scenario{.name = "split-overnight",
             .pain = 11,
             .broker = alpaca,
             .evidence = "bt PR#570, Lean#5765, ghostfolio#2722, wealthfolio#1397",
             .story = "a first run trades; overnight a symbol that is held splits, and the broker lists it",
             .must_hold =
                 "the split explains the shares; nothing is decided at a price from before it, and with the first "
                 "close of the new shares the run trades on what is held",
             .faults = "",
             .overnight = "split(SPY 2:1)@any:1, price(QQQ 684)@any:1"},
    Scenario{.name = "split-untold",
             .pain = 11,
             .broker = alpaca,
             .evidence = "bt PR#570, Lean#5765, ghostfolio#6271",
             .story = "a first run trades; overnight the shares of a symbol double, and no list says why",
             .must_hold = "the difference is named and blocks trading, whatever the prices make of it",
             .faults = "",
             .overnight = "split-untold(SPY 2:1)@any:1"},
};

}  // namespace

std::span<const Scenario> scenarios() { return table; }

Result<Scenario> scenario_named(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Scenario::name);
  if (found != table.end()) return *found;
  std::vector<std::string> names;
  for (const Scenario& scenario : table) names.emplace_back(scenario.name);
  const auto near = nearest_name(name, names);
  return fail(ErrorCode::not_found, "\"{}\" is no scenario{}", name,
              near ? fmt::format("; did you mean {}?", *near) : "");
}

void apply(const Scenario& scenario, LaboratorySettings& settings) {
  settings.broker = scenario.broker;
  // The table's own texts; a test reads each.
  settings.faults = FaultScript::parse(scenario.faults).value();
  settings.exchange.calendar = scenario.calendar;
  settings.exchange.unsettled_cash_buys = !scenario.settled_cash_only;
  if (scenario.other_account) ++settings.exchange.seed;
}

}  // namespace rebalancer::laboratory
