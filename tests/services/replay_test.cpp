#include "services/replay.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "support/decision_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

ReplayResult replayed(const DecisionScene& scene, const std::string& text) {
  MoveStrategy strategy;
  auto result = replay_decision(text, strategy, *scene.calendar, sha256);
  REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message));
  return *std::move(result);
}

std::string differences(const ReplayResult& result) {
  std::string out;
  for (const ReplayedSection& section : result.sections) {
    if (section.difference) out += section.name + " at " + section.difference->path + "; ";
  }
  return out;
}

}  // namespace

TEST_CASE("every decision replays byte for byte from its file alone") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const DecisionScene scene(seed);
    const ReplayResult result = replayed(scene, scene.seal().text);
    CHECK_MESSAGE(result.identical(), differences(result));
    CHECK(result.id == scene.report.id);
    CHECK(result.stopped.empty());
    CHECK(result.orders == (scene.report.plan ? scene.report.plan->orders.size() : 0));
    // A run that held at its prices has prices, verdict and hold.
    CHECK(result.sections.size() == (scene.report.hold ? 3 : 5));
    CHECK(result.bytes > 1'000);
  }
}

TEST_CASE("a changed input gives another decision, and the replay says where") {
  const DecisionScene scene(2);
  const auto after = [&](const char* path, const CanonicalJson& value) {
    return differences(
        replayed(scene, resealed(scene.seal().text, [&](CanonicalJson& json) { at(json, path) = value; })));
  };
  CHECK(after("body.book.cash", "3500.25").starts_with("plan at body.plan.after"));
  CHECK(after("body.settings.optimizer.weight_max", "0.1").starts_with("target at body.target; "));
  CHECK(after("body.settings.rebalance.trade_to", "band_edge").starts_with("plan at "));
  CHECK(after("body.settings.quality.jump_fraction_max", "0.0001").find("quality at body.quality.findings[0]") == 0);
  CHECK(after("body.broker.capabilities.cost_rate", "0.0006").starts_with("plan at "));
  CHECK(after("body.session", "2026-07-01").find("prices at body.prices[0].age_sessions") == 0);
  CHECK(after("body.target.volatility", "0.30000000000000004") == "target at body.target.volatility; ");
  CHECK(after("body.target.report", "{}") == "target at body.target.report; ");
  CHECK(after("body.plan.orders.0.reason", "because") == "plan at body.plan.orders[0].reason; ");
  CHECK(after("body.plan.orders.0.client_id", "x") == "plan at body.plan.orders[0].client_id; ");
  CHECK(after("body.proof.rules.0.evidence", "fine") == "proof at body.proof.rules[0].evidence; ");
  CHECK(after("body.settings.limits.turnover_today", "1").find("proof at ") == 0);
  // What came after the decision is not derived from it.
  CHECK(after("body.end.reason", "because").empty());

  // One close of one day.
  const std::string other_price = resealed(scene.seal().text, [](CanonicalJson& json) {
    const std::string block = *at(json, "body.prices.0.block").if_text();
    (*json["blocks"][block]["columns"]["close"].if_array())[3] = "50.01";
  });
  const std::string found = differences(replayed(scene, other_price));
  CHECK(found.find("prices at body.prices[0].block; ") == 0);
  CHECK(found.find("target at ") != std::string::npos);
  CHECK(found.find("plan at ") != std::string::npos);
}

TEST_CASE("a difference has both sides") {
  const DecisionScene scene(2);
  const auto result = replayed(scene, resealed(scene.seal().text, [&](CanonicalJson& json) {
                                 at(json, "body.plan.orders").if_array()->pop_back();
                               }));
  REQUIRE_FALSE(result.identical());
  const auto& difference = *result.sections[3].difference;
  CHECK(difference.path == fmt::format("body.plan.orders[{}]", scene.report.plan->orders.size() - 1));
  CHECK(difference.recorded.empty());
  CHECK(difference.derived.starts_with("{\"client_id\""));
}

TEST_CASE("a hold is derived too, and one that is not the recorded one is a difference") {
  DecisionScene scene(2);
  scene.settings.optimizer.weight_min = 0.5;
  scene.report.optimized.reset();
  scene.report.plan.reset();
  scene.report.proof.reset();
  scene.report.prices.clear();
  scene.end.legs.clear();
  scene.decide();
  REQUIRE(scene.report.hold);
  CHECK(scene.report.hold->stage == Stage::optimize);
  Random random(1);
  scene.execute(random);
  CHECK(replayed(scene, scene.seal().text).identical());
  const auto other = replayed(scene, resealed(scene.seal().text, [](CanonicalJson& json) {
                                at(json, "body.end.hold.message") = "bad weather";
                              }));
  CHECK(differences(other) == "hold at body.end.hold.message; ");
  const auto none = replayed(
      scene, resealed(scene.seal().text, [](CanonicalJson& json) { at(json, "body.end.hold") = CanonicalJson(); }));
  CHECK(differences(none) == "hold at body.end.hold; ");
}

TEST_CASE("what came from outside ends the derivation and is no difference") {
  DecisionScene scene(2);
  scene.report.plan.reset();
  scene.report.proof.reset();
  scene.end.legs.clear();
  scene.hold(Stage::plan, {ErrorCode::unavailable, "stopped on request"});
  Random random(1);
  scene.execute(random);
  const ReplayResult result = replayed(scene, scene.seal().text);
  CHECK(result.identical());
  CHECK(result.sections.size() == 3);
  CHECK(result.stopped == "held by what happened outside: stopped on request");

  scene.report.book_before.reset();
  scene.report.quality.reset();
  scene.report.optimized.reset();
  scene.tables.clear();
  scene.hold(Stage::execute, {ErrorCode::unavailable, "the broker is not there"});
  scene.execute(random);
  const ReplayResult nothing = replayed(scene, scene.seal().text);
  CHECK(nothing.identical());
  CHECK(nothing.sections.empty());
  CHECK(nothing.stopped == "held by what happened outside: the broker is not there");
}

TEST_CASE("another calendar, and what is no decision, are refused") {
  const DecisionScene scene(2);
  MoveStrategy strategy;
  const auto days = calendar_named("24x7").value();
  CHECK(replay_decision(scene.seal().text, strategy, *days, sha256).error().message ==
        "the decision was made by calendar XNYS, not 24x7");
  CHECK_FALSE(replay_decision("{}\n", strategy, *scene.calendar, sha256).has_value());
  CHECK_FALSE(replay_decision(scene.draft(), strategy, *scene.calendar, sha256).has_value());
  CHECK(replay_needs(scene.seal().text)->strategy == "moves");
  CHECK(replay_needs(scene.seal().text)->strategy_settings == R"({"use":"moves"})");
}

TEST_CASE("eight threads replay to the same bytes") {
  const DecisionScene scene(2);
  const std::string text = scene.seal().text;
  const ReplayResult alone = replayed(scene, text);
  std::vector<Result<ReplayResult>> results(8, fail(ErrorCode::internal, "not run"));
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) {
      threads.emplace_back([&result, &text, &scene] {
        MoveStrategy strategy;
        result = replay_decision(text, strategy, *scene.calendar, sha256);
      });
    }
  }
  for (const auto& result : results) {
    REQUIRE(result.has_value());
    CHECK(result->identical());
    CHECK(result->bytes == alone.bytes);
    CHECK(result->orders == alone.orders);
  }
}
