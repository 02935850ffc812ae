#include "scenario_checks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rebalancer::trials {
namespace {

using laboratory::ExchangeOrder;
using laboratory::OrderStatus;

constexpr int data_rejected = 4, human_needed = 8;
constexpr std::size_t orders_planned = 4;  // for the account of scene_of: one sell, three buys

class Checks {
 public:
  explicit Checks(const Played& played) : played_(played) {}

  // Nothing was in the way in the end: each order of the plan is there once, and whole.
  void all_filled_once() {
    if (played_.exit_codes.back() != 0) say("it ends with {}", played_.exit_codes.back());
    each_once();
    if (orders().size() != orders_planned) say("{} orders are there, {} are planned", orders().size(), orders_planned);
    for (const ExchangeOrder& order : orders()) {
      if (order.status != OrderStatus::filled) say("order {} is {}", order.number, name_of(order.status));
    }
  }
  // One side of one symbol is one order: nothing here takes more than one run.
  void each_once() {
    std::set<std::string> seen;
    if (orders().empty()) say("no order was sent");
    for (const ExchangeOrder& order : orders()) {
      const std::string what = fmt::format("{} {}", name_of(order.request.side), order.request.symbol);
      if (!seen.insert(what).second) say("{} was ordered twice", what);
    }
  }
  void human_is_asked_and_nothing_sent() {
    if (played_.exit_code_after != human_needed) say("another run ends with {}", played_.exit_code_after);
    if (played_.orders_after != 0) say("another run sends {} orders", played_.orders_after);
  }
  void nothing_sent() {
    if (!played_.wire.submits().empty()) say("{} orders were sent", played_.wire.submits().size());
  }
  void told(std::string_view text) {
    if (played_.words.find(text) == std::string::npos) say("nothing is said of \"{}\"", text);
  }
  void submits_at_most(std::size_t count) {
    if (played_.wire.submits().size() > count) say("{} orders were sent", played_.wire.submits().size());
  }
  void nothing_refused() {
    const auto refused = std::ranges::count(played_.wire.submits(), 403);
    if (refused != 0) say("{} orders were refused for want of money", refused);
  }
  void limits_only() {
    for (const ExchangeOrder& order : orders()) {
      if (!order.request.limit) say("order {} has no limit", order.number);
    }
  }
  void ends_with(const std::vector<int>& exit_codes) {
    if (played_.exit_codes == exit_codes) return;
    say("the runs end with {}, not {}", fmt::join(played_.exit_codes, ", "), fmt::join(exit_codes, ", "));
  }
  // Each position is worth its share of the account, by the broker's prices; whole shares leave some cents over.
  void evenly_divided() {
    constexpr double tolerance = 0.025;
    const double equity = played_.truth.equity().to_double();
    for (const auto& [symbol, holding] : played_.truth.holdings()) {
      const double part = played_.truth.market_value(symbol).to_double() / equity;
      const double even = 1.0 / static_cast<double>(played_.truth.holdings().size());
      if (std::abs(part - even) > tolerance) say("{} is {:.1f}% of the account", symbol, 100 * part);
    }
  }
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    violations.push_back("promise: " + fmt::format(format, std::forward<Args>(args)...));
  }
  [[nodiscard]] const std::vector<ExchangeOrder>& orders() const { return played_.truth.orders(); }
  [[nodiscard]] const Played& played() const { return played_; }

  std::vector<std::string> violations;

 private:
  const Played& played_;
};

struct Promise {
  std::string_view scenario;
  void (*check)(Checks&);
};

constexpr std::array promises{
    Promise{"answer-lost", [](Checks& checks) { checks.all_filled_once(); }},
    Promise{"retried-twenty-times", [](Checks& checks) { checks.each_once(); }},
    // Each answer is lost, so what was sent is at the broker: as many as there are.
    Promise{"retried-without-end",
            [](Checks& checks) {
              checks.each_once();
              checks.submits_at_most(checks.orders().size());
            }},
    Promise{"new-id-for-each-try",
            [](Checks& checks) {
              checks.all_filled_once();
              const std::size_t ids = checks.played().wire.ids_sent();
              if (ids != checks.orders().size()) checks.say("{} ids for {} orders", ids, checks.orders().size());
            }},
    Promise{"gateway-restart", [](Checks& checks) { checks.each_once(); }},
    Promise{"rejected-for-days",
            [](Checks& checks) {
              checks.each_once();
              for (const ExchangeOrder& order : checks.orders()) checks.told(order.reason);
            }},
    // The first order met the loss, and nothing can prove that it never arrived.
    Promise{"link-lost-all-night",
            [](Checks& checks) {
              checks.submits_at_most(1);
              checks.human_is_asked_and_nothing_sent();
            }},
    Promise{"ids-rolled-back", [](Checks& checks) { checks.each_once(); }},
    Promise{"fills-repeated", [](Checks& checks) { checks.all_filled_once(); }},
    Promise{"fill-missing", [](Checks& checks) { checks.each_once(); }},
    Promise{"symbol-missing", [](Checks& checks) { checks.human_is_asked_and_nothing_sent(); }},
    Promise{"traded-by-hand",
            [](Checks& checks) {
              checks.human_is_asked_and_nothing_sent();
              checks.told("SPY");
            }},
    Promise{"another-account",
            [](Checks& checks) {
              checks.nothing_sent();
              checks.told("\"PA0000000000\"");
              checks.told(fmt::format("\"{}\"", checks.played().account));
            }},
    Promise{"cash-not-settled", [](Checks& checks) { checks.nothing_refused(); }},
    Promise{"price-runs-away", [](Checks& checks) { checks.limits_only(); }},
    Promise{"prices-of-yesterday", [](Checks& checks) { checks.limits_only(); }},
    Promise{"split-overnight",
            [](Checks& checks) {
              checks.ends_with({0, data_rejected, 0});
              checks.told("nothing is decided before there is a close of the shares that are held now");
              if (checks.orders().size() <= orders_planned) checks.say("nothing was traded after the night");
              checks.evenly_divided();
            }},
    Promise{"split-untold",
            [](Checks& checks) {
              checks.ends_with({0, human_needed, human_needed});
              if (checks.orders().size() != orders_planned) checks.say("{} orders are there", checks.orders().size());
              checks.human_is_asked_and_nothing_sent();
              checks.told("SPY: the account holds");
            }},
};

}  // namespace

std::vector<std::string> broken_promises(std::string_view scenario, const Played& played) {
  const auto* found = std::ranges::find(promises, scenario, &Promise::scenario);
  if (found == promises.end()) return {fmt::format("promise: nobody checks scenario {}", scenario)};
  Checks checks(played);
  found->check(checks);
  return checks.violations;
}

}  // namespace rebalancer::trials
