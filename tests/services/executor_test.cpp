#include "services/executor.hpp"

#include <doctest/doctest.h>

#include "support/execution_scene.hpp"

using namespace rebalancer;
using test::ExecutionScene;
using Fault = test::FakeBroker::Fault;
using Dedupe = BrokerCapabilities::Dedupe;
using Lookup = BrokerCapabilities::Lookup;

TEST_CASE("a plan is executed: sells first, then buys, every order filled, journalled and told") {
  ExecutionScene scene;
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK_FALSE(summary->ambiguous);
  CHECK_FALSE(summary->journal_error.has_value());
  REQUIRE(summary->orders.size() == 3);
  Decimal fees;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(summary->orders[i].planned.symbol == scene.plan.orders[i].symbol);
    CHECK(summary->orders[i].report.state == OrderState::filled);
    CHECK(summary->orders[i].report.filled == scene.plan.orders[i].quantity);
    CHECK(scene.journaled(i).state == OrderState::filled);
    CHECK(scene.journaled(i).reason == scene.plan.orders[i].reason);
    CHECK(scene.journaled(i).order.limit == scene.plan.orders[i].limit);
    CHECK(scene.journaled(i).reference == scene.plan.orders[i].reference);
    CHECK(scene.store.fills_of(scene.id(i)).value().size() == 1);
    fees = add(fees, summary->orders[i].report.fee).value();
  }
  CHECK(summary->cost.amount() == fees);
  CHECK(fees.is_positive());
  CHECK(scene.clock.waited().count() == 0);
  CHECK(scene.events.count("order_sent") == 3);
  CHECK(scene.events.count("order_filled") == 3);
  scene.check_truth();
}

TEST_CASE("all intents and the state sending are durable before the first byte of an order leaves") {
  ExecutionScene scene;
  int sent = 0;
  scene.broker.before_submit = [&](const Order& order) {
    const auto records = scene.store.orders_of(ExecutionScene::run_id).value();
    CHECK(records.size() == 3);
    for (const OrderRecord& record : records) {
      if (record.order.client_id == order.client_id) CHECK(record.state == OrderState::sending);
    }
    CHECK(order.client_id == scene.id(static_cast<std::size_t>(sent)));
    ++sent;
  };
  REQUIRE(scene.execute());
  CHECK(sent == 3);
}

TEST_CASE("a proof of another plan executes nothing and leaves no trace") {
  ExecutionScene scene;
  const auto changed = [&](auto&& change) {
    OrderPlan other = scene.plan;
    change(other);
    const auto refused = scene.executor().execute(scene.request_for(other), scene.execution_rules(), {});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::rejected);
  };
  const Quantity one_more(add(scene.plan.orders[1].quantity.decimal(), Decimal::whole(1)).value());
  changed([&](OrderPlan& other) { other.orders[1].quantity = one_more; });
  changed([](OrderPlan& other) { other.orders.pop_back(); });
  changed([](OrderPlan& other) { std::swap(other.orders[1], other.orders[2]); });
  changed([](OrderPlan& other) { other.orders[0].side = Side::buy; });
  changed([](OrderPlan& other) { other.orders[0].symbol = test::symbol("ZZZ"); });
  changed([](OrderPlan& other) { other.orders[0].limit = other.orders[1].limit; });
  CHECK(scene.broker.calls.empty());
  CHECK(scene.store.writes == 0);
}

