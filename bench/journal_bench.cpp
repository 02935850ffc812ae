// What durability costs: a commit, a run of five orders through the executor, and an order at the paper broker. All on
// the disk the build is on, synced as in production.
#include <benchmark/benchmark.h>

#include "adapters/sqlite/run_store.hpp"
#include "paper/ledger.hpp"
#include "services/executor.hpp"
#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/portfolio_builders.hpp"
#include "support/recording_events.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;

namespace {

std::string new_run_id() {
  static int number = 0;
  return fmt::format("{:032x}", ++number);
}

RunRecord run_named(const std::string& id) {
  RunRecord run;
  run.id = id;
  run.portfolio = "default";
  run.started_at = Instant::from_seconds(1'795'000'000);
  run.mode = "paper";
  run.outcome = "traded";
  run.report_json = std::string(8'000, ' ');
  return run;
}

std::unique_ptr<sqlite::SqliteRunStore> journal_in(const test::TemporaryDirectory& folder) {
  return sqlite::SqliteRunStore::open(folder.file("journal.db").string()).value();
}

// A journal that counts the calls that commit.
class CountingStore final : public RunStore {
 public:
  explicit CountingStore(RunStore& store) : store_(store) {}
  int commits = 0;

  Result<void> begin_run(const RunRecord& run) override { return ++commits, store_.begin_run(run); }
  Result<void> add_intents(const std::vector<OrderRecord>& orders) override {
    return ++commits, store_.add_intents(orders);
  }
  Result<void> update_order(const OrderReport& report) override { return ++commits, store_.update_order(report); }
  Result<std::size_t> add_fills(const std::vector<Fill>& fills) override {
    auto added = store_.add_fills(fills);
    if (added && *added > 0) ++commits;
    return added;
  }
  Result<void> record_answer(const OrderReport& report, const std::vector<Fill>& fills) override {
    return ++commits, store_.record_answer(report, fills);
  }
  Result<void> finish_run(const RunRecord& run) override { return ++commits, store_.finish_run(run); }
  Result<std::optional<RunRecord>> run(std::string_view prefix) override { return store_.run(prefix); }
  Result<std::vector<RunRecord>> runs(int count) override { return store_.runs(count); }
  Result<std::optional<RunRecord>> traded_run(std::string_view portfolio, Date session) override {
    return store_.traded_run(portfolio, session);
  }
  Result<std::vector<OrderRecord>> orders_of(std::string_view id) override { return store_.orders_of(id); }
  Result<std::vector<OrderRecord>> orders(int count) override { return store_.orders(count); }
  Result<std::vector<OrderRecord>> open_orders() override { return store_.open_orders(); }
  Result<std::vector<Fill>> fills_of(std::string_view id) override { return store_.fills_of(id); }
  Result<Decimal> traded_value(std::string_view portfolio, Date session) override {
    return store_.traded_value(portfolio, session);
  }

 private:
  RunStore& store_;
};

void open_journal(benchmark::State& state) {
  const test::TemporaryDirectory folder(REBALANCER_BINARY_DIR);
  journal_in(folder).reset();
  for (auto _ : state) benchmark::DoNotOptimize(journal_in(folder));
}

void commit(benchmark::State& state) {
  const test::TemporaryDirectory folder(REBALANCER_BINARY_DIR);
  auto store = journal_in(folder);
  for (auto _ : state) {
    if (!store->begin_run(run_named(new_run_id()))) state.SkipWithError("journal");
  }
}

void run_of_five_orders(benchmark::State& state) {
  const test::TemporaryDirectory folder(REBALANCER_BINARY_DIR);
  auto journal = journal_in(folder);
  CountingStore store(*journal);
  const Book book = test::book("100000", {});
  const PriceList prices =
      test::price_list({{"SPY", "400"}, {"QQQ", "300"}, {"VTI", "200"}, {"VXUS", "50"}, {"BND", "75"}});
  const Weights target = test::weights({{"SPY", 0.2}, {"QQQ", 0.2}, {"VTI", 0.2}, {"VXUS", 0.2}, {"BND", 0.2}});
  RebalanceRules rules;
  rules.cash_buffer = Decimal::whole(250);
  test::FakeBroker broker;
  broker.can.dedupe = BrokerCapabilities::Dedupe::permanent;
  broker.can.lookup = BrokerCapabilities::Lookup::by_client_id;
  broker.marks = prices;
  const OrderPlan plan = plan_orders(book, target, prices, rules, broker.can).value();
  const PlanProof proof = check_plan(plan, book, prices, rules, {}, broker.can).value();
  test::FakeClock clock;
  for (auto _ : state) {
    broker.cash = Decimal::whole(100'000);
    test::RecordingEvents events;
    RunRecord run = run_named(new_run_id());
    const bool began = store.begin_run(run).has_value();
    const auto done = Executor(broker, store, clock, events).execute(run.id, plan, proof, rules, broker.can, {});
    run.finished_at = run.started_at;
    const bool good = began && done && !done->ambiguous && store.finish_run(run);
    if (!good || done->orders.back().report.state != OrderState::filled) state.SkipWithError("not executed");
  }
  state.counters["commits_per_run"] = benchmark::Counter(store.commits, benchmark::Counter::kAvgIterations);
}

void paper_order(benchmark::State& state) {
  const test::TemporaryDirectory folder(REBALANCER_BINARY_DIR);
  paper::LedgerSettings settings;
  settings.file = folder.file("paper.db").string();
  settings.opening_cash = Decimal::whole(1'000'000'000);
  paper::Ledger ledger(settings);
  const PriceList prices = test::price_list({{"SPY", "1"}});
  const std::vector<std::pair<Symbol, Price>> marks(prices.begin(), prices.end());
  ledger.set_marks(marks, Date(), Instant());
  for (auto _ : state) {
    const Order order =
        Order::make(new_run_id(), test::symbol("SPY"), Side::buy, Quantity(Decimal::whole(1)), {}).value();
    if (ledger.submit(order, Instant()).state != OrderState::filled) state.SkipWithError("not filled");
  }
}

BENCHMARK(open_journal)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(commit)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(run_of_five_orders)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(paper_order)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
