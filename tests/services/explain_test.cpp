#include "services/explain.hpp"

#include <doctest/doctest.h>

#include "services/explanation.hpp"
#include "support/decision_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

CanonicalJson document(const DecisionScene& scene) {
  const std::string text = scene.seal().text;
  return CanonicalJson::parse(text.substr(0, text.size() - 1)).value();
}

std::string told(const DecisionScene& scene, std::optional<int> order = {}, int width = 80,
                 std::span<const BindingConstraint> binding = {}) {
  auto text = explain_text(document(scene), order, width, binding);
  REQUIRE_MESSAGE(text.has_value(), (text ? "" : text.error().message));
  return *text;
}

// Line breaks are not part of a sentence.
std::string flat(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c != '\n' && (c != ' ' || out.empty() || out.back() != ' ')) out += c;
    if (c == '\n' && !out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

bool says(const std::string& text, const std::string& what) { return flat(text).find(what) != std::string::npos; }

// Holds some of all four symbols.
DecisionScene drifted(std::uint64_t seed) {
  DecisionScene scene(seed);
  scene.report.book_before = book("2000", {{"AAA", "30"}, {"BBB", "40"}, {"CCC", "50"}, {"DDD", "60"}});
  scene.report.hold.reset();
  std::erase_if(scene.tables, [](const BarTable& table) { return table.symbol().str() == "EEE"; });
  scene.end.legs.clear();
  scene.decide();
  Random random(seed);
  scene.execute(random);
  return scene;
}

}  // namespace

TEST_CASE("an explanation has every order and non-order with its reason, and what was known") {
  const DecisionScene scene(2);
  const std::string text = told(scene);
  CHECK(says(text, "Decision " + scene.report.id.substr(0, 8) + " for session 2026-06-30"));
  CHECK(says(text, "The account held 3000.25 USD in cash, 100 AAA, 7 EEE"));
  CHECK(says(text, "Prices from simulated (seed 1):"));
  CHECK(says(text, "close of 2026-06-30, current"));
  CHECK(says(text, "it is held and not wanted: no threshold would have kept it from being sold"));
  CHECK(says(text, "it is wanted and not held: no threshold would have kept it from being bought"));
  for (const PlannedOrder& order : scene.report.plan->orders) {
    CHECK(says(text, fmt::format("{} {} {} at {} or better", order.side == Side::buy ? "BUY" : "SELL",
                                 order.quantity.to_string(), order.symbol, order.limit.to_string())));
    CHECK(says(text, order.reason + "."));
  }
  for (const NonOrder& left : scene.report.plan->non_orders) CHECK(says(text, left.reason));
  CHECK(says(text, "rules, proved again in exact arithmetic; cash is never below " +
                       scene.report.proof->lowest_cash().to_string()));
}

TEST_CASE("a run that held says what held it back") {
  const DecisionScene scene(6);
  const std::string text = told(scene);
  CHECK(says(text, "held: "));
  CHECK(says(text, "Held back at fetch (rejected): " + scene.report.hold->error.message));
  CHECK(says(text, "7 sessions old"));
  CHECK(says(text, "not used"));
}

TEST_CASE("no line is wider than asked for, whatever the width") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    for (const int width : {40, 60, 80, 200}) {
      std::string text = told(DecisionScene(seed), {}, width);
      while (!text.empty()) {
        const std::size_t end = text.find('\n');
        CHECK_MESSAGE(end <= static_cast<std::size_t>(width), text.substr(0, end));
        text.erase(0, end + 1);
      }
    }
  }
}