TEST_CASE("nothing is sent after a write of the journal failed, whichever it was") {
  int whole = 0;
  for (int writes = 0;; ++writes) {
    ExecutionScene scene;
    scene.store.writes_left = writes;
    bool failed_before = false;
    scene.broker.before_submit = [&](const Order& order) {
      CHECK_FALSE(failed_before);
      failed_before = *scene.store.writes_left == 0;
      const auto records = scene.store.orders_of(ExecutionScene::run_id).value();
      const bool is_sending = std::any_of(records.begin(), records.end(), [&](const OrderRecord& record) {
        return record.order.client_id == order.client_id && record.state == OrderState::sending;
      });
      CHECK(is_sending);
    };
    const auto summary = scene.execute();
    CAPTURE(writes);
    if (writes < 2) {
      REQUIRE_FALSE(summary.has_value());
      CHECK(summary.error().code == ErrorCode::exhausted);
      CHECK(scene.broker.count("submit") == 0);
      continue;
    }
    REQUIRE(summary);
    REQUIRE(summary->orders.size() == 3);
    scene.check_truth();
    if (!summary->journal_error) {
      whole = writes;
      break;
    }
    CHECK(summary->journal_error->code == ErrorCode::exhausted);
    // What the broker has is told as sent; what is told as left out, it has not.
    for (std::size_t i = 0; i < 3; ++i) {
      const bool told_unsent = summary->orders[i].report.state == OrderState::cancelled;
      CHECK(told_unsent == (scene.broker.count("submit " + scene.id(i)) == 0));
    }
    // With the journal writable again the next run finds out, and sends nothing twice.
    scene.store.writes_left.reset();
    const auto submits = scene.broker.count("submit");
    const auto settled = scene.settle();
    REQUIRE(settled);
    CHECK(settled->ambiguous.empty());
    CHECK(scene.broker.count("submit") == submits);
    CHECK(scene.store.open_orders().value().empty());
    scene.check_truth();
  }
  CHECK(whole == 7);  // intents, then sending and the answer of each order
}

TEST_CASE("a reply lost before the order arrived: looked for, not found, sent once more under the same id") {
  for (const Fault fault : {Fault::lost_before, Fault::unavailable_before}) {
    ExecutionScene scene;
    scene.broker.submit_faults = {fault};
    const auto summary = scene.execute();
    REQUIRE(summary);
    CHECK_FALSE(summary->ambiguous);
    CHECK(summary->orders[0].report.state == OrderState::filled);
    CHECK(scene.broker.count("submit " + scene.id(0)) == 2);
    const auto& calls = scene.broker.calls;
    const auto first = std::find(calls.begin(), calls.end(), "submit " + scene.id(0));
    REQUIRE(calls.end() - first > 2);
    CHECK(first[1] == "find " + scene.id(0));
    CHECK(first[2] == "submit " + scene.id(0));
    scene.check_truth();
  }
}

TEST_CASE("a reply lost after the order was accepted: found, never sent again") {
  for (const Fault fault : {Fault::lost_after, Fault::unavailable_after, Fault::nonsense}) {
    ExecutionScene scene;
    scene.broker.submit_faults = {Fault::none, fault};
    const auto summary = scene.execute();
    REQUIRE(summary);
    CHECK_FALSE(summary->ambiguous);
    CHECK(summary->orders[1].report.state == OrderState::filled);
    CHECK(scene.broker.count("submit " + scene.id(1)) == 1);
    CHECK(scene.events.count("order_unknown") + (fault == Fault::nonsense ? 1 : 0) == 1);
    scene.check_truth();
  }
}

TEST_CASE("a look-up that lags cannot make an order double: the broker removes the duplicate") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::lost_after};
  scene.broker.lookup_lag_calls = 3;
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->orders[0].report.state == OrderState::filled);
  CHECK(scene.broker.count("submit " + scene.id(0)) == 2);
  scene.check_truth();
}

