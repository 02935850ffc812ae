// The built plugin through the real loader, alone and under the executor with a journal on disk.
#include <algorithm>

#include <doctest/doctest.h>

#include "adapters/sqlite/run_store.hpp"
#include "core/portfolio/plan_check.hpp"
#include "services/executor.hpp"
#include "support/loaded_plugins.hpp"
#include "support/portfolio_builders.hpp"
#include "support/sent.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using test::decimal;
using test::symbol;

namespace {

const Date today = Date::make(2026, 11, 20).value();
const char* const first_run = "11111111111111111111111111111111";

// A folder with a paper account and a journal; both can be closed and opened again.
struct Desk {
  test::TemporaryDirectory folder;
  test::LoadedPlugins plugins{{test::built("plugins/paper.so")}};
  std::unique_ptr<Broker> broker;
  std::unique_ptr<sqlite::SqliteRunStore> store;
  test::MemoryTradingSwitch trading_switch;
  std::optional<Gate> gate;
  PriceList prices = test::price_list({{"AAA", "100"}, {"BBB", "50"}, {"CCC", "20"}});
  RebalanceRules rules;
  std::string options;

  explicit Desk(std::string with = "") : options(std::move(with)) {
    rules.cash_buffer = Decimal::whole(250);
    open();
  }
  void open() {
    broker.reset();
    store.reset();
    const std::string section = fmt::format(R"({{"cash": "$20000", "path": "paper.db"{}}})", options);
    auto settings = plugins.options();
    settings.section = "broker";
    settings.base_directory = folder.path();
    auto made = plugins.host.create_broker("paper", test::LoadedPlugins::json(section), settings);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
    broker = *std::move(made);
    auto journal = sqlite::SqliteRunStore::open(folder.file("journal.db").string());
    REQUIRE_MESSAGE(journal.has_value(), (journal ? "" : journal.error().message));
    store = *std::move(journal);
  }
  [[nodiscard]] Executor executor() {
    gate.emplace(Paper::enter(*broker, "paper").value(), trading_switch);
    return {*gate, *store, plugins.clock, plugins.events};
  }
  [[nodiscard]] Book book() { return read_book(*broker).value(); }

  // Plans for the weights, proves it and executes.
  ExecutionSummary rebalance(const std::string& run_id, const Weights& target) {
    RunRecord run;
    run.id = run_id;
    run.portfolio = "default";
    run.session = today;
    run.started_at = plugins.clock.now();
    run.mode = "paper";
    REQUIRE(store->begin_run(run));
    REQUIRE(broker->set_marks(prices, today));
    const BrokerCapabilities can = broker->capabilities().value();
    const Book held = book();
    const OrderPlan plan = plan_orders(held, target, prices, rules, can).value();
    const auto proof = check_plan(plan, held, prices, rules, {}, can);
    REQUIRE_MESSAGE(proof.has_value(), (proof ? "" : proof.error().message));
    const ExecutionRequest request{run_id, plan, *proof, value_book(held, prices).value().equity, {}, "{}"};
    const ExecutionRules by{"default", today, rules, {}, can, [](Date) { return 0; }};
    auto summary = executor().execute(request, by, {});
    REQUIRE_MESSAGE(summary.has_value(), (summary ? "" : summary.error().message));
    return *std::move(summary);
  }
};

}  // namespace

TEST_CASE("the paper broker says what it can do") {
  Desk desk(R"(, "cost_rate": "5bp", "commission": "$1", "fractional": true)");
  const BrokerCapabilities can = desk.broker->capabilities().value();
  CHECK(can.simulated);
  CHECK(can.embedded);
  CHECK(can.lookup_lag_s == 0);
  CHECK(can.limit_orders);
  CHECK(can.quantity_increment == decimal("0.000001"));
  CHECK(can.cost_rate == decimal("0.0005"));
  CHECK(can.commission_per_order == decimal("1"));
  CHECK(can.dedupe == BrokerCapabilities::Dedupe::permanent);
  CHECK(can.lookup == BrokerCapabilities::Lookup::by_client_id);
  const Account account = desk.broker->account().value();
  CHECK(account.id == "paper");
  CHECK(account.cash.to_string() == "20000 USD");
  CHECK(account.equity.to_string() == "20000 USD");
  CHECK(desk.broker->find_order("nobody").error().code == ErrorCode::not_found);
}

TEST_CASE("wrong options are refused with their place") {
  Desk desk;
  auto settings = desk.plugins.options();
  settings.section = "broker";
  settings.base_directory = desk.folder.path();
  const auto refused = [&](const std::string& text) {
    auto made = desk.plugins.host.create_broker("paper", test::LoadedPlugins::json(text), settings);
    REQUIRE_FALSE(made.has_value());
    return made.error().message;
  };
  CHECK(refused(R"({"fill_fraction": 1.5})").find("broker.fill_fraction") != std::string::npos);
  CHECK(refused(R"({"cash": "-$5"})").find("cash") != std::string::npos);
  CHECK(refused(R"({"reject": "spy"})").find("broker.reject") != std::string::npos);
  CHECK(refused(R"({"cashh": "$5"})").find("cashh") != std::string::npos);
}

