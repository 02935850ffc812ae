// Everything a run of the pipeline needs, in memory: two symbols, with prices up to a week after the clock's first day.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "services/decision_verify.hpp"
#include "services/pipeline.hpp"
#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_decision_store.hpp"
#include "support/memory_live_arming.hpp"
#include "support/memory_price_store.hpp"
#include "support/memory_run_store.hpp"
#include "support/memory_trading_switch.hpp"
#include "support/portfolio_builders.hpp"
#include "support/recording_events.hpp"
#include "support/sha256.hpp"

namespace rebalancer::test {

class HalvesStrategy final : public Strategy {
 public:
  Result<Allocation> weigh(const AllocationProblem& problem) override {
    if (refusal) return fail(*refusal);
    Allocation allocation;
    allocation.weights.assign(problem.prices->cols(), 1.0 / static_cast<double>(problem.prices->cols()));
    allocation.report_json = "{}";
    return allocation;
  }
  std::optional<Error> refusal;
};

class SilentAnalytic final : public Analytic {
 public:
  Result<std::string> run(const PriceFrame&, std::string_view) override {
    return fail(ErrorCode::invalid, "nothing to say");
  }
};

// The first day is 2026-06-30, after its close.
struct PipelineScene {
  PipelineScene() {
    Date day = Date::make(2026, 5, 1).value();
    for (int i = 0; day <= Date::make(2026, 7, 8).value(); day = calendar->next_session(day), ++i) {
      provider.tell(symbol("AAA"), day, 100 + i % 7);
      provider.tell(symbol("BBB"), day, 50 + i % 5);
    }
    broker.clock = &clock;
    broker.can.simulated = true;
    broker.can.lookup = BrokerCapabilities::Lookup::by_client_id;
    broker.can.dedupe = BrokerCapabilities::Dedupe::permanent;
    broker.cash = Decimal::whole(10'000);
    settings.symbols = {symbol("AAA"), symbol("BBB")};
    settings.strategy = "halves";
    settings.broker = "fake";
    settings.lookback_sessions = 35;
    settings.optimizer.glide_path = false;
    settings.provenance.configuration_digest = sha256("configuration");
  }
  PipelineScene(const PipelineScene&) = delete;
  PipelineScene& operator=(const PipelineScene&) = delete;

  Result<TradingMode> enter_mode() {
    if (settings.mode == "dry_run") return TradingMode(DryRun(broker));
    if (settings.mode == "live") {
      auto live = Live::enter(broker, "fake", live_account);
      if (!live) return fail(live.error());
      return TradingMode(*std::move(live));
    }
    auto paper = Paper::enter(broker, "fake");
    if (!paper) return fail(paper.error());
    return TradingMode(*std::move(paper));
  }

  // A process of its own; what the broker was asked before is forgotten.
  RunReport run(const RunRequest& request = {}) {
    broker.calls.clear();
    clock.advance(std::chrono::seconds(1));  // no two runs start at the same instant
    Fetcher fetcher({&provider}, prices, *calendar, clock, events);
    Pipeline pipeline({fetcher,
                       strategy,
                       [this] { return enter_mode(); },
                       trading_switch,
                       runs,
                       decisions,
                       *calendar,
                       clock,
                       events,
                       {{"silent", &silent}},
                       &sha256,
                       [](const RunReport& report) { return report.hold ? 9 : 0; },
                       {},
                       &arming},
                      settings);
    return pipeline.run(request);
  }
  RunReport run_dry() {
    const std::string mode = std::exchange(settings.mode, "dry_run");
    RunReport report = run();
    settings.mode = mode;
    return report;
  }
  // Dies at the write given, as a kill does: what the journal has then is what the next process finds.
  RunReport run_until_write(int writes) {
    runs.writes_left = writes;
    RunReport report = run();
    runs.writes_left.reset();
    return report;
  }
  // To the close of the session after this one.
  void next_session() {
    const Date today = calendar->last_completed_session(clock.now());
    clock.advance(std::chrono::nanoseconds(calendar->close(calendar->next_session(today)).nanoseconds() -
                                           clock.now().nanoseconds()));
  }
  [[nodiscard]] RunRecord journaled(const std::string& id) { return runs.run(id).value().value(); }

  // Every run that has ended left exactly one decision, which verifies, and whose seal follows the one before.
  void check_decisions() {
    std::map<std::string, RunRecord> ended;
    const std::vector<RunRecord> all = runs.runs(1000).value();
    for (const RunRecord& run : all) {
      if (run.finished_at) ended.emplace(run.id, run);
    }
    const std::vector<SealRecord> seals = runs.seals().value();
    CHECK(decisions.ids().value().size() == ended.size());
    REQUIRE(seals.size() == ended.size());
    std::string previous(64, '0');
    std::int64_t sequence = 0;
    for (const SealRecord& seal : seals) {
      REQUIRE(ended.contains(seal.run_id));
      const auto text = decisions.read(seal.run_id);
      REQUIRE_MESSAGE(text.has_value(), seal.run_id);
      const auto verified = verify_decision(*text, &sha256);
      REQUIRE_MESSAGE(verified.has_value(), (verified ? "" : verified.error().message));
      CHECK(verified->id == seal.run_id);
      CHECK(verified->outcome == ended.at(seal.run_id).outcome);
      CHECK(verified->seal.sha256 == seal.sha256);
      CHECK(verified->seal.sequence == ++sequence);
      CHECK(verified->seal.previous == previous);
      previous = seal.sha256;
    }
  }

  std::shared_ptr<const Calendar> calendar = calendar_named("XNYS").value();
  FakeClock clock{calendar->close(Date::make(2026, 6, 30).value())};
  RecordingEvents events;
  FakeProvider provider;
  MemoryPriceStore prices;
  MemoryRunStore runs;
  MemoryDecisionStore decisions;
  MemoryTradingSwitch trading_switch;
  MemoryLiveArming arming;
  FakeBroker broker;
  HalvesStrategy strategy;
  SilentAnalytic silent;
  PipelineSettings settings;
  std::string live_account = "fake";
};

}  // namespace rebalancer::test