TEST_CASE("without removal of duplicates an order in doubt is sent again only where every id is known and denied") {
  for (const Lookup lookup : {Lookup::by_client_id, Lookup::by_tag, Lookup::none}) {
    for (const Fault fault : {Fault::lost_before, Fault::lost_after}) {
      ExecutionScene scene;
      scene.broker.can.dedupe = Dedupe::none;
      scene.broker.can.lookup = lookup;
      scene.broker.submit_faults = {fault};
      const auto summary = scene.execute();
      REQUIRE(summary);
      const bool denied = lookup == Lookup::by_client_id && fault == Fault::lost_before;
      const bool found = lookup != Lookup::none && fault == Fault::lost_after;
      CHECK(scene.broker.count("submit " + scene.id(0)) == (denied ? 2 : 1));
      // And only after it was denied for as long as a look-up may lag.
      if (denied) CHECK(scene.clock.waited() >= scene.lookup_lag());
      CHECK(summary->ambiguous == !(found || denied));
      CHECK(scene.journaled(0).state == (!summary->ambiguous
                                             ? OrderState::filled
                                             : (lookup == Lookup::none ? OrderState::parked : OrderState::unknown)));
      if (summary->ambiguous) {
        // In doubt nothing more is sent, and that is said.
        CHECK(scene.broker.count("submit") == 1);
        CHECK(scene.journaled(1).state == OrderState::cancelled);
        CHECK(summary->orders[1].report.reason == "not sent: the outcome of the sell of AAA before it is not known");
      }
      scene.check_truth();
    }
  }
}

TEST_CASE("a broker that removes duplicates for a while is sent the copy only within half of that while") {
  for (const bool in_time : {true, false}) {
    for (const Lookup lookup : {Lookup::by_client_id, Lookup::by_tag}) {
      ExecutionScene scene;
      scene.broker.can.dedupe = Dedupe::window;
      scene.broker.can.dedupe_window_s = 10;
      scene.broker.can.lookup = lookup;
      scene.broker.submit_faults = {Fault::lost_before};
      scene.broker.before_submit = [&](const Order&) {
        if (!in_time) scene.clock.advance(std::chrono::seconds(6));
      };
      const auto summary = scene.execute();
      REQUIRE(summary);
      // Later it counts as one that removes none: a copy goes out where the first was denied for the whole lag.
      const bool denied = !in_time && lookup == Lookup::by_client_id;
      CHECK(scene.broker.count("submit " + scene.id(0)) == (in_time || denied ? 2 : 1));
      CHECK((scene.clock.waited() >= scene.lookup_lag()) == !in_time);
      CHECK(summary->ambiguous == !(in_time || denied));
      scene.check_truth();
    }
  }
}

TEST_CASE("copies are counted: after the last of them an order that was never found is given up") {
  for (const Dedupe dedupe : {Dedupe::permanent, Dedupe::none}) {
    ExecutionScene scene;
    scene.broker.can.dedupe = dedupe;
    scene.broker.submit_faults.assign(static_cast<std::size_t>(scene.settings.copies_max), Fault::lost_before);
    const auto summary = scene.execute();
    REQUIRE(summary);
    CHECK_FALSE(summary->ambiguous);
    CHECK(scene.broker.count("submit " + scene.id(0)) == static_cast<std::size_t>(scene.settings.copies_max));
    CHECK(scene.journaled(0).state == OrderState::cancelled);
    CHECK(scene.journaled(0).report.reason == "it never reached the broker");
    scene.check_truth();
  }
}

TEST_CASE("a broker that answers no look-up leaves the order unknown, never rejected") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::lost_after};
  scene.broker.lookup_faults.assign(100, ErrorCode::unavailable);
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->ambiguous);
  CHECK(scene.journaled(0).state == OrderState::unknown);
  CHECK(scene.broker.count("submit") == 1);
  CHECK(scene.events.count("order_ambiguous") == 1);
  scene.check_truth();
}

TEST_CASE("a copy that is refused does not make the first one rejected while it can still turn up") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::lost_after, Fault::refused};
  scene.broker.lookup_lag_calls = 8;  // found after the copy was refused and some more asking
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->orders[0].report.state == OrderState::filled);
  scene.check_truth();
}

TEST_CASE("a copy that is refused, and a first one that never turns up, is a rejection") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::lost_before, Fault::refused};
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->orders[0].report.state == OrderState::rejected);
  CHECK(summary->orders[0].report.reason == "not allowed");
  CHECK(scene.clock.waited() >= scene.lookup_lag());
  scene.check_truth();
}