TEST_CASE("plan, proof, journal and paper broker: bought, journalled, and still there after opening again") {
  Desk desk(R"(, "cost_rate": "5bp")");
  const Weights target = test::weights({{"AAA", 0.3}, {"BBB", 0.3}, {"CCC", 0.4}});
  const ExecutionSummary summary = desk.rebalance(first_run, target);
  CHECK_FALSE(summary.ambiguous);
  CHECK(summary.orders.size() == 3);
  Decimal fees;
  for (const ExecutedOrder& order : summary.orders) {
    CHECK(order.report.state == OrderState::filled);
    fees = add(fees, order.report.fee).value();
  }
  CHECK(summary.cost.amount() == fees);
  const Book book = desk.book();
  const Money equity = value_book(book, desk.prices).value().equity;
  CHECK(add(equity, summary.cost).value().to_string() == "20000 USD");
  CHECK(book.cash.amount() >= decimal("250"));

  desk.open();
  CHECK(desk.book().cash == book.cash);
  const std::vector<OrderRecord> orders = desk.store->orders_of(first_run).value();
  REQUIRE(orders.size() == 3);
  for (const OrderRecord& order : orders) {
    CHECK(order.state == OrderState::filled);
    const std::vector<Fill> fills = desk.store->fills_of(order.order.client_id).value();
    REQUIRE(fills.size() == 1);
    CHECK(fills[0].quantity == order.order.quantity);
  }
  CHECK(desk.store->traded_run("default", today).value()->id == first_run);
  const Decimal traded = desk.store->traded_value("default", today).value();
  CHECK(traded == subtract(subtract(decimal("20000"), book.cash.amount()).value(), fees).value());
}

TEST_CASE("a second rebalance sells first, with partial fills, and leaves no order open") {
  Desk desk(R"(, "cost_rate": "5bp", "fill_fraction": 0.4, "slippage": "1bp")");
  desk.rebalance(first_run, test::weights({{"AAA", 0.5}, {"BBB", 0.5}}));
  const ExecutionSummary summary =
      desk.rebalance("22222222222222222222222222222222", test::weights({{"AAA", 0.1}, {"CCC", 0.9}}));
  CHECK_FALSE(summary.ambiguous);
  REQUIRE(summary.orders.size() == 3);
  CHECK(summary.orders[0].planned.side == Side::sell);
  CHECK(summary.orders[1].planned.side == Side::sell);
  for (const ExecutedOrder& order : summary.orders) {
    CHECK(order.report.state == OrderState::filled);
    CHECK(desk.store->fills_of(order.report.client_id).value().size() == 2);
  }
  CHECK(desk.store->open_orders().value().empty());
  CHECK(desk.broker->open_orders().value().empty());
  CHECK(desk.book().quantity_of(symbol("BBB")).decimal().is_zero());
}

TEST_CASE("a rejected symbol is told with the reason; the rest trades") {
  Desk desk(R"(, "reject": "BBB, ZZZ")");
  const ExecutionSummary summary = desk.rebalance(first_run, test::weights({{"AAA", 0.3}, {"BBB", 0.3}, {"CCC", 0.4}}));
  int rejected = 0;
  for (const ExecutedOrder& order : summary.orders) {
    if (order.planned.symbol != symbol("BBB")) {
      CHECK(order.report.state == OrderState::filled);
      continue;
    }
    ++rejected;
    CHECK(order.report.state == OrderState::rejected);
    CHECK(order.report.reason == "BBB is rejected by configuration");
    const std::vector<OrderRecord> records = desk.store->orders_of(first_run).value();
    const auto record = std::find_if(records.begin(), records.end(), [&](const OrderRecord& candidate) {
      return candidate.order.client_id == order.report.client_id;
    });
    REQUIRE(record != records.end());
    CHECK(record->state == OrderState::rejected);
    CHECK(record->report.reason == order.report.reason);
  }
  CHECK(rejected == 1);
  CHECK_FALSE(summary.ambiguous);
}

TEST_CASE("an order the journal calls sending and the broker has filled is settled from the broker's answer") {
  Desk desk;
  RunRecord run;
  run.id = first_run;
  run.portfolio = "default";
  run.session = today;
  REQUIRE(desk.store->begin_run(run));
  REQUIRE(desk.broker->set_marks(desk.prices, today));
  std::vector<OrderRecord> intents;
  for (const char* name : {"AAA", "BBB", "CCC"}) {
    const std::string id = client_order_id(first_run, symbol(name), Side::buy, 1);
    OrderReport report;
    report.client_id = id;
    report.state = OrderState::intent;
    const Order order = Order::make(id, symbol(name), Side::buy, Quantity(decimal("10")), std::nullopt).value();
    intents.push_back(
        {first_run, static_cast<int>(intents.size()) + 1, order, OrderState::intent, report, "", {}, {}, {}});
  }
  const Money cash = desk.broker->account().value().cash;
  REQUIRE(desk.store->commit_plan({first_run, cash, Decimal(), cash.amount(), "{}"}, intents));
  for (const std::size_t place : {std::size_t{0}, std::size_t{1}}) {
    OrderReport sending = intents[place].report;
    sending.state = OrderState::sending;
    REQUIRE(desk.store->update_order(sending));
  }
  REQUIRE(test::sent(*desk.broker, intents[0].order));  // the second never left this machine

  desk.open();
  const auto settled = desk.executor().settle(desk.broker->capabilities().value(), "its run was interrupted", {});
  REQUIRE(settled);
  CHECK(settled->ambiguous.empty());
  const std::vector<OrderRecord> orders = desk.store->orders_of(first_run).value();
  CHECK(orders[0].state == OrderState::filled);
  CHECK(desk.store->fills_of(orders[0].order.client_id).value().size() == 1);
  CHECK(orders[1].state == OrderState::cancelled);
  CHECK(orders[1].report.reason == "it never reached the broker");
  CHECK(orders[2].state == OrderState::cancelled);
  CHECK(desk.book().positions.size() == 1);
}