TEST_CASE("a band as wide as the explanation says keeps the order away, one a hair narrower does not") {
  int tested = 0;
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    for (const auto trade_to : {RebalanceRules::TradeTo::target, RebalanceRules::TradeTo::only_drifted}) {
      DecisionScene scene(seed);
      scene.settings.rebalance.trade_to = trade_to;
      const DecisionScene made = [&] {
        DecisionScene changed = scene;
        Random random(seed);
        changed.report.book_before =
            book(fmt::format("{}", 500 + random.below(3'000)), {{"AAA", fmt::format("{}", 10 + random.below(90))},
                                                                {"BBB", fmt::format("{}", 10 + random.below(90))},
                                                                {"CCC", fmt::format("{}", 10 + random.below(90))},
                                                                {"DDD", fmt::format("{}", 10 + random.below(90))}});
        std::erase_if(changed.tables, [](const BarTable& table) { return table.symbol().str() == "EEE"; });
        changed.report.hold.reset();
        changed.end.legs.clear();
        changed.decide();
        changed.execute(random);
        return changed;
      }();
      if (!made.report.plan) continue;
      const auto explained = explain(document(made));
      REQUIRE(explained.has_value());
      for (const OrderExplanation& order : explained->orders) {
        if (!order.band_needed) continue;
        const auto trades_with = [&](Decimal band) {
          RebalanceRules rules = made.settings.rebalance;
          rules.absolute_band_fraction = band.to_double();
          const OrderPlan plan = plan_orders(*made.report.book_before, made.report.optimized->weights,
                                             made.report.prices, rules, made.capabilities)
                                     .value();
          return std::any_of(plan.orders.begin(), plan.orders.end(),
                             [&](const PlannedOrder& planned) { return planned.symbol == order.planned.order.symbol; });
        };
        CHECK_FALSE(trades_with(*order.band_needed));
        CHECK(trades_with(subtract(*order.band_needed, Decimal::from_billionths(2)).value()));
        ++tested;
      }
    }
  }
  CHECK(tested > 50);
  MESSAGE(tested << " orders re-planned at their threshold");
}

TEST_CASE("what drags a symbol along is named") {
  bool dragged = false;
  for (std::uint64_t seed = 200; seed < 240 && !dragged; ++seed) {
    const std::string text = told(drifted(seed));
    if (!says(text, "inside its band of")) continue;
    dragged = true;
    CHECK(says(text, "it is traded because"));
    CHECK(says(text, "is out of its band"));
  }
  CHECK(dragged);
}

TEST_CASE("one order in full has its history, its fills and its shortfall") {
  DecisionScene scene(2);
  ExecutedLeg& leg = scene.end.legs[0];
  const Decimal worse = add(leg.record.reference->decimal(), Decimal::whole(-1)).value();
  for (Fill& fill : leg.fills) fill.price = Price::make(worse).value();
  leg.record.report.average_price = Price::make(worse).value();
  const std::string text = told(scene, 1);
  CHECK(says(text, "Order 1 of decision"));
  CHECK(says(text, "client id " + leg.record.order.client_id.substr(0, 20)));
  CHECK(says(text, "sending"));
  CHECK(says(text, "acknowledged"));
  for (const Fill& fill : leg.fills) CHECK(says(text, fill.id));
  REQUIRE(leg.record.order.side == Side::sell);
  CHECK(says(text, "Worse than the reference " + leg.record.reference->to_string() + " by " +
                       leg.record.order.quantity.to_string() + " USD"));

  CHECK(explain_text(document(scene), 99, 80).error().code == ErrorCode::not_found);
  CHECK(explain_json(document(scene), 0).error().code == ErrorCode::not_found);
  const auto json = CanonicalJson::parse(explain_json(document(scene), 1).value()).value();
  CHECK(*json.find("shortfall")->if_text() == leg.record.order.quantity.to_string());
  CHECK(json.find("history")->if_array()->size() == leg.history.size());
  CHECK(json.find("fills")->if_array()->size() == leg.fills.size());
}

TEST_CASE("binding constraints are told with their prices, weights at a bound by name") {
  DecisionScene scene(2);
  scene.settings.optimizer.weight_max = 0.26;
  scene.settings.optimizer.weight_min = 0.1;
  const BindingConstraint binding[] = {{"BBB <= 0.26", 0.25}};
  std::vector<Weight> entries{
      {symbol("AAA"), 0.26}, {symbol("BBB"), 0.26}, {symbol("CCC"), 0.38}, {symbol("DDD"), 0.1}};
  scene.report.optimized->weights = Weights::make(entries, 0).value();
  const std::string text = told(scene, {}, 80, binding);
  CHECK(says(text, "BBB <= 0.26 binds: the objective would gain 0.25 per unit"));
  CHECK(says(text, "AAA is at its maximum 26.00%."));
  CHECK(says(text, "DDD is at its minimum 10.00%."));
  const auto json = CanonicalJson::parse(explain_json(document(scene), {}, binding).value()).value();
  CHECK(*json.find("binding")->if_array()->front().find("price")->if_text() == "0.25");
  CHECK(json.find("orders")->if_array()->size() == scene.report.plan->orders.size());
  CHECK(*json.find("outcome")->if_text() == "traded");
}

TEST_CASE("what is no decision cannot be explained") {
  CHECK_FALSE(explain_text(CanonicalJson(), {}, 80).has_value());
  CHECK_FALSE(explain_json(CanonicalJson::Object(), {}).has_value());
}