TEST_CASE("a definite refusal rejects one order; the others go their way with the cash that is there") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::refused};
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK_FALSE(summary->ambiguous);
  CHECK(summary->orders[0].report.state == OrderState::rejected);
  CHECK(summary->orders[0].report.reason == "not allowed");
  // 10,000 are enough for one of the buys, not for both.
  CHECK(summary->orders[1].report.state != summary->orders[2].report.state);
  const std::size_t left_out = summary->orders[1].report.state == OrderState::cancelled ? 1 : 2;
  CHECK(scene.broker.count("submit " + scene.id(left_out)) == 0);
  CHECK(summary->orders[left_out].report.reason.starts_with("not sent: it may cost "));
  CHECK(scene.events.count("order_left_out") == 1);
  scene.check_truth();
}

TEST_CASE("an id that is taken by something else waits for a human") {
  ExecutionScene scene;
  scene.broker.submit_faults = {Fault::conflict};
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->ambiguous);
  CHECK(scene.journaled(0).state == OrderState::parked);
  CHECK(scene.broker.count("submit") == 1);
}

TEST_CASE("a buy that needs the cash of the sells waits until they have filled") {
  ExecutionScene scene;
  scene.broker.fills_at_once = false;
  scene.broker.parts = {0.2, 0.2, 0.2, 1, 1, 1};
  scene.broker.before_submit = [&](const Order& order) {
    if (order.client_id == scene.id(2)) CHECK(scene.journaled(0).state == OrderState::filled);
  };
  const auto summary = scene.execute();
  REQUIRE(summary);
  for (const ExecutedOrder& order : summary->orders) CHECK(order.report.state == OrderState::filled);
  CHECK(scene.store.fills_of(scene.id(0)).value().size() == 4);
  CHECK(scene.clock.waited() >= 2 * scene.settings.poll_interval);
  scene.check_truth();
}

TEST_CASE("what does not fill in time is cancelled, and buys make do with what did fill") {
  ExecutionScene scene;
  scene.broker.fills_at_once = false;
  scene.broker.parts = {0.5};
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK_FALSE(summary->ambiguous);
  CHECK(scene.journaled(0).state == OrderState::cancelled);
  CHECK(scene.journaled(0).report.filled.decimal().is_positive());
  CHECK(scene.journaled(0).report.reason == "cancelled: not filled within 60 s");
  CHECK(scene.broker.count("cancel " + scene.id(0)) == 1);
  CHECK(scene.store.open_orders().value().empty());
  CHECK(scene.clock.waited() >= scene.settings.fill_timeout);
  scene.check_truth();
}

TEST_CASE("a cancellation that is not confirmed leaves the order unknown and the buys unsent") {
  ExecutionScene scene;
  scene.broker.fills_at_once = false;
  scene.broker.cancels = false;
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->ambiguous);
  CHECK(scene.journaled(0).state == OrderState::unknown);
  CHECK(scene.broker.count("submit") == 1);
  CHECK(scene.clock.waited() >= scene.settings.fill_timeout + scene.settings.cancel_timeout);
}

TEST_CASE("a buy that the actual cash does not cover is left out, with the figures") {
  ExecutionScene scene;
  scene.broker.cash = Decimal::whole(5100);  // somebody took money out after the plan was made
  // The sell brings 4,900 and more; what is planned needs about 14,600.
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK_FALSE(summary->ambiguous);
  CHECK(summary->orders[0].report.state == OrderState::filled);
  int left_out = 0;
  for (const ExecutedOrder& order : summary->orders) {
    if (order.report.state == OrderState::cancelled) ++left_out;
  }
  CHECK(left_out == 1);
  scene.check_truth();
}

