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
  Result<void> commit_plan(const PlanRecord& plan, const std::vector<OrderRecord>& orders) override {
    return ++commits, store_.commit_plan(plan, orders);
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
  Result<void> finish_run(const RunRecord& run, const SealRecord& seal, const std::optional<Book>& book) override {
    return ++commits, store_.finish_run(run, seal, book);
  }
  // Commits once in the life of a journal.
  Result<void> bind_owner(const JournalOwner& owner) override { return store_.bind_owner(owner); }
  Result<std::optional<RunRecord>> run(std::string_view prefix) override { return store_.run(prefix); }
  Result<std::vector<RunRecord>> runs(int count) override { return store_.runs(count); }
  Result<std::optional<RunRecord>> traded_run(std::string_view portfolio, Date session) override {
    return store_.traded_run(portfolio, session);
  }
  Result<std::vector<RunRecord>> unfinished_runs(std::string_view portfolio) override {
    return store_.unfinished_runs(portfolio);
  }
  Result<std::optional<PlanRecord>> plan_of(std::string_view id) override { return store_.plan_of(id); }
  Result<std::vector<OrderRecord>> orders_of(std::string_view id) override { return store_.orders_of(id); }
  Result<std::optional<OrderRecord>> order(std::string_view id) override { return store_.order(id); }
  Result<std::vector<OrderReport>> history_of(std::string_view id) override { return store_.history_of(id); }
  Result<std::vector<OrderRecord>> orders(int count) override { return store_.orders(count); }
  Result<std::vector<OrderRecord>> orders_lacking_fills() override { return store_.orders_lacking_fills(); }
  Result<std::vector<OrderRecord>> open_orders() override { return store_.open_orders(); }
  Result<std::vector<Fill>> fills_of(std::string_view id) override { return store_.fills_of(id); }
  Result<Decimal> traded_value(std::string_view portfolio, Date session) override {
    return store_.traded_value(portfolio, session);
  }
  Result<std::vector<std::string>> sent_orders(std::string_view portfolio, Date session) override {
    return store_.sent_orders(portfolio, session);
  }
  Result<std::optional<SealRecord>> last_seal() override { return store_.last_seal(); }
  Result<std::vector<SealRecord>> seals() override { return store_.seals(); }
  Result<std::optional<ExpectedBook>> expected_book(std::string_view portfolio) override {
    return store_.expected_book(portfolio);
  }

 private:
  RunStore& store_;
};

// Always active: the real one is a file, and not what is measured here.
class OpenSwitch final : public TradingSwitch {
 public:
  TradingStateRecord read() override { return {}; }
  Pass pass() override { return {}; }
  Result<void> set(const TradingStateRecord&) override { return {}; }
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
  broker.can.simulated = true;
  broker.marks = prices;
  const OrderPlan plan = plan_orders(book, target, prices, rules, broker.can).value();
  const PlanProof proof = check_plan(plan, book, prices, rules, {}, broker.can).value();
  test::FakeClock clock;
  OpenSwitch trading_switch;
  Gate gate(Paper::enter(broker, "fake").value(), trading_switch);
  const std::string draft(30'000, ' ');
  std::int32_t day = 0;
  for (auto _ : state) {
    broker.cash = Decimal::whole(100'000);
    broker.shares.clear();
    test::RecordingEvents events;
    RunRecord run = run_named(new_run_id());
    run.session = Date::from_days(++day);  // of its own: what counts towards the limits of a day does not grow
    const ExecutionRules execution{run.portfolio, run.session, rules, {}, broker.can, [](Date) { return 0; }};
    const bool began = store.begin_run(run).has_value();
    const auto done =
        Executor(gate, store, clock, events).execute({run.id, plan, proof, book.cash, {}, draft}, execution, {});
    run.finished_at = run.started_at;
    const auto last = store.last_seal().value();
    const SealRecord seal{last ? last->sequence + 1 : 1, run.id, std::string(64, 'a'),
                          std::string(64, last ? 'a' : '0')};
    const bool good = began && done && !done->ambiguous && store.finish_run(run, seal, read_book(gate.view()).value());
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