TEST_CASE("an account that does not answer sends no buy") {
  ExecutionScene scene;
  scene.broker.before_submit = [&](const Order&) {
    scene.broker.account_faults.assign(10'000, ErrorCode::unavailable);
  };
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(scene.broker.count("submit") == 1);
  CHECK(summary->orders[1].report.reason == "not sent: the cash is not known: account: scripted");
  CHECK_FALSE(summary->ambiguous);
}

TEST_CASE("open buys count as spent until they have filled or ended") {
  ExecutionScene scene;
  scene.broker.submit_faults.clear();
  scene.broker.fills_at_once = false;
  scene.broker.parts = {1};  // the sell; the buys stay open until cancelled
  scene.broker.before_submit = [&](const Order& order) {
    if (order.client_id != scene.id(1)) return;
    scene.broker.cash = Decimal::whole(11'000);
    scene.clock.advance(std::chrono::seconds(2));
  };
  const auto summary = scene.execute();
  REQUIRE(summary);
  // The second buy would have been fine with 11,000 alone, not beside the first.
  CHECK(summary->orders[1].report.state == OrderState::cancelled);
  CHECK(scene.broker.count("cancel " + scene.id(1)) == 1);
  // It goes out after the first was cancelled and its cash is free again.
  const auto& calls = scene.broker.calls;
  const auto cancelled = std::find(calls.begin(), calls.end(), "cancel " + scene.id(1));
  CHECK(std::find(calls.begin(), cancelled, "submit " + scene.id(2)) == cancelled);
  CHECK(std::find(cancelled, calls.end(), "submit " + scene.id(2)) != calls.end());
  scene.check_truth();
}

TEST_CASE("a stop between orders sends no more, cancels what is open and says so") {
  ExecutionScene scene;
  std::stop_source stop;
  scene.broker.fills_at_once = false;
  scene.broker.before_submit = [&](const Order&) { stop.request_stop(); };
  const auto summary = scene.execute(stop.get_token());
  REQUIRE(summary);
  CHECK(scene.broker.count("submit") == 1);
  CHECK(scene.journaled(0).state == OrderState::cancelled);
  CHECK(scene.journaled(0).report.reason == "cancelled: stopped on request");
  CHECK(summary->orders[1].report.state == OrderState::cancelled);
  CHECK(summary->orders[1].report.reason == "not sent: stopped on request");
  CHECK(scene.clock.waited() < std::chrono::seconds(5));
  CHECK(scene.store.open_orders().value().empty());
  scene.check_truth();
}

TEST_CASE("fills that are told late are fetched again, and missing ones are complained about") {
  ExecutionScene scene;
  scene.broker.fills_told = false;
  const auto summary = scene.execute();
  REQUIRE(summary);
  CHECK(summary->orders[0].report.state == OrderState::filled);
  CHECK(scene.events.count("fills_incomplete") == 3);
}

TEST_CASE("a broker without limit orders gets market orders") {
  ExecutionScene scene;
  scene.broker.can.limit_orders = false;
  scene.make_plan();
  scene.broker.before_submit = [&](const Order& order) { CHECK_FALSE(order.limit.has_value()); };
  REQUIRE(scene.execute());
  CHECK(scene.broker.count("submit") == 3);
}

TEST_CASE("the book is sorted, without zero positions, and refuses a symbol listed twice") {
  ExecutionScene scene;
  scene.broker.shares[test::symbol("ZZZ")] = Decimal();
  scene.broker.shares[test::symbol("AA")] = Decimal::whole(3);
  const auto book = read_book(scene.broker);
  REQUIRE(book);
  REQUIRE(book->positions.size() == 2);
  CHECK(book->positions[0].symbol == test::symbol("AA"));
  CHECK(book->positions[1].symbol == test::symbol("AAA"));
  CHECK(book->cash.to_string() == "10000 USD");
  scene.broker.account_faults = {ErrorCode::unavailable};
  CHECK(read_book(scene.broker).error().code == ErrorCode::unavailable);
}
